// Conv2d and LazyConv2d.
#include "base/error.h"
#include "conv2d/nn.h"
#include "geometry/options.h"
#include "geometry/problem.h"
#include "nn/layer_maps.h"

#include <utility>

namespace conv2d {
namespace {

const Conv2dOptions& checked(const Conv2dOptions& options) {
  if (const auto error = check(options)) {
    throw_invalid(error->message);
  }
  return options;
}

void require_initialized(bool initialized) {
  if (!initialized) {
    throw_invalid("this LazyConv2d has no weights yet: call it, or initialize(in_channels), first");
  }
}

Sizes weight_sizes(const Conv2dOptions& options) {
  return {options.out_channels, options.in_channels / options.groups, options.kernel_size.h,
          options.kernel_size.w};
}

}  // namespace

Conv2d::Conv2d(const Conv2dOptions& options)
    : ConvParameters(weight_sizes(checked(options)), options.out_channels, options.bias,
                     options.dtype),
      options_(options) {}

Conv2d::Conv2d(const Conv2dOptions& options, Tensor weight, std::optional<Tensor> bias)
    : ConvParameters(weight_sizes(checked(options)), options.out_channels, options.bias,
                     options.dtype, std::move(weight), std::move(bias)),
      options_(options) {}

functional::Conv2dArguments Conv2d::arguments() const {
  return {options_.stride, options_.padding,      options_.dilation,
          options_.groups, options_.padding_mode, options_.precision};
}

Tensor Conv2d::operator()(TensorView input, const functional::Epilogue& epilogue) const {
  const LayerMaps maps = LayerMaps::conv2d(input, weight(), arguments(), options_.bias);
  check_bias(maps, bias_view(), input.dtype());
  return maps.apply(input, weight(), bias_view(), epilogue, kept_weight());
}

Gradients Conv2d::backward(TensorView grad_output, TensorView input, GradientMask wanted) const {
  wanted.bias = wanted.bias && options_.bias;
  return functional::conv2d_backward(grad_output, input, weight(), arguments(), wanted);
}

Plan Conv2d::plan(const Sizes& input) const {
  return Plan::conv2d(input, weight().sizes(), options_.bias, options_.dtype, arguments());
}

Sizes Conv2d::output_sizes(const Sizes& input) const { return plan(input).output_sizes(); }

LazyConv2d::LazyConv2d(const LazyConv2dOptions& options) : options_(options) {
  if (const auto error = check(options)) {
    throw_invalid(error->message);
  }
}

void LazyConv2d::initialize(std::int64_t in_channels) {
  if (!layer_) {
    layer_.emplace(options_.for_channels(in_channels));
  }
}

Tensor LazyConv2d::operator()(TensorView input) {
  if (!layer_) {
    initialize(value_or_throw(batched(input.sizes(), "LazyConv2d"))[1]);
  }
  return (*layer_)(input);
}

Conv2d& LazyConv2d::layer() {
  require_initialized(initialized());
  return *layer_;
}

const Conv2d& LazyConv2d::layer() const {
  require_initialized(initialized());
  return *layer_;
}

}  // namespace conv2d
