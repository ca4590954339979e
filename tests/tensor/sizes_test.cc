// Sizes: a short list of extents, and their product where it fits.
#include <conv2d/sizes.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace conv2d {
namespace {

constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();

TEST(Sizes, CompareAndPrintAsTorchPrintsThem) {
  EXPECT_EQ(Sizes({1, 3, 8, 8}), Sizes({1, 3, 8, 8}));
  EXPECT_NE(Sizes({1, 3}), Sizes({1, 3, 1}));
  EXPECT_EQ(to_string(Sizes{1, 3, 8, 8}), "[1, 3, 8, 8]");
  EXPECT_EQ(to_string(Sizes{}), "[]");
}

TEST(Sizes, TheProductIsNothingWhereItLeaves63Bits) {
  EXPECT_EQ(Sizes({}).numel(), 1);
  EXPECT_EQ(Sizes({2, 3}).numel(), 6);
  EXPECT_EQ(Sizes({longest}).numel(), longest);
  EXPECT_EQ(Sizes({longest, 2}).numel(), std::nullopt);
  EXPECT_EQ(Sizes({std::int64_t{1} << 32U, std::int64_t{1} << 31U}).numel(), std::nullopt);
}

TEST(Sizes, AZeroMakesTheProductZeroWhateverTheOthers) {
  EXPECT_EQ(Sizes({longest, longest, 0}).numel(), 0);
  EXPECT_EQ(Sizes({0, longest, longest}).numel(), 0);
}

TEST(Sizes, ANegativeExtentHasNoProduct) {
  EXPECT_EQ(Sizes({-1, 4}).numel(), std::nullopt);
  EXPECT_EQ(Sizes({0, -1}).numel(), std::nullopt);
}

TEST(Sizes, MoreThanEightAreRefused) {
  EXPECT_EQ(Sizes({1, 2, 3, 4, 5, 6, 7, 8}).rank(), 8);
  EXPECT_TRUE(testing::refused(
      [] {
        Sizes({1, 2, 3, 4, 5, 6, 7, 8, 9});
      },
      "at most 8 dimensions, but got 9"));
}

}  // namespace
}  // namespace conv2d
