// A filter as the product of a column and a row, where it is one.
#pragma once

#include "algorithm/vector_types.h"

namespace conv2d::separable {

/// No weight may differ from its product by more than so many times 2^-24 of itself: the most that
/// leaves a 5x5 kernel within the definition's bound on its rounding (docs/separable.md).
inline constexpr double most_units = 14;

/// Finds column[r] * row[s] = taps[r][s], that near. The column's are whole numbers, which makes
/// factors of whole numbers exact. False where there are none, or where a weight is infinite or
/// NaN.
bool factor(const float* taps, Index rows, Index columns, float* column, float* row);

}  // namespace conv2d::separable
