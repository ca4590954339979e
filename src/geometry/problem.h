// A checked convolution: everything that a plan depends on, and nothing else.
#pragma once

#include <conv2d/dtype.h>
#include <conv2d/functional.h>
#include <conv2d/options.h>
#include <conv2d/sizes.h>
#include <conv2d/tensor.h>

#include "base/error.h"
#include "geometry/axis.h"

#include <cstdint>
#include <optional>

namespace conv2d {

/// The three maps of a convolution y = conv(x, w). All layers and gradients are made of them:
///   Conv2d            y  = forward(x, w)          ConvTranspose2d   y  = backward_data(x, w)
///     its gradients   dx = backward_data(dy, w)     its gradients   dx = forward(dy, w)
///                     dw = backward_weight(x, dy)                   dw = backward_weight(dy, x)
enum class Pass : std::uint8_t { forward, backward_data, backward_weight };

/// Which of a pass's two operands is conjugated: gradients of complex layers conjugate one.
enum class Conjugate : std::uint8_t { neither, first, second };

/// Element types of the convolution's three tensors.
struct Types {
  DType x = DType::float32;
  DType w = DType::float32;
  DType y = DType::float32;

  friend bool operator==(const Types&, const Types&) = default;
};

/// In the letters of the convolution (for a transposed layer: of the convolution it transposes):
/// x is (N, C, H, W), w (K, C/G, R, S), y (N, K, P, Q); H and P are rows.input and rows.output.
struct Problem {
  Pass pass = Pass::forward;
  std::int64_t batch = 0;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t groups = 1;
  Axis rows;
  Axis columns;
  PaddingMode padding_mode = PaddingMode::zeros;
  bool bias = false;
  Precision precision = Precision::standard;
  /// How the input, and mostly the output, lie in memory. Every algorithm reads and writes any
  /// strides; this says for which ones it should be fast.
  MemoryFormat format = MemoryFormat::contiguous;
  Conjugate conjugate = Conjugate::neither;
  Types types;

  std::int64_t in_channels_per_group() const noexcept { return in_channels / groups; }
  std::int64_t out_channels_per_group() const noexcept { return out_channels / groups; }
  Sizes x_sizes() const { return {batch, in_channels, rows.input, columns.input}; }
  Sizes w_sizes() const {
    return {out_channels, in_channels_per_group(), rows.kernel, columns.kernel};
  }
  Sizes y_sizes() const { return {batch, out_channels, rows.output, columns.output}; }
  /// Of an output of the forward pass: (C/G)*R*S.
  std::int64_t products() const noexcept;
  /// N*K*P*Q*(C/G)*R*S, the same for every pass.
  std::int64_t multiply_adds() const noexcept;

  /// Another map of the same convolution; it adds no bias.
  Problem with(Pass other, Conjugate conjugated) const;

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// What is wrong with the arguments whatever the tensors: strides, dilations, pads, groups.
std::optional<Error> check(const functional::Conv2dArguments& arguments);
std::optional<Error> check(const functional::ConvTranspose2dArguments& arguments);

/// conv2d of an input (N, C, H, W) or (C, H, W) and a weight (K, C/G, R, S).
Result<Problem> conv2d_problem(const Sizes& input, const Sizes& weight, bool bias, Types types,
                               const functional::Conv2dArguments& arguments);
/// conv_transpose2d of an input (N, C, H, W) or (C, H, W) and a weight (C, K/G, R, S): the
/// backward_data pass of the convolution whose in_channels are the layer's out_channels.
Result<Problem> conv_transpose2d_problem(const Sizes& input, const Sizes& weight, bool bias,
                                         Types types,
                                         const functional::ConvTranspose2dArguments& arguments);

/// The result's dtype, or why these two cannot meet.
Result<DType> result_dtype(DType input, DType weight);

/// Input sizes as four: (C, H, W) becomes (1, C, H, W).
Result<Sizes> batched(const Sizes& input, const char* function);

}  // namespace conv2d
