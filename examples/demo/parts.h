// The two halves of the demo. Each computes, adds its panels to the sheet and prints its numbers.
#pragma once

#include "photograph.h"

#include <conv2d/conv2d.h>
#include <conv2d/figure.h>

#include <filesystem>
#include <string>
#include <vector>

namespace demo {

/// A layer with what it was given and what it gave.
struct Run {
  conv2d::Conv2d layer;
  conv2d::Tensor output;  ///< (K, P, Q)
};

/// Filters that people designed, as one layer on the luminance.
Run run_filters(const Photograph& photo);
std::vector<conv2d::figure::Panel> filter_panels(const Photograph& photo, const Run& run);

/// Conv2d(3, 6, 5) with the initial weights that torch.manual_seed(0) gives.
Run run_random_layer(const Photograph& photo);
std::vector<conv2d::figure::Panel> random_panels(const Run& run);

/// Prints the layer, its sizes, its cost, and every term of the strongest output of channel 0.
void report(const Run& run, const conv2d::Tensor& input);

/// Where things went.
struct Files {
  std::filesystem::path sheet;
  std::filesystem::path input;
  std::filesystem::path weights;
  std::filesystem::path output;
};

/// Writes what a check with PyTorch needs: the photograph, the weights, the output.
void write_check(const Photograph& photo, const Run& run, const Files& files);

/// Prints the Python that repeats the layer in PyTorch.
void print_check(const Files& files);

}  // namespace demo
