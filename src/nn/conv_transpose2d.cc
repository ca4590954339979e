#include "base/checked.h"
#include "base/error.h"
#include "conv2d/nn.h"
#include "geometry/options.h"
#include "geometry/problem.h"

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
  return {options_.stride, options_.padding, options_.output_padding, options_.groups,
          options_.dilation};
}

functional::ConvTranspose2dArguments ConvTranspose2d::arguments_for(const Sizes& input,
                                                                    Pair output_size) const {
  functional::ConvTranspose2dArguments chosen = arguments();
  chosen.output_padding = 0;
  const Problem smallest = value_or_throw(
      conv_transpose2d_problem(input, weight().sizes(), options_.bias,
                               Types{options_.dtype, options_.dtype, options_.dtype}, chosen));
  const Pair least(smallest.rows.input, smallest.columns.input);
  const Pair most(least.h + options_.stride.h - 1, least.w + options_.stride.w - 1);
  if (output_size.h < least.h || output_size.h > most.h || output_size.w < least.w ||
      output_size.w > most.w) {
    throw_invalid(concat("requested an output size of (", output_size.h, ", ", output_size.w,
                         "), but valid sizes range from [", least.h, ", ", least.w, "] to [",
                         most.h, ", ", most.w, "] (for an input of ", to_string(input), ")"));
  }
  chosen.output_padding = Pair(output_size.h - least.h, output_size.w - least.w);
  return chosen;
}

Tensor ConvTranspose2d::operator()(TensorView input) const {
  return functional::conv_transpose2d(input, weight(), bias_view(), arguments());
}

Tensor ConvTranspose2d::operator()(TensorView input, Pair output_size) const {
  return functional::conv_transpose2d(input, weight(), bias_view(),
                                      arguments_for(input.sizes(), output_size));
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
