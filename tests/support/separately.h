// An epilogue as steps of their own, one number at a time: what the fused one is compared with.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/tensor.h>

#include "support/tensors.h"

#include <cstddef>
#include <optional>

namespace conv2d::testing {

/// What the epilogue makes of results of a real dtype. Sums in float64 are exact enough: rounded to
/// a dtype of at most half its digits less one, they are the sums rounded once (S. A. Figueroa,
/// When is double rounding innocuous?, 1995).
inline Tensor finished_separately(TensorView results, const functional::Epilogue& epilogue) {
  Tensor sum = results.to(DType::float64).clone(MemoryFormat::contiguous);
  const auto count = static_cast<std::size_t>(sum.numel());
  if (epilogue.residual) {
    const auto residual = values_of<double>(epilogue.residual->to(DType::float64));
    double* const value = sum.data<double>();
    for (std::size_t i = 0; i < count; ++i) {
      value[i] += residual[i];
    }
  }
  const auto rounded = [&](std::optional<double> limit) {
    return limit ? Tensor::full({1}, *limit, results.dtype()).to(DType::float64).data<double>()[0]
                 : limit;
  };
  const std::optional<double> low = rounded(epilogue.low);
  const std::optional<double> high = rounded(epilogue.high);
  sum = sum.to(results.dtype()).to(DType::float64);
  double* const value = sum.data<double>();
  for (std::size_t i = 0; i < count; ++i) {
    value[i] = low && value[i] < *low ? *low : value[i];
    value[i] = high && value[i] > *high ? *high : value[i];
  }
  return sum.to(results.dtype());
}

}  // namespace conv2d::testing
