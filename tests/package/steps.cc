// A program of somebody else's that uses conv2d::diagram.
#include <conv2d/diagram.h>

#include <cstdio>
#include <string>

int main() {
  namespace diagram = conv2d::diagram;
  const conv2d::Conv2dOptions options{.in_channels = 1, .out_channels = 1, .kernel_size = 3};
  const diagram::Diagram steps(diagram::example_layer(options), diagram::example_input({1, 5, 5}));
  const std::string svg = conv2d::drawing::to_svg(steps.draw());
  const bool right = steps.frames() == 9 && svg.rfind("<svg", 0) == 0;
  std::puts(right ? "a layer drawn" : "the drawing is not an SVG");
  return right ? 0 : 1;
}
