// What every algorithm does alike: its problem by as many threads as it is worth, whole or by
// columns, its results finished.
#pragma once

#include "algorithm/algorithm.h"
#include "geometry/problem.h"

#include <cstddef>

namespace conv2d {

/// Bytes of scratch memory that run_and_finish() takes with the threads that there are.
std::size_t workspace_bytes(const Algorithm& algorithm, const Problem& problem);

/// How the problem is cut into pieces; empty where the algorithm does not say.
Pieces describe(const Algorithm& algorithm, const Problem& problem);

/// Whether problems of some microseconds are for all threads, too, as they are not until this is
/// called. For tests, whose problems are small.
void share_small_problems(bool share) noexcept;

/// Runs the algorithm, then the epilogue where it does not apply that itself.
void run_and_finish(const Algorithm& algorithm, const Problem& problem, const Operands& operands);

}  // namespace conv2d
