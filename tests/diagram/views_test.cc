// Every view of all kinds of layers: it is drawn, nothing of it is cut off, no line lies over
// another.
#include <conv2d/diagram.h>

#include "drawings.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace conv2d::diagram {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

void expect_a_picture(const Drawing& drawing, const std::string& of) {
  EXPECT_GT(drawing.shapes.size(), 10) << of;
  EXPECT_FALSE(drawing.title.empty() || drawing.description.empty()) << of;
  EXPECT_LT(drawing.width, 4000) << of;
  EXPECT_LT(drawing.height, 4000) << of;
  EXPECT_TRUE(test::fits(drawing)) << of;
  EXPECT_TRUE(test::apart(drawing)) << of;
}

/// All views but the gradients of whole numbers, which there are none of.
void expect_pictures(const Diagram& diagram, const explain::Index& at, const std::string& of,
                     bool gradients = true) {
  for (const View view : views()) {
    if (view == View::gradient && !gradients) {
      continue;
    }
    const std::string what = of + ", " + std::string(name(view));
    const Drawing light = diagram.draw({.view = view, .at = at});
    const Drawing dark = diagram.draw({.view = view, .theme = drawing::Theme::dark, .at = at});
    expect_a_picture(light, what);
    EXPECT_EQ(test::lines_of(light), test::lines_of(dark)) << what;
    EXPECT_EQ(light.shapes.size(), dark.shapes.size()) << what;
    EXPECT_EQ(light.paper, drawing::palette(drawing::Theme::light).paper);
    EXPECT_EQ(dark.paper, drawing::palette(drawing::Theme::dark).paper);
    const Drawing step = diagram.draw({.view = view, .at = at, .stepping = true});
    expect_a_picture(step, what + ", a step");
  }
}

TEST(Views, OfEveryPresetAreWhole) {
  for (const Preset& preset : presets()) {
    const Diagram diagram = test::diagram_of(preset);
    for (const std::int64_t frame : {std::int64_t{0}, diagram.frames() / 2, diagram.frames() - 1}) {
      expect_pictures(diagram, diagram.output_of(frame), std::string(preset.name));
    }
  }
}

template <class Draw>
void expect_random_pictures(DType dtype, Draw&& draw) {
  testing::Random random;
  for (int round = 0; round < 12; ++round) {
    const auto example = draw(random, dtype);
    const Diagram diagram(example.layer, example.input.clone());
    expect_pictures(diagram, diagram.output_of(random.between(0, diagram.frames() - 1)),
                    repr(example.layer.options()) + " on " + to_string(example.input.sizes()),
                    !is_integer(dtype));
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

TEST(Views, OfRandomConvolutionsAreWhole) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16,
                            DType::int8, DType::uint8}) {
    expect_random_pictures(dtype, test::random_conv2d);
  }
}

TEST(Views, OfRandomTransposedConvolutionsAreWhole) {
  for (const DType dtype : {DType::float32, DType::int8}) {
    expect_random_pictures(dtype, test::random_conv_transpose2d);
  }
}

TEST(Views, OfAnyNumbersAreWhole) {
  testing::Random random;
  for (const double scale : {1.0, 1e-30, 1e30, 12345.678}) {
    const Conv2dOptions options{
        .in_channels = 3, .out_channels = 2, .kernel_size = 3, .padding = 1};
    Tensor weight = random.values({2, 3, 3, 3}, DType::float32);
    Tensor input = random.values({3, 6, 6}, DType::float32);
    for (std::int64_t i = 0; i < input.numel(); ++i) {
      input.data<float>()[i] *= static_cast<float>(scale);
    }
    const Diagram diagram(Conv2d(options, std::move(weight), random.values({2}, DType::float32)),
                          std::move(input));
    expect_pictures(diagram, {.channel = 1, .row = 2, .column = 3}, std::to_string(scale));
  }
}

TEST(Views, ShowWhatIsNotFinite) {
  Tensor input = example_input({1, 4, 4});
  input.data<float>()[5] = static_cast<float>(not_a_number);
  input.data<float>()[6] = static_cast<float>(-infinite);
  const Diagram diagram(
      example_layer(Conv2dOptions{.in_channels = 1, .out_channels = 1, .kernel_size = 2}),
      std::move(input));
  expect_pictures(diagram, {}, "not finite");
  EXPECT_EQ(test::grid_below(diagram.draw(), "input, channel 0").at(1).at(1), "NaN");
  EXPECT_EQ(test::grid_below(diagram.draw(), "input, channel 0").at(1).at(2), "-\u221E");
  EXPECT_EQ(test::grid_below(diagram.draw(), "input, channel 0").at(0).at(0), "0");
}

TEST(Views, OfSmallAndLargeLayersAreWhole) {
  struct Odd {
    std::string layer;
    Sizes input;
  };
  const std::vector<Odd> all = {
      {"Conv2d(1, 1, 1)", {1, 1, 1}},
      {"Conv2d(1, 12, 1)", {1, 1, 1}},
      {"Conv2d(120, 130, 1)", {120, 2, 2}},
      {"Conv2d(1, 1300, 1)", {1, 3, 4}},
      {"Conv2d(12, 12, 1, groups=12)", {12, 1, 1}},
      {"Conv2d(12, 24, 3, groups=12)", {12, 9, 3}},
      {"Conv2d(4, 8, 1, groups=4)", {4, 2, 2}},
      {"Conv2d(3, 6, (1, 7))", {3, 1, 9}},
      {"Conv2d(2, 2, (7, 1))", {2, 9, 1}},
      {"Conv2d(1, 1, 11, stride=4, padding=2)", {1, 100, 100}},
      {"Conv2d(64, 64, 3, padding=1)", {64, 16, 16}},
      {"Conv2d(1, 1, 70)", {1, 72, 73}},
      {"Conv2d(1, 1, 3, dilation=20)", {1, 64, 64}},
      {"Conv2d(1, 1, 3, padding=40)", {1, 3, 3}},
      {"Conv2d(1, 1, 1, padding=1)", {1, 2, 2}},
      {"Conv2d(1, 1, 3, padding=4, padding_mode=circular)", {1, 5, 5}},
      {"Conv2d(2, 2, (3, 2), padding=(2, 1), dilation=(2, 1), padding_mode=reflect)", {2, 8, 3}},
      {"ConvTranspose2d(1, 1, 1, stride=3)", {1, 2, 2}},
      {"ConvTranspose2d(8, 8, 3, stride=2, output_padding=1, groups=4)", {8, 3, 3}},
      {"ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=(1, 0), dilation=2)",
       {1, 3, 2}},
      {"ConvTranspose2d(64, 32, 4, stride=2, padding=1)", {64, 14, 14}},
  };
  for (const Odd& odd : all) {
    const Diagram diagram = test::diagram_of(odd.layer, odd.input, 3);
    expect_pictures(diagram, {}, odd.layer);
    expect_pictures(diagram, diagram.output_of(diagram.frames() - 1), odd.layer);
  }
}

}  // namespace
}  // namespace conv2d::diagram
