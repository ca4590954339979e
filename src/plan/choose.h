// Which algorithm runs a problem: the first of the table that does not refuse it, or what somebody
// measured.
#pragma once

#include "algorithm/algorithm.h"
#include "conv2d/tuning.h"
#include "geometry/problem.h"

namespace conv2d {

/// The first of the table that does not refuse it.
const Algorithm& choose(const Problem& problem) noexcept;

/// What the tuning says of it, or where it says nothing the above.
const Algorithm& choose(const Problem& problem, const Tuning& tuning) noexcept;

/// The problem for tensors in that memory format. One channel lies in memory as it does in either:
/// then it is the result's, where that has so many channels that its format matters.
Problem in_format(const Problem& problem, MemoryFormat format) noexcept;

/// The weight as the algorithm, which has a pack(), wants it.
Tensor pack(const Algorithm& algorithm, const Problem& problem, TensorView weight);

/// Runs an algorithm that has a pack(), with what that made before.
void run_packed(const Algorithm& algorithm, const Problem& problem, const Operands& operands,
                const Tensor& packed);

/// Runs, with the weight packed for this once where the algorithm wants it so.
void run(const Algorithm& algorithm, const Problem& problem, const Operands& operands);

class KeptWeight;

/// Chooses and runs. A layer that keeps its packed weight between calls says where.
void execute(const Problem& problem, const Operands& operands, KeptWeight* kept = nullptr);

}  // namespace conv2d
