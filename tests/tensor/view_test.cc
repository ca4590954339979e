// Views: the same elements under other sizes and strides.
#include <conv2d/tensor.h>

#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace conv2d {
namespace {

using testing::counting;
using testing::error_of;
using testing::holds;
using testing::refused;
using testing::same_bits;
using testing::too_many_bytes;

constexpr std::int64_t huge = std::int64_t{1} << 62U;

TEST(View, PermuteReordersDimensions) {
  const Tensor tensor = counting({2, 3, 4});
  const TensorView turned = tensor.view().permute({2, 0, 1});
  EXPECT_EQ(turned.sizes(), Sizes({4, 2, 3}));
  for (std::int64_t i = 0; i < 2; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) {
      for (std::int64_t k = 0; k < 4; ++k) {
        EXPECT_EQ(turned.at<float>({k, i, j}), tensor.at<float>({i, j, k}));
      }
    }
  }
  EXPECT_TRUE(same_bits(turned.permute({-2, -1, 0}), tensor));
}

TEST(View, PermuteRefusesWhatIsNoPermutation) {
  const Tensor tensor({2, 3});
  EXPECT_TRUE(refused([&] { tensor.view().permute({0, 0}); }, "name each of the 2 dimensions"));
  EXPECT_TRUE(refused([&] { tensor.view().permute({0}); }, "name each of the 2 dimensions"));
  EXPECT_TRUE(refused([&] { tensor.view().permute({0, 1, 0}); }, "name each of the 2 dimensions"));
  EXPECT_TRUE(refused([&] { tensor.view().permute({0, 2}); }, "from -2 to 1"));
}

TEST(View, SelectDropsTheDimension) {
  const Tensor tensor = counting({2, 3, 4});
  EXPECT_TRUE(holds(tensor.view().select(0, 1).select(0, 2), {20, 21, 22, 23}));
  EXPECT_TRUE(holds(tensor.view().select(-1, 3), {3, 7, 11, 15, 19, 23}));
  EXPECT_TRUE(refused([&] { tensor.view().select(1, 3); }, "index 3 lies outside dimension 1"));
  EXPECT_TRUE(refused([&] { tensor.view().select(1, -1); }, "index -1 lies outside"));
  EXPECT_TRUE(refused([&] { tensor.view().select(3, 0); }, "from -3 to 2"));
}

TEST(View, SliceTakesEveryStep) {
  const Tensor tensor = counting({2, 5});
  EXPECT_TRUE(holds(tensor.view().slice(1, 1, 5, 2), {1, 3, 6, 8}));
  EXPECT_TRUE(holds(tensor.view().slice(1, 0, 5, 3), {0, 3, 5, 8}));
  EXPECT_TRUE(holds(tensor.view().slice(0, 1, 2), {5, 6, 7, 8, 9}));
  EXPECT_EQ(tensor.view().slice(1, 5, 5).sizes(), Sizes({2, 0}));
  EXPECT_TRUE(holds(tensor.view().slice(1, 2, 5, huge), {2, 7}));
}

TEST(View, SliceRefusesWhatLiesOutside) {
  const Tensor tensor({2, 5});
  struct Range {
    std::int64_t begin, end, step;
  };
  for (const Range& range : {Range{-1, 2, 1}, Range{3, 2, 1}, Range{0, 6, 1}, Range{0, 5, 0},
                             Range{0, 5, -1}, Range{6, huge, 1}}) {
    EXPECT_TRUE(refused([&] { tensor.view().slice(1, range.begin, range.end, range.step); },
                        "0 <= begin <= end <= 5 and step >= 1"));
  }
}

TEST(View, UnsqueezeAndSqueezeUndoEachOther) {
  const Tensor tensor = counting({2, 3});
  for (int dim = -3; dim <= 2; ++dim) {
    const TensorView wider = tensor.view().unsqueeze(dim);
    EXPECT_EQ(wider.size(dim), 1);
    EXPECT_TRUE(wider.is_contiguous());
    EXPECT_TRUE(same_bits(wider.squeeze(dim), tensor));
  }
  EXPECT_TRUE(refused([&] { tensor.view().unsqueeze(3); }, "from -3 to 2"));
  EXPECT_TRUE(refused([&] { tensor.view().squeeze(0); }, "must have extent 1"));
  EXPECT_TRUE(refused([] { Tensor({1, 1, 1, 1, 1, 1, 1, 1}).view().unsqueeze(0); }, "at most 8"));
}

TEST(View, NegativeStridesReadBackwards) {
  const Tensor tensor = counting({6});
  const TensorView backwards(tensor.data<float>() + 5, DType::float32, {2, 3}, {-3, -1});
  EXPECT_TRUE(holds(backwards, {5, 4, 3, 2, 1, 0}));
  EXPECT_TRUE(holds(backwards.slice(1, 0, 3, 2), {5, 3, 2, 0}));
  EXPECT_FALSE(backwards.is_contiguous());
}

TEST(View, ZeroStridesRepeat) {
  const Tensor tensor = counting({2});
  const TensorView repeated(tensor.data(), DType::float32, {2, 3}, {1, 0});
  EXPECT_TRUE(holds(repeated, {0, 0, 0, 1, 1, 1}));
  EXPECT_TRUE(repeated.clone().is_contiguous());
}

TEST(View, WritingThroughAViewChangesTheTensor) {
  Tensor tensor = counting({2, 2});
  tensor.mutable_view().permute({1, 0}).at<float>({0, 1}) = 7;
  EXPECT_TRUE(holds(tensor, {0, 1, 7, 3}));
}

TEST(View, AnIndexOutsideIsRefusedHoweverFar) {
  const Tensor tensor({2, 3});
  const std::string lies_outside = "lies outside a tensor of sizes [2, 3]";
  EXPECT_TRUE(refused([&] { tensor.at<float>({0, 3}); }, "index [0, 3] " + lies_outside));
  EXPECT_TRUE(refused([&] { tensor.at<float>({-1, 0}); }, "index [-1, 0] " + lies_outside));
  EXPECT_TRUE(refused([&] { tensor.at<float>({0}); }, lies_outside));
  EXPECT_TRUE(refused([&] { tensor.at<float>({huge, huge}); }, lies_outside));
  EXPECT_TRUE(refused([&] { tensor.at<float>({INT64_MIN, INT64_MIN}); }, lies_outside));
}

TEST(View, AnotherElementTypeIsRefused) {
  const Tensor tensor({2});
  EXPECT_TRUE(
      refused([&] { tensor.data<double>(); }, "dtype is float32, but it was asked for as float64"));
  EXPECT_TRUE(refused([&] { tensor.at<std::int32_t>({0}); }, "asked for as int32"));
}

TEST(View, HostileSizesAndStridesAreRefused) {
  float element = 0;
  const auto view = [&](const Sizes& sizes, const Strides& strides) {
    return error_of([&] { TensorView(&element, DType::float32, sizes, strides); });
  };
  EXPECT_EQ(view({2, -1}, {1, 1}), "a tensor's sizes must not be negative, but got [2, -1]");
  EXPECT_EQ(view({2}, {1, 1}), "sizes and strides must be of one rank, but got [2] and [1, 1]");
  EXPECT_EQ(view({huge}, {0}),
            "a tensor of sizes [4611686018427387904] and dtype float32 has " + too_many_bytes);
  for (const Strides& strides : {Strides{huge, 1}, Strides{-huge, 1}, Strides{INT64_MIN, 1},
                                 Strides{huge / 8, huge / 8}, Strides{huge / 8, -huge / 8}}) {
    EXPECT_NE(view({8, 8}, strides).find("reach further than memory does"), std::string::npos)
        << to_string(strides);
  }
}

TEST(View, WithoutElementsAnyStrideWillDo) {
  const TensorView empty(nullptr, DType::float32, {0, 5}, {huge, INT64_MIN});
  EXPECT_TRUE(empty.is_contiguous());
  EXPECT_EQ(empty.unsqueeze(0).unsqueeze(2).sizes(), Sizes({1, 0, 1, 5}));
  EXPECT_EQ(empty.clone().sizes(), Sizes({0, 5}));
}

TEST(View, ANullPointerWithElementsIsRefused) {
  EXPECT_TRUE(refused([] { TensorView(nullptr, DType::float32, {2}); }, "null"));
}

TEST(MemoryFormat, ChannelsLastIsReadFromTheStrides) {
  const Tensor last({2, 3, 4, 5}, DType::float32, MemoryFormat::channels_last);
  EXPECT_EQ(last.strides(), Strides({60, 1, 15, 3}));
  EXPECT_EQ(last.memory_format(), MemoryFormat::channels_last);
  EXPECT_TRUE(last.is_contiguous(MemoryFormat::channels_last));
  EXPECT_FALSE(last.is_contiguous());
  const Tensor plain({2, 3, 4, 5});
  EXPECT_EQ(plain.memory_format(), MemoryFormat::contiguous);
  EXPECT_EQ(plain.view().permute({0, 3, 1, 2}).memory_format(), MemoryFormat::channels_last);
}

// Printed by torch 1.13.1:
//   f = lambda n, c, h, w: torch.empty(n, c, h, w).to(memory_format=torch.channels_last)
//   torch.ones_like(f(...)).stride()  # which keeps suggest_memory_format()
TEST(MemoryFormat, AmbiguousShapesAreReadAsTorchReadsThem) {
  const auto format_of = [](const Sizes& sizes) {
    return Tensor(sizes, DType::float32, MemoryFormat::channels_last).memory_format();
  };
  EXPECT_EQ(format_of({2, 1, 3, 4}), MemoryFormat::channels_last);
  EXPECT_EQ(format_of({2, 3, 1, 1}), MemoryFormat::channels_last);
  EXPECT_EQ(format_of({1, 1, 1, 1}), MemoryFormat::contiguous);
  EXPECT_EQ(format_of({5, 1, 1, 1}), MemoryFormat::contiguous);
  EXPECT_EQ(format_of({0, 3, 2, 2}), MemoryFormat::contiguous);
  EXPECT_EQ(Tensor({2, 1, 3, 4}).memory_format(), MemoryFormat::contiguous);
}

TEST(MemoryFormat, CloneKeepsItOrTakesTheOneGiven) {
  testing::Random random;
  const Tensor last = random.values({2, 3, 4, 5}, DType::float32, MemoryFormat::channels_last);
  EXPECT_EQ(last.clone().strides(), last.strides());
  EXPECT_EQ(last.to(DType::float64).strides(), last.strides());
  const Tensor plain = last.clone(MemoryFormat::contiguous);
  EXPECT_EQ(plain.strides(), Strides({60, 20, 5, 1}));
  EXPECT_TRUE(same_bits(plain, last));
  EXPECT_TRUE(same_bits(plain.clone(MemoryFormat::channels_last), last));
}

TEST(MemoryFormat, ChannelsLastNeedsRankFour) {
  EXPECT_TRUE(refused(
      [] {
        Tensor({2, 3, 4}, DType::float32, MemoryFormat::channels_last);
      },
      "rank-4 tensors, but the sizes are [2, 3, 4]"));
}

}  // namespace
}  // namespace conv2d
