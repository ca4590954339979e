// What the algorithms are tested with: for each the element types and random layers that it is for.
#pragma once

#include "algorithm/algorithm.h"

#include "support/configurations.h"
#include "support/random.h"
#include "support/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace conv2d {

extern const Algorithm depthwise_channels_algorithm;
extern const Algorithm depthwise_rows_algorithm;
extern const Algorithm direct_algorithm;
extern const Algorithm joined_groups_algorithm;
extern const Algorithm planar_algorithm;
extern const Algorithm reference_algorithm;
extern const Algorithm separable_algorithm;
extern const Algorithm transposed_algorithm;
extern const Algorithm winograd_2x2_algorithm;
extern const Algorithm winograd_algorithm;

namespace testing {

/// An algorithm with an element type, and the configurations that it is for.
struct Subject {
  const Algorithm* algorithm;
  DType dtype;
  Configuration (*draw)(Random& random);
  Pass pass;
  /// Of the weight, where it is not just any numbers.
  Tensor (*draw_weight)(Random& random, const Sizes& sizes) = nullptr;
  MemoryFormat format = MemoryFormat::contiguous;  ///< that it is planned for
  bool long_rows = false;

  Problem problem(const Configuration& c) const { return problem(c, dtype); }
  Problem problem(const Configuration& c, DType type) const {
    const Types types{type, type, type};
    Problem problem = testing::problem_of(c, types, true).with(pass, Conjugate::neither);
    problem.bias = true;
    problem.format = format;
    return problem;
  }
  bool forward() const { return pass == Pass::forward; }
  /// Of what is read, x or dy, and of what comes out.
  Sizes first(const Configuration& c) const { return forward() ? c.input : c.output; }
  Sizes result(const Configuration& c) const { return forward() ? c.output : c.input; }
  /// Products in the longest sum.
  std::int64_t terms(const Configuration& c) const {
    const std::int64_t channels = forward() ? c.weight[1] : c.weight[0] / c.arguments.groups;
    return channels * c.weight[2] * c.weight[3];
  }
};

inline void PrintTo(const Subject& subject, std::ostream* out) {
  *out << subject.algorithm->name << " of " << name(subject.dtype);
}

struct Operand {
  Tensor x, w, bias;

  Operand(Random& random, const Configuration& c, const Subject& subject)
      : x(random.values(subject.first(c), subject.dtype)),
        w(subject.draw_weight == nullptr ? random.values(c.weight, subject.dtype)
                                         : subject.draw_weight(random, c.weight)),
        bias(subject.draw_weight == nullptr
                 ? random.values({subject.result(c)[1]}, subject.dtype)
                 : Tensor::full({subject.result(c)[1]}, random.normal(), subject.dtype)) {}
};

inline Configuration with_channels(Configuration c, std::int64_t channels, std::int64_t filters) {
  c.input[1] = c.arguments.groups * channels;
  c.weight[0] = c.output[1] = c.arguments.groups * filters;
  c.weight[1] = channels;
  return c;
}

template <std::size_t N>
std::int64_t one_of(Random& random, const std::int64_t (&values)[N]) {
  return values[random.between(0, static_cast<std::int64_t>(N) - 1)];
}

/// Without padding and strides: planes that can be read where they lie.
inline Configuration unpadded(Random& random) {
  const Pair kernel(random.between(1, 3), random.between(1, 3));
  const Pair output(random.between(1, 12), random.between(1, 90));
  const std::int64_t batch = random.between(1, 2);
  return {.input = {batch, 1, output.h + kernel.h - 1, output.w + kernel.w - 1},
          .weight = {1, 1, kernel.h, kernel.w},
          .output = {batch, 1, output.h, output.w},
          .arguments = {}};
}

inline Configuration with_longer_rows(Configuration c, std::int64_t columns) {
  c.input[3] += columns * c.arguments.stride.w;
  c.output[3] += columns;
  return c;
}

/// One channel a group and a few outputs of it, kernels of every height.
inline Configuration depthwise(Random& random) {
  constexpr std::int64_t taps[] = {1, 2, 3, 3, 3, 4, 5, 7, 8, 11};
  Configuration c = random_configuration(random, [&] { return one_of(random, taps); });
  if (random.coin()) {
    c.weight[3] = c.weight[2];
    c.arguments.dilation.w = c.arguments.dilation.h;
    c.arguments.padding_mode = PaddingMode::zeros;
    c.input[3] = std::max(c.input[3], c.arguments.dilation.w * c.weight[3]);
    const std::int64_t padded =
        c.input[3] + c.arguments.padding.left() + c.arguments.padding.right();
    const std::int64_t extent = c.arguments.dilation.w * (c.weight[3] - 1) + 1;
    c.output[3] = (padded - extent) / c.arguments.stride.w + 1;
  }
  const std::int64_t longer = random.between(0, 2);
  return with_channels(with_longer_rows(c, longer == 0 ? 0 : random.between(1, 40 * longer)), 1,
                       random.between(1, 5));
}

/// Planes of less than a vector up to several, by kernels that every network has.
inline Configuration small_planes(Random& random) {
  const std::int64_t taps = random.coin() ? 3 : 5;
  const std::int64_t stride = random.between(1, 2);
  const bool usual = random.coin();
  const auto pad = [&] { return usual ? taps / 2 : random.between(0, 3); };
  const Padding padding(pad(), pad(), pad(), pad());
  const Pair input(random.between(taps, 20), random.between(taps, random.coin() ? 20 : 70));
  const auto size = [&](std::int64_t padded) { return (padded - taps) / stride + 1; };
  const std::int64_t groups = random.between(1, 9);
  const std::int64_t batch = random.between(1, 2);
  const Configuration c = {
      .input = {batch, groups, input.h, input.w},
      .weight = {groups, 1, taps, taps},
      .output = {batch, groups, size(input.h + padding.top() + padding.bottom()),
                 size(input.w + padding.left() + padding.right())},
      .arguments = {.stride = stride, .padding = padding, .groups = groups}};
  return with_channels(c, 1, random.coin() ? 1 : random.between(1, 3));
}

inline Configuration depthwise_or_small(Random& random) {
  return random.coin() ? depthwise(random) : small_planes(random);
}

/// So few channels that they are computed as they lie beside each other.
inline Configuration few_channels(Random& random) {
  Configuration c = depthwise(random);
  c.arguments.groups = random.between(1, 7);
  c.arguments.stride = 1;
  const auto& a = c.arguments;
  c.output[2] =
      c.input[2] + a.padding.top() + a.padding.bottom() - a.dilation.h * (c.weight[2] - 1);
  c.output[3] =
      c.input[3] + a.padding.left() + a.padding.right() - a.dilation.w * (c.weight[3] - 1);
  return with_channels(c, 1, 1);
}

/// Groups of one channel, from one to several vectors of them.
inline Configuration single_channels(Random& random) {
  constexpr std::int64_t groups[] = {1, 3, 8, 9, 15, 16, 17, 32, 40, 70};
  Configuration c = depthwise(random);
  c.arguments.groups = one_of(random, groups);
  return with_channels(c, 1, 1);
}

/// Groups of few channels and outputs, from one group to several vectors of them.
inline Configuration small_groups(Random& random) {
  constexpr std::int64_t groups[] = {1, 2, 3, 4, 5, 9, 17};
  constexpr std::int64_t each[] = {1, 2, 2, 3, 4, 4, 5, 8, 8};
  const std::int64_t inputs = one_of(random, each);
  const std::int64_t outputs = random.coin() ? inputs : one_of(random, each);
  Configuration c = depthwise(random);
  c.arguments.groups = one_of(random, groups);
  return with_channels(c, inputs, inputs * outputs == 1 ? 2 : outputs);
}

/// Every number of channels and outputs, and rows of every length.
inline Configuration any_channels(Random& random) {
  constexpr std::int64_t inputs[] = {1, 2, 3, 4, 15, 33, 70};
  constexpr std::int64_t outputs[] = {1, 2, 3, 4, 5, 6, 7, 9, 13, 35, 66};
  const bool plain = random.between(0, 2) == 0;
  Configuration c = plain ? unpadded(random) : random_configuration(random);
  if (!plain && random.coin()) {
    c = with_longer_rows(c, random.between(1, random.coin() ? 70 : 200));  // of several tiles
  }
  return with_channels(c, one_of(random, inputs), one_of(random, outputs));
}

/// Kernels of one tap with few outputs, or with so many, and so many channels, that all of them are
/// computed together; over maps long enough to be read where they lie and others.
inline Configuration single_taps(Random& random) {
  constexpr std::int64_t inputs[] = {1, 2, 3, 4, 5, 8, 17, 64};
  constexpr std::int64_t many_inputs[] = {56, 57, 59, 62, 128};
  constexpr std::int64_t many_outputs[] = {9, 12, 14, 15, 31, 57, 61};
  Configuration c;
  c.arguments.groups = random.between(1, 2);
  c.arguments.stride.h = random.between(1, 2);
  c.output = {random.between(1, 2), 1, random.between(1, 8), random.between(1, 80)};
  c.input = {c.output[0], 1, c.output[2] * c.arguments.stride.h, c.output[3]};
  c.weight = {1, 1, 1, 1};
  return random.coin()
             ? with_channels(c, one_of(random, inputs), random.between(1, 7))
             : with_channels(c, one_of(random, many_inputs), one_of(random, many_outputs));
}

/// Outputs for several vectors or a part of one, and now and then pixels that lie a power of two
/// apart.
inline Configuration many_outputs(Random& random) {
  constexpr std::int64_t inputs[] = {1, 2, 3, 15, 16, 17, 33, 70};
  constexpr std::int64_t outputs[] = {1, 3, 7, 8, 9, 16, 24, 31, 48, 64, 81};
  if (random.between(0, 39) == 0) {
    const std::int64_t groups = random.coin() ? 1 : 64;
    return {.input = {2, 512, 5, 4},
            .weight = {9 * groups, 512 / groups, 3, 3},
            .output = {2, 9 * groups, 5, 4},
            .arguments = {.padding = 1, .groups = groups}};
  }
  return with_channels(random_configuration(random), one_of(random, inputs),
                       one_of(random, outputs));
}

inline Configuration any_channels_in_zeros(Random& random) {
  Configuration c = any_channels(random);
  c.arguments.padding_mode = PaddingMode::zeros;
  return c;
}

/// 3x3 kernels with any border. Zeros and the edge repeated may go on for more than a tile.
inline Configuration small_kernels(Random& random) {
  constexpr std::int64_t channels[] = {1, 3, 16, 17, 22, 33};
  constexpr std::int64_t filters[] = {1, 5, 16, 19, 37, 70};
  Configuration c;
  c.arguments.padding_mode = static_cast<PaddingMode>(random.between(0, 3));
  c.arguments.groups = random.between(1, 2);
  c.output = {random.between(1, 2), 1, random.between(1, 14), random.between(1, 21)};
  const auto pads = [&](std::int64_t output) {
    const bool bounded = c.arguments.padding_mode == PaddingMode::reflect ||
                         c.arguments.padding_mode == PaddingMode::circular;
    const std::int64_t most = bounded ? std::min<std::int64_t>(2, (output - 1) / 2) : output - 2;
    return random.between(0, std::max<std::int64_t>(0, most));
  };
  const std::int64_t rows[] = {pads(c.output[2]), random.between(0, 1)};
  const std::int64_t columns[] = {pads(c.output[3]), random.between(0, 1)};
  c.arguments.padding = Padding(rows[0], rows[1], columns[0], columns[1]);
  c.input = {c.output[0], 1, c.output[2] + 2 - rows[0] - rows[1],
             c.output[3] + 2 - columns[0] - columns[1]};
  c.weight = {1, 1, 3, 3};
  return with_channels(c, one_of(random, channels), one_of(random, filters));
}

/// The same of a transposed pass, whose result has the sizes of the input; a window fits into it.
inline Configuration small_kernels_transposed(Random& random) {
  Configuration c = small_kernels(random);
  c.arguments.padding_mode = PaddingMode::zeros;
  const auto least = [](std::int64_t size) { return std::max<std::int64_t>(0, 3 - size); };
  const std::int64_t pads[] = {random.between(least(c.output[2]), 5), random.between(0, 5),
                               random.between(least(c.output[3]), 5), random.between(0, 5)};
  c.arguments.padding = Padding(pads[0], pads[1], pads[2], pads[3]);
  c.input[2] = c.output[2];
  c.input[3] = c.output[3];
  c.output[2] += pads[0] + pads[1] - 2;
  c.output[3] += pads[2] + pads[3] - 2;
  return c;
}

/// Filters of 5x5 and more for images of up to four channels with any border. Zeros and the edge
/// repeated may go on for more than a window.
inline Configuration image_filters(Random& random) {
  constexpr std::int64_t taps[] = {5, 5, 6, 7, 9, 12, 17};
  const std::int64_t kernel[] = {one_of(random, taps), one_of(random, taps)};
  Configuration c;
  c.arguments.padding_mode = static_cast<PaddingMode>(random.between(0, 3));
  c.arguments.groups = random.between(1, 4);
  const bool bounded = c.arguments.padding_mode == PaddingMode::reflect ||
                       c.arguments.padding_mode == PaddingMode::circular;
  const auto pad = [&](std::int64_t most) { return random.between(0, most + (bounded ? -2 : 3)); };
  const std::int64_t rows[] = {pad(kernel[0]), pad(kernel[0])};
  const std::int64_t columns[] = {pad(kernel[1]), pad(kernel[1])};
  c.arguments.padding = Padding(rows[0], rows[1], columns[0], columns[1]);
  c.weight = {1, 1, kernel[0], kernel[1]};
  c.output = {random.between(1, 2), 1, random.between(32, 36), random.between(32, 50)};
  c.input = {c.output[0], 1, c.output[2] + kernel[0] - 1 - rows[0] - rows[1],
             c.output[3] + kernel[1] - 1 - columns[0] - columns[1]};
  return with_channels(c, 1, random.between(1, c.arguments.groups > 2 ? 1 : 2));
}

/// Of each filter the product of a column and a row; now and then all are the same.
inline Tensor products(Random& random, const Sizes& sizes) {
  Tensor w(sizes);
  const Tensor columns = random.values({sizes[0], sizes[2]}, DType::float64);
  const Tensor rows = random.values({sizes[0], sizes[3]}, DType::float64);
  const std::int64_t different = random.coin() ? sizes[0] : 1;
  for (std::int64_t k = 0; k < sizes[0]; ++k) {
    for (std::int64_t r = 0; r < sizes[2]; ++r) {
      for (std::int64_t s = 0; s < sizes[3]; ++s) {
        w.at<float>({k, 0, r, s}) = static_cast<float>(columns.at<double>({k % different, r}) *
                                                       rows.at<double>({k % different, s}));
      }
    }
  }
  return w;
}

/// So few rows that they are cut into windows of columns (column_windows.h), and one that is not.
inline Configuration few_long_rows(Random& random, std::int64_t channels, std::int64_t filters) {
  Configuration c;
  do {
    c = random_configuration(random);
  } while (c.output[0] * c.output[2] > 3);
  return with_channels(with_longer_rows(c, random.between(480, 900)), channels, filters);
}

inline Configuration long_rows(Random& random) {
  return few_long_rows(random, random.between(1, 3), random.between(1, 9));
}

/// Of a transposed pass, which reads the output's sizes.
inline Configuration long_rows_in_zeros(Random& random) {
  Configuration c = long_rows(random);
  c.arguments.padding_mode = PaddingMode::zeros;
  return c;
}

inline Configuration long_rows_of_channels(Random& random) { return few_long_rows(random, 1, 1); }

inline Configuration long_rows_of_groups(Random& random) {
  return few_long_rows(random, random.between(1, 3), 2);
}

inline Configuration long_rows_of_one_channel(Random& random) {
  return few_long_rows(random, 1, random.between(1, 3));
}

/// Rows of tiles that are cut into pieces.
inline Configuration long_rows_of_small_kernels(Random& random) {
  const Configuration c = with_longer_rows(small_kernels(random), random.between(200, 1200));
  return with_channels(c, random.between(1, 5), random.between(1, 5));
}

inline Subject of_long_rows(const Algorithm& algorithm, Configuration (*draw)(Random& random),
                            Pass pass = Pass::forward) {
  return {&algorithm, DType::float32, draw, pass, nullptr, MemoryFormat::contiguous, true};
}

inline std::string name_of(const ::testing::TestParamInfo<Subject>& subject) {
  return std::string(subject.param.algorithm->name) + "_" + std::string(name(subject.param.dtype)) +
         (subject.param.forward() ? "" : "_transposed") +
         (subject.param.format == MemoryFormat::channels_last ? "_channels_last" : "") +
         (subject.param.long_rows ? "_long_rows" : "");
}

/// Those that keep the definition's sums.
inline std::vector<Subject> exact_subjects() {
  constexpr auto forward = Pass::forward;
  constexpr auto side_by_side = MemoryFormat::channels_last;
  return {{&depthwise_channels_algorithm, DType::float32, single_channels, forward},
          {&depthwise_channels_algorithm, DType::float64, single_channels, forward},
          {&joined_groups_algorithm, DType::float32, small_groups, forward},
          {&joined_groups_algorithm, DType::float64, small_groups, forward},
          {&depthwise_rows_algorithm, DType::float32, depthwise_or_small, forward},
          {&depthwise_rows_algorithm, DType::float64, depthwise, forward},
          {&depthwise_rows_algorithm, DType::float32, few_channels, forward, nullptr, side_by_side},
          {&direct_algorithm, DType::float32, many_outputs, forward},
          {&direct_algorithm, DType::float64, many_outputs, forward},
          {&planar_algorithm, DType::float32, any_channels, forward},
          {&planar_algorithm, DType::float64, any_channels, forward},
          {&planar_algorithm, DType::float32, single_taps, forward, nullptr, side_by_side},
          {&planar_algorithm, DType::float64, single_taps, forward, nullptr, side_by_side},
          {&transposed_algorithm, DType::float32, any_channels_in_zeros, Pass::backward_data},
          {&transposed_algorithm, DType::float64, any_channels_in_zeros, Pass::backward_data},
          of_long_rows(depthwise_channels_algorithm, long_rows_of_channels),
          of_long_rows(joined_groups_algorithm, long_rows_of_groups),
          of_long_rows(depthwise_rows_algorithm, long_rows_of_one_channel),
          of_long_rows(direct_algorithm, long_rows),
          of_long_rows(planar_algorithm, long_rows),
          of_long_rows(transposed_algorithm, long_rows_in_zeros, Pass::backward_data)};
}

/// And those that do not.
inline std::vector<Subject> other_subjects() {
  return {
      {&separable_algorithm, DType::float32, image_filters, Pass::forward, products},
      {&winograd_algorithm, DType::float32, small_kernels, Pass::forward},
      {&winograd_algorithm, DType::float32, small_kernels_transposed, Pass::backward_data},
      {&winograd_2x2_algorithm, DType::float32, small_kernels, Pass::forward},
      {&winograd_2x2_algorithm, DType::float32, small_kernels_transposed, Pass::backward_data},
      of_long_rows(winograd_algorithm, long_rows_of_small_kernels),
      of_long_rows(winograd_2x2_algorithm, long_rows_of_small_kernels),
  };
}

}  // namespace testing
}  // namespace conv2d
