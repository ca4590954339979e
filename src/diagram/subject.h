// What a diagram shows: a layer and an image, their numbers as plain doubles.
#pragma once

#include <conv2d/diagram.h>
#include <conv2d/explain.h>
#include <conv2d/options.h>
#include <conv2d/tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace conv2d::diagram {

/// Channels of planes, row-major: (count, rows, columns).
struct Planes {
  std::int64_t count = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> values = {};

  double& at(std::int64_t channel, std::int64_t row, std::int64_t column) {
    return values[static_cast<std::size_t>(element(channel, row, column))];
  }
  double at(std::int64_t channel, std::int64_t row, std::int64_t column) const {
    return values[static_cast<std::size_t>(element(channel, row, column))];
  }
  std::int64_t element(std::int64_t channel, std::int64_t row, std::int64_t column) const noexcept {
    return (channel * rows + row) * columns + column;
  }
};

/// (C, H, W), or (C, H, W) of the first image of a batch, widened.
Planes planes_of(TensorView values);

/// Rows or columns: where the taps of an output look.
struct Axis {
  explain::AxisSize size;
  bool transposed = false;
  PaddingMode mode = PaddingMode::zeros;

  /// Of tap `tap` of output `output`, in the input, or in the input with zeros between.
  std::int64_t position(std::int64_t output, std::int64_t tap) const noexcept;
  /// The first and the last position that is drawn: all of the input, its padding, and all that
  /// any output reads.
  std::int64_t first() const noexcept;
  std::int64_t last() const noexcept;
  explain::TermKind kind(std::int64_t position) const noexcept;
  /// The input index that is read there; -1 for padding and gaps.
  std::int64_t source(std::int64_t position) const noexcept;
  bool unread(std::int64_t position) const noexcept;
  /// Whether any position lies beyond the input.
  bool has_padding() const noexcept;
};

/// Gradients of a loss with respect to what the layer is made of, widened.
struct LayerGradients {
  Planes input;
  std::vector<double> weight;  ///< as the layer stores it
  std::vector<double> bias;    ///< empty where there is none
};

struct Subject {
  std::string layer;  ///< its repr
  explain::Explanation explanation;
  Axis rows;
  Axis columns;
  std::int64_t groups = 1;
  Planes input;
  Planes output;
  std::vector<double> weight;  ///< as the layer stores it
  std::vector<double> bias;    ///< empty where there is none
  DType dtype = DType::float32;
  /// What Plan::explain says of the layer as it was given.
  std::function<std::string()> plan = {};
  /// The engine's own, given the gradient with respect to the output. Throws
  /// std::invalid_argument where the layer has none: whole numbers.
  std::function<LayerGradients(const Planes& output_gradient)> backward = {};

  bool transposed() const noexcept { return explanation.transposed(); }
  std::int64_t in_channels() const noexcept { return input.count; }
  std::int64_t out_channels() const noexcept { return output.count; }
  std::int64_t inputs_per_group() const noexcept { return input.count / groups; }
  std::int64_t outputs_per_group() const noexcept { return output.count / groups; }
  std::int64_t group_of_output(std::int64_t channel) const noexcept {
    return channel / outputs_per_group();
  }
  /// What multiplies input channel `in` for output channel `out` (of the same group) at a tap.
  double weight_at(std::int64_t in, std::int64_t out, std::int64_t r, std::int64_t s) const {
    return weight[static_cast<std::size_t>(weight_element(in, out, r, s))];
  }
  std::int64_t weight_element(std::int64_t in, std::int64_t out, std::int64_t r,
                              std::int64_t s) const noexcept;
};

}  // namespace conv2d::diagram
