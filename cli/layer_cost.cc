#include "layer_cost.h"

#include "failure.h"

#include <conv2d/nn.h>

#include <variant>

namespace conv2d::cli {
namespace {

LayerCost with_plan(Plan plan, std::int64_t biases) {
  const std::int64_t weights = plan.weight_sizes().numel().value_or(0);
  return {plan.output_sizes(), weights + biases, std::move(plan)};
}

struct CostOf {
  const Sizes& input;
  MemoryFormat format;

  LayerCost operator()(const Conv2dOptions& o) const {
    const Sizes weight{o.out_channels, o.in_channels / o.groups, o.kernel_size.h, o.kernel_size.w};
    return with_plan(
        Plan::conv2d(input, weight, o.bias, o.dtype,
                     {o.stride, o.padding, o.dilation, o.groups, o.padding_mode, o.precision},
                     format),
        o.bias ? o.out_channels : 0);
  }
  LayerCost operator()(const ConvTranspose2dOptions& o) const {
    const Sizes weight{o.in_channels, o.out_channels / o.groups, o.kernel_size.h, o.kernel_size.w};
    return with_plan(
        Plan::conv_transpose2d(
            input, weight, o.bias, o.dtype,
            {o.stride, o.padding, o.output_padding, o.groups, o.dilation, o.precision}, format),
        o.bias ? o.out_channels : 0);
  }
  LayerCost operator()(const LazyConv2dOptions& o) const {
    refuse(repr(o) + " does not know its input channels yet");
  }
  LayerCost operator()(const UnfoldOptions& o) const { return {Unfold(o).output_sizes(input)}; }
  LayerCost operator()(const FoldOptions& o) const { return {Fold(o).output_sizes(input)}; }
};

}  // namespace

LayerCost cost_of(const LayerOptions& layer, const Sizes& input, MemoryFormat format) {
  return std::visit(CostOf{input, format}, layer);
}

}  // namespace conv2d::cli
