// Problems of forward float32 layers without a bias.
#pragma once

#include "geometry/problem.h"

namespace conv2d::testing {

inline Problem forward_problem(const Sizes& input, const Sizes& weight,
                               const functional::Conv2dArguments& arguments = {}) {
  return value_or_throw(conv2d_problem(input, weight, false, Types{}, arguments));
}

}  // namespace conv2d::testing
