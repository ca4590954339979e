// Gradients against finite differences, in float64.
//
// A layer is linear in each of its tensors, so the central difference (f(t + h) - f(t - h)) / 2h
// has no truncation error at all, and with whole numbers and h a power of two no rounding error:
// the two must agree to the bit.
#include "property/layers.h"

namespace conv2d::testing {
namespace {

namespace F = functional;

constexpr double h = 0.5;

/// For a random element of `tensor`: whether df/dt is its gradient's element.
template <class Loss>
void require_derivative(Tensor& tensor, const Tensor& gradient, Loss&& loss) {
  RC_ASSERT(tensor.sizes() == gradient.sizes());
  const std::int64_t i = draw(0, tensor.numel() - 1);
  double& element = tensor.data<double>()[i];
  const double before = element;
  element = before + h;
  const double above = loss();
  element = before - h;
  const double below = loss();
  element = before;
  RC_ASSERT((above - below) / (2 * h) == gradient.data<double>()[i]);
}

RC_GTEST_PROP(Gradients, OfConv2dAreFiniteDifferences, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  Tensor x = draw_tensor(layer.input(), DType::float64);
  Tensor w = draw_tensor(layer.weight(), DType::float64);
  Tensor b = draw_tensor({layer.out_channels()}, DType::float64);
  const Tensor dy = draw_tensor(layer.output(), DType::float64);
  const auto loss = [&] { return inner_product(F::conv2d(x, w, b, layer.arguments()), dy); };
  const F::Gradients gradients = F::conv2d_backward(dy, x, w, layer.arguments());
  require_derivative(x, *gradients.input, loss);
  require_derivative(w, *gradients.weight, loss);
  require_derivative(b, *gradients.bias, loss);
}

RC_GTEST_PROP(Gradients, OfConvTranspose2dAreFiniteDifferences, ()) {
  const LayerDraw layer = draw_layer(PaddingMode::zeros);
  RC_LOG() << layer << '\n';
  Tensor x = draw_tensor(layer.output(), DType::float64);
  Tensor w = draw_tensor(layer.weight(), DType::float64);
  Tensor b = draw_tensor({layer.in_channels()}, DType::float64);
  const Tensor dy = draw_tensor(layer.input(), DType::float64);
  const auto loss = [&] {
    return inner_product(F::conv_transpose2d(x, w, b, layer.transposed()), dy);
  };
  const F::Gradients gradients = F::conv_transpose2d_backward(dy, x, w, layer.transposed());
  require_derivative(x, *gradients.input, loss);
  require_derivative(w, *gradients.weight, loss);
  require_derivative(b, *gradients.bias, loss);
}

/// The inner product of all three gradients of a layer with what flows back into them.
double second_loss(const F::Gradients& first, const Tensor& ggx, const Tensor& ggw,
                   const Tensor& ggb) {
  return inner_product(*first.input, ggx) + inner_product(*first.weight, ggw) +
         inner_product(*first.bias, ggb);
}

RC_GTEST_PROP(Gradients, OfTheGradientsAreFiniteDifferences, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  Tensor x = draw_tensor(layer.input(), DType::float64);
  Tensor w = draw_tensor(layer.weight(), DType::float64);
  Tensor dy = draw_tensor(layer.output(), DType::float64);
  const Tensor ggx = draw_tensor(layer.input(), DType::float64);
  const Tensor ggw = draw_tensor(layer.weight(), DType::float64);
  const Tensor ggb = draw_tensor({layer.out_channels()}, DType::float64);
  const auto loss = [&] {
    return second_loss(F::conv2d_backward(dy, x, w, layer.arguments()), ggx, ggw, ggb);
  };
  const F::SecondGradients second = F::conv2d_double_backward(
      {.input = ggx, .weight = ggw, .bias = ggb}, dy, x, w, layer.arguments());
  require_derivative(dy, *second.grad_output, loss);
  require_derivative(x, *second.input, loss);
  require_derivative(w, *second.weight, loss);
}

}  // namespace
}  // namespace conv2d::testing
