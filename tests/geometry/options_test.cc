// What can be known to be wrong with a layer before it sees an input.
#include "geometry/options.h"

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <string>

namespace conv2d {
namespace {

template <class Options>
std::string complaint(const Options& options) {
  const auto error = check(options);
  return error ? error->message : "none";
}

TEST(Options, OneIntegerStandsForBoth) {
  static_assert(Pair(3) == Pair(3, 3));
  static_assert(Padding(2) == Padding(2, 2, 2, 2));
  static_assert(Padding(1, 2) == Padding(1, 1, 2, 2));
  static_assert(Padding(Pair(1, 2)).symmetric());
  static_assert(!Padding(1, 2, 0, 0).symmetric());
  static_assert(Padding(same).rule() == Padding::Rule::same);
  EXPECT_EQ(Padding("same"), Padding(same));
  EXPECT_EQ(Padding("same_lower"), Padding(same_lower));
  EXPECT_EQ(Padding("valid"), Padding(valid));
}

TEST(Options, UnknownNamesAreRefusedInTorchsWords) {
  EXPECT_TRUE(testing::refused([] { Padding("full"); },
                               "Invalid padding string 'full', should be one of {'same', "
                               "'same_lower', 'valid'}"));
  EXPECT_TRUE(testing::refused([] { parse_padding_mode("symmetric"); },
                               "padding_mode must be one of {'zeros', 'reflect', 'replicate', "
                               "'circular'}, but got padding_mode='symmetric'"));
}

TEST(Options, PaddingModesReadBackFromTheirNames) {
  for (const PaddingMode mode :
       {PaddingMode::zeros, PaddingMode::reflect, PaddingMode::replicate, PaddingMode::circular}) {
    EXPECT_EQ(parse_padding_mode(name(mode)), mode);
  }
}

TEST(Options, PrecisionsAreReadAsTheyAreWritten) {
  for (const auto precision : {Precision::standard, Precision::exact}) {
    EXPECT_EQ(parse_precision(name(precision)), precision);
  }
  EXPECT_EQ(name(Precision::standard), "default");
  EXPECT_TRUE(testing::refused([] { parse_precision("fast"); },
                               "precision must be 'default' or 'exact', but got 'fast'"));
}

TEST(Options, ALayerThatCanRunHasNoComplaint) {
  EXPECT_EQ(complaint(Conv2dOptions{.in_channels = 3, .out_channels = 6, .kernel_size = 5}),
            "none");
  EXPECT_EQ(complaint(Conv2dOptions{.in_channels = 0, .out_channels = 6, .kernel_size = 5}),
            "none");
  EXPECT_EQ(complaint(LazyConv2dOptions{.out_channels = 6, .kernel_size = 5, .groups = 2}), "none");
  EXPECT_EQ(complaint(UnfoldOptions{.kernel_size = 3}), "none");
  EXPECT_EQ(complaint(FoldOptions{.output_size = 4, .kernel_size = 3}), "none");
}

TEST(Options, EachWrongArgumentIsNamed) {
  const Conv2dOptions good{.in_channels = 4, .out_channels = 6, .kernel_size = 3};
  const auto with = [&](auto&& spoil) {
    Conv2dOptions options = good;
    spoil(options);
    return complaint(options);
  };
  EXPECT_EQ(with([](auto& o) { o.groups = 0; }), "groups must be a positive integer, but got 0");
  EXPECT_EQ(with([](auto& o) { o.groups = 3; }),
            "in_channels must be divisible by groups, but got in_channels=4 and groups=3");
  EXPECT_EQ(with([](auto& o) { o.groups = 4; }),
            "out_channels must be divisible by groups, but got out_channels=6 and groups=4");
  EXPECT_EQ(with([](auto& o) { o.in_channels = -4; }),
            "in_channels must be at least 0, but got -4");
  EXPECT_EQ(with([](auto& o) { o.out_channels = 0; }),
            "out_channels must be at least 1, but got 0");
  EXPECT_EQ(with([](auto& o) { o.kernel_size = Pair(3, 0); }),
            "kernel size should be greater than zero, but got kernel_height: 3 kernel_width: 0");
  EXPECT_EQ(with([](auto& o) { o.stride = Pair(-1, 1); }),
            "non-positive stride is not supported: stride should be greater than zero, but got "
            "[-1, 1]");
  EXPECT_EQ(with([](auto& o) { o.dilation = 0; }),
            "dilation should be greater than zero, but got [0, 0]");
  EXPECT_NE(with([](auto& o) { o.padding = -1; }).find("negative padding is not supported"),
            std::string::npos);
}

TEST(Options, ATransposedLayerIsZerosModeAlone) {
  ConvTranspose2dOptions options{.in_channels = 2, .out_channels = 2, .kernel_size = 3};
  EXPECT_EQ(complaint(options), "none");
  options.padding_mode = PaddingMode::reflect;
  EXPECT_EQ(complaint(options),
            "Only \"zeros\" padding mode is supported for ConvTranspose2d, but got "
            "padding_mode='reflect'");
  options.padding_mode = PaddingMode::zeros;
  options.output_padding = 1;
  EXPECT_NE(
      complaint(options).find("output padding must be smaller than either stride or dilation"),
      std::string::npos);
  options.stride = 2;
  EXPECT_EQ(complaint(options), "none");
  options.groups = 3;
  EXPECT_NE(complaint(options).find("in_channels must be divisible by groups"), std::string::npos);
}

TEST(Options, LazyLayersAreCheckedButForTheirChannels) {
  EXPECT_NE(complaint(LazyConv2dOptions{.out_channels = 6, .kernel_size = 5, .groups = 4})
                .find("out_channels must be divisible by groups"),
            std::string::npos);
}

TEST(Options, WindowsAreCheckedToo) {
  EXPECT_NE(complaint(UnfoldOptions{.kernel_size = 0}).find("kernel size should be greater"),
            std::string::npos);
  EXPECT_NE(complaint(UnfoldOptions{.kernel_size = 1, .stride = 0}).find("non-positive stride"),
            std::string::npos);
  EXPECT_EQ(complaint(FoldOptions{.output_size = Pair(4, 0), .kernel_size = 3}),
            "output_size should be greater than zero, but got output_height: 4 output_width: 0");
}

}  // namespace
}  // namespace conv2d
