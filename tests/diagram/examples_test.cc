#include <conv2d/diagram.h>

#include "drawings.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

namespace conv2d::diagram {
namespace {

using testing::holds;
using testing::refused;
using testing::same_bits;

TEST(ExampleNumbers, OfSeedZeroAreThoseOfTheGuide) {
  EXPECT_TRUE(holds(example_input({1, 5, 5}),
                    {3, 3, 2, 1, 0, 0, 0, 1, 3, 1, 3, 1, 2, 2, 3, 2, 0, 0, 2, 2, 2, 0, 0, 0, 1}));
  const Conv2d layer =
      example_layer(Conv2dOptions{.in_channels = 1, .out_channels = 1, .kernel_size = 3});
  EXPECT_TRUE(holds(layer.weight(), {0, 1, 2, 2, 2, 0, 0, 1, 2}));
}

/// The guide's figures 1.1 and 1.2 (arXiv:1603.07285).
TEST(ExampleNumbers, GiveTheOutputsOfTheGuide) {
  EXPECT_TRUE(holds(test::diagram_of("Conv2d(1, 1, 3, bias=False)", {1, 5, 5}).output(),
                    {12, 12, 17, 10, 17, 19, 9, 6, 14}));
  EXPECT_TRUE(holds(
      test::diagram_of("Conv2d(1, 1, 3, stride=2, padding=1, bias=False)", {1, 5, 5}).output(),
      {6, 17, 3, 8, 17, 13, 6, 4, 4}));
}

TEST(ExampleNumbers, AreSmallWholeAndTheSameEachTime) {
  for (const std::uint64_t seed : {0U, 1U, 99U}) {
    for (const DType dtype : {DType::float32, DType::float16, DType::int8, DType::uint8}) {
      const Tensor input = example_input({3, 5, 5}, dtype, seed);
      EXPECT_TRUE(same_bits(input, example_input({3, 5, 5}, dtype, seed)));
      const Conv2dOptions options{
          .in_channels = 3, .out_channels = 4, .kernel_size = 3, .dtype = dtype};
      const Conv2d layer = example_layer(options, seed);
      EXPECT_TRUE(same_bits(layer.weight(), example_layer(options, seed).weight()));
      EXPECT_TRUE(same_bits(*layer.bias(), *example_layer(options, seed).bias()));
      for (const double value : testing::values_of<double>(input.view().to(DType::float64))) {
        EXPECT_TRUE(value >= 0 && value <= 3 && value == std::round(value)) << value;
      }
      for (const double value :
           testing::values_of<double>(layer.weight().view().to(DType::float64))) {
        const double least = dtype == DType::uint8 ? 0 : -1;
        const double most = dtype == DType::uint8 ? 3 : 2;
        EXPECT_TRUE(value >= least && value <= most && value == std::round(value)) << value;
      }
    }
  }
  EXPECT_FALSE(same_bits(example_input({3, 6, 6}), example_input({3, 6, 6}, DType::float32, 1)));
}

TEST(Diagram, TakesOneImageWithOrWithoutABatch) {
  const Conv2d layer =
      example_layer(Conv2dOptions{.in_channels = 2, .out_channels = 3, .kernel_size = 2});
  const Tensor image = example_input({2, 4, 5});
  const Diagram plain(layer, image.clone());
  const Diagram batched(layer, image.clone().reshape({1, 2, 4, 5}));
  EXPECT_EQ(plain.output().sizes(), (Sizes{3, 3, 4}));
  EXPECT_TRUE(same_bits(plain.output(), batched.output()));
  EXPECT_TRUE(same_bits(plain.output(), layer(image)));
  EXPECT_EQ(drawing::to_svg(plain.draw()), drawing::to_svg(batched.draw()));
  EXPECT_EQ(plain.frames(), 36);
  EXPECT_EQ(plain.output_of(0), (explain::Index{}));
  EXPECT_EQ(plain.output_of(17), (explain::Index{.channel = 1, .row = 1, .column = 1}));
  EXPECT_EQ(plain.output_of(35), (explain::Index{.channel = 2, .row = 2, .column = 3}));
}

TEST(Diagram, RefusesBatchesAndComplexNumbersInASentence) {
  const Conv2dOptions options{.in_channels = 1, .out_channels = 1, .kernel_size = 1};
  const auto given = [&](const Sizes& sizes) {
    return [&options, sizes] { Diagram(example_layer(options), example_input(sizes)); };
  };
  EXPECT_TRUE(refused(given({2, 1, 3, 3}), "shows one image, but the input is a batch of 2"));
  EXPECT_TRUE(refused(given({0, 1, 3, 3}), "shows one image, but the input is a batch of 0"));
  EXPECT_TRUE(refused(given({3, 3, 3}), "channel"));
  EXPECT_TRUE(refused(given({3, 3}), ""));
  for (const DType dtype : {DType::complex64, DType::complex128}) {
    Conv2dOptions complex = options;
    complex.dtype = dtype;
    EXPECT_TRUE(refused(
        [&] {
          Diagram(Conv2d(complex), Tensor({1, 3, 3}, dtype));
        },
        "a diagram shows real numbers, but the layer is of complex"));
  }
  EXPECT_TRUE(refused(
      [&] {
        Diagram(example_layer(options), Tensor({1, 3, 3}, DType::float64));
      },
      "float64"));
}

TEST(Diagram, RefusesPlacesOutsideInEveryView) {
  const Diagram diagram = test::diagram_of("Conv2d(1, 2, 3)", {1, 4, 5});
  for (const View view : views()) {
    for (const explain::Index& at : {explain::Index{.channel = 2}, explain::Index{.row = 2},
                                     explain::Index{.column = 3}, explain::Index{.channel = -1},
                                     explain::Index{.column = -1}, explain::Index{.batch = 1}}) {
      EXPECT_TRUE(refused([&] { diagram.draw({.view = view, .at = at}); }, "output")) << name(view);
    }
  }
}

TEST(Diagram, OfNoElementsIsRefusedInASentence) {
  const auto draw_all = [](const Conv2dOptions& options, const Sizes& sizes) {
    return [=] {
      const Diagram diagram(example_layer(options), example_input(sizes));
      for (const View view : views()) {
        diagram.draw({.view = view});
      }
    };
  };
  const Conv2dOptions padded{.in_channels = 1, .out_channels = 1, .kernel_size = 1, .padding = 1};
  EXPECT_FALSE(refused(draw_all(padded, {1, 0, 3}), "no error"));
  EXPECT_FALSE(refused(draw_all(padded, {0, 3, 3}), "no error"));
  Conv2dOptions none = padded;
  none.out_channels = 0;
  EXPECT_FALSE(refused(draw_all(none, {1, 3, 3}), "no error"));
  none = padded;
  none.in_channels = 0;
  EXPECT_FALSE(refused(draw_all(none, {0, 3, 3}), "no error"));
}

}  // namespace
}  // namespace conv2d::diagram
