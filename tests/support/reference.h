// The reference run on a random configuration, with tensors that it makes.
#pragma once

#include "reference/reference.h"

#include "support/configurations.h"

namespace conv2d::testing {

inline Problem problem_of(const Configuration& c, const Types& types, bool bias = false) {
  return conv2d_problem(c.input, c.weight, bias, types, c.arguments).value();
}

inline Tensor reference_forward(const Configuration& c, TensorView x, TensorView w,
                                functional::OptionalView bias, DType result) {
  Tensor y(c.output, result);
  const Types types{x.dtype(), w.dtype(), result};
  reference::forward(problem_of(c, types, bias.has_value()), x, w, bias, y);
  return y;
}

inline Tensor reference_backward_data(const Configuration& c, TensorView dy, TensorView w,
                                      DType result) {
  Tensor dx(c.input, result);
  const Types types{result, w.dtype(), dy.dtype()};
  const Problem problem = problem_of(c, types).with(Pass::backward_data, Conjugate::neither);
  reference::backward_data(problem, dy, w, std::nullopt, dx);
  return dx;
}

inline Tensor reference_backward_weight(const Configuration& c, TensorView x, TensorView dy,
                                        DType result) {
  Tensor dw(c.weight, result);
  const Types types{x.dtype(), result, dy.dtype()};
  const Problem problem = problem_of(c, types).with(Pass::backward_weight, Conjugate::neither);
  reference::backward_weight(problem, x, dy, dw);
  return dw;
}

}  // namespace conv2d::testing
