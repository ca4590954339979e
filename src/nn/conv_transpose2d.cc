#include "base/checked.h"
#include "base/error.h"
#include "conv2d/nn.h"
#include "geometry/axis.h"
#include "geometry/options.h"
#include "geometry/problem.h"
#include "nn/layer_maps.h"

#include <limits>
#include <tuple>
#include <utility>

namespace conv2d {
namespace {

const ConvTranspose2dOptions& checked(const ConvTranspose2dOptions& options) {
  if (const auto error = check(options)) {
    throw_invalid(error->message);
  }
  return options;
}

Sizes weight_sizes(const ConvTranspose2dOptions& options) {
  return {options.in_channels, options.out_channels / options.groups, options.kernel_size.h,
          options.kernel_size.w};
}

/// What an axis becomes without output_padding: 0 or less where the padding takes all.
std::int64_t smallest_output(const AxisArguments& axis) {
  return value_or_throw(transposed_axis(axis, 0)).input;
}

/// The sum, or the largest number where it is larger.
std::int64_t plus(std::int64_t a, std::int64_t b) {
  const Checked sum = Checked(a) + b;
  return sum.ok() ? sum.value() : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

ConvTranspose2d::ConvTranspose2d(const ConvTranspose2dOptions& options)
    : ConvParameters(weight_sizes(checked(options)), options.out_channels, options.bias,
                     options.dtype),
      options_(options) {}

ConvTranspose2d::ConvTranspose2d(const ConvTranspose2dOptions& options, Tensor weight,
                                 std::optional<Tensor> bias)
    : ConvParameters(weight_sizes(checked(options)), options.out_channels, options.bias,
                     options.dtype, std::move(weight), std::move(bias)),
      options_(options) {}

functional::ConvTranspose2dArguments ConvTranspose2d::arguments() const {
  return {options_.stride, options_.padding,  options_.output_padding,
          options_.groups, options_.dilation, options_.precision};
}

functional::ConvTranspose2dArguments ConvTranspose2d::arguments_for(const Sizes& input,
                                                                    Pair output_size) const {
  const Sizes four = value_or_throw(batched(input, "conv_transpose2d"));
  const auto [kernel, stride, dilation] =
      std::tuple(options_.kernel_size, options_.stride, options_.dilation);
  const Padding& pad = options_.padding;
  const Pair least(
      smallest_output({four[2], kernel.h, stride.h, dilation.h, pad.top(), pad.bottom()}),
      smallest_output({four[3], kernel.w, stride.w, dilation.w, pad.left(), pad.right()}));
  const Pair most(plus(least.h, stride.h - 1), plus(least.w, stride.w - 1));
  if (output_size.h < least.h || output_size.h > most.h || output_size.w < least.w ||
      output_size.w > most.w) {
    throw_invalid(concat("requested an output size of (", output_size.h, ", ", output_size.w,
                         "), but valid sizes range from [", least.h, ", ", least.w, "] to [",
                         most.h, ", ", most.w, "] (for an input of ", to_string(input), ")"));
  }
  functional::ConvTranspose2dArguments chosen = arguments();
  chosen.output_padding = Pair(output_size.h - least.h, output_size.w - least.w);
  return chosen;
}

Tensor ConvTranspose2d::apply(TensorView input,
                              const functional::ConvTranspose2dArguments& arguments,
                              const functional::Epilogue& epilogue) const {
  const LayerMaps maps = LayerMaps::conv_transpose2d(input, weight(), arguments, options_.bias);
  check_bias(maps, bias_view(), input.dtype());
  return maps.apply(input, weight(), bias_view(), epilogue, kept_weight());
}

Tensor ConvTranspose2d::operator()(TensorView input, const functional::Epilogue& epilogue) const {
  return apply(input, arguments(), epilogue);
}

Tensor ConvTranspose2d::operator()(TensorView input, Pair output_size,
                                   const functional::Epilogue& epilogue) const {
  return apply(input, arguments_for(input.sizes(), output_size), epilogue);
}

Gradients ConvTranspose2d::backward(TensorView grad_output, TensorView input,
                                    GradientMask wanted) const {
  wanted.bias = wanted.bias && options_.bias;
  return functional::conv_transpose2d_backward(grad_output, input, weight(), arguments(), wanted);
}

Gradients ConvTranspose2d::backward(TensorView grad_output, TensorView input, Pair output_size,
                                    GradientMask wanted) const {
  wanted.bias = wanted.bias && options_.bias;
  return functional::conv_transpose2d_backward(grad_output, input, weight(),
                                               arguments_for(input.sizes(), output_size), wanted);
}

Plan ConvTranspose2d::plan(const Sizes& input) const {
  return Plan::conv_transpose2d(input, weight().sizes(), options_.bias, options_.dtype,
                                arguments());
}

Sizes ConvTranspose2d::output_sizes(const Sizes& input) const { return plan(input).output_sizes(); }

}  // namespace conv2d
