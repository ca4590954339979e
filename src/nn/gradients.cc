// Gradients of both layers, of first and second order.
//
// With y = A(x, w) + b, where A is linear in x and in w, and the adjoints A_x(dy, w) and
// A_w(x, dy):
//   first order    dx = A_x(dy, w)          dw = A_w(x, dy)      db = sum of dy over n, p, q
//   second order, for gradients ggx, ggw, ggb that flow back into dx, dw, db:
//     to dy        A(ggx, w) + A(x, ggw) + ggb
//     to x         A_x(dy, ggw)             (dw is linear in x)
//     to w         A_w(ggx, dy)             (dx is linear in w)
#include "base/error.h"
#include "conv2d/functional.h"
#include "nn/layer_maps.h"
#include "reference/arithmetic.h"
#include "reference/reference.h"
#include "tensor/dispatch.h"

#include <optional>
#include <utility>

namespace conv2d::functional {
namespace {

/// Throws where a gradient is not of the sizes and the dtype of what it is the gradient of.
void check_like(const char* what, const OptionalView& gradient, const Sizes& sizes, DType dtype) {
  if (gradient && (gradient->sizes() != sizes || gradient->dtype() != dtype)) {
    throw_invalid(concat(what, " should have size ", to_string(sizes), " and dtype ", name(dtype),
                         ", but got size ", to_string(gradient->sizes()), " and dtype ",
                         name(gradient->dtype())));
  }
}

void check_differentiable(DType dtype) {
  if (is_integer(dtype)) {
    throw_invalid(concat("gradients need a floating or complex dtype, but got ", name(dtype)));
  }
}

Gradients backward(const LayerMaps& maps, TensorView grad_output, TensorView input,
                   TensorView weight, GradientMask wanted) {
  check_differentiable(maps.input_dtype());
  check_like("grad_output", grad_output, maps.output_sizes(), maps.output_dtype());
  Gradients gradients;
  if (wanted.input) {
    gradients.input = maps.pull_input(grad_output, weight);
  }
  if (wanted.weight) {
    gradients.weight = maps.pull_weight(input, grad_output);
  }
  if (wanted.bias) {
    gradients.bias = Tensor::uninitialized({maps.out_channels()}, maps.output_dtype());
    reference::backward_bias(grad_output.rank() == 3 ? grad_output.unsqueeze(0) : grad_output,
                             *gradients.bias);
  }
  return gradients;
}

/// total += term, element by element.
void add(Tensor& total, const Tensor& term) {
  dispatch(total.dtype(), [&]<class T>(std::type_identity<T>) {
    using S = reference::Sum<T, T>;
    // Both came out of one map: the same sizes and, packed, the same strides.
    T* sums = total.data<T>();
    const T* terms = term.data<T>();
    for (std::int64_t i = 0; i < total.numel(); ++i) {
      sums[i] = reference::result<T>(
          static_cast<S>(reference::operand<S>(sums[i]) + reference::operand<S>(terms[i])));
    }
  });
}

/// The bias's gradient of gradient, repeated over the sizes of the output.
Tensor spread_bias(TensorView bias, const Sizes& sizes) {
  Strides strides = Strides::filled(sizes.rank(), 0);
  strides[sizes.rank() - 3] = bias.strides()[0];
  return TensorView(bias.data(), bias.dtype(), sizes, strides).clone(MemoryFormat::contiguous);
}

std::optional<Tensor> second_of_grad_output(const LayerMaps& maps,
                                            const GradientsOfGradients& gradients, TensorView input,
                                            TensorView weight) {
  if (gradients.input) {
    Tensor total = maps.apply(*gradients.input, weight, gradients.bias);
    if (gradients.weight) {
      add(total, maps.apply(input, *gradients.weight, std::nullopt));
    }
    return total;
  }
  if (gradients.weight) {
    return maps.apply(input, *gradients.weight, gradients.bias);
  }
  if (gradients.bias) {
    return spread_bias(*gradients.bias, maps.output_sizes());
  }
  return Tensor(maps.output_sizes(), maps.output_dtype());
}

SecondGradients double_backward(const LayerMaps& maps, const GradientsOfGradients& gradients,
                                TensorView grad_output, TensorView input, TensorView weight,
                                SecondGradientMask wanted) {
  const DType dtype = maps.output_dtype();
  check_differentiable(dtype);
  check_like("grad_output", grad_output, maps.output_sizes(), dtype);
  check_like("the gradient of grad_input", gradients.input, maps.input_sizes(), dtype);
  check_like("the gradient of grad_weight", gradients.weight, maps.weight_sizes(), dtype);
  check_like("the gradient of grad_bias", gradients.bias, {maps.out_channels()}, dtype);
  SecondGradients second;
  if (wanted.grad_output) {
    second.grad_output = second_of_grad_output(maps, gradients, input, weight);
  }
  if (wanted.input) {
    second.input = gradients.weight ? maps.pull_input(grad_output, *gradients.weight)
                                    : Tensor(maps.input_sizes(), dtype);
  }
  if (wanted.weight) {
    second.weight = gradients.input ? maps.pull_weight(*gradients.input, grad_output)
                                    : Tensor(maps.weight_sizes(), dtype);
  }
  return second;
}

}  // namespace

Gradients conv2d_backward(TensorView grad_output, TensorView input, TensorView weight,
                          const Conv2dArguments& arguments, GradientMask wanted) {
  return backward(LayerMaps::conv2d(input, weight, arguments, false), grad_output, input, weight,
                  wanted);
}

Gradients conv_transpose2d_backward(TensorView grad_output, TensorView input, TensorView weight,
                                    const ConvTranspose2dArguments& arguments,
                                    GradientMask wanted) {
  return backward(LayerMaps::conv_transpose2d(input, weight, arguments, false), grad_output, input,
                  weight, wanted);
}

SecondGradients conv2d_double_backward(const GradientsOfGradients& gradients,
                                       TensorView grad_output, TensorView input, TensorView weight,
                                       const Conv2dArguments& arguments,
                                       SecondGradientMask wanted) {
  return double_backward(LayerMaps::conv2d(input, weight, arguments, false), gradients, grad_output,
                         input, weight, wanted);
}

SecondGradients conv_transpose2d_double_backward(const GradientsOfGradients& gradients,
                                                 TensorView grad_output, TensorView input,
                                                 TensorView weight,
                                                 const ConvTranspose2dArguments& arguments,
                                                 SecondGradientMask wanted) {
  return double_backward(LayerMaps::conv_transpose2d(input, weight, arguments, false), gradients,
                         grad_output, input, weight, wanted);
}

}  // namespace conv2d::functional
