#include "parts.h"

#include <conv2d/io.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>

namespace demo {
namespace {

/// Where the absolute value of channel 0 is greatest.
conv2d::explain::Index strongest(const conv2d::Tensor& output) {
  const auto* const values = output.data<float>();
  const std::int64_t width = output.size(2);
  const auto* const found =
      std::max_element(values, values + output.size(1) * width,
                       [](float a, float b) { return std::abs(a) < std::abs(b); });
  return {.channel = 0, .row = (found - values) / width, .column = (found - values) % width};
}

}  // namespace

void report(const Run& run, const conv2d::Tensor& input) {
  const conv2d::explain::Explanation explanation(run.layer, input);
  std::cout << run.layer << "\n\n"
            << to_text(explanation.sizes()) << to_text(explanation.cost())
            << "\nIts strongest output, term by term:\n"
            << to_text(explanation.output(strongest(run.output)), conv2d::explain::Detail::full)
            << '\n';
}

void write_check(const Photograph& photo, const Run& run, const Files& files) {
  const conv2d::StateDict state = run.layer.state_dict();
  conv2d::io::write_safetensors(files.weights, {state.begin(), state.end()});
  conv2d::io::write_npy(files.input, photo.rgb);
  conv2d::io::write_npy(files.output, run.output);
}

void print_check(const Files& files) {
  std::cout
      << "The same in PyTorch. The difference that it prints is one of rounding, about 1e-6.\n\n"
      << "import numpy, torch; torch.manual_seed(0); layer = torch.nn.Conv2d(3, 6, 5)\n"
      << "y = layer(torch.from_numpy(numpy.load(" << files.input << "))).detach().numpy()\n"
      << "print(abs(y - numpy.load(" << files.output << ")).max())\n";
}

}  // namespace demo
