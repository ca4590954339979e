// Tunings: what they change, what they must not change, and their text.
#include <conv2d/nn.h>
#include <conv2d/plan.h>
#include <conv2d/tuning.h>

#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace conv2d {
namespace {

using testing::Random;
using testing::refused;
using testing::same_bits;

const Conv2dOptions tuned_options{
    .in_channels = 16, .out_channels = 16, .kernel_size = 3, .padding = 1};
const Sizes tuned_input{16, 10, 11};

TunedLayer direct_line() {
  return {tuned_options, tuned_input, MemoryFormat::contiguous, "direct", ""};
}

Plan exact_plan(const Sizes& input, MemoryFormat format = MemoryFormat::contiguous) {
  return Plan::conv2d(input, {16, 16, 3, 3}, true, DType::float32,
                      {.padding = 1, .precision = Precision::exact}, format);
}

/// The plan's own choice, and one that could have been.
std::string untuned() { return std::string(exact_plan(tuned_input).algorithm()); }
std::string tuned() { return untuned() == "direct" ? "planar" : "direct"; }

TunedLayer exact_line() {
  TunedLayer line = direct_line();
  std::get<Conv2dOptions>(line.layer).precision = Precision::exact;
  line.algorithm = tuned();
  return line;
}

/// A default tuning for the length of a scope.
class DefaultTuning {
 public:
  explicit DefaultTuning(Tuning tuning) { set_default_tuning(std::move(tuning)); }
  ~DefaultTuning() { set_default_tuning({}); }
  DefaultTuning(const DefaultTuning&) = delete;
  DefaultTuning& operator=(const DefaultTuning&) = delete;
};

TEST(Tuning, ReplacesThePlansChoiceAndNoBit) {
  Random random;
  const Plan plan = exact_plan({2, 16, 10, 11});
  const Plan other = plan.with_tuning(Tuning({exact_line()}));
  EXPECT_EQ(other.algorithm(), tuned());
  for (const Candidate& candidate : other.candidates()) {
    EXPECT_EQ(candidate.taken, candidate.name == tuned());
    if (candidate.name == untuned()) {
      EXPECT_TRUE(candidate.possible);
      EXPECT_EQ(candidate.reason, "the tuning says " + tuned());
    }
  }
  const Tensor x = random.values({2, 16, 10, 11}, DType::float32);
  const Tensor w = random.values({16, 16, 3, 3}, DType::float32);
  const Tensor b = random.values({16}, DType::float32);
  Tensor expected(plan.output_sizes());
  Tensor got(plan.output_sizes());
  plan.run(x, w, b, expected);
  other.run(x, w, b, got);
  EXPECT_TRUE(same_bits(got, expected));
}

TEST(Tuning, IsForOneLayerWithAnyBatchAndBias) {
  const Tuning tuning({exact_line()});
  const auto chosen = [&](const Sizes& input, const Sizes& weight, bool bias, DType dtype,
                          const functional::Conv2dArguments& arguments) {
    return Plan::conv2d(input, weight, bias, dtype, arguments).with_tuning(tuning).algorithm();
  };
  const functional::Conv2dArguments arguments{.padding = 1, .precision = Precision::exact};
  const Sizes weight{16, 16, 3, 3};
  EXPECT_EQ(chosen({16, 10, 11}, weight, false, DType::float32, arguments), tuned());
  EXPECT_EQ(chosen({7, 16, 10, 11}, weight, true, DType::float32, arguments), tuned());
  EXPECT_EQ(chosen({16, 10, 12}, weight, true, DType::float32, arguments), untuned());
  EXPECT_EQ(chosen({16, 10, 11}, weight, true, DType::float64, arguments), untuned());
  EXPECT_EQ(
      chosen({16, 10, 11}, weight, true, DType::float32,
             {.padding = 1, .padding_mode = PaddingMode::reflect, .precision = Precision::exact}),
      untuned());
  EXPECT_EQ(exact_plan({16, 10, 11}).with_tuning({}).algorithm(), untuned());
}

TEST(Tuning, OfOneLayoutSaysOnlyOfTheOtherHowItRounds) {
  const Plan last = exact_plan({16, 10, 11}, MemoryFormat::channels_last);
  TunedLayer line = exact_line();
  EXPECT_EQ(last.with_tuning(Tuning({line})).algorithm(), last.algorithm());
  TunedLayer both = line;
  both.format = MemoryFormat::channels_last;
  EXPECT_EQ(Tuning({line, both}).layers().size(), 2U);
}

/// In default precision Winograd's algorithm may run a layer, whose bits are others.
TEST(Tuning, NeverLetsALayerRoundOtherwiseInAnotherLayout) {
  const Conv2dOptions options{
      .in_channels = 64, .out_channels = 64, .kernel_size = 3, .padding = 1};
  const Sizes input{64, 56, 56};
  const auto line = [&](MemoryFormat format, const char* algorithm) {
    return TunedLayer{options, input, format, algorithm, ""};
  };
  const auto contiguous = MemoryFormat::contiguous;
  const auto last = MemoryFormat::channels_last;
  const Plan plan = Plan::conv2d(input, {64, 64, 3, 3}, true, DType::float32, {.padding = 1}, last);
  ASSERT_TRUE(plan.candidates().front().possible);
  ASSERT_EQ(plan.candidates().front().name, "winograd");
  EXPECT_EQ(plan.with_tuning(Tuning({line(contiguous, "winograd")})).algorithm(), "winograd");
  EXPECT_EQ(plan.with_tuning(Tuning({line(contiguous, "direct")})).algorithm(), "direct");
  EXPECT_EQ(testing::error_of([&] {
              Tuning({line(contiguous, "winograd"), line(last, "direct")});
            }),
            "a tuning of Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)): in the "
            "other layout this layer is winograd, which rounds otherwise than direct: results must "
            "be the same in both");
  EXPECT_NE(testing::error_of([&] {
              Tuning({line(contiguous, "winograd"), line(last, "winograd_2x2")});
            }).find("winograd, which rounds otherwise than winograd_2x2"),
            std::string::npos);
  const Tuning exact({line(contiguous, "planar"), line(last, "direct")});
  EXPECT_EQ(plan.with_tuning(exact).algorithm(), "direct");
}

TEST(Tuning, ThatIsTheDefaultServesFunctionsPlansAndLayers) {
  Random random;
  EXPECT_EQ(default_tuning().state(), nullptr);
  const Conv2d layer(std::get<Conv2dOptions>(exact_line().layer));
  const Tensor x = random.values({1, 16, 10, 11}, DType::float32);
  const Tensor expected = layer(x);
  const std::string before = untuned();
  {
    const TunedLayer line = exact_line();
    const DefaultTuning scope(Tuning({line}));
    EXPECT_EQ(layer.plan(x.sizes()).algorithm(), line.algorithm);
    EXPECT_TRUE(same_bits(layer(x), expected));
    EXPECT_EQ(layer.plan(x.sizes()).with_tuning({}).algorithm(), before);
  }
  EXPECT_EQ(layer.plan(x.sizes()).algorithm(), before);
}

TEST(Tuning, OfATransposedLayerNamesWhatCanRunIt) {
  const ConvTranspose2dOptions options{
      .in_channels = 4, .out_channels = 3, .kernel_size = 4, .stride = 2};
  const Tuning tuning({{options, {4, 5, 6}, MemoryFormat::contiguous, "transposed", ""}});
  const Plan plan =
      Plan::conv_transpose2d({4, 5, 6}, {4, 3, 4, 4}, false, DType::float32, {.stride = 2});
  EXPECT_EQ(plan.with_tuning(tuning).algorithm(), "transposed");
  EXPECT_EQ(plan.with_tuning(tuning).candidates()[2].reason, "only the forward pass");
}

TEST(Tuning, WithAnAlgorithmThatRefusesTheLayerHereChangesNothing) {
  const Conv2dOptions wide{.in_channels = 3, .out_channels = 4, .kernel_size = 5};
  const Tuning tuning({{wide, {3, 8, 8}, MemoryFormat::contiguous, "winograd", ""}});
  const Plan plan = Plan::conv2d({3, 8, 8}, {4, 3, 5, 5}, true, DType::float32, {});
  EXPECT_EQ(plan.with_tuning(tuning).algorithm(), plan.algorithm());
  EXPECT_EQ(tuning.layers().size(), 1U);
}

TEST(Tuning, RefusesWhatCannotBe) {
  const auto sentence = [](TunedLayer line) {
    return testing::error_of([&] { Tuning({direct_line(), line}); });
  };
  const std::string of =
      "a tuning of Conv2d(16, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)): ";
  TunedLayer line = direct_line();
  line.algorithm = "reference";
  EXPECT_EQ(
      sentence(line).find(of + "there is no algorithm 'reference' to choose from; there are "), 0U);
  line.algorithm = "planar";
  EXPECT_EQ(sentence(line), of + "this layer is direct in a line above, and cannot be planar too");
  line = direct_line();
  line.input = {1, 16, 10, 11};
  EXPECT_EQ(
      sentence(line),
      of + "the input must have three sizes (channels, height, width), but got [1, 16, 10, 11]");
  line.input = {31, 10, 11};
  EXPECT_NE(sentence(line).find("to have 16 channels, but got 31 channels instead"),
            std::string::npos);
  line.layer = UnfoldOptions{.kernel_size = 3};
  EXPECT_NE(
      sentence(line).find("only a Conv2d and a ConvTranspose2d are tuned, but this is Unfold("),
      std::string::npos);
  line.layer = Conv2dOptions{.in_channels = 3, .out_channels = 3, .kernel_size = 3, .groups = 0};
  EXPECT_NE(sentence(line).find("groups"), std::string::npos);
  line.layer = ConvTranspose2dOptions{.in_channels = 3, .out_channels = 3, .kernel_size = 0};
  EXPECT_NE(sentence(line).find("kernel"), std::string::npos);
}

TEST(TuningText, ReadsWhatItWrites) {
  TunedLayer transposed{ConvTranspose2dOptions{.in_channels = 4,
                                               .out_channels = 3,
                                               .kernel_size = Pair(4, 2),
                                               .stride = 2,
                                               .precision = Precision::exact},
                        {4, 5, 6},
                        MemoryFormat::channels_last,
                        "transposed",
                        "1.02 ms; 2 threads"};
  TunedLayer exact = exact_line();
  exact.algorithm = "direct";
  const std::string text = to_text(Tuning({exact, direct_line(), transposed}));
  EXPECT_EQ(
      text,
      "conv2d tuning 1\n"
      "direct             exact   nchw 16x10x11     Conv2d(16, 16, kernel_size=(3, 3), "
      "stride=(1, 1), padding=(1, 1))\n"
      "direct             default nchw 16x10x11     Conv2d(16, 16, kernel_size=(3, 3), "
      "stride=(1, 1), padding=(1, 1))\n"
      "transposed         exact   nhwc 4x5x6        ConvTranspose2d(4, 3, kernel_size=(4, 2), "
      "stride=(2, 2))  # 1.02 ms; 2 threads\n");
  EXPECT_EQ(to_text(parse_tuning(text, "again")), text);
  EXPECT_EQ(to_text(Tuning()), "conv2d tuning 1\n");
}

TEST(TuningText, IsWrittenAsPeopleWriteIt) {
  const Tuning tuning = parse_tuning(
      "conv2d tuning 1\r\n"
      "# my layers\r\n"
      "\r\n"
      " direct\tdefault nhwc 3x32x32 nn.Conv2d(3, 8, 5) \r\n"
      "planar default nchw 3x32x32 Conv2d(3, 8, 5)#here",
      "mine");
  ASSERT_EQ(tuning.layers().size(), 2U);
  EXPECT_EQ(tuning.layers()[0].format, MemoryFormat::channels_last);
  EXPECT_EQ(tuning.layers()[1].note, "here");
}

TEST(TuningText, SaysWhichLineIsWrongAndWhatIsAllowed) {
  const auto sentence = [](const std::string& text) {
    return testing::error_of([&] { parse_tuning(text, "file"); });
  };
  EXPECT_EQ(sentence(""),
            "file, line 1: a tuning begins with the line 'conv2d tuning 1', but got ''");
  EXPECT_EQ(sentence("conv2d tuning 2\n"),
            "file, line 1: a tuning begins with the line 'conv2d tuning 1', but got "
            "'conv2d tuning 2'");
  const auto line = [&](const std::string& text) {
    return sentence("conv2d tuning 1\n\n" + text + "\n");
  };
  const std::string third = "file, line 3: ";
  EXPECT_EQ(line("direct default nchw 3x9x9"),
            third +
                "a line is ALGORITHM PRECISION LAYOUT CxHxW LAYER, but got "
                "'direct default nchw 3x9x9'");
  EXPECT_EQ(sentence("\x89PNG\r\n"),
            "file, line 1: a tuning begins with the line 'conv2d tuning 1', but got no plain text");
  EXPECT_EQ(line("direct default nchw 3x9x9 Conv2d(3, 8, \xff)"),
            third + "a line has ASCII characters alone before its note");
  EXPECT_EQ(line("direct default hwc 3x9x9 Conv2d(3, 8, 3)"),
            third + "the layout is nchw or nhwc, but got 'hwc'");
  EXPECT_EQ(line("direct double nchw 3x9x9 Conv2d(3, 8, 3)"),
            third + "the precision is default or exact, but got 'double'");
  EXPECT_EQ(line("transposed exact nchw 3x9x9 Unfold(3)"),
            third + "only convolutions have a precision that is not default, but got 'exact'");
  for (const std::string wrong :
       {"3x9", "3x9x9x", "3x9x-9", "ax9x9", "1x3x9x9", "3,9,9", "3x9x99999999999999999999"}) {
    EXPECT_EQ(line("direct default nchw " + wrong + " Conv2d(3, 8, 3)"),
              third +
                  "the input's sizes are channels, height and width, such as 64x56x56, but got '" +
                  wrong + "'");
  }
  EXPECT_EQ(line("direct default nchw 3x9x9 Conv2d(3, 8, 3, strid=2)").find(third), 0U);
  EXPECT_NE(line("direct default nchw 3x9x9 Conv2d(3, 8, 3, strid=2)").find("stride"),
            std::string::npos);
  EXPECT_EQ(line("magic default nchw 3x9x9 Conv2d(3, 8, 3)")
                .find(third + "there is no algorithm 'magic' to choose from; there are "),
            0U);
  EXPECT_NE(line("direct default nchw 3x2x2 Conv2d(3, 8, 3)").find("Kernel size"),
            std::string::npos);
}

TEST(TuningText, ComesFromAFile) {
  const std::string folder = ::testing::TempDir();
  const std::string path = folder + "tuning_test.txt";
  const std::string text = to_text(Tuning({direct_line()}));
  std::ofstream(path) << text;
  EXPECT_EQ(to_text(load_tuning(path)), text);
  std::ofstream(path) << "PNG";
  EXPECT_EQ(testing::error_of([&] { load_tuning(path); }),
            path + ", line 1: a tuning begins with the line 'conv2d tuning 1', but got 'PNG'");
  const std::string cannot =
      ": is no tuning that can be read: it must be a regular file of at most 16 MiB";
  std::filesystem::resize_file(path, (std::uintmax_t{16} << 20U) + 1);
  EXPECT_EQ(testing::error_of([&] { load_tuning(path); }), path + cannot);
  std::filesystem::remove(path);
  EXPECT_EQ(testing::error_of([&] { load_tuning(path); }), path + cannot);
  EXPECT_EQ(testing::error_of([&] { load_tuning(folder); }), folder + cannot);
}

}  // namespace
}  // namespace conv2d
