// An explanation's terms, added in their order, are the layer's output to the bit, for numbers of
// any kind and not only whole ones.
#include <conv2d/explain.h>
#include <conv2d/machine.h>

#include <cmath>

#include "property/layers.h"

namespace conv2d::testing {
namespace {

/// Any finite float32 of moderate size: sums of their products round, and stay finite.
Tensor draw_floats(const Sizes& sizes) {
  const auto values = *rc::gen::container<std::vector<float>>(
      static_cast<std::size_t>(*sizes.numel()),
      rc::gen::map(rc::gen::inRange<std::int64_t>(-(INT64_C(1) << 40), INT64_C(1) << 40),
                   [](std::int64_t v) { return static_cast<float>(v) * 0x1p-38F; }));
  return Tensor::from<float>(sizes, std::span<const float>(values));
}

Conv2dOptions options_of(const LayerDraw& layer) {
  return {.in_channels = layer.in_channels(),
          .out_channels = layer.out_channels(),
          .kernel_size = Pair(layer.rows.kernel, layer.columns.kernel),
          .stride = layer.stride(),
          .padding = layer.padding(),
          .dilation = layer.dilation(),
          .groups = layer.groups,
          .padding_mode = layer.mode};
}

RC_GTEST_PROP(Explain, TermsAddUpToTheOutputExactly, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Conv2d conv(options_of(layer), draw_floats(layer.weight()),
                    draw_floats({layer.out_channels()}));
  const Tensor x = draw_floats(layer.input());
  const Tensor y = conv(x);
  const explain::Index at{.channel = draw(0, y.size(1) - 1),
                          .row = draw(0, y.size(2) - 1),
                          .column = draw(0, y.size(3) - 1),
                          .batch = draw(0, y.size(0) - 1)};
  const bool fused = machine().fused_multiply_add;
  float total = 0;
  explain::Explanation(conv, x).for_each_term(at, [&](const explain::Term& term) {
    if (term.counts()) {
      const auto input = static_cast<float>(term.input_value.real());
      const auto weight = static_cast<float>(term.weight_value.real());
      // The product is added unrounded where the processor can.
      total = fused ? std::fma(input, weight, total) : total + input * weight;
    }
    return true;
  });
  total += conv.bias()->data<float>()[at.channel];
  RC_ASSERT(total == y.at<float>({at.batch, at.channel, at.row, at.column}));
}

}  // namespace
}  // namespace conv2d::testing
