// The gradient view against the layer's own backward, read from the drawing.
#include <conv2d/diagram.h>

#include "drawings.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <string>

namespace conv2d::diagram {
namespace {

using test::grid_below;
using test::Rows;
using testing::refused;

/// Of a grid, an empty cell being a zero.
std::vector<double> numbers_of(const Rows& rows) {
  std::vector<double> numbers;
  for (const auto& row : rows) {
    for (const std::string& text : row) {
      numbers.push_back(text.empty() ? 0 : std::stod(text));
    }
  }
  return numbers;
}

/// The cells of the planes themselves, between `before` rows and columns of padding.
std::vector<double> inner(const Rows& rows, std::size_t before, std::size_t height,
                          std::size_t width) {
  Rows kept;
  for (std::size_t row = before; row < before + height; ++row) {
    const auto begin = rows.at(row).begin() + static_cast<std::ptrdiff_t>(before);
    kept.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  return numbers_of(kept);
}

/// (K, P, Q) of what stands below dY.
Tensor shown_gradient(const Drawing& drawing, const Sizes& sizes) {
  std::vector<double> numbers;
  for (std::int64_t k = 0; k < sizes[0]; ++k) {
    const auto plane = numbers_of(grid_below(drawing, "dY, channel " + std::to_string(k)));
    numbers.insert(numbers.end(), plane.begin(), plane.end());
  }
  return Tensor::from<double>(sizes, numbers).to(DType::float32);
}

std::vector<double> slice(const Tensor& tensor, std::int64_t first, std::int64_t second) {
  return testing::values_of<double>(
      tensor.view().select(0, first).select(0, second).to(DType::float64));
}

TEST(GradientView, IsTheLayersBackwardUpToEachStep) {
  const Conv2dOptions options{
      .in_channels = 2, .out_channels = 3, .kernel_size = 3, .stride = 2, .padding = 1};
  const Conv2d layer = example_layer(options);
  const Tensor input = example_input({2, 5, 5});
  const Diagram diagram(layer, input.clone());
  for (std::int64_t frame = 0; frame < diagram.frames(); ++frame) {
    const explain::Index at = diagram.output_of(frame);
    const Drawing drawing = diagram.draw({.view = View::gradient, .at = at, .stepping = true});
    const Tensor dy = shown_gradient(drawing, diagram.output().sizes());
    std::int64_t there = 0;
    for (const double value : testing::values_of<double>(dy.view().to(DType::float64))) {
      there += value != 0 ? 1 : 0;
    }
    EXPECT_EQ(there, frame + 1);
    const Gradients expected = layer.backward(dy, input);
    const Tensor dx = expected.input->clone().reshape({1, 2, 5, 5});
    for (std::int64_t c = 0; c < 2; ++c) {
      EXPECT_EQ(inner(grid_below(drawing, "dX, channel " + std::to_string(c)), 1, 5, 5),
                slice(dx, 0, c));
    }
    EXPECT_EQ(numbers_of(grid_below(drawing, "dW, filter")),
              slice(*expected.weight, at.channel, 0));
    const Text* const bias = test::line_with(drawing, "db ");
    ASSERT_NE(bias, nullptr);
    std::string number = bias->runs.at(1).text;
    if (number.rfind("\u2212", 0) == 0) {
      number.replace(0, std::string("\u2212").size(), "-");
    }
    EXPECT_EQ(std::stof(number), expected.bias->at<float>({at.channel}));
  }
}

TEST(GradientView, OfTheLastStepIsThatOfAllOutputs) {
  for (const Preset& preset : presets()) {
    const Diagram diagram = test::diagram_of(preset);
    const explain::Index last = diagram.output_of(diagram.frames() - 1);
    const Drawing step = diagram.draw({.view = View::gradient, .at = last, .stepping = true});
    const Drawing all = diagram.draw({.view = View::gradient, .at = last});
    for (const std::string label : {"dX, channel 0", "dW, filter", "dY, channel 0"}) {
      EXPECT_FALSE(grid_below(step, label).empty()) << preset.name;
      EXPECT_EQ(grid_below(step, label), grid_below(all, label)) << preset.name;
    }
  }
}

TEST(GradientView, OfATransposedLayerIsItsBackward) {
  const ConvTranspose2dOptions options{
      .in_channels = 1, .out_channels = 1, .kernel_size = 3, .bias = false};
  const ConvTranspose2d layer = example_layer(options);
  const Tensor input = example_input({1, 2, 3});
  const Diagram diagram(layer, input.clone());
  const Drawing drawing = diagram.draw({.view = View::gradient});
  const Gradients expected =
      layer.backward(shown_gradient(drawing, diagram.output().sizes()), input, {.bias = false});
  EXPECT_EQ(inner(grid_below(drawing, "dX, channel 0"), 2, 2, 3),
            testing::values_of<double>(expected.input->view().to(DType::float64)));
  EXPECT_EQ(numbers_of(grid_below(drawing, "dW, filter 0")), slice(*expected.weight, 0, 0));
  EXPECT_EQ(test::line_with(drawing, "db"), nullptr);
}

TEST(GradientView, OfWholeNumberDtypesIsRefusedInASentence) {
  for (const std::string dtype : {"int8", "uint8"}) {
    const Diagram diagram =
        test::diagram_of("Conv2d(1, 1, 3, dtype=torch." + dtype + ")", {1, 5, 5});
    EXPECT_TRUE(refused([&] { diagram.draw({.view = View::gradient}); },
                        "gradients need a floating or complex dtype, but got " + dtype));
  }
}

}  // namespace
}  // namespace conv2d::diagram
