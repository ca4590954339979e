// What a layer costs, and how far a chain of layers sees.
#include "base/checked.h"
#include "base/error.h"
#include "explain/layer.h"
#include "explain/state.h"
#include "geometry/options.h"

#include <initializer_list>

namespace conv2d::explain {
namespace {

/// The product, or a sentence where it leaves 63 bits.
std::int64_t product(std::initializer_list<std::int64_t> factors, const char* what) {
  Checked value = 1;
  for (const std::int64_t factor : factors) {
    value = value * factor;
  }
  if (!value.ok()) {
    throw_invalid(concat("the layer is too large: its ", what, " are 2^63 or more"));
  }
  return value.value();
}

std::int64_t bytes_of(const Sizes& sizes, DType dtype) {
  return sizes.numel().value_or(0) * static_cast<std::int64_t>(element_size(dtype));
}

double ratio(std::int64_t a, std::int64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

/// One axis of one layer added to a receptive field.
void extend(std::int64_t& size, std::int64_t& stride, std::int64_t kernel, std::int64_t dilation,
            std::int64_t step) {
  const Checked grown = Checked(size) + (Checked(kernel) - 1) * dilation * stride;
  const Checked strides = Checked(stride) * step;
  if (!grown.ok() || !strides.ok()) {
    throw_invalid("the chain is too long: its receptive field has 2^63 rows or columns or more");
  }
  size = grown.value();
  stride = strides.value();
}

}  // namespace

Cost Explanation::cost() const {
  const Layer& layer = state_->layer;
  const Problem& problem = layer.problem;
  const AxisMap rows = layer.rows();
  const AxisMap columns = layer.columns();
  const std::int64_t one_output =
      layer.in_channels_per_group() * rows.taps() * columns.taps() + (problem.bias ? 1 : 0);
  const auto element = static_cast<std::int64_t>(element_size(layer.input_dtype));

  Cost cost;
  cost.weights = *layer.weight.numel();
  cost.biases = problem.bias ? layer.out_channels() : 0;
  cost.unshared_parameters = product(
      {layer.out_channels(), rows.outputs(), columns.outputs(), one_output}, "unshared parameters");
  cost.multiply_adds = problem.multiply_adds();
  cost.multiply_adds_done = product({problem.batch, layer.out_channels(),
                                     layer.in_channels_per_group(), rows.pairs(), columns.pairs()},
                                    "multiply-adds");
  cost.input_bytes = bytes_of(layer.input, layer.input_dtype);
  cost.weight_bytes =
      bytes_of(layer.weight, layer.weight_dtype) + bytes_of({cost.biases}, layer.output_dtype);
  cost.output_bytes = bytes_of(layer.output, layer.output_dtype);
  cost.im2col_bytes = product({problem.batch, layer.in_channels(), rows.taps(), columns.taps(),
                               rows.outputs(), columns.outputs(), element},
                              "bytes of the im2col matrix");
  cost.im2col_ratio = ratio(cost.im2col_bytes, cost.input_bytes);
  const double bytes = static_cast<double>(cost.input_bytes) +
                       static_cast<double>(cost.weight_bytes) +
                       static_cast<double>(cost.output_bytes);
  cost.arithmetic_intensity = bytes == 0 ? 0 : 2 * static_cast<double>(cost.multiply_adds) / bytes;
  return cost;
}

std::vector<ReceptiveField> receptive_fields(std::span<const Conv2dOptions> chain) {
  std::vector<ReceptiveField> fields;
  ReceptiveField field;
  for (const Conv2dOptions& options : chain) {
    if (const auto error = check(options)) {
      throw_invalid(error->message);
    }
    extend(field.size.h, field.stride.h, options.kernel_size.h, options.dilation.h,
           options.stride.h);
    extend(field.size.w, field.stride.w, options.kernel_size.w, options.dilation.w,
           options.stride.w);
    fields.push_back(field);
  }
  return fields;
}

}  // namespace conv2d::explain
