// A convolution is linear in its input and in its weight, and it does not care where in the picture
// a pattern stands.
#include "property/layers.h"

namespace conv2d::testing {
namespace {

namespace F = functional;

/// tensor * factor.
Tensor scaled(const Tensor& tensor, float factor) {
  Tensor result = tensor.clone();
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    result.data<float>()[i] *= factor;
  }
  return result;
}

RC_GTEST_PROP(Linearity, InTheInput, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Tensor x1 = draw_tensor(layer.input());
  const Tensor x2 = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const auto apply = [&](const Tensor& x) { return F::conv2d(x, w, {}, layer.arguments()); };
  require_same(apply(sum(scaled(x1, 3), x2)), sum(scaled(apply(x1), 3), apply(x2)));
}

RC_GTEST_PROP(Linearity, InTheWeight, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w1 = draw_tensor(layer.weight());
  const Tensor w2 = draw_tensor(layer.weight());
  const auto apply = [&](const Tensor& w) { return F::conv2d(x, w, {}, layer.arguments()); };
  require_same(apply(sum(scaled(w1, -2), w2)), sum(scaled(apply(w1), -2), apply(w2)));
}

RC_GTEST_PROP(Linearity, TheBiasIsAddedToEveryOutputOfItsChannel, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const Tensor b = draw_tensor({layer.out_channels()});
  const Tensor without = F::conv2d(x, w, {}, layer.arguments());
  Strides once_a_channel = Strides::filled(4, 0);
  once_a_channel[1] = 1;
  const TensorView spread(b.data(), DType::float32, layer.output(), once_a_channel);
  require_same(F::conv2d(x, w, b, layer.arguments()), sum(without, spread.clone()));
}

// Moving the picture by the stride moves the result by one. Without padding every window that both
// pictures have sees the same numbers.
RC_GTEST_PROP(ShiftEquivariance, MovingTheInputByTheStrideMovesTheOutputByOne, ()) {
  LayerDraw layer = draw_layer(PaddingMode::zeros);
  for (AxisDraw* axis : {&layer.rows, &layer.columns}) {
    axis->before = axis->after = 0;
    axis->input = std::max(axis->input, axis->extent() + axis->stride);
  }
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const TensorView moved = x.view()
                               .slice(2, layer.rows.stride, layer.rows.input)
                               .slice(3, layer.columns.stride, layer.columns.input);
  const Tensor y = F::conv2d(x, w, {}, layer.arguments());
  const TensorView expected = y.view().slice(2, 1, y.size(2)).slice(3, 1, y.size(3));
  require_same(F::conv2d(moved, w, {}, layer.arguments()), expected);
}

// On a ring the picture has no edge, so moving it around moves the result around.
RC_GTEST_PROP(ShiftEquivariance, CircularPaddingMakesItExactEverywhere, ()) {
  LayerDraw layer = draw_layer(PaddingMode::circular);
  AxisDraw& columns = layer.columns;
  columns.stride = 1;
  columns.input = std::max(columns.input, columns.extent());
  columns.before = (columns.extent() - 1) / 2;
  columns.after = columns.extent() - 1 - columns.before;
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const std::int64_t shift = draw(0, columns.input - 1);
  const auto rolled = [&](TensorView from) {
    Tensor to(from.sizes());
    const std::int64_t width = from.size(3);
    copy(from.slice(3, 0, width - shift), to.mutable_view().slice(3, shift, width));
    copy(from.slice(3, width - shift, width), to.mutable_view().slice(3, 0, shift));
    return to;
  };
  const Tensor y = F::conv2d(x, w, {}, layer.arguments());
  require_same(F::conv2d(rolled(x), w, {}, layer.arguments()), rolled(y));
}

}  // namespace
}  // namespace conv2d::testing
