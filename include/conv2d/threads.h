// How many threads the library works with.
#pragma once

namespace conv2d {

/// At least 1. Starts as the number of processors, or OMP_NUM_THREADS where that is set.
int num_threads() noexcept;
/// Throws std::invalid_argument for less than 1 or more than 1024. Results are the same bits for
/// every number.
void set_num_threads(int threads);

}  // namespace conv2d
