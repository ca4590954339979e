#include "parts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

namespace demo {
namespace {

using conv2d::Filter;
using conv2d::figure::Panel;
using conv2d::figure::Role;
using conv2d::figure::Scale;

struct Shown {
  std::string_view name;
  std::string_view caption;
};
constexpr std::array<Shown, 5> shown = {{{"sobel_x", "vertical edges"},
                                         {"sobel_y", "horizontal edges"},
                                         {"gaussian", "a small blur"},
                                         {"sharpen", "every difference larger"},
                                         {"emboss", "light from the top left"}}};

/// Weights that add up to one keep the brightness: their output is a picture again. Those that add
/// up to nothing give differences, which have signs.
Scale scale_of(const Filter& filter) {
  float sum = 0;
  for (const float weight : filter.values) {
    sum += weight;
  }
  return sum == 1 ? Scale::picture : Scale::diverging;
}

}  // namespace

Run run_filters(const Photograph& photo) {
  std::vector<Filter> chosen;
  std::transform(shown.begin(), shown.end(), std::back_inserter(chosen),
                 [](const Shown& one) { return conv2d::find_filter(one.name); });
  conv2d::Conv2d layer = conv2d::filter_layer(chosen, 1);
  conv2d::Tensor output = layer(photo.luminance);
  return {std::move(layer), std::move(output)};
}

std::vector<Panel> filter_panels(const Photograph& photo, const Run& run) {
  std::ostringstream note;
  note << run.layer << " on the luminance of the photograph, 0.299 R + 0.587 G + 0.114 B.";
  std::vector<Panel> panels = {{.values = photo.rgb,
                                .title = photo.name,
                                .caption = "the photograph",
                                .scale = Scale::picture,
                                .role = Role::input,
                                .heading = "Filters that people designed",
                                .note = std::move(note).str()}};
  std::int64_t channel = 0;
  for (const auto& [name, caption] : shown) {
    panels.push_back({.values = run.output.view().select(0, channel),
                      .title = std::string(name),
                      .caption = std::string(caption),
                      .scale = scale_of(conv2d::find_filter(name)),
                      .share = 1,
                      .kernel = run.layer.weight().view().select(0, channel).select(0, 0)});
    ++channel;
  }
  return panels;
}

}  // namespace demo
