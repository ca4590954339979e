// What is done to results before they are let go of: a residual added, limits kept.
#pragma once

#include <cstddef>

namespace conv2d::simd {

/// values[i] = limited(values[i] + residual[i]) for i < count, where limited(x) is `low` for x <
/// low, `high` for x > high, and x itself otherwise, NaN and -0 too. No residual: nullptr. No
/// limits: infinities. T is float or double.
template <class T>
void finish(T* values, const T* residual, T low, T high, std::size_t count) noexcept;

}  // namespace conv2d::simd
