// The words: what they say, and that the digits shown add up.
#include "explain/layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace conv2d::explain {
namespace {

using test::Random;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(ExplainText, AnOutputsCompleteArithmetic) {
  const Conv2d layer(
      {.in_channels = 1, .out_channels = 1, .kernel_size = Pair(1, 3), .padding = Padding(0, 1)},
      Tensor::from<float>({1, 1, 1, 3}, {1, 0.5F, -2}), Tensor::from<float>({1}, {0.1F}));
  const Tensor input = Tensor::from<float>({1, 1, 3}, {3, 0.25F, 7});
  EXPECT_EQ(
      to_text(Explanation(layer, input).output({0, 0, 0})),
      "Conv2d: output (channel 0, row 0, column 0)\n"
      "sums over input channel 0 and 1 x 3 taps: 2 of 3 terms count, added in this order\n"
      "  c  r  s  input               weight        value  *  weight  =  product  sum so far\n"
      "  0  0  0  padding at (0, -1)\n"
      "  0  0  1  (0, 0, 0)           (0, 0, 0, 1)      3  *     0.5  =      1.5         1.5\n"
      "  0  0  2  (0, 0, 1)           (0, 0, 0, 2)   0.25  *      -2  =     -0.5           1\n"
      "  sum             1\n"
      "  + bias        0.1\n"
      "  = sum + bias  1.1\n"
      "  output        1.1\n"
      "  each term is one fused multiply-add: products are not rounded, sums are, to float32\n");
}

TEST(ExplainText, WithoutValuesItTellsWhatIsRead) {
  const Conv2dOptions options{.in_channels = 1,
                              .out_channels = 2,
                              .kernel_size = Pair(1, 2),
                              .padding = Padding(0, 0, 1, 0),
                              .padding_mode = PaddingMode::circular};
  EXPECT_EQ(to_text(Explanation(options, {2, 1, 1, 3}).output({1, 0, 0, 1})),
            "Conv2d: output (channel 1, row 0, column 0) of image 1\n"
            "sums over input channel 0 and 1 x 2 taps: 2 of 2 terms count, added in this order\n"
            "  c  r  s  input                  weight\n"
            "  0  0  0  (0, 0, 2) for (0, -1)  (1, 0, 0, 0)\n"
            "  0  0  1  (0, 0, 0)              (1, 0, 0, 1)\n"
            "  then bias 1 is added\n");
}

TEST(ExplainText, GapsOfATransposedLayerAreNamed) {
  const ConvTranspose2dOptions options{
      .in_channels = 1, .out_channels = 1, .kernel_size = Pair(1, 2), .stride = 2, .bias = false};
  EXPECT_EQ(to_text(Explanation(options, {1, 1, 2}).output({0, 0, 2})),
            "ConvTranspose2d: output (channel 0, row 0, column 2)\n"
            "sums over input channel 0 and 1 x 2 taps: 1 of 2 terms count, added in this order\n"
            "gaps and padding are places in the input with stride - 1 zeros between its elements\n"
            "  c  r  s  input          weight\n"
            "  0  0  0  (0, 0, 1)      (0, 0, 0, 0)\n"
            "  0  0  1  gap at (0, 1)\n");
}

/// What a reader with a calculator does: multiplies the digits as printed, adds the product as it
/// is, and rounds the sum to float32.
TEST(ExplainText, TheDigitsShownAddUp) {
  Random random;
  const Conv2dOptions options{.in_channels = 3, .out_channels = 6, .kernel_size = 5, .padding = 2};
  const Conv2d layer(options, random.values({6, 3, 5, 5}, DType::float32),
                     random.values({6}, DType::float32));
  const Tensor input = random.values({3, 8, 8}, DType::float32);
  const std::string text = to_text(Explanation(layer, input).output({5, 1, 4}));
  const std::regex row(R"(\)\s+(\S+)  \*\s+(\S+)  =\s+(\S+)\s+(\S+)$)");
  const auto number = [](const std::string& digits) {
    return std::strtof(digits.c_str(), nullptr);
  };
  float sum = 0;
  int rows = 0;
  for (const std::string& line : lines_of(text)) {
    std::smatch found;
    if (std::regex_search(line, found, row)) {
      ++rows;
      ASSERT_EQ(number(found[1]) * number(found[2]), number(found[3])) << line;
      sum = std::fma(number(found[1]), number(found[2]), sum);
      ASSERT_EQ(sum, number(found[4])) << line;
    }
  }
  EXPECT_EQ(rows, 3 * 4 * 5);
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, std::regex(R"(\+ bias\s+(\S+))")));
  sum += number(found[1]);
  ASSERT_TRUE(std::regex_search(text, found, std::regex(R"(output  \s+(\S+))")));
  EXPECT_EQ(sum, number(found[1]));
  EXPECT_EQ(sum, layer(input).at<float>({5, 1, 4}));
}

TEST(ExplainText, LongSumsLeaveOutTheMiddleAndSaySo) {
  const Conv2dOptions options{.in_channels = 300, .out_channels = 1, .kernel_size = 3};
  const OutputSum sum = Explanation(options, {300, 3, 3}).output({0, 0, 0});
  const std::string brief = to_text(sum);
  EXPECT_NE(brief.find("2700 terms are more than 128: each channel's are shown as one line"),
            std::string::npos);
  EXPECT_NE(brief.find("... 284 channels are left out here ..."), std::string::npos);
  EXPECT_EQ(lines_of(brief).size(), 2 + 1 + 1 + 8 + 1 + 8 + 1U);
  EXPECT_NE(brief.find("\n        7      9\n  ..."), std::string::npos);
  EXPECT_NE(brief.find("...\n      292      9\n"), std::string::npos);
  const std::string full = to_text(sum, Detail::full);
  EXPECT_EQ(lines_of(full).size(), 2 + 1 + 2700 + 1U);
}

TEST(ExplainText, SixteenChannelsAreAllShown) {
  const Conv2dOptions options{.in_channels = 16, .out_channels = 1, .kernel_size = 3};
  const std::string text = to_text(Explanation(options, {16, 3, 3}).output({0, 0, 0}));
  EXPECT_EQ(count_of(text, "left out"), 0U);
  EXPECT_EQ(lines_of(text).size(), 2 + 1 + 1 + 16 + 1U);
}

TEST(ExplainText, HalvesAreSummedInFloat32AndRoundedOnce) {
  Conv2d layer(1, 1, 1, 1, 0, 1, 1, false, PaddingMode::zeros, DType::bfloat16);
  copy(Tensor::full({1, 1, 1, 1}, 1.0078125), layer.mutable_weight());
  const Tensor input = Tensor::full({1, 1, 1}, 1.0078125, DType::bfloat16);
  const std::string text = to_text(Explanation(layer, input).output({0, 0, 0}));
  EXPECT_NE(text.find("  sum                          1.015686\n"
                      "  output, rounded to bfloat16  1.015625\n"),
            std::string::npos)
      << text;
}

TEST(ExplainText, IntegersSayThatTheyWrap) {
  const Conv2d layer(
      {.in_channels = 1, .out_channels = 1, .kernel_size = 1, .bias = false, .dtype = DType::int8},
      Tensor::from<std::int8_t>({1, 1, 1, 1}, {-3}));
  const Tensor input = Tensor::from<std::uint8_t>({1, 1, 1}, {200});
  const std::string text = to_text(Explanation(layer, input).output({0, 0, 0}));
  EXPECT_NE(text.find("200  *      -3  =     -600"), std::string::npos) << text;
  EXPECT_NE(text.find("modulo 2^32"), std::string::npos);
}

TEST(ExplainText, ComplexProductsSayHowTheyAreRounded) {
  const Conv2d layer({.in_channels = 1,
                      .out_channels = 1,
                      .kernel_size = 1,
                      .bias = false,
                      .dtype = DType::complex64},
                     Tensor::from<complex64>({1, 1, 1, 1}, {{0, 2}}));
  const Tensor input = Tensor::from<complex64>({1, 1, 1}, {{1.5F, 1}});
  const std::string text = to_text(Explanation(layer, input).output({0, 0, 0}));
  EXPECT_NE(text.find("1.5+1i  *    0+2i  =    -2+3i       -2+3i"), std::string::npos) << text;
  EXPECT_NE(text.find("each real product and sum is rounded to float32"), std::string::npos);
}

TEST(ExplainText, NumbersReadBackToTheSameBits) {
  EXPECT_EQ(to_text(Scalar(0.1F), DType::float32), "0.1");
  EXPECT_EQ(to_text(Scalar(0.1), DType::float64), "0.1");
  EXPECT_EQ(to_text(Scalar(0.1F), DType::float64), "0.10000000149011612");
  EXPECT_EQ(to_text(Scalar(-0.0), DType::float32), "-0");
  EXPECT_EQ(to_text(Scalar(1, -2.5), DType::complex64), "1-2.5i");
  EXPECT_EQ(to_text(Scalar(1, 2.5), DType::complex128), "1+2.5i");
  EXPECT_EQ(to_text(Scalar(1000000), DType::int32), "1000000");
  EXPECT_EQ(to_text(Scalar(-2147483648.0), DType::int32), "-2147483648");
  EXPECT_EQ(to_text(Scalar(std::numeric_limits<double>::max()), DType::int32).size(), 309U);
  EXPECT_EQ(to_text(Scalar(-std::numeric_limits<double>::min()), DType::float64),
            "-2.2250738585072014e-308");
  EXPECT_EQ(to_text(Scalar(std::numeric_limits<double>::infinity()), DType::float32), "inf");
}

TEST(ExplainText, Sizes) {
  const Conv2dOptions options{.in_channels = 1,
                              .out_channels = 1,
                              .kernel_size = 3,
                              .stride = Pair(1, 4),
                              .dilation = Pair(2, 1)};
  EXPECT_EQ(to_text(Explanation(options, {1, 9, 42}).sizes()),
            "rows     floor((9 + 0 + 0 - 2*(3 - 1) - 1) / 1) + 1 = floor(4 / 1) + 1 = 5\n"
            "         the kernel's 3 taps span 2*(3 - 1) + 1 = 5\n"
            "columns  floor((42 + 0 + 0 - 1*(3 - 1) - 1) / 4) + 1 = floor(39 / 4) + 1 = 10\n"
            "         the floor drops 3 of 42 positions after the last window\n"
            "         never read: 12 of 42 columns, [3, 7, 11, 15, 19, 23, 27, 31] and 2 more "
            "ranges\n");
  const std::vector<Range> ranges = {{2, 2}, {6, 9}};
  EXPECT_EQ(to_text(ranges), "[2, 6..9]");
  EXPECT_EQ(to_text(std::vector<Range>{}), "[]");
}

TEST(ExplainText, CostOfAlexNet) {
  const Conv2dOptions options{.in_channels = 3, .out_channels = 96, .kernel_size = 11, .stride = 4};
  EXPECT_EQ(to_text(Explanation(options, {3, 227, 227}).cost()),
            "parameters     34,944 = 34,848 weights + 96 biases\n"
            "unshared       105,705,600 parameters if every output had its own\n"
            "multiply-adds  105,415,200\n"
            "bytes          input 618,348, weight and bias 139,776, output 1,161,600\n"
            "im2col         4,392,300 bytes, 7.10 times the input\n"
            "intensity      109.82 floating-point operations a byte\n");
}

TEST(ExplainText, CostTellsWhatFallsIntoThePadding) {
  const Conv2dOptions options{
      .in_channels = 3, .out_channels = 2, .kernel_size = 3, .stride = 2, .padding = 1};
  EXPECT_NE(to_text(Explanation(options, {3, 5, 5}).cost())
                .find("multiply-adds  486, 294 without those that fall into the padding\n"),
            std::string::npos);
}

}  // namespace
}  // namespace conv2d::explain
