// Tensor: making, owning, moving, reshaping.
#include <conv2d/tensor.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace conv2d {
namespace {

using testing::counting;
using testing::holds;
using testing::refused;
using testing::too_many_bytes;

static_assert(!std::is_copy_constructible_v<Tensor> && !std::is_copy_assignable_v<Tensor>);
static_assert(std::is_nothrow_move_constructible_v<Tensor>);
static_assert(std::is_nothrow_move_assignable_v<Tensor>);
static_assert(std::is_trivially_copyable_v<TensorView>);
static_assert(std::is_convertible_v<MutableTensorView, TensorView>);
static_assert(!std::is_convertible_v<TensorView, MutableTensorView>);
static_assert(!std::is_convertible_v<const Tensor&, MutableTensorView>);

TEST(Tensor, StartsAsZerosAndEmptyByDefault) {
  EXPECT_TRUE(holds(Tensor({2, 2}, DType::bfloat16), {0, 0, 0, 0}));
  const Tensor empty;
  EXPECT_EQ(empty.sizes(), Sizes({0}));
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.dtype(), DType::float32);
}

TEST(Tensor, FullConvertsTheValue) {
  EXPECT_TRUE(holds(Tensor::full({3}, 300, DType::uint8), {255, 255, 255}));
  EXPECT_TRUE(holds(Tensor::full({2}, 1.5, DType::float16), {1.5, 1.5}));
  EXPECT_EQ(Tensor::full({}, 2).numel(), 1);
}

TEST(Tensor, FromTakesValuesInRowMajorOrder) {
  const Tensor tensor = Tensor::from<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(tensor.at<float>({1, 0}), 3);
  const std::vector<double> values = {5, 6};
  EXPECT_TRUE(holds(Tensor::from<double>({2}, values), values));
  EXPECT_TRUE(refused(
      [] {
        Tensor::from<float>({2, 2}, {1, 2, 3});
      },
      "sizes [2, 2] cannot hold 3 values"));
}

TEST(Tensor, MemoryIsAlignedToACacheLine) {
  for (const std::int64_t length : {1, 3, 17}) {
    const Tensor tensor({length}, DType::int8);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
  }
}

TEST(Tensor, ImpossibleSizesAreRefused) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(refused([] { Tensor({3, -2}); }, "must not be negative, but got [3, -2]"));
  EXPECT_TRUE(refused([] { Tensor({0, -2}); }, "must not be negative"));
  EXPECT_TRUE(refused([] { Tensor({most}); }, too_many_bytes));
  EXPECT_TRUE(refused([] { Tensor({most, most}); }, too_many_bytes));
  EXPECT_TRUE(refused([] { Tensor({most / 16 + 1}, DType::complex128); }, "complex128 has more"));
  EXPECT_EQ(Tensor({most, most, 0}).numel(), 0);  // nothing is still nothing
}

TEST(Tensor, MovingHandsTheMemoryOver) {
  Tensor first = counting({3});
  const void* memory = first.data();
  Tensor second = std::move(first);
  EXPECT_EQ(second.data(), memory);
  first = counting({2});  // a moved-from tensor may be assigned to
  EXPECT_TRUE(holds(first, {0, 1}));
  second = std::move(first);
  EXPECT_TRUE(holds(second, {0, 1}));
}

TEST(Tensor, AMovedFromTensorIsEmpty) {
  Tensor first = counting({3});
  const Tensor second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(first.data(), nullptr);
}

TEST(Tensor, CloneSharesNothing) {
  Tensor tensor = counting({3});
  const Tensor copy = tensor.clone();
  tensor.at<float>({0}) = 9;
  EXPECT_TRUE(holds(copy, {0, 1, 2}));
}

TEST(Tensor, AdoptReleasesTheMemoryOnceAtTheEnd) {
  int released = 0;
  std::vector<float> memory = {1, 2, 3, 4};
  {
    std::shared_ptr<void> storage(memory.data(), [&](void*) { ++released; });
    Tensor tensor =
        Tensor::adopt(std::move(storage), memory.data(), DType::float32, {2, 2}, {1, 2});
    EXPECT_TRUE(holds(tensor, {1, 3, 2, 4}));
    const Tensor moved = std::move(tensor);
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST(Tensor, ReshapeKeepsTheMemory) {
  Tensor tensor = counting({2, 3, 4});
  const void* memory = tensor.data();
  const Tensor flat = std::move(tensor).reshape({6, 4});
  EXPECT_EQ(flat.data(), memory);
  EXPECT_EQ(flat.at<float>({5, 3}), 23);
}

TEST(Tensor, ReshapeRefusesAnotherCountAndGaps) {
  EXPECT_TRUE(refused([] { Tensor({2, 3}).reshape({4}); }, "[2, 3] cannot become [4]"));
  EXPECT_TRUE(refused([] { Tensor({2, 3}).reshape({-2, -3}); }, "must not be negative"));
  const auto gaps = [] {
    Tensor({2, 3, 2, 2}, DType::float32, MemoryFormat::channels_last).reshape({24});
  };
  EXPECT_TRUE(refused(gaps, "non-contiguous tensor of sizes [2, 3, 2, 2]"));
}

TEST(Tensor, SqueezeDropsADimensionOfOne) {
  const Tensor tensor = counting({1, 3}).squeeze(0);
  EXPECT_EQ(tensor.sizes(), Sizes({3}));
  EXPECT_TRUE(refused([] { counting({2, 3}).squeeze(0); }, "must have extent 1"));
}

TEST(Tensor, SizeAndStrideCountFromTheEndToo) {
  const Tensor tensor({2, 3, 4});
  EXPECT_EQ(tensor.size(-1), 4);
  EXPECT_EQ(tensor.stride(-3), 12);
  EXPECT_TRUE(refused([&] { tensor.size(3); }, "from -3 to 2 for a tensor of sizes [2, 3, 4]"));
}

}  // namespace
}  // namespace conv2d
