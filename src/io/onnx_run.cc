// ONNX's convolutions in terms of ours.
// Source: https://onnx.ai/onnx/operators/onnx__Conv.html, onnx__ConvTranspose.html,
// onnx__ConvInteger.html

#include "base/checked.h"
#include "base/error.h"
#include "conv2d/io.h"

#include <vector>

namespace conv2d::io {
namespace {

using functional::OptionalView;
using List = std::vector<std::int64_t>;

template <class... Parts>
[[noreturn]] void refuse_node(const OnnxNode& node, const Parts&... parts) {
  throw_invalid(concat("ONNX ", node.op_type, ": ", parts...));
}

/// (height, width) from the list of a 2-D node or a 1-D one; `otherwise` for what it does not say.
Pair pair_of(const List& list, std::int64_t otherwise) {
  switch (list.size()) {
    case 0:
      return otherwise;
    case 1:
      return {otherwise, list[0]};
    default:
      return {list[0], list[1]};
  }
}

/// What the attributes need to know of the input and the weight.
void check_operands(const OnnxNode& node, const TensorView& x, const TensorView& w) {
  if (x.rank() != w.rank() || (w.rank() != 3 && w.rank() != 4)) {
    refuse_node(node, "x and w must both have 4 dimensions, or 3 for a 1-D node, but got sizes ",
                to_string(x.sizes()), " and ", to_string(w.sizes()));
  }
  const auto rank = static_cast<std::size_t>(w.rank()) - 2;
  for (const List* list : {&node.kernel_shape, &node.strides, &node.dilations, &node.output_padding,
                           &node.output_shape}) {
    if (!list->empty() && list->size() != rank) {
      refuse_node(node, "it has an attribute of ", list->size(), " numbers, but w has sizes ",
                  to_string(w.sizes()));
    }
  }
  if (!node.pads.empty() && node.pads.size() != 2 * rank) {
    refuse_node(node, "pads has ", node.pads.size(), " numbers, but w has sizes ",
                to_string(w.sizes()));
  }
  for (std::size_t i = 0; i < node.kernel_shape.size(); ++i) {
    if (node.kernel_shape[i] != w.size(static_cast<int>(i) + 2)) {
      refuse_node(node, "kernel_shape is not that of w, whose sizes are ", to_string(w.sizes()));
    }
  }
}

Padding padding_of(const OnnxNode& node) {
  switch (node.auto_pad) {
    case AutoPad::same_upper:
      return same;
    case AutoPad::same_lower:
      return same_lower;
    case AutoPad::valid:
      return valid;
    case AutoPad::notset:
      break;
  }
  const List& pads = node.pads;
  switch (pads.size()) {
    case 0:
      return 0;
    case 2:
      return {0, 0, pads[0], pads[1]};
    default:
      return {pads[0], pads[2], pads[1], pads[3]};
  }
}

Tensor run_conv(const OnnxNode& node, TensorView x, TensorView w, OptionalView bias) {
  return functional::conv2d(x, w, bias,
                            {.stride = pair_of(node.strides, 1),
                             .padding = padding_of(node),
                             .dilation = pair_of(node.dilations, 1),
                             .groups = node.group});
}

/// Along one axis, what a transposed convolution cuts off its full result, and adds at its end.
struct Trim {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t added = 0;
};

/// ONNX's rule for a wanted output: what the full result has too much is cut in halves, the odd one
/// from the end for SAME_UPPER and from the beginning otherwise; what it lacks is added at the end.
Trim trim_to(const OnnxNode& node, Checked full, Checked wanted) {
  const Checked total = full - wanted;
  if (!total.ok() || wanted.value() < 0) {
    refuse_node(node, "its output sizes lie outside 0 to 2^63 - 1");
  }
  const std::int64_t cut = total.value();
  if (cut < 0) {
    return {.added = -cut};
  }
  const std::int64_t less = cut / 2;
  return node.auto_pad == AutoPad::same_upper ? Trim{less, cut - less} : Trim{cut - less, less};
}

/// For one axis of a node whose padding follows from its output's size: output_shape, or input x
/// stride with SAME_UPPER and SAME_LOWER.
Trim trim_axis(const OnnxNode& node, std::int64_t in, std::int64_t kernel, std::int64_t stride,
               std::int64_t dilation, std::int64_t output_padding, std::int64_t wanted) {
  const Checked full =
      Checked(stride) * (Checked(in) - 1) + output_padding + (Checked(kernel) - 1) * dilation + 1;
  return trim_to(node, full, node.output_shape.empty() ? Checked(in) * stride : Checked(wanted));
}

Tensor run_conv_transpose(const OnnxNode& node, TensorView x, TensorView w, OptionalView bias) {
  functional::ConvTranspose2dArguments arguments{
      .stride = pair_of(node.strides, 1),
      .padding = padding_of(node),
      .output_padding = pair_of(node.output_padding, 0),
      .groups = node.group,
      .dilation = pair_of(node.dilations, 1),
  };
  const bool same_rule =
      node.auto_pad == AutoPad::same_upper || node.auto_pad == AutoPad::same_lower;
  if (same_rule || !node.output_shape.empty()) {
    const Pair stride = arguments.stride;
    const Pair dilation = arguments.dilation;
    const Pair extra = arguments.output_padding;
    const Pair wanted = pair_of(node.output_shape, 1);
    const Trim h_trim =
        trim_axis(node, x.size(2), w.size(2), stride.h, dilation.h, extra.h, wanted.h);
    const Trim w_trim =
        trim_axis(node, x.size(3), w.size(3), stride.w, dilation.w, extra.w, wanted.w);
    arguments.padding = {h_trim.begin, h_trim.end, w_trim.begin, w_trim.end};
    arguments.output_padding = {extra.h + h_trim.added, extra.w + w_trim.added};
  }
  return functional::conv_transpose2d(x, w, bias, arguments);
}

/// The integers as float64, less their zero point: one for all, or one for each entry of the first
/// dimension.
Tensor centered(const OnnxNode& node, TensorView values, const OptionalView& zero_point,
                bool per_filter) {
  const DType dtype = values.dtype();
  if (dtype != DType::int8 && dtype != DType::uint8) {
    refuse_node(node, "x and w must be int8 or uint8, but got ", name(dtype));
  }
  Tensor result = Tensor(values.sizes(), DType::float64);
  copy(values, result);
  if (!zero_point || result.empty()) {
    return result;
  }
  const std::int64_t points = zero_point->numel();
  const bool fits = points == 1 || (per_filter && points == values.size(0));
  if (zero_point->dtype() != dtype || zero_point->rank() > 1 || !fits) {
    refuse_node(node, "the zero point of ", name(dtype), " ", to_string(values.sizes()),
                " must be one ", name(dtype), per_filter ? ", or one a filter" : "", ", but got ",
                name(zero_point->dtype()), " ", to_string(zero_point->sizes()));
  }
  const Tensor zeros = zero_point->to(DType::float64);
  const std::int64_t each = result.numel() / points;
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    result.data<double>()[i] -= zeros.data<double>()[i / each];
  }
  return result;
}

/// In float64, where every sum is exact: a product is at most 255 * 255, and 2^53 / 255^2 terms are
/// more than any filter has. ONNX pads with the zero point, which here is zero.
Tensor run_conv_integer(const OnnxNode& node, TensorView x, TensorView w,
                        const OptionalView& x_zero_point, const OptionalView& w_zero_point) {
  const Tensor centered_x = centered(node, x, x_zero_point, false);
  const Tensor centered_w = centered(node, w, w_zero_point, true);
  return run_conv(node, centered_x, centered_w, {}).to(DType::int32);
}

Tensor run_2d(const OnnxNode& node, TensorView x, TensorView w, const OptionalView& third,
              const OptionalView& fourth) {
  if (node.op_type == "ConvInteger") {
    return run_conv_integer(node, x, w, third, fourth);
  }
  if (fourth) {
    refuse_node(node, "it takes x, w and a bias, but got a fourth input");
  }
  return node.op_type == "Conv" ? run_conv(node, x, w, third)
                                : run_conv_transpose(node, x, w, third);
}

}  // namespace

Tensor run_onnx(const OnnxNode& node, TensorView x, TensorView w, OptionalView third,
                OptionalView fourth) {
  check_operands(node, x, w);
  if (w.rank() == 4) {
    return run_2d(node, x, w, third, fourth);
  }
  const Tensor y = run_2d(node, x.unsqueeze(2), w.unsqueeze(2), third, fourth);
  return y.view().squeeze(2).clone();
}

}  // namespace conv2d::io
