// Winograd's convolution against its bound in docs/winograd.md, and what it promises about numbers
// that are not finite. What holds for every algorithm is in exact_test.cc.
#include "algorithm/algorithm.h"
#include "algorithm/streaming.h"
#include "algorithm/winograd_cut.h"
#include "plan/choose.h"
#include "reference/reference.h"
#include "simd/dispatch.h"
#include "simd/winograd_matrices.h"
#include "support/configurations.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/separately.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conv2d {

extern const Algorithm winograd_2x2_algorithm;
extern const Algorithm winograd_algorithm;

namespace {

using testing::Configuration;
using testing::has_fused_multiply_add;
using testing::Instructions;
using testing::Random;
using testing::same_bits;

constexpr Types floats{};

/// Tiles of so many outputs along an axis, and the roundings that docs/winograd.md counts beside
/// the sum's, with fused multiply-adds and without.
template <std::size_t Outputs, int Fused, int Other, const Algorithm& Which>
struct Tiles {
  using Matrices = simd::winograd::Matrices<Outputs>;
  static constexpr auto outputs = static_cast<std::int64_t>(Outputs);
  static constexpr int fused_roundings = Fused;
  static constexpr int other_roundings = Other;

  static const Algorithm& algorithm() { return Which; }
};

using LargeTiles = Tiles<4, 13, 20, winograd_algorithm>;
using SmallTiles = Tiles<2, 9, 10, winograd_2x2_algorithm>;

template <class Tiles>
class Winograd : public ::testing::Test {};

using Sides = ::testing::Types<LargeTiles, SmallTiles>;
TYPED_TEST_SUITE(Winograd, Sides);

struct Layer {
  Configuration c;
  Tensor x, w, bias;
};

Layer layer_of(Random& random, PaddingMode mode, std::int64_t groups, Padding padding,
               std::int64_t rows, std::int64_t columns) {
  Configuration c;
  c.arguments.groups = groups;
  c.arguments.padding = padding;
  c.arguments.padding_mode = mode;
  c.input = {2, 18 * groups, rows, columns};
  c.weight = {21 * groups, 18, 3, 3};
  c.output = {2, 21 * groups, rows + padding.top() + padding.bottom() - 2,
              columns + padding.left() + padding.right() - 2};
  return {c, random.values(c.input, DType::float32), random.values(c.weight, DType::float32),
          random.values({c.output[1]}, DType::float32)};
}

Layer random_layer(Random& random) {
  const auto mode = static_cast<PaddingMode>(random.between(0, 3));
  return layer_of(random, mode, random.between(1, 2),
                  Padding(random.between(0, 3), random.between(0, 3), random.between(0, 3),
                          random.between(0, 3)),
                  random.between(11, 15), random.between(11, 20));
}

template <class Tiles>
Tensor winograd(const Layer& layer) {
  const Problem problem = testing::problem_of(layer.c, floats, true);
  EXPECT_FALSE(Tiles::algorithm().refuses(problem)) << layer.c;
  Tensor y(layer.c.output);
  run(Tiles::algorithm(), problem, {layer.x, layer.w, layer.bias, y});
  return y;
}

Tensor definition(const Layer& layer, DType result) {
  return testing::reference_forward(layer.c, layer.x, layer.w, layer.bias.to(result), result);
}

/// to[i] of `size` sums over `from`: |M| x along one axis.
template <std::size_t Rows, std::size_t Columns>
std::array<double, Rows> through(const simd::winograd::Matrix<Rows, Columns>& m,
                                 const std::array<double, Columns>& x) {
  std::array<double, Rows> sums{};
  for (std::size_t i = 0; i < Rows; ++i) {
    for (std::size_t j = 0; j < Columns; ++j) {
      sums[i] += std::abs(m[i][j]) * std::abs(x[j]);
    }
  }
  return sums;
}

/// |M| |X| |M|^T.
template <std::size_t Rows, std::size_t Columns>
std::array<std::array<double, Rows>, Rows> through_both(
    const simd::winograd::Matrix<Rows, Columns>& m,
    const std::array<std::array<double, Columns>, Columns>& x) {
  std::array<std::array<double, Rows>, Columns> half{};
  for (std::size_t i = 0; i < Columns; ++i) {
    half[i] = through(m, x[i]);
  }
  std::array<std::array<double, Rows>, Rows> result{};
  for (std::size_t j = 0; j < Rows; ++j) {
    std::array<double, Columns> column{};
    for (std::size_t i = 0; i < Columns; ++i) {
      column[i] = half[i][j];
    }
    const auto turned = through(m, column);
    for (std::size_t i = 0; i < Rows; ++i) {
      result[i][j] = turned[i];
    }
  }
  return result;
}

template <std::size_t Size>
using Square = std::array<std::array<double, Size>, Size>;

/// The inputs of a tile that its outputs read; 0 elsewhere.
template <std::size_t Size>
Square<Size> inputs_of(const Problem& problem, const Tensor& x, std::int64_t n, std::int64_t c,
                       std::int64_t p, std::int64_t q) {
  constexpr auto size = static_cast<std::int64_t>(Size);
  Square<Size> d{};
  for (std::int64_t i = 0; i < size * size; ++i) {
    const std::int64_t row = p + i / size;
    const std::int64_t column = q + i % size;
    if (row >= problem.rows.output + 2 || column >= problem.columns.output + 2) {
      continue;
    }
    const std::int64_t h = source_index(problem.rows, problem.padding_mode, row, 0);
    const std::int64_t w = source_index(problem.columns, problem.padding_mode, column, 0);
    if (h != nowhere && w != nowhere) {
      const Strides& s = x.strides();
      d[static_cast<std::size_t>(i / size)][static_cast<std::size_t>(i % size)] =
          x.data<float>()[n * s[0] + c * s[1] + h * s[2] + w * s[3]];
    }
  }
  return d;
}

/// |A^T| [ sum over c of (|G| |w| |G^T|) . (|B^T| |x| |B|) ] |A| for one tile.
template <class Tiles>
Square<Tiles::outputs> amplified(const Problem& problem, const Layer& layer, std::int64_t n,
                                 std::int64_t k, std::int64_t p, std::int64_t q) {
  using Matrices = typename Tiles::Matrices;
  constexpr std::size_t size = Tiles::outputs + 2;
  Square<size> sums{};
  const std::int64_t channels = problem.in_channels_per_group();
  const std::int64_t first = k / problem.out_channels_per_group() * channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    Square<3> g{};
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      g[static_cast<std::size_t>(tap / 3)][static_cast<std::size_t>(tap % 3)] =
          layer.w.data<float>()[(k * channels + c) * 9 + tap];
    }
    const auto u = through_both(Matrices::kernel, g);
    const auto v =
        through_both(Matrices::input, inputs_of<size>(problem, layer.x, n, first + c, p, q));
    for (std::size_t i = 0; i < size * size; ++i) {
      sums[i / size][i % size] += u[i / size][i % size] * v[i / size][i % size];
    }
  }
  return through_both(Matrices::output, sums);
}

/// Asserts the bound of docs/winograd.md for the outputs of one tile and one output channel.
template <class Tiles>
void expect_tile_within_bound(const Layer& layer, const Tensor& y, const Tensor& truth, bool fused,
                              std::int64_t n, std::int64_t k, std::int64_t p, std::int64_t q) {
  const Problem problem = testing::problem_of(layer.c, floats, true);
  const auto amount = amplified<Tiles>(problem, layer, n, k, p, q);
  const auto roundings = static_cast<double>(
      problem.in_channels_per_group() + (fused ? Tiles::fused_roundings : Tiles::other_roundings));
  const double nu = roundings * std::ldexp(1.0, -24);
  const Sizes& s = layer.c.output;
  for (std::int64_t i = p; i < std::min(p + Tiles::outputs, s[2]); ++i) {
    for (std::int64_t j = q; j < std::min(q + Tiles::outputs, s[3]); ++j) {
      const std::int64_t at = ((n * s[1] + k) * s[2] + i) * s[3] + j;
      const double size = amount[static_cast<std::size_t>(i - p)][static_cast<std::size_t>(j - q)] +
                          std::abs(static_cast<double>(layer.bias.data<float>()[k]));
      ASSERT_LE(std::abs(static_cast<double>(y.data<float>()[at]) - truth.data<double>()[at]),
                nu / (1 - nu) * size)
          << layer.c << ", output " << at;
    }
  }
}

TYPED_TEST(Winograd, StaysWithinItsBoundOnEveryInstructionSet) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < 6; ++i) {
      const Layer layer = random_layer(random);
      const Tensor y = winograd<TypeParam>(layer);
      const Tensor truth = definition(layer, DType::float64);
      const Sizes& s = layer.c.output;
      constexpr std::int64_t side = TypeParam::outputs;
      const std::int64_t rows = (s[2] + side - 1) / side;
      for (std::int64_t tile = 0; tile < s[0] * s[1] * rows; ++tile) {
        for (std::int64_t q = 0; q < s[3] && !this->HasFatalFailure(); q += side) {
          expect_tile_within_bound<TypeParam>(layer, y, truth, has_fused_multiply_add(name),
                                              tile / rows / s[1], tile / rows % s[1],
                                              tile % rows * side, q);
        }
      }
    }
  }
}

TYPED_TEST(Winograd, WholeNumbersComeOutWhole) {
  Random random;
  Layer layer = random_layer(random);
  layer.x = random.integers(layer.c.input, DType::float32);
  layer.w = random.integers(layer.c.weight, DType::float32);
  layer.bias = random.integers({layer.c.output[1]}, DType::float32);
  const Tensor y = winograd<TypeParam>(layer);
  const Tensor truth = definition(layer, DType::float32);
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    ASSERT_EQ(std::round(y.data<float>()[i]), truth.data<float>()[i]);
  }
}

TYPED_TEST(Winograd, FusedInstructionsGiveTheSameBits) {
  Random random;
  for (int i = 0; i < 20; ++i) {
    const Layer layer = random_layer(random);
    std::optional<Tensor> expected;
    for (const auto name : simd::instruction_sets()) {
      if (has_fused_multiply_add(name)) {
        const Instructions scope(name);
        Tensor y = winograd<TypeParam>(layer);
        ASSERT_TRUE(!expected || same_bits(y, *expected)) << name << ", " << layer.c;
        expected = std::move(y);
      }
    }
  }
}

TYPED_TEST(Winograd, WideMapsAreCutIntoPiecesOfARow) {
  Random random;
  const std::int64_t width = TypeParam::outputs * winograd::most_tiles_of_row + 70;
  const Layer layer = layer_of(random, PaddingMode::circular, 1, Padding(1), 9, width);
  const Tensor y = winograd<TypeParam>(layer);
  const Tensor truth = definition(layer, DType::float64);
  for (std::int64_t q = 0; q < width; q += TypeParam::outputs) {
    expect_tile_within_bound<TypeParam>(layer, y, truth, false, 1, 20, 4, q);
  }
}

/// Each piece of a row by itself, the last and shorter one too: nobody finishes the result after.
TYPED_TEST(Winograd, PiecesOfARowAreFinished) {
  Random random;
  const std::int64_t width =
      TypeParam::outputs * winograd::most_tiles_of_row + random.between(1, 90);
  const Layer layer = layer_of(random, PaddingMode::zeros, 2, Padding(1), 9, width);
  const Problem problem = testing::problem_of(layer.c, floats, true);
  ASSERT_GT(winograd::Cut(problem, OutputBlocks<float>(problem), {TypeParam::outputs}).pieces, 1);
  const Tensor residual = random.values(layer.c.output, DType::float32);
  const functional::Epilogue epilogue{.residual = residual, .low = 0};
  const Tensor wanted = testing::finished_separately(winograd<TypeParam>(layer), epilogue);
  const Tensor packed = pack(TypeParam::algorithm(), problem, layer.w);
  for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    Tensor finished(layer.c.output, DType::float32, format);
    TypeParam::algorithm().run(problem, {layer.x, layer.w, layer.bias, finished,
                                         static_cast<const std::byte*>(packed.data()), &epilogue});
    EXPECT_TRUE(same_bits(finished, wanted)) << layer.c;
  }
}

/// Fourteen rows of tiles are not four for one thread where the other has three, but as many.
TYPED_TEST(Winograd, ThreadsHaveAsManyTiles) {
  const testing::Threads two(2);
  for (const std::int64_t tile_rows : {8, 14, 18, 28}) {
    const std::int64_t size = tile_rows * TypeParam::outputs;
    const Problem problem =
        conv2d_problem({1, 64, size, size}, {64, 64, 3, 3}, false, floats, {.padding = 1}).value();
    const winograd::Cut cut(problem, OutputBlocks<float>(problem), {TypeParam::outputs});
    std::int64_t tiles = 0;
    for (Index item = 0; item < cut.items() / 2; ++item) {
      tiles += cut.block(cut.item(item).tiles).tiles();
    }
    EXPECT_EQ(tiles * 2, cut.output_parts * tile_rows * tile_rows) << size;
    EXPECT_EQ(cut.items() % 2, 0) << size;
  }
}

/// Tiles whose pixels are far ask for the next ones meanwhile; planes are turned in between.
TYPED_TEST(Winograd, LargeTensorsGiveTheSameBitsInEveryFormat) {
  Random random;
  const auto side = static_cast<std::int64_t>(std::sqrt(machine().l2_bytes / sizeof(float) / 16));
  const Layer layer = layer_of(random, PaddingMode::reflect, 1, Padding(1), side, side);
  const Problem problem = testing::problem_of(layer.c, floats, true);
  Tensor planes(layer.c.output);
  Tensor pixels(layer.c.output, DType::float32, MemoryFormat::channels_last);
  const Tensor x = layer.x.clone(MemoryFormat::channels_last);
  ASSERT_GT(bytes_of(x), machine().l2_bytes);
  run(TypeParam::algorithm(), problem, {layer.x, layer.w, layer.bias, planes});
  run(TypeParam::algorithm(), problem, {x, layer.w, layer.bias, pixels});
  EXPECT_TRUE(same_bits(planes, pixels.clone(MemoryFormat::contiguous)));
}

/// Pixels that would meet in a few sets of the first cache are copied some channels at a time.
TYPED_TEST(Winograd, PixelsThatAreCopiedGiveTheSameBits) {
  Random random;
  Configuration c;
  c.arguments.padding = Padding(1);
  c.input = {1, 512, 9, 14};
  c.weight = {20, 512, 3, 3};
  c.output = {1, 20, 9, 14};
  Tensor x = random.values(c.input, DType::float32);
  const Tensor w = random.values(c.weight, DType::float32);
  const Problem problem = testing::problem_of(c, floats, false);
  for (const float bad : {1.0F, std::numeric_limits<float>::infinity()}) {
    x.data<float>()[random.between(0, x.numel() - 1)] = bad;
    Tensor planes(c.output);
    Tensor pixels(c.output, DType::float32, MemoryFormat::channels_last);
    run(TypeParam::algorithm(), problem, {x, w, std::nullopt, planes});
    run(TypeParam::algorithm(), problem,
        {x.clone(MemoryFormat::channels_last), w, std::nullopt, pixels});
    EXPECT_TRUE(same_bits(planes, pixels.clone(MemoryFormat::contiguous)));
    EXPECT_EQ(std::isfinite(bad),
              std::all_of(planes.data<float>(), planes.data<float>() + planes.numel(),
                          [](float y) { return std::isfinite(y); }));
  }
}

/// Infinite and NaN outputs are the definition's, and so is which outputs are neither.
template <class Tiles>
void expect_the_same_that_are_not_finite(const Layer& layer) {
  const Tensor y = winograd<Tiles>(layer);
  const Tensor wanted = definition(layer, DType::float32);
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    const float a = y.data<float>()[i];
    const float b = wanted.data<float>()[i];
    ASSERT_EQ(std::isfinite(a), std::isfinite(b)) << layer.c << ", output " << i;
    ASSERT_EQ(std::isnan(a), std::isnan(b)) << layer.c << ", output " << i;
    if (std::isinf(b)) {
      ASSERT_EQ(a, b) << layer.c << ", output " << i;
    }
  }
}

TYPED_TEST(Winograd, InfinitiesAndNaNsSpreadNoFurtherThanTheirWindows) {
  Random random;
  constexpr float bad[] = {std::numeric_limits<float>::infinity(),
                           -std::numeric_limits<float>::infinity(),
                           std::numeric_limits<float>::quiet_NaN()};
  for (int i = 0; i < 12; ++i) {
    Layer layer = random_layer(random);
    layer.x.data<float>()[random.between(0, layer.x.numel() - 1)] = bad[random.between(0, 2)];
    layer.x.data<float>()[random.between(0, layer.x.numel() - 1)] = bad[random.between(0, 2)];
    expect_the_same_that_are_not_finite<TypeParam>(layer);
    layer.w.data<float>()[random.between(0, layer.w.numel() - 1)] = bad[random.between(0, 2)];
    expect_the_same_that_are_not_finite<TypeParam>(layer);
    layer.bias.data<float>()[random.between(0, layer.bias.numel() - 1)] = bad[random.between(0, 2)];
    expect_the_same_that_are_not_finite<TypeParam>(layer);
  }
}

/// Four inputs of a tile that its first factor adds up to an infinity, though no output does.
TYPED_TEST(Winograd, LargeNumbersDoNotOverflowOnTheWay) {
  Random random;
  Layer layer = layer_of(random, PaddingMode::zeros, 1, Padding(0), 12, 12);
  for (std::int64_t i = 0; i < layer.w.numel(); ++i) {
    layer.w.data<float>()[i] *= 1e-3F;
  }
  const auto& first = TypeParam::Matrices::input[0];
  constexpr float large = 2.5e38F;
  for (std::size_t row = 0; row < first.size(); ++row) {
    for (std::size_t column = 0; column < first.size(); ++column) {
      const double factor = first[row] * first[column];
      if (factor != 0) {
        layer.x.data<float>()[row * 12 + column] = factor > 0 ? large : -large;
      }
    }
  }
  expect_the_same_that_are_not_finite<TypeParam>(layer);
}

/// Of images without pixels the gradient of the input is asked for all the same.
TYPED_TEST(Winograd, OfNothingIsNothing) {
  for (const Sizes& input : {Sizes{1, 64, 5, 0}, Sizes{1, 64, 0, 5}, Sizes{0, 64, 9, 9}}) {
    const Problem forward =
        conv2d_problem(input, {64, 64, 3, 3}, false, floats, {.padding = 2}).value();
    Tensor dx(input);
    const Tensor dy({input[0], 64, forward.rows.output, forward.columns.output});
    const Tensor w({64, 64, 3, 3});
    run(TypeParam::algorithm(), forward.with(Pass::backward_data, Conjugate::neither),
        {dy, w, std::nullopt, dx});
    EXPECT_EQ(dx.numel(), 0);
  }
}

/// dy, the weight and the bias of a transposed convolution that gives the sizes of `input`.
struct Transposed {
  Configuration c;
  Tensor dy, w, bias;

  Problem problem() const {
    Problem problem = testing::problem_of(c, floats).with(Pass::backward_data, Conjugate::neither);
    problem.bias = true;
    return problem;
  }
};

Transposed transposed_of(Random& random) {
  Configuration c;
  c.arguments.groups = random.between(1, 2);
  c.arguments.padding = Padding(random.between(0, 2), random.between(0, 2), random.between(0, 2),
                                random.between(0, 2));
  const Padding& pads = c.arguments.padding;
  c.input = {2, 18 * c.arguments.groups, random.between(9, 14), random.between(9, 20)};
  c.weight = {21 * c.arguments.groups, 18, 3, 3};
  c.output = {2, c.weight[0], c.input[2] + pads.top() + pads.bottom() - 2,
              c.input[3] + pads.left() + pads.right() - 2};
  return {c, random.integers(c.output, DType::float32), random.integers(c.weight, DType::float32),
          random.integers({c.input[1]}, DType::float32)};
}

TYPED_TEST(Winograd, OfTheTransposedPassIsTheReferences) {
  Random random;
  for (int i = 0; i < 20; ++i) {
    const Transposed t = transposed_of(random);
    Tensor dx(t.c.input);
    run(TypeParam::algorithm(), t.problem(), {t.dy, t.w, t.bias, dx});
    Tensor expected(t.c.input);
    reference::backward_data(t.problem(), t.dy, t.w, t.bias, expected);
    for (std::int64_t j = 0; j < dx.numel(); ++j) {
      ASSERT_EQ(std::round(dx.data<float>()[j]), expected.data<float>()[j]) << t.c;
    }
  }
}

/// The weight of the forward convolution that a transposed one is.
Tensor turned(const Tensor& w, std::int64_t groups) {
  const Sizes& s = w.sizes();
  const std::int64_t filters = s[0] / groups;
  Tensor result({s[1] * groups, filters, 3, 3});
  for (std::int64_t i = 0; i < w.numel(); ++i) {
    const std::int64_t k = i / 9 / s[1];
    const std::int64_t c = k / filters * s[1] + i / 9 % s[1];
    result.data<float>()[(c * filters + k % filters) * 9 + 8 - i % 9] = w.data<float>()[i];
  }
  return result;
}

TYPED_TEST(Winograd, OfTheTransposedPassIsTheForwardOneWithTurnedKernels) {
  Random random;
  for (int i = 0; i < 20; ++i) {
    Transposed t = transposed_of(random);
    t.dy = random.values(t.c.output, DType::float32);
    t.w = random.values(t.c.weight, DType::float32);
    Tensor dx(t.c.input);
    run(TypeParam::algorithm(), t.problem(), {t.dy, t.w, t.bias, dx});
    const Padding& pads = t.c.arguments.padding;
    Configuration c;
    c.arguments.groups = t.c.arguments.groups;
    c.arguments.padding =
        Padding(2 - pads.top(), 2 - pads.bottom(), 2 - pads.left(), 2 - pads.right());
    c.input = t.c.output;
    c.output = t.c.input;
    const Tensor w = turned(t.w, c.arguments.groups);
    c.weight = w.sizes();
    const Layer layer{c, t.dy.clone(), w.clone(), t.bias.clone()};
    ASSERT_TRUE(same_bits(dx, winograd<TypeParam>(layer))) << t.c;
  }
}

std::string refusal(const Sizes& input, const Sizes& weight,
                    const functional::Conv2dArguments& arguments, const Types& types = floats) {
  const Problem problem = conv2d_problem(input, weight, false, types, arguments).value();
  return std::string(winograd_algorithm.refuses(problem).value_or("nothing"));
}

TEST(WinogradChoice, SaysWhatItIsNotFor) {
  const Sizes x = {1, 64, 56, 56};
  const Sizes w = {64, 64, 3, 3};
  EXPECT_EQ(refusal(x, w, {}), "nothing");
  const Types doubles{DType::float64, DType::float64, DType::float64};
  EXPECT_EQ(refusal(x, w, {}, doubles), "only float32");
  Problem backward = conv2d_problem(x, w, false, floats, {}).value();
  backward.pass = Pass::backward_weight;
  EXPECT_EQ(winograd_algorithm.refuses(backward), "only the forward and the transposed pass");
  backward.pass = Pass::backward_data;
  EXPECT_FALSE(winograd_algorithm.refuses(backward));
  backward.padding_mode = PaddingMode::circular;
  EXPECT_EQ(winograd_algorithm.refuses(backward),
            "the transposed pass only where zeros lie beyond the border");
  EXPECT_NE(refusal(x, w, {.precision = Precision::exact}).find("default"), std::string::npos);
  for (const functional::Conv2dArguments& other :
       {functional::Conv2dArguments{.stride = Pair(1, 2)}, {.dilation = Pair(2, 1)}}) {
    EXPECT_NE(refusal(x, w, other).find("only 3x3 kernels of stride 1"), std::string::npos);
  }
  EXPECT_NE(refusal(x, {64, 64, 3, 1}, {}).find("only 3x3"), std::string::npos);
}

/// With a border of one zero.
Problem padded_problem(const Sizes& input, const Sizes& weight, std::int64_t groups = 1) {
  return conv2d_problem(input, weight, false, floats, {.padding = 1, .groups = groups}).value();
}

/// Why tiles of 4x4 outputs are not taken for a layer that they can compute.
std::string large_yield(const Sizes& input, const Sizes& weight, std::int64_t groups = 1) {
  const Problem problem = padded_problem(input, weight, groups);
  EXPECT_FALSE(winograd_algorithm.refuses(problem));
  return std::string(winograd_algorithm.yields(problem).value_or("nothing"));
}

/// The same of those of 2x2.
std::string small_yield(const Sizes& input, const Sizes& weight, std::int64_t groups = 1) {
  const Problem problem = padded_problem(input, weight, groups);
  EXPECT_FALSE(winograd_2x2_algorithm.refuses(problem));
  return std::string(winograd_2x2_algorithm.yields(problem).value_or("nothing"));
}

TEST(WinogradChoice, OfLargeTilesIsNotWhatThePlainSumComputesFaster) {
  const Sizes w = {64, 64, 3, 3};
  EXPECT_EQ(large_yield({1, 64, 54, 54}, w), "nothing");
  EXPECT_NE(large_yield({1, 64, 54, 54}, {128, 2, 3, 3}, 32).find("fewer than 16"),
            std::string::npos);
  EXPECT_NE(large_yield({1, 64, 1, 56}, w).find("half of its tiles"), std::string::npos);
  EXPECT_NE(large_yield({1, 64, 14, 14}, {64, 16, 3, 3}, 4).find("groups of 16"),
            std::string::npos);
  EXPECT_EQ(large_yield({1, 64, 16, 16}, {64, 16, 3, 3}, 4), "nothing");
  EXPECT_NE(large_yield({1, 64, 4, 8}, w).find("too small"), std::string::npos);
  EXPECT_EQ(large_yield({1, 64, 7, 7}, w), "nothing");
  EXPECT_EQ(large_yield({1, 512, 12, 12}, {512, 512, 3, 3}), "nothing");
}

/// Maps of few tiles, whose weights L2 does not hold: there tiles of 2x2 outputs, which have less
/// than half as many.
TEST(WinogradChoice, OfSmallTilesIsWhereLargeOnesHaveTooManyWeights) {
  for (const std::int64_t channels : {128, 256, 512}) {
    for (const std::int64_t side : {6, 7, 8}) {
      const Sizes x = {1, channels, side, side};
      const Sizes w = {channels, channels, 3, 3};
      EXPECT_NE(large_yield(x, w).find("whose weights are less than half"), std::string::npos);
      EXPECT_EQ(small_yield(x, w), "nothing");
    }
  }
  const std::string many = "their weights are not too many";
  EXPECT_NE(small_yield({1, 64, 7, 7}, {64, 64, 3, 3}).find(many), std::string::npos);
  EXPECT_NE(small_yield({1, 512, 14, 14}, {512, 512, 3, 3}).find(many), std::string::npos);
}

TEST(WinogradChoice, OfSmallTilesIsNotWhatThePlainSumComputesFaster) {
  const std::string small = "too small for weights that are twice as many";
  EXPECT_NE(small_yield({1, 512, 5, 5}, {512, 512, 3, 3}).find(small), std::string::npos);
  EXPECT_NE(small_yield({1, 1024, 7, 7}, {1024, 1024, 3, 3}).find(small), std::string::npos);
  EXPECT_EQ(small_yield({1, 1024, 8, 8}, {1024, 1024, 3, 3}), "nothing");
  EXPECT_NE(small_yield({1, 1024, 7, 7}, {1024, 32, 3, 3}, 32).find("fewer than 64"),
            std::string::npos);
}

/// Few channels do not fill tiles of 2x2 outputs, and may have too many weights for those of 4x4.
TEST(WinogradChoice, OfFewChannelsIsTheDefinitionOnSmallMapsAlone) {
  for (const auto& [channels, outputs, groups] :
       {std::array<std::int64_t, 3>{1024, 1024, 32}, {32, 512, 1}, {512, 48, 1}}) {
    const Sizes w = {outputs, channels / groups, 3, 3};
    EXPECT_NE(small_yield({1, channels, 7, 7}, w, groups), "nothing") << outputs;
    EXPECT_NE(large_yield({1, channels, 7, 7}, w, groups).find("too small"), std::string::npos);
    EXPECT_EQ(large_yield({1, channels, 12, 12}, w, groups), "nothing") << outputs;
  }
}

/// The bits of a layer may depend neither on how many images there are nor on how they lie.
TEST(WinogradChoice, IsTheSameForEveryBatchAndFormat) {
  for (const std::int64_t side : {5, 7, 9, 14}) {
    for (const Pass pass : {Pass::forward, Pass::backward_data}) {
      const auto rounding = [&](std::int64_t batch, MemoryFormat format) {
        Problem problem = padded_problem({batch, 256, side, side}, {256, 256, 3, 3})
                              .with(pass, Conjugate::neither);
        problem.format = format;
        const std::string_view name = choose(problem).name;
        return name.starts_with("winograd") ? name : "the definition's";
      };
      const std::string_view one = rounding(1, MemoryFormat::contiguous);
      EXPECT_EQ(one, rounding(64, MemoryFormat::contiguous)) << side;
      EXPECT_EQ(one, rounding(64, MemoryFormat::channels_last)) << side;
    }
  }
}

/// Of taps that read zeros the definition leaves most out; beyond other borders lie numbers.
TEST(WinogradChoice, CountsTheTapsThatTheDefinitionReads) {
  Problem problem = padded_problem({1, 512, 5, 5}, {512, 512, 3, 3});
  EXPECT_TRUE(winograd_2x2_algorithm.yields(problem));
  problem.padding_mode = PaddingMode::replicate;
  EXPECT_FALSE(winograd_2x2_algorithm.yields(problem));
}

}  // namespace
}  // namespace conv2d
