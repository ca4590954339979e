// The bias as sums take it.
#pragma once

#include "algorithm/vector_types.h"
#include "conv2d/functional.h"

#include <vector>

namespace conv2d {

/// Of output channel k; zero where there is none. + 0: a sum that underflowed may be -0 or 0, for
/// taps in the padding add 0 or are left out.
template <class T>
T bias_of(const functional::OptionalView& bias, Index k) {
  return bias ? static_cast<const T*>(bias->data())[k * bias->strides()[0]] + T{} : T{};
}

/// Of every output channel, and zeros up to `size` elements.
template <class T>
std::vector<T> bias_or_zeros(const Problem& problem, const functional::OptionalView& bias,
                             Index size) {
  std::vector<T> values(at(size), T{});
  for (Index k = 0; bias && k < problem.out_channels; ++k) {
    values[at(k)] = bias_of<T>(bias, k);
  }
  return values;
}

}  // namespace conv2d
