// <conv x, y> = <x, convT y>: the transposed layer is the transpose of the layer's matrix, and the
// gradients are the transposes of its two linear maps.
#include "property/layers.h"

namespace conv2d::testing {
namespace {

namespace F = functional;

RC_GTEST_PROP(Adjointness, TheTransposedLayerIsTheTranspose, ()) {
  const LayerDraw layer = draw_layer(PaddingMode::zeros);
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const Tensor y = draw_tensor(layer.output());
  const Tensor forward = F::conv2d(x, w, {}, layer.arguments());
  const Tensor back = F::conv_transpose2d(y, w, {}, layer.transposed());
  RC_ASSERT(back.sizes() == x.sizes());
  RC_ASSERT(inner_product(forward, y) == inner_product(x, back));
}

RC_GTEST_PROP(Adjointness, TheInputsGradientInEveryPaddingMode, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const Tensor y = draw_tensor(layer.output());
  const F::Gradients back = F::conv2d_backward(y, x, w, layer.arguments());
  const double forward = inner_product(F::conv2d(x, w, {}, layer.arguments()), y);
  RC_ASSERT(forward == inner_product(x, *back.input));
  RC_ASSERT(forward == inner_product(w, *back.weight));
}

RC_GTEST_PROP(Adjointness, TheTransposedLayersGradients, ()) {
  const LayerDraw layer = draw_layer(PaddingMode::zeros);
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.output());  // the transposed layer's input
  const Tensor w = draw_tensor(layer.weight());
  const Tensor y = draw_tensor(layer.input());
  const F::Gradients back = F::conv_transpose2d_backward(y, x, w, layer.transposed());
  const double forward = inner_product(F::conv_transpose2d(x, w, {}, layer.transposed()), y);
  RC_ASSERT(forward == inner_product(x, *back.input));
  RC_ASSERT(forward == inner_product(w, *back.weight));
}

RC_GTEST_PROP(Adjointness, FoldIsTheTransposeOfUnfold, ()) {
  LayerDraw layer = draw_layer(PaddingMode::zeros);
  for (AxisDraw* axis : {&layer.rows, &layer.columns}) {
    axis->after = axis->before;  // unfold takes a pair
    axis->input = std::max(axis->input, axis->extent());
  }
  RC_LOG() << layer << '\n';
  const Pair kernel(layer.rows.kernel, layer.columns.kernel);
  const Pair padding(layer.rows.before, layer.columns.before);
  const Tensor x = draw_tensor(layer.input());
  const Tensor columns = F::unfold(x, kernel, layer.dilation(), padding, layer.stride());
  const Tensor y = draw_tensor(columns.sizes());
  const Pair size(layer.rows.input, layer.columns.input);
  const Tensor back = F::fold(y, size, kernel, layer.dilation(), padding, layer.stride());
  RC_ASSERT(inner_product(columns, y) == inner_product(x, back));
}

}  // namespace
}  // namespace conv2d::testing
