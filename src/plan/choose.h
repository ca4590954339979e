// Which algorithm runs a problem: the first of the table that does not refuse it.
#pragma once

#include "algorithm/algorithm.h"
#include "geometry/problem.h"

namespace conv2d {

const Algorithm& choose(const Problem& problem) noexcept;

/// Chooses and runs.
void execute(const Problem& problem, const Operands& operands);

}  // namespace conv2d
