// The sum of one output, written out in the colours of where its numbers come from.
#pragma once

#include "diagram/pen.h"

#include <conv2d/explain.h>

#include <string>
#include <vector>

namespace conv2d::diagram {

/// The shortest digits that read back to the same number, with a true minus sign.
std::string exact(const explain::Scalar& value, DType dtype);

/// Lines of runs: each channel's products and what the sum is after it, then the bias.
/// At most `channels` channels and `terms` products in each are written; what is left out is said.
std::vector<std::vector<Run>> equation(const Palette& palette, const explain::OutputSum& sum,
                                       std::size_t channels = 4, std::int64_t terms = 36);

}  // namespace conv2d::diagram
