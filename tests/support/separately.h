// An epilogue as steps of their own, one number at a time: what the fused one is compared with.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/tensor.h>

#include "support/tensors.h"

#include <cstdint>

namespace conv2d::testing {

/// What the epilogue makes of results of a real dtype. Sums in float64 are exact enough: rounded to
/// a dtype of at most half its digits less one, they are the sums rounded once (S. A. Figueroa,
/// When is double rounding innocuous?, 1995).
inline Tensor finished_separately(TensorView results, const functional::Epilogue& epilogue) {
  Tensor sum = results.to(DType::float64).clone(MemoryFormat::contiguous);
  const auto at = [&](std::int64_t i) -> double& { return sum.data<double>()[i]; };
  if (epilogue.residual) {
    const auto residual = values_of<double>(epilogue.residual->to(DType::float64));
    for (std::int64_t i = 0; i < sum.numel(); ++i) {
      at(i) += residual[static_cast<std::size_t>(i)];
    }
  }
  Tensor rounded = sum.to(results.dtype());
  const auto limit = [&](double value) {
    return Tensor::full({1}, value, results.dtype()).to(DType::float64).data<double>()[0];
  };
  sum = rounded.to(DType::float64);
  for (std::int64_t i = 0; i < sum.numel(); ++i) {
    if (epilogue.low && at(i) < limit(*epilogue.low)) {
      at(i) = limit(*epilogue.low);
    }
    if (epilogue.high && at(i) > limit(*epilogue.high)) {
      at(i) = limit(*epilogue.high);
    }
  }
  return sum.to(results.dtype());
}

}  // namespace conv2d::testing
