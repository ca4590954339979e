// The function forms: torch.nn.functional's names and argument order, and their gradients.
//
// Every function takes views of any strides, batched (N, C, H, W) or unbatched (C, H, W), and
// returns a new tensor. The result is channels-last when the input or the weight is.
// All throw std::invalid_argument, before any work, with one sentence that names the argument,
// its value and what is allowed; the conditions are listed in docs/contract.md.
#pragma once

#include <conv2d/options.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <optional>

namespace conv2d::functional {

using OptionalView = std::optional<TensorView>;

/// What a convolution takes besides its tensors.
struct Conv2dArguments {
  Pair stride = 1;
  Padding padding = 0;
  Pair dilation = 1;
  std::int64_t groups = 1;
  PaddingMode padding_mode = PaddingMode::zeros;
  Precision precision = Precision::standard;
};

/// What a transposed convolution takes besides its tensors.
struct ConvTranspose2dArguments {
  Pair stride = 1;
  Padding padding = 0;
  Pair output_padding = 0;
  std::int64_t groups = 1;
  Pair dilation = 1;
  Precision precision = Precision::standard;
};

/// What is done to each result of a convolution before it is let go of:
///   y = clamp(convolution + residual, low, high).
/// The numbers are those of these steps one after the other, without the time that reading the
/// result again takes. What is below `low` becomes low: 0 makes a ReLU of it, 0 and 6 a ReLU6. NaN
/// stays NaN.
struct Epilogue {
  OptionalView residual;  ///< of the result's sizes and dtype, any strides; integers wrap
  std::optional<double> low;
  std::optional<double> high;
};

/// y[n,k,p,q] = bias[k] + sum over c,r,s of weight[k,c,r,s] * x[n, c, p*stride.h + r*dilation.h -
/// padding.top, q*stride.w + s*dilation.w - padding.left]; the kernel is not turned.
///   input (N, C, H, W) or (C, H, W); weight (K, C/groups, R, S); bias (K); result (N, K, P, Q).
/// Floating and complex dtypes must agree and are the result's. int8 and uint8 mix freely and give
/// int32, with an int32 bias; sums of integers wrap modulo 2^32.
/// https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
Tensor conv2d(TensorView input, TensorView weight, OptionalView bias = {}, Pair stride = 1,
              Padding padding = 0, Pair dilation = 1, std::int64_t groups = 1);
/// The same with a padding mode, and with something done to the results.
Tensor conv2d(TensorView input, TensorView weight, OptionalView bias,
              const Conv2dArguments& arguments, const Epilogue& epilogue = {});

/// The transpose of conv2d as a linear map: out = (H-1)*stride - (top+bottom) + dilation*(R-1) +
/// output_padding + 1.
///   input (N, C, H, W) or (C, H, W); weight (C, K/groups, R, S); bias (K); result (N, K, P, Q).
/// https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
Tensor conv_transpose2d(TensorView input, TensorView weight, OptionalView bias = {},
                        Pair stride = 1, Padding padding = 0, Pair output_padding = 0,
                        std::int64_t groups = 1, Pair dilation = 1);
Tensor conv_transpose2d(TensorView input, TensorView weight, OptionalView bias,
                        const ConvTranspose2dArguments& arguments, const Epilogue& epilogue = {});

/// Which gradients to compute; what is not wanted costs nothing.
struct GradientMask {
  bool input = true;
  bool weight = true;
  bool bias = true;
};

/// The gradients that were asked for.
struct Gradients {
  std::optional<Tensor> input;   ///< of input's sizes
  std::optional<Tensor> weight;  ///< of weight's sizes
  std::optional<Tensor> bias;    ///< (K)
};

/// Gradients of a loss with respect to conv2d's input, weight and bias, given its gradient
/// grad_output (N, K, P, Q) with respect to the result. For complex dtypes by torch's convention:
/// grad_input uses conj(weight), grad_weight conj(input).
Gradients conv2d_backward(TensorView grad_output, TensorView input, TensorView weight,
                          const Conv2dArguments& arguments, GradientMask wanted = {});
Gradients conv_transpose2d_backward(TensorView grad_output, TensorView input, TensorView weight,
                                    const ConvTranspose2dArguments& arguments,
                                    GradientMask wanted = {});

/// The second-order gradients that were asked for.
struct SecondGradients {
  std::optional<Tensor> grad_output;
  std::optional<Tensor> input;
  std::optional<Tensor> weight;
};

/// Which of them to compute.
struct SecondGradientMask {
  bool grad_output = true;
  bool input = true;
  bool weight = true;
};

/// Gradients that flowed back into the three results of a backward call; any may be absent.
struct GradientsOfGradients {
  OptionalView input;
  OptionalView weight;
  OptionalView bias;
};

/// The gradients of conv2d_backward itself with respect to grad_output, input and weight:
/// ggY = conv(ggX, W) + conv(X, ggW) + ggb. Where all that would contribute to a wanted result is
/// absent, it is zero.
SecondGradients conv2d_double_backward(const GradientsOfGradients& gradients,
                                       TensorView grad_output, TensorView input, TensorView weight,
                                       const Conv2dArguments& arguments,
                                       SecondGradientMask wanted = {});
SecondGradients conv_transpose2d_double_backward(const GradientsOfGradients& gradients,
                                                 TensorView grad_output, TensorView input,
                                                 TensorView weight,
                                                 const ConvTranspose2dArguments& arguments,
                                                 SecondGradientMask wanted = {});

/// im2col: every window of the input as a column.
///   input (N, C, H, W) -> (N, C*R*S, L), or (C, H, W) -> (C*R*S, L); L = P*Q windows, row by row.
/// https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
Tensor unfold(TensorView input, Pair kernel_size, Pair dilation = 1, Pair padding = 0,
              Pair stride = 1);

/// col2im: columns added back where unfold would have taken them from.
///   input (N, C*R*S, L) -> (N, C, H, W), or (C*R*S, L) -> (C, H, W), H and W = output_size.
/// https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
Tensor fold(TensorView input, Pair output_size, Pair kernel_size, Pair dilation = 1,
            Pair padding = 0, Pair stride = 1);

/// The last two dimensions widened by the four sides of `padding` (a rule such as 'same' is
/// refused); `value` fills where the mode is zeros. Convolution itself never calls this.
/// https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
Tensor pad(TensorView input, Padding padding, PaddingMode mode = PaddingMode::zeros,
           double value = 0);

}  // namespace conv2d::functional
