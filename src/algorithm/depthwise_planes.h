// Depthwise convolution of small planes, whose rows are one vector or a few, and whose kernels and
// strides are the usual ones: nothing is copied for the border and every tap comes out of one load.
// A part of depthwise_rows.cc, for processors whose vectors have masks (simd/depthwise_planes.h).
//
// Columns   in blocks of at most a vector's lanes; within a plane some lanes at a block's sides
//           hold nothing but what their neighbours read
// Planes    that stay in L1 together go through one call, whose setting up they share
// Pairs     of planes of at most half a vector's columns are computed at once, each lane with the
//           weights of its plane
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/epilogue.h"
#include "algorithm/vector_types.h"
#include "base/quantity.h"
#include "conv2d/threads.h"
#include "simd/depthwise_planes.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace conv2d::depthwise_planes {

inline constexpr auto lanes = static_cast<Index>(simd::plane_lanes);
inline constexpr auto half = static_cast<Index>(simd::half_lanes);

/// Output columns that one vector computes.
struct Block {
  Index first;  ///< column
  Index count;
  Index lead;  ///< lanes before them
};

/// From the tap in the middle, the column that an output's own lane holds, to the first tap, in
/// lanes; and to the last one.
inline Index lanes_before(const Axis& axis) { return divide_up(axis.kernel / 2, axis.stride); }
inline Index lanes_behind(const Axis& axis) { return axis.kernel / 2 / axis.stride; }

/// The column that the lane of an output reads itself.
inline Index own_column(const Axis& axis, Index output) {
  return axis.position(output, axis.kernel / 2);
}

/// The most outputs from `first` on that so many lanes compute.
inline Block block_at(const Axis& axis, Index first, Index wide) {
  const Index lead = own_column(axis, first) <= 0 ? 0 : lanes_before(axis);
  const bool ends = own_column(axis, first - lead + wide) >= axis.input;
  const Index most = wide - lead - (ends ? 0 : lanes_behind(axis));
  return {first, std::min(most, axis.output - first), lead};
}

inline std::vector<Block> blocks_of(const Axis& axis) {
  std::vector<Block> blocks;
  for (Index first = 0; first < axis.output; first += blocks.back().count) {
    blocks.push_back(block_at(axis, first, lanes));
  }
  return blocks;
}

/// Whether two planes fit into a vector, side by side.
inline bool in_pairs(const Problem& problem) {
  return problem.out_channels_per_group() == 1 && problem.columns.output <= half &&
         block_at(problem.columns, 0, half).count == problem.columns.output;
}

/// Whether rows of several vectors gain against loading each tap where it lies, or from a copy with
/// its border (depthwise_rows_worker.h), where rows of whole vectors leave no lane idle. Measured.
inline bool blocks_pay(const Problem& problem) {
  const Axis& axis = problem.columns;
  if (axis.stride == 2 || axis.output <= lanes) {
    return true;
  }
  const bool whole = axis.output % lanes == 0;
  if (axis.kernel == 3) {
    return !whole || axis.output >= 4 * lanes;
  }
  const auto blocks = static_cast<Index>(blocks_of(axis).size());
  const bool full = axis.output * 100 >= blocks * lanes * 77;
  return !whole && (axis.output < 40 || full);
}

/// Whether few columns gain against planes turned into channels (depthwise_channels.cc). Measured:
/// the two halves of a vector need weights of their own, which 5x5 kernels load for every product;
/// with a stride, turning costs more.
inline bool fills_lanes(const Problem& problem) {
  const Index columns = problem.columns.output;
  if (columns > half) {
    return true;
  }
  const bool strided = problem.columns.stride == 2;
  return in_pairs(problem) && columns >= (strided ? 5 : 7) &&
         (strided || problem.columns.kernel == 3);
}

/// Whether all of it is as these loops want it, however the tensors in hand lie. Larger planes are
/// cut into strips (depthwise_rows_cut.h).
inline bool takes(const Problem& problem) {
  constexpr Index most = 128;
  const Axis& rows = problem.rows;
  const Axis& columns = problem.columns;
  const bool usual = (rows.kernel == 3 || rows.kernel == 5) && columns.kernel == rows.kernel &&
                     (rows.stride == 1 || rows.stride == 2) && columns.stride == rows.stride &&
                     rows.dilation == 1 && columns.dilation == 1 &&
                     problem.padding_mode == PaddingMode::zeros;
  return usual && problem.types.y == DType::float32 && problem.in_channels_per_group() == 1 &&
         rows.output >= divide_up(rows.kernel, rows.stride) &&
         std::max(rows.output, columns.output) <= most && fills_lanes(problem) &&
         blocks_pay(problem) && simd::depthwise_planes_kernels().exist;
}

/// Elements of the weights of pairs of planes.
inline Index pair_weights(const Problem& problem) {
  return takes(problem) && in_pairs(problem)
             ? divide_up(problem.out_channels, 2) * 4 * problem.rows.kernel * problem.columns.kernel
             : 0;
}

/// From numbers of each channel, `count` of them, to those of pairs of channels, each one twice:
/// [pair][count][4]. A last channel without another is there as both.
inline void pair_up(const float* from, Index channels, Index count, float* to) {
  for (Index k = 0; k < channels; k += 2) {
    const float* const one = from + k * count;
    const float* const other = k + 1 < channels ? one + count : one;
    for (Index i = 0; i < count; ++i, to += 4) {
      to[0] = to[1] = one[i];
      to[2] = to[3] = other[i];
    }
  }
}

/// Which lane holds which column of a block.
class LaneMap {
 public:
  LaneMap(const Axis& axis, const Block& block, bool pair)
      : axis_(axis), pair_(pair), begin_(own_column(axis, block.first - block.lead)) {
    found_.begin = begin_;
    const unsigned stored = ((1U << static_cast<unsigned>(block.count)) - 1U)
                            << static_cast<unsigned>(block.lead);
    found_.store_mask = static_cast<std::uint16_t>(stored);
    found_.second_store_mask = static_cast<std::uint16_t>(pair ? stored << simd::half_lanes : 0U);
    const bool halves = pair && axis.stride == 1;
    for (Index lane = 0; lane < lanes; ++lane) {
      const bool first = is_column(lane);
      set(found_.first_mask, lane, first && !(halves && lane >= half));
      set(found_.second_mask, lane,
          halves ? lane >= half && is_column(lane - half) : is_column(lane + (pair ? 0 : lanes)));
      for (Index s = 0; s < axis.kernel; ++s) {
        place_tap(s, lane);
      }
    }
  }

  const simd::PlaneLanes& found() const { return found_; }

 private:
  static void set(std::uint16_t& mask, Index lane, bool on) {
    mask = static_cast<std::uint16_t>(mask | (on ? 1U << static_cast<unsigned>(lane) : 0U));
  }

  /// Whether an element of the vectors is a column of the input.
  bool is_column(Index element) const {
    return begin_ + element >= 0 && begin_ + element < axis_.input;
  }

  void place_tap(Index s, Index lane) {
    const bool mixed = pair_ || axis_.stride == 2;
    const Index part = mixed ? lane / 2 % 2 : 0;
    const Index within = mixed ? lane / 4 * 2 + lane % 2 : lane;
    const Index output = within + (pair_ ? 0 : part * half);
    const Index element = output * axis_.stride + s - axis_.kernel / 2;
    if (element < 0 || element >= (pair_ ? half : lanes) * axis_.stride || !is_column(element)) {
      return;
    }
    set(found_.mask[at(s)], lane, true);
    found_.source[at(s)][at(lane)] = static_cast<std::int32_t>(lane_of(element, part));
  }

  /// Of an element of the vectors, or of one of a pair's rows, among those of its kind.
  Index lane_of(Index element, Index part) const {
    if (axis_.stride == 1) {
      return element + (pair_ ? part * half : 0);
    }
    const Index i = element / 2;
    return i % half / 2 * 4 + (pair_ ? part : i / half) * 2 + i % 2;
  }

  const Axis& axis_;
  bool pair_;
  Index begin_;
  simd::PlaneLanes found_{};
};

/// Planes that one call computes: few enough to stay in L1 with their results, and for each thread
/// some.
inline Index planes_together(const Problem& problem) {
  constexpr Index most_bytes = 16384;
  constexpr Index most = 16;
  if (problem.out_channels_per_group() > 1) {
    return 1;
  }
  const Index elements =
      problem.rows.input * problem.columns.input + problem.rows.output * problem.columns.output;
  const Index each = problem.batch * problem.in_channels / (Index{4} * num_threads());
  const Index fit = most_bytes / static_cast<Index>(sizeof(float)) / elements;
  const Index wanted = std::clamp<Index>(std::min(fit, each), 1, most);
  return in_pairs(problem) ? divide_up(wanted, 2) * 2 : wanted;
}

/// Everything that one run shares between threads.
struct Run {
  Run(const Problem& all, const Operands& tensors, const float* its_weights)
      : problem(all),
        operands(tensors),
        pairs(in_pairs(all)),
        together(planes_together(all)),
        weights(its_weights),
        bias(bias_or_zeros<float>(all, tensors.bias, all.out_channels)),
        blocks(blocks_of(all.columns)) {
    if (pairs) {
      const std::vector<float> each = bias;
      bias.resize(at(divide_up(problem.out_channels, 2) * 4));
      pair_up(each.data(), problem.out_channels, 1, bias.data());
    }
    for (const Block& block : blocks) {
      maps.push_back(LaneMap(problem.columns, block, pairs).found());
    }
    const Axis& axis = problem.rows;
    const Index count = (axis.output - 1 + divide_up(axis.kernel, axis.stride)) * axis.stride;
    for (Index i = 0; i < count; ++i) {
      const Index row = i - axis.pad_before;
      rows.push_back(row >= 0 && row < axis.input ? row * operands.first.strides()[2]
                                                  : simd::no_row);
    }
  }

  /// Items of an image.
  Index groups() const { return divide_up(problem.in_channels, together); }
  Index items() const { return problem.batch * groups(); }

  const Problem& problem;
  const Operands& operands;
  bool pairs;            ///< whether planes are computed two at once
  Index together;        ///< channels of an item
  const float* weights;  ///< [k][s][r], or of pairs
  std::vector<float> bias;
  std::vector<Block> blocks;
  std::vector<simd::PlaneLanes> maps;  ///< of each block
  std::vector<std::ptrdiff_t> rows;    ///< that a plane's outputs read
};

/// Bytes that a run takes at most.
inline std::size_t bytes(const Problem& problem) {
  if (!takes(problem)) {
    return 0;
  }
  const std::size_t blocks = blocks_of(problem.columns).size();
  const Index rows = (problem.rows.output + problem.rows.kernel) * problem.rows.stride;
  return blocks * (sizeof(Block) + sizeof(simd::PlaneLanes)) + at(rows) * sizeof(Index) +
         at(3 * problem.out_channels + 4) * sizeof(float);
}

inline Pieces describe(const Problem& problem) {
  const auto blocks = static_cast<Index>(blocks_of(problem.columns).size());
  const Index stride = problem.rows.stride;
  const Index columns = problem.columns.kernel;
  const auto products = static_cast<double>(columns * columns);
  // Of each row the taps but the middle one are permuted; then there is the store.
  const auto other = static_cast<double>(stride * (columns - 1) + (stride == 1 ? 1 : 4));
  const bool pairs = in_pairs(problem);
  const auto full = static_cast<double>(problem.columns.output * (pairs ? 2 : 1)) /
                    static_cast<double>(blocks * lanes);
  return {.tile = concat(counted(divide_up(problem.rows.kernel, stride), "output row"),
                         " x 1 vector of ", lanes, pairs ? " pixels of two planes" : " pixels"),
          .blocking =
              concat("whole planes where they lie, in ", counted(blocks, "block"), " of columns"),
          .efficiency = full * products / (products + other)};
}

/// One thread's part: some planes at a time.
class Worker {
 public:
  explicit Worker(const Run& run)
      : run_(run),
        from_(run.operands.first.strides()),
        to_(run.operands.result.strides()),
        loop_(simd::depthwise_planes_kernels().run[at(run.problem.rows.kernel / 2 - 1)][at(
            run.problem.rows.stride - 1)][run.pairs ? 1 : 0]) {}

  /// Item i is an image and some channels.
  void compute(Index item) const {
    const Problem& problem = run_.problem;
    const Index image = item / run_.groups();
    const Index channel = item % run_.groups() * run_.together;
    const Index channels = std::min(run_.together, problem.in_channels - channel);
    const Index outputs = problem.out_channels_per_group();
    if (!run_.pairs) {
      for (Index k = channel * outputs; k < channel * outputs + outputs; ++k) {
        compute_planes(image, channel, k, channels, lanes, 0);
      }
    } else {
      const Index apart = problem.columns.stride == 1 ? half : 0;  // halves of one vector
      if (channels > 1) {
        compute_planes(image, channel, channel, channels / 2, from_[1] - apart, to_[1]);
      }
      if (channels % 2 == 1) {  // computed with itself
        const Index last = channel + channels - 1;
        compute_planes(image, last, last, 1, -apart, 0);
      }
    }
    finish(
        run_.operands.result, run_.operands.epilogue,
        {channel * outputs, channels * outputs, image * problem.rows.output, problem.rows.output});
  }

 private:
  /// `count` planes or pairs of them.
  void compute_planes(Index image, Index channel, Index k, Index count, Index second,
                      Index to_second) const {
    const Problem& problem = run_.problem;
    const Index planes = run_.pairs ? 2 : 1;
    const Index numbers = run_.pairs ? 2 * k : k;  // of pairs each number is there twice
    const auto* const plane = static_cast<const float*>(run_.operands.first.data()) +
                              image * from_[0] + channel * from_[1];
    auto* const result =
        static_cast<float*>(run_.operands.result.data()) + image * to_[0] + k * to_[1];
    for (std::size_t i = 0; i < run_.blocks.size(); ++i) {
      loop_({.lanes = run_.maps[i],
             .planes = at(count),
             .plane = plane,
             .plane_step = planes * from_[1],
             .second = second,
             .rows = run_.rows.data(),
             .weights = run_.weights + numbers * problem.rows.kernel * problem.columns.kernel,
             .bias = run_.bias.data() + numbers,
             .to = result + (run_.blocks[i].first - run_.blocks[i].lead),
             .to_plane_step = planes * to_[1],
             .to_second = to_second,
             .to_step = to_[2],
             .count = at(problem.rows.output)});
    }
  }

  const Run& run_;
  Strides from_;
  Strides to_;
  simd::RunDepthwisePlane loop_;
};

}  // namespace conv2d::depthwise_planes
