// Cells that stand for elements of a layer's input, weight and output.
#pragma once

#include "diagram/cells.h"
#include "diagram/subject.h"

#include <cstdint>

namespace conv2d::diagram {

/// The input that a place reads; a zero that is no element where `row` or `column` is -1.
Cell input_element(const Subject& subject, std::int64_t channel, std::int64_t row,
                   std::int64_t column);
/// What multiplies input channel `in` for output channel `out` (of the same group) at a tap.
Cell weight_element(const Subject& subject, std::int64_t in, std::int64_t out, std::int64_t r,
                    std::int64_t s);
/// Empty where it is not computed yet.
Cell output_element(const Subject& subject, const explain::Index& at, bool is_there);

}  // namespace conv2d::diagram
