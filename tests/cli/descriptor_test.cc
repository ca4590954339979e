// Layers as text: what the reader makes of oneDNN's problem descriptors, and of lists of them.
#include "bench/descriptor.h"
#include "bench/layer_list.h"
#include "failure.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conv2d::cli {
namespace {

Descriptor parsed(const std::string& text) { return parse_descriptor(text, "list, line 1: "); }

// "sentence | what the carets stand under".
std::string complaint(const std::string& text) {
  try {
    parse_layer_list(text, "list");
  } catch (const ArgumentError& error) {
    const std::string picture = error.picture();
    const std::size_t carets = picture.find('\n') + 1;
    const std::size_t begin = picture.find('^', carets);
    const std::size_t length = picture.rfind('^') + 1 - begin;
    return std::string(error.what()) + " | " + picture.substr(begin - carets, length);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Descriptor, AllOfItsKeysAreRead) {
  const Descriptor layer = parsed("g2mb3ic4ih10iw20oc6oh5ow18kh4kw3sh2sw1ph1pw2dh0dw1n\"a layer\"");
  EXPECT_EQ(layer.name, "a layer");
  EXPECT_EQ(layer.input_sizes(), Sizes({3, 4, 10, 20}));
  EXPECT_EQ(layer.weight_sizes(), Sizes({6, 2, 4, 3}));
  EXPECT_EQ(layer.output_sizes(), Sizes({3, 6, 5, 18}));
  EXPECT_EQ(layer.stride, Pair(2, 1));
  EXPECT_EQ(layer.dilation, Pair(1, 2));
  EXPECT_EQ(layer.padding, Padding(1, 1, 2, 0));
  EXPECT_EQ(layer.arguments().groups, 2);
}

TEST(Descriptor, WhatIsMissingRepeatsTheRowsOrIsUsual) {
  const Descriptor layer = parsed("ic3ih8oc4kh3sh2ph1dh1");
  EXPECT_EQ(layer.batch, 1);
  EXPECT_EQ(layer.groups, 1);
  EXPECT_EQ(layer.input, Pair(8));
  EXPECT_EQ(layer.kernel, Pair(3));
  EXPECT_EQ(layer.stride, Pair(2));
  EXPECT_EQ(layer.dilation, Pair(2));
  EXPECT_EQ(layer.output, Pair(3));
  EXPECT_EQ(to_text(layer), "mb1ic3ih8oc4oh3kh3sh2ph1dh1");
}

TEST(Descriptor, PaddingFollowsFromTheOutput) {
  EXPECT_EQ(parsed("ic3ih8oc4oh8kh3").padding, Padding(1));
  EXPECT_EQ(parsed("ic3ih8oc4oh4kh3sh2").padding, Padding(0, 1, 0, 1));
  EXPECT_EQ(parsed("ic3ih8oc4oh9kh3ph1").padding, Padding(1, 2, 1, 2));
  EXPECT_EQ(parsed("ic3iw9oc4kw3pw1").padding, Padding(0, 0, 1, 1));
}

Descriptor transposed(const std::string& text) {
  return parse_layer_list("--deconv " + text, "list").front();
}

TEST(Descriptor, OfATransposedLayerHasTheLargerOutput) {
  const Descriptor layer = transposed("g2mb3ic4ih10iw20oc6kh4kw3sh2sw1ph1pw2");
  EXPECT_EQ(layer.weight_sizes(), Sizes({4, 3, 4, 3}));
  EXPECT_EQ(layer.output_sizes(), Sizes({3, 6, 20, 18}));
  EXPECT_EQ(layer.transposed_arguments().padding, Padding(1, 1, 2, 2));
  EXPECT_EQ(layer.transposed_arguments().groups, 2);
  EXPECT_EQ(kernel_text(layer), "6 of 4x3 stride 2x1 groups 2 transposed");
  EXPECT_EQ(to_text(layer), "--deconv g2mb3ic4ih10iw20oc6oh20ow18kh4kw3sh2sw1ph1pw2");
}

TEST(Descriptor, OfATransposedLayerIsPaddedAsItsOutputNeeds) {
  // Uncut an output is (4 - 1) * 2 + 3 = 9.
  const auto padded = [](const std::string& keys) {
    const Descriptor layer = transposed("ic3ih4oc4kh3sh2" + keys);
    EXPECT_EQ(layer.padding.top(), layer.padding.left());
    EXPECT_EQ(to_text(transposed(to_text(layer).substr(9))), to_text(layer));
    return Sizes{layer.output.h, layer.padding.top(), layer.padding.bottom(),
                 layer.output_padding.h};
  };
  EXPECT_EQ(padded(""), Sizes({9, 0, 0, 0}));
  EXPECT_EQ(padded("ph1"), Sizes({7, 1, 1, 0}));
  EXPECT_EQ(padded("oh6"), Sizes({6, 1, 2, 0}));
  EXPECT_EQ(padded("oh8ph1"), Sizes({8, 1, 0, 0}));
  EXPECT_EQ(padded("oh9ph1"), Sizes({9, 1, 0, 1}));
  EXPECT_EQ(padded("oh10"), Sizes({10, 0, 0, 1}));
}

TEST(Descriptor, IsWrittenAsItIsRead) {
  for (const std::string text :
       {"mb1ic3ih8oc4oh6kh3ph0", "g2mb2ic4ih8iw9oc4oh4ow9kh3kw3sh2sw1ph1pw1n\"x\"",
        "mb1ic1ih9oc1oh5kh3ph0dh1"}) {
    EXPECT_EQ(to_text(parsed(text)), text);
  }
}

TEST(Descriptor, KernelsAreNamedAsPeopleNameThem) {
  EXPECT_EQ(kernel_text(parsed("ic3ih8oc64kh3")), "64 of 3x3");
  EXPECT_EQ(kernel_text(parsed("g2ic4ih30iw30oc8kh3kw5sh2sw1dh1")),
            "8 of 3x5 stride 2x1 dilation 2 groups 2");
}

TEST(Descriptor, WrongOnesAreRefusedWithTheirPlace) {
  for (const auto& [text, wanted] : std::vector<std::pair<std::string, std::string>>{
           {"ic3ih8oc4kx3", "1: expected a key such as ic, ih, oc, kh or ph | k"},
           {"\n#\nic3ih8oc4khph1", "3: a number must follow kh | kh"},
           {"ic3ih8oc4kh3sh0", "1: sh takes a number from 1 to 1073741824 | sh0"},
           {"ic3ih8ic3oc4kh3", "1: ic is given twice | ic3"},
           {"ic3ih8kh3", "1: oc is missing | ic3ih8kh3"},
           {"ic3id8", "1: this is a key of 3-D convolutions, and only 2-D ones are timed | id"},
           {"g2ic3ih8oc4kh3", "1: ic3 cannot be divided into g2 groups | ic3"},
           {"ic3ih8oc4kh9",
            "1: the kernel spans 9, but the input with its padding is 8 | ih8oc4kh9"},
           {"ic3ih8oc4oh9kh3ph0",
            "1: the output is said to be 9, but it would be 6 | ih8oc4oh9kh3ph0"},
           {"ic3ih8oc4kh3n\"x", "1: the name's second quote is missing | \"x"},
           {"ic3ih8oc4kh3nx\"y", "1: a quote within a name | \""},
           {"--deconv ic3ih4oc4kh3ph5",
            "1: the output would be -4, and not from 1 to 1073741824 | ih4oc4kh3ph5"},
           {"--deconv ic3ih4oc4oh9kh3ph1dh1",
            "1: the output is said to be 9, but it can be 8 at most | ih4oc4oh9kh3ph1dh1"},
           {"--batch=more",
            "1: lists named in a list are not followed; give that one itself | --batch=more"},
           {"ic3ih8oc4kh3n\xc3\xa4", "1: a descriptor has ASCII characters alone"}}) {
    EXPECT_EQ(complaint(text), "list, line " + wanted);
  }
  EXPECT_EQ(complaint("# nothing"), "list: there is no layer in it");
}

TEST(LayerList, CommentsAndBenchdnnsOptionsAreSkipped) {
  const std::vector<Descriptor> layers = parse_layer_list(
      "# a comment\n\n --reset --dir=FWD_B\nic3ih8oc4kh3n#1 # and here\r\n--dt=f32 ic5ih8oc4kh3",
      "list");
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "#1");
  EXPECT_EQ(layers[1].in_channels, 5);
}

TEST(LayerList, TheSuiteHoldsLayersOfOneImageAndOfMore) {
  const std::vector<Descriptor> layers = parse_layer_list(suite_text, "the suite");
  int single = 0;
  for (const Descriptor& layer : layers) {
    EXPECT_FALSE(layer.name.empty()) << to_text(layer);
    single += layer.batch == 1 ? 1 : 0;
  }
  EXPECT_GE(single, 60);
  EXPECT_GE(static_cast<int>(layers.size()) - single, 20);
}

}  // namespace
}  // namespace conv2d::cli
