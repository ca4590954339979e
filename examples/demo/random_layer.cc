#include "parts.h"

#include <cmath>
#include <iomanip>
#include <sstream>
#include <utility>

namespace demo {

using conv2d::figure::Panel;

Run run_random_layer(const Photograph& photo) {
  conv2d::manual_seed(0);
  conv2d::Conv2d layer(3, 6, 5);
  conv2d::Tensor output = layer(photo.rgb);
  return {std::move(layer), std::move(output)};
}

std::vector<Panel> random_panels(const Run& run) {
  std::ostringstream note;
  note << run.layer
       << " on the photograph itself, with the weights that torch.manual_seed(0) gives. "
       << "Each of the 6 filters has a slice for red, one for green and one for blue; what the "
          "three "
       << "give is added up, then the bias.";
  std::vector<Panel> panels;
  for (std::int64_t k = 0; k < run.output.size(0); ++k) {
    const float bias = run.layer.bias()->at<float>({k});
    std::ostringstream caption;
    caption << "red + green + blue " << (bias < 0 ? "\u2212 " : "+ ") << std::setprecision(3)
            << std::abs(bias);
    panels.push_back({.values = run.output.view().select(0, k),
                      .title = "channel " + std::to_string(k),
                      .caption = std::move(caption).str(),
                      .share = 2,
                      .kernel = run.layer.weight().view().select(0, k)});
  }
  panels[0].heading = "Filters before any learning";
  panels[0].note = std::move(note).str();
  return panels;
}

}  // namespace demo
