// Layers as text: what torch prints, what people type, and what is refused and where.
#include <conv2d/repr.h>

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace conv2d {
namespace {

Conv2dOptions conv(std::string_view text) { return std::get<Conv2dOptions>(parse_layer(text)); }

// The failure that parsing gives, as "sentence @ wrong word".
std::string failure(const std::string& text) {
  try {
    parse_layer(text);
  } catch (const ParseError& error) {
    EXPECT_LE(error.position() + error.length(), text.size()) << text;
    return std::string(error.what()) + " @ " + text.substr(error.position(), error.length());
  }
  return "accepted";
}

TEST(Repr, PrintsWhatTorchPrints) {
  // Printed by torch 1.13.1.
  const std::vector<std::string> printed = {
      "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))",
      "Conv2d(4, 6, kernel_size=(1, 2), stride=(2, 2), padding=(1, 1), dilation=(2, 1), groups=2, "
      "bias=False, padding_mode=circular)",
      "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1), padding=same)",
      "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1), padding=valid)",
      "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1), padding=(0, 1))",
      "ConvTranspose2d(3, 6, kernel_size=(5, 5), stride=(1, 1))",
      "ConvTranspose2d(4, 6, kernel_size=(5, 5), stride=(2, 2), padding=(1, 1), dilation=(3, 3), "
      "output_padding=(1, 1), groups=2, bias=False)",
      "LazyConv2d(0, 6, kernel_size=(3, 3), stride=(1, 1), bias=False)",
      "Unfold(kernel_size=3, dilation=1, padding=0, stride=1)",
      "Unfold(kernel_size=(3, 2), dilation=1, padding=2, stride=(2, 3))",
      "Fold(output_size=5, kernel_size=3, dilation=1, padding=0, stride=1)",
      "Fold(output_size=(5, 6), kernel_size=(3, 2), dilation=2, padding=1, stride=1)",
  };
  for (const std::string& text : printed) {
    EXPECT_EQ(repr(parse_layer(text)), text);
  }
}

TEST(Repr, WhatIsMoreThanTorchHasReadsBack) {
  for (const std::string text : {
           "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1), padding=(1, 2, 3, 4))",
           "Conv2d(3, 6, kernel_size=(5, 5), stride=(2, 2), padding=same_lower)",
           "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1), dtype=torch.complex128)",
       }) {
    EXPECT_EQ(repr(parse_layer(text)), text);
  }
}

TEST(Repr, LayersPrintThemselves) {
  std::ostringstream out;
  LazyConv2d lazy(6, 3);
  out << Conv2d(3, 6, 5) << '\n' << ConvTranspose2d(3, 6, 5) << '\n' << lazy << '\n';
  lazy.initialize(2);
  out << lazy << '\n' << Unfold(3) << '\n' << Fold(5, 3);
  EXPECT_EQ(out.str(),
            "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))\n"
            "ConvTranspose2d(3, 6, kernel_size=(5, 5), stride=(1, 1))\n"
            "LazyConv2d(0, 6, kernel_size=(3, 3), stride=(1, 1))\n"
            "Conv2d(2, 6, kernel_size=(3, 3), stride=(1, 1))\n"
            "Unfold(kernel_size=3, dilation=1, padding=0, stride=1)\n"
            "Fold(output_size=5, kernel_size=3, dilation=1, padding=0, stride=1)");
}

TEST(ParseLayer, ReadsWhatPeopleType) {
  const Conv2dOptions plain{.in_channels = 3, .out_channels = 6, .kernel_size = 5};
  for (const char* text :
       {"Conv2d(3, 6, 5)", "nn.Conv2d(3,6,5)", "torch.nn.Conv2d(3, 6, kernel_size=5)",
        "  Conv2d (\t3 ,\n6, [5, 5,], )  ",
        "Conv2d(out_channels=6, kernel_size=(5,5), in_channels=3)",
        "Conv2d(3, 6, 5, 1, 0, 1, 1, True, 'zeros', None, None)",
        "Conv2d(3, 6, 5, bias=true, device='cpu', dtype=torch.float32)",
        "Conv2d(3, 6, 5, bias=1, device=None, dtype=\"float\")"}) {
    EXPECT_EQ(conv(text), plain) << text;
  }
}

TEST(ParseLayer, EveryArgumentGoesWhereTorchPutsIt) {
  const Conv2dOptions options =
      conv("Conv2d(4, 6, (1, 2), (3, 4), (5, 6), (7, 8), 2, False, 'reflect', 'cpu', float64)");
  EXPECT_EQ(
      options,
      (Conv2dOptions{
          4, 6, {1, 2}, {3, 4}, {5, 6}, {7, 8}, 2, false, PaddingMode::reflect, DType::float64}));
  EXPECT_EQ(std::get<ConvTranspose2dOptions>(parse_layer(
                "ConvTranspose2d(4, 6, (1, 2), (3, 4), (5, 6), (2, 3), 2, False, (7, 8), zeros)")),
            (ConvTranspose2dOptions{4, 6, {1, 2}, {3, 4}, {5, 6}, {2, 3}, 2, false, {7, 8}}));
  EXPECT_EQ(std::get<LazyConv2dOptions>(parse_layer("LazyConv2d(6, 3, 2, 1, 2, 3, False)")),
            (LazyConv2dOptions{6, 3, 2, 1, 2, 3, false}));
  EXPECT_EQ(std::get<UnfoldOptions>(parse_layer("Unfold(2, 3, 4, 5)")),
            (UnfoldOptions{2, 3, 4, 5}));
  EXPECT_EQ(std::get<FoldOptions>(parse_layer("Fold((9, 8), 2, 3, 4, 5)")),
            (FoldOptions{{9, 8}, 2, 3, 4, 5}));
}

TEST(ParseLayer, PaddingIsANumberAPairFourSidesOrARule) {
  EXPECT_EQ(conv("Conv2d(3, 6, 5, padding=2)").padding, Padding(2));
  EXPECT_EQ(conv("Conv2d(3, 6, 5, padding=(1, 2))").padding, Padding(1, 2));
  EXPECT_EQ(conv("Conv2d(3, 6, 5, padding=(1, 2, 3, 4))").padding, Padding(1, 2, 3, 4));
  EXPECT_EQ(conv("Conv2d(3, 6, 5, padding='same')").padding, Padding(same));
  EXPECT_EQ(conv("Conv2d(3, 6, 5, padding=same_lower)").padding, Padding(same_lower));
  EXPECT_EQ(conv("Conv2d(3, 6, 5, padding=\"valid\")").padding, Padding(valid));
}

TEST(ParseLayer, DtypesGoByTorchsNames) {
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(conv("Conv2d(3, 6, 5, dtype=torch." + std::string(name(dtype)) + ")").dtype, dtype);
  }
  EXPECT_EQ(conv("Conv2d(3, 6, 5, dtype=double)").dtype, DType::float64);
}

TEST(ParseLayer, AWrongWordIsNamedAndPointedAt) {
  const std::string takes =
      "It takes in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, "
      "padding_mode, device, dtype";
  const std::string layers = "The layers are Conv2d, ConvTranspose2d, LazyConv2d, Unfold, Fold";
  EXPECT_EQ(failure("Conv2d(3, 6, 5, strid=2)"),
            "Conv2d has no argument 'strid': did you mean 'stride'? " + takes + " @ strid");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, colour=2)"),
            "Conv2d has no argument 'colour'. " + takes + " @ colour");
  EXPECT_EQ(failure("conv2D(3, 6, 5)"),
            "there is no layer 'conv2D': did you mean 'Conv2d'? " + layers + " @ conv2D");
  EXPECT_EQ(failure("nn.MaxPool(3)"), "there is no layer 'MaxPool'. " + layers + " @ nn.MaxPool");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, padding_mode=reflekt)"),
            "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got "
            "padding_mode='reflekt': did you mean 'reflect'? @ reflekt");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, padding='full')"),
            "Invalid padding string 'full', should be one of {'same', 'same_lower', 'valid'} @ "
            "'full'");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, dtype=torch.float65)"),
            "dtype must be one of float32, float64, bfloat16, float16, int8, uint8, int32, "
            "complex64, complex128, but got 'torch.float65': did you mean 'float64'? @ "
            "torch.float65");
}

TEST(ParseLayer, AWrongKindOfValueIsPointedAt) {
  EXPECT_EQ(failure("Conv2d('3', 6, 5)"), "in_channels must be an integer, but got ''3'' @ '3'");
  EXPECT_EQ(failure("Conv2d(3, (6, 6), 5)"),
            "out_channels must be an integer, but got '(6, 6)' @ (6, 6)");
  EXPECT_EQ(failure("Conv2d(3, 6, (5, 5, 5))"),
            "kernel_size must be an integer or a pair such as (5, 5), but got '(5, 5, 5)' @ "
            "(5, 5, 5)");
  EXPECT_EQ(failure("Conv2d(3, 6, (5,))"),
            "kernel_size must be an integer or a pair such as (5, 5), but got '(5,)' @ (5,)");
  EXPECT_EQ(failure("Conv2d(3, 6, None)"),
            "kernel_size must be an integer or a pair such as (5, 5), but got 'None' @ None");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, padding=(1, 2, 3))"),
            "padding must be an integer, a pair (height, width), four sides (top, bottom, left, "
            "right), or one of 'same', 'same_lower', 'valid', but got '(1, 2, 3)' @ (1, 2, 3)");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, bias=No)"), "bias must be True or False, but got 'No' @ No");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, padding_mode=1)"),
            "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got "
            "padding_mode='1' @ 1");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, dtype=32)"),
            "dtype must be an element type such as torch.float64, but got '32' @ 32");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, device=cuda)"),
            "device must be 'cpu' or None, but got 'cuda' @ cuda");
}

TEST(ParseLayer, ArgumentsAreCounted) {
  EXPECT_EQ(failure("Conv2d(3)"), "Conv2d is missing out_channels, kernel_size @ )");
  EXPECT_EQ(failure("Conv2d(in_channels=3, kernel_size=5)"), "Conv2d is missing out_channels @ )");
  EXPECT_EQ(failure("Unfold()"), "Unfold is missing kernel_size @ )");
  EXPECT_EQ(failure("Unfold(1, 1, 1, 1, 7)"),
            "Unfold takes at most 4 arguments (kernel_size, dilation, padding, stride); this is "
            "number 5 @ 7");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, stride=1, stride=2)"), "stride is given twice @ stride");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, in_channels=2)"), "in_channels is given twice @ in_channels");
  EXPECT_EQ(failure("Conv2d(3, 6, kernel_size=5, 1)"),
            "the argument '1' needs a name, because 'kernel_size' before it has one @ 1");
}

TEST(ParseLayer, LazyConv2dTakesItsOwnReprAndItsOwnConstructor) {
  const LazyConv2dOptions lazy{.out_channels = 6, .kernel_size = 3};
  EXPECT_EQ(std::get<LazyConv2dOptions>(parse_layer("LazyConv2d(0, 6, kernel_size=(3, 3))")), lazy);
  EXPECT_EQ(std::get<LazyConv2dOptions>(parse_layer("LazyConv2d(6, 3)")), lazy);
  EXPECT_EQ(failure("LazyConv2d(2, 6, kernel_size=3)"), "kernel_size is given twice @ kernel_size");
}

TEST(ParseLayer, NumbersAreIntegersOf64Bits) {
  EXPECT_EQ(conv("Conv2d(3, 6, 5, padding=4294967296)").padding, Padding(4294967296));
  EXPECT_EQ(failure("Conv2d(3, 6, 9223372036854775808)"),
            "'9223372036854775808' does not fit 64 bits: integers go from -9223372036854775808 to "
            "9223372036854775807 @ 9223372036854775808");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, stride=2.5)"), "'2.5' is not an integer @ 2.5");
  EXPECT_EQ(failure("Conv2d(3, 6, 5x5)"), "'5x5' is not an integer @ 5x5");
}

TEST(ParseLayer, BrokenTextsAreRefusedWhereTheyBreak) {
  EXPECT_EQ(failure(""), "the text ends where a layer such as Conv2d(3, 6, 5) should stand @ ");
  EXPECT_EQ(failure("(3, 6)"), "expected a layer such as Conv2d(3, 6, 5), but found '(' @ (");
  EXPECT_EQ(failure("Conv2d"), "the text ends where '(' after 'Conv2d' should stand @ ");
  EXPECT_EQ(failure("Conv2d(3, 6, 5"), "this '(' is never closed @ (");
  EXPECT_EQ(failure("Conv2d(3, 6,"), "this '(' is never closed @ (");
  EXPECT_EQ(failure("Conv2d(3, 6, [5, 5)"), "expected ',' or ']', but found ')' @ )");
  EXPECT_EQ(failure("Conv2d(3, 6, [5, 5"), "this '[' is never closed @ [");
  EXPECT_EQ(failure("Conv2d(3, 6, ((5)))"), "expected an integer, but found '(' @ (");
  EXPECT_EQ(failure("Conv2d(3, , 5)"), "expected a value, but found ',' @ ,");
  EXPECT_EQ(failure("Conv2d(3, 6 5)"), "expected ',' or ')', but found '5' @ 5");
  EXPECT_EQ(failure("Conv2d(3, 6, stride="), "the text ends where a value should stand @ ");
  EXPECT_EQ(failure("Conv2d(3, 6, 5, padding='same)"), "the quote ' is never closed @ 'same)");
  EXPECT_EQ(failure("Conv2d(3, 6, 5)).cuda() "),
            "unexpected ').cuda()' after the layer @ ).cuda()");
  EXPECT_EQ(failure("Conv2d(3, 6, \xC3\x97)"), "expected a value, but found '\xC3\x97' @ \xC3\x97");
}

TEST(ParseLayer, LongAndUnprintableWordsAreShortenedInTheSentence) {
  EXPECT_EQ(failure("Conv2d(3, 6, 5, a\x01"
                    "b=1)"),
            "expected ',' or ')', but found '?' @ \x01");
  const std::string sentence = failure("Conv2d(3, 6, 5, " + std::string(100000, 'x') + "=1)");
  EXPECT_LT(sentence.substr(0, sentence.find(" @ ")).size(), 300U);
}

TEST(ParseLayer, ImpossibleLayersPointAtTheArgumentThatMakesThemSo) {
  const auto wrong_word = [](const std::string& text) {
    const std::string complaint = failure(text);
    return complaint.substr(complaint.rfind(" @ ") + 3);
  };
  EXPECT_EQ(wrong_word("Conv2d(3, 6, 5, groups=0)"), "0");
  EXPECT_EQ(wrong_word("Conv2d(3, 8, 5, groups=2)"), "2");
  EXPECT_EQ(wrong_word("Conv2d(groups=2, in_channels=7, out_channels=8, kernel_size=5)"), "7");
  EXPECT_EQ(wrong_word("Conv2d(3, 6, 5, stride=(1, -1), dilation=2)"), "(1, -1)");
  EXPECT_EQ(wrong_word("Conv2d(3, 6, 5, dilation=0)"), "0");
  EXPECT_EQ(wrong_word("Conv2d(3, 6, 5, padding=-1)"), "-1");
  EXPECT_EQ(wrong_word("Conv2d(-3, 6, 5)"), "-3");
  EXPECT_EQ(wrong_word("Conv2d(3, 6, (5, 0))"), "(5, 0)");
  EXPECT_EQ(wrong_word("ConvTranspose2d(3, 6, 5, padding_mode='reflect')"), "'reflect'");
  EXPECT_EQ(wrong_word("ConvTranspose2d(3, 6, 5, output_padding=3)"), "3");
  EXPECT_EQ(wrong_word("Unfold(3, stride=0)"), "0");
  EXPECT_EQ(wrong_word("Fold(-5, 3)"), "-5");
}

// Every text with one character removed, doubled or replaced is read or refused; never more.
TEST(ParseLayer, SurvivesEveryTypingError) {
  const std::string text = "nn.Conv2d(3, 6, kernel_size=(5, 5), padding='same', dtype=torch.half)";
  int accepted = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const std::string typo : {"", "(", ")", ",", "=", "'", "-", "9", "x", "\xff"}) {
      std::string wrong = text;
      wrong.replace(at, 1, typo);
      accepted += failure(wrong) == "accepted" ? 1 : 0;
    }
  }
  EXPECT_GT(accepted, 0);  // "kernel_size=(5, 9)" among them
}

}  // namespace
}  // namespace conv2d
