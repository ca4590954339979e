// The bits of a result are the layer's and the numbers' alone. Each layer here has a hash of its
// output written beside it; every instruction set with fused multiply-adds, number of threads,
// memory format and batch has to give that hash, on every processor that has such a set.
#include <conv2d/machine.h>
#include <conv2d/plan.h>

#include "simd/dispatch.h"
#include "support/instructions.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <string_view>

namespace conv2d {
namespace {

using functional::Conv2dArguments;
using testing::Instructions;
using testing::Threads;

/// A forward layer, or where the algorithm is "transposed" a transposed one.
struct HashedLayer {
  std::string_view algorithm;  ///< that an input of this format takes
  Sizes input, weight;
  Conv2dArguments arguments;
  DType dtype;
  std::uint64_t hash;
  MemoryFormat format = MemoryFormat::contiguous;

  Plan plan(const Sizes& x, MemoryFormat from) const {
    if (algorithm == "transposed") {
      return Plan::conv_transpose2d(x, weight, true, dtype,
                                    {.stride = arguments.stride,
                                     .padding = arguments.padding,
                                     .groups = arguments.groups,
                                     .dilation = arguments.dilation},
                                    from);
    }
    return Plan::conv2d(x, weight, true, dtype, arguments, from);
  }
};

void PrintTo(const HashedLayer& layer, std::ostream* out) {
  *out << layer.algorithm << " " << to_string(layer.input) << " " << to_string(layer.weight) << " "
       << name(layer.dtype);
}

/// Source: S. Vigna's splitmix64, https://prng.di.unimi.it.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Numbers from -1 to 1 with 24 bits behind the point, the same everywhere.
Tensor numbers(const Sizes& sizes, DType dtype, std::uint64_t seed) {
  Tensor tensor(sizes, DType::float64);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    const std::uint64_t bits = mix(seed * 1'000'003 + static_cast<std::uint64_t>(i)) >> 39;
    tensor.data<double>()[i] = static_cast<double>(bits) / (1 << 24) - 1;
  }
  return tensor.to(dtype);
}

/// FNV-1a over the bytes in row-major order of the elements, as a little-endian machine has them.
std::uint64_t hash_of(TensorView view) {
  const Tensor tensor = view.clone(MemoryFormat::contiguous);
  const auto* bytes = static_cast<const std::byte*>(tensor.data());
  const auto count = static_cast<std::size_t>(tensor.numel()) * element_size(tensor.dtype());
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < count; ++i) {
    hash = (hash ^ static_cast<std::uint64_t>(bytes[i])) * 0x100000001b3;
  }
  return hash;
}

/// Of filters that are the product of a column and a row where that is what the algorithm is for.
Tensor weight_of(const HashedLayer& layer) {
  if (layer.algorithm != "separable") {
    return numbers(layer.weight, layer.dtype, 2);
  }
  const Sizes& sizes = layer.weight;
  const Tensor columns = numbers({sizes[0], sizes[2]}, DType::float64, 2);
  const Tensor rows = numbers({sizes[0], sizes[3]}, DType::float64, 4);
  Tensor w(sizes, DType::float64);
  for (std::int64_t i = 0; i < w.numel(); ++i) {
    const std::int64_t row = i / sizes[3];
    w.data<double>()[i] =
        columns.data<double>()[row] * rows.data<double>()[row / sizes[2] * sizes[3] + i % sizes[3]];
  }
  return w.to(layer.dtype);
}

class SameBits : public ::testing::TestWithParam<HashedLayer> {
 protected:
  void SetUp() override {
    if (!machine().fused_multiply_add || !testing::vectors_hold(GetParam().dtype)) {
      GTEST_SKIP();
    }
  }

  Tensor input() const { return numbers(GetParam().input, GetParam().dtype, 1); }

  Tensor output(TensorView x, MemoryFormat from, MemoryFormat to) const {
    const HashedLayer& layer = GetParam();
    const Tensor w = weight_of(layer);
    const Plan plan = layer.plan(x.sizes(), from);
    const Tensor bias = numbers({plan.output_sizes()[1]}, layer.dtype, 3);
    Tensor y(plan.output_sizes(), layer.dtype, to);
    plan.run(x.clone(from), w, bias.view(), y);
    return y;
  }

  void expect_hash_in_every_format() const {
    for (const auto from : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
      for (const auto to : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
        EXPECT_EQ(hash_of(output(input(), from, to)), GetParam().hash);
      }
    }
  }
};

TEST_P(SameBits, OnEveryInstructionSetThreadsAndFormat) {
  for (const auto name : simd::instruction_sets()) {
    if (!testing::has_fused_multiply_add(name)) {
      continue;
    }
    const Instructions instructions(name);
    for (const int count : {1, 2, 3, 7}) {
      SCOPED_TRACE(std::string(name) + ", threads " + std::to_string(count));
      const Threads threads(count);
      expect_hash_in_every_format();
    }
  }
}

TEST_P(SameBits, OfOneImageAlone) {
  Tensor together(output(input(), MemoryFormat::contiguous, MemoryFormat::contiguous).sizes(),
                  GetParam().dtype);
  const Tensor x = input();
  for (std::int64_t n = 0; n < x.size(0); ++n) {
    const Tensor image = TensorView(x).slice(0, n, n + 1).clone();
    const Tensor y = output(image, MemoryFormat::contiguous, MemoryFormat::contiguous);
    copy(y, MutableTensorView(together).slice(0, n, n + 1));
  }
  EXPECT_EQ(hash_of(together), GetParam().hash);
}

TEST_P(SameBits, RunsTheAlgorithmThatItIsHereFor) {
  const HashedLayer& layer = GetParam();
  EXPECT_EQ(layer.plan(layer.input, layer.format).algorithm(), layer.algorithm);
}

constexpr auto float32 = DType::float32;
constexpr auto float64 = DType::float64;

const HashedLayer hashed_layers[] = {
    HashedLayer{"planar", {3, 3, 33, 31}, {6, 3, 5, 5}, {}, float32, 0xbcc2c170c17e1058},
    HashedLayer{"planar",
                {2, 17, 19, 23},
                {5, 17, 3, 3},
                {.stride = 2, .padding = 1, .precision = Precision::exact},
                float32,
                0x3a7d672f8b9deff0},
    HashedLayer{"direct",
                {2, 17, 19, 23},
                {37, 17, 3, 3},
                {.stride = 2, .padding = 1, .precision = Precision::exact},
                float32,
                0xf0fc8a8a2f32b80c},
    HashedLayer{
        "planar", {2, 12, 9, 70}, {20, 3, 3, 2}, {.groups = 4}, float64, 0x7ac109c908cd624b},
    HashedLayer{"direct",
                {2, 128, 11, 13},
                {64, 128, 3, 3},
                {.padding = 1, .precision = Precision::exact},
                float32,
                0x4f5cad20b0037dc6},
    HashedLayer{"direct",
                {1, 256, 9, 9},
                {72, 256, 2, 2},
                {.padding = 2, .dilation = 3, .padding_mode = PaddingMode::reflect},
                float64,
                0x6e0ef048edec81d2},
    HashedLayer{"depthwise_rows",
                {2, 10, 29, 37},
                {10, 1, 5, 5},
                {.padding = 2, .groups = 10, .padding_mode = PaddingMode::circular},
                float32,
                0xa5febb560223238a},
    HashedLayer{"depthwise_rows",
                {2, 6, 30, 21},
                {12, 1, 3, 3},
                {.stride = 2, .padding = 1, .groups = 6},
                float64,
                0xf57d5bff702dc9e8},
    // Rows of whole planes where vectors have masks: three blocks of each, and pairs of them.
    HashedLayer{"depthwise_rows",
                {2, 5, 29, 37},
                {5, 1, 5, 5},
                {.padding = 2, .groups = 5},
                float32,
                0xfd6b12902aa2c608},
    HashedLayer{"depthwise_rows",
                {2, 7, 15, 12},
                {7, 1, 3, 3},
                {.stride = 2, .padding = 1, .groups = 7},
                float32,
                0x723b46f82c3eaea3},
    HashedLayer{"depthwise_channels",
                {2, 21, 14, 9},
                {21, 1, 3, 3},
                {.padding = 1, .groups = 21},
                float32,
                0x8381d964e83bffa2,
                MemoryFormat::channels_last},
    HashedLayer{"joined_groups",
                {2, 64, 15, 25},
                {64, 4, 3, 3},
                {.padding = 1, .groups = 16, .padding_mode = PaddingMode::circular},
                float32,
                0xb31f05dc082df7a3},
    HashedLayer{"joined_groups",
                {2, 256, 15, 25},
                {256, 2, 3, 3},
                {.stride = 2, .padding = 1, .groups = 128},
                float32,
                0x5c0541412a9bdbee,
                MemoryFormat::channels_last},
    HashedLayer{"depthwise_channels",
                {2, 1024, 7, 8},
                {1024, 1, 5, 5},
                {.padding = 2, .groups = 1024},
                float32,
                0xbf22bdfc1e23f24e,
                MemoryFormat::channels_last},
    HashedLayer{"separable",
                {2, 3, 33, 42},
                {6, 1, 7, 8},
                {.padding = 2, .groups = 3, .padding_mode = PaddingMode::reflect},
                float32,
                0xd6b19fc584751ef},
    HashedLayer{"transposed",
                {2, 8, 9, 11},
                {8, 5, 4, 3},
                {.stride = 2, .padding = 1, .groups = 2},
                float32,
                0x169b1271919c122e},
    HashedLayer{"transposed",
                {2, 17, 7, 10},
                {17, 19, 3, 2},
                {.stride = Pair(3, 1), .padding = Padding(2, 2, 1, 1), .dilation = 2},
                float64,
                0x6912cdc60b0068cc},
    HashedLayer{
        "winograd", {2, 35, 21, 26}, {50, 35, 3, 3}, {.padding = 1}, float32, 0x196b88e9bcd05861},
    HashedLayer{"winograd_2x2",
                {2, 130, 7, 8},
                {99, 130, 3, 3},
                {.padding = 1},
                float32,
                0x6b658f63cfaec502},
};

INSTANTIATE_TEST_SUITE_P(Layers, SameBits, ::testing::ValuesIn(hashed_layers),
                         [](const auto& layer) {
                           return std::string(layer.param.algorithm) + "_" +
                                  std::to_string(layer.index);
                         });

TEST(SameBits, EveryAlgorithmIsHere) {
  std::set<std::string_view> missing;
  const Plan plan = Plan::conv2d({1, 3, 4, 4}, {6, 3, 3, 3}, true, float32, {});
  for (const Candidate& candidate : plan.candidates()) {
    missing.insert(candidate.name);
  }
  missing.erase("reference");  // what the others are compared with
  for (const HashedLayer& layer : hashed_layers) {
    missing.erase(layer.algorithm);
  }
  EXPECT_TRUE(missing.empty()) << ::testing::PrintToString(missing);
}

}  // namespace
}  // namespace conv2d
