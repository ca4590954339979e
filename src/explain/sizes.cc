// The size arithmetic of both axes, with its numbers written out.
#include "base/error.h"
#include "explain/layer.h"
#include "explain/state.h"

#include <string>

namespace conv2d::explain {
namespace {

std::string convolution_formula(const AxisSize& size) {
  const std::int64_t room = size.padded - size.extent;
  return concat("floor((", size.input, " + ", size.pad_before, " + ", size.pad_after, " - ",
                size.dilation, "*(", size.kernel, " - 1) - 1) / ", size.stride, ") + 1 = floor(",
                room, " / ", size.stride, ") + 1 = ", size.output);
}

std::string transposed_formula(const AxisSize& size) {
  return concat("(", size.input, " - 1)*", size.stride, " - ", size.pad_before, " - ",
                size.pad_after, " + ", size.dilation, "*(", size.kernel, " - 1) + ",
                size.output_padding, " + 1 = ", size.output);
}

AxisSize axis_size(const AxisMap& map, std::int64_t output_padding) {
  const Axis& axis = map.axis();
  AxisSize size;
  size.input = map.inputs();
  size.kernel = axis.kernel;
  size.stride = axis.stride;
  size.dilation = axis.dilation;
  size.pad_before = axis.pad_before;
  size.pad_after = axis.pad_after;
  size.extent = axis.extent();
  size.output = map.outputs();
  if (map.transposed()) {
    size.output_padding = output_padding;
    size.padded = size.input == 0 ? 0 : (size.input - 1) * size.stride + 1;
    size.formula = transposed_formula(size);
  } else {
    size.padded = size.pad_before + size.input + size.pad_after;
    size.remainder = (size.padded - size.extent) % size.stride;
    size.formula = convolution_formula(size);
  }
  size.unread = map.unread();
  for (const Range& range : size.unread) {
    size.unread_count += range.last - range.first + 1;
  }
  return size;
}

}  // namespace

SizeArithmetic Explanation::sizes() const {
  const Layer& layer = state_->layer;
  return {axis_size(layer.rows(), layer.output_padding.h),
          axis_size(layer.columns(), layer.output_padding.w)};
}

}  // namespace conv2d::explain
