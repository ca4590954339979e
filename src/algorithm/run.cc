#include "algorithm/run.h"

#include "algorithm/column_windows.h"
#include "algorithm/epilogue.h"
#include "algorithm/run_items.h"
#include "conv2d/threads.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace conv2d {
namespace {

constinit std::atomic<bool> shares_all = false;

/// How many threads a problem is for. Two that wait busily for work begin and end together 3 to 9
/// microseconds later than one alone (measured), so that each is to have about as much to do. What
/// a problem takes is guessed roughly: half as fast as fast ones, and what it reads and writes.
int worthwhile_threads(const Algorithm& algorithm, const Problem& problem) {
  if (algorithm.pack == nullptr || shares_all.load(std::memory_order_relaxed)) {
    return num_threads();  // a slow one, or a test
  }
  constexpr double least = 4;          // microseconds for each thread
  constexpr double elements = 16'000;  // in one of them
  std::int64_t touched = 0;
  for (const Sizes& sizes : {problem.x_sizes(), problem.w_sizes(), problem.y_sizes()}) {
    touched += sizes.numel().value_or(0);
  }
  const double time = static_cast<double>(problem.multiply_adds()) / multiply_adds_in_us +
                      static_cast<double>(touched) / elements;
  return static_cast<int>(std::clamp(time / least, 1.0, static_cast<double>(num_threads())));
}

void run_whole(const Algorithm& algorithm, const Problem& problem, const Operands& operands) {
  algorithm.run(problem, operands);
  if (!algorithm.finishes) {
    finish_all(operands.result, operands.epilogue);
  }
}

}  // namespace

void share_small_problems(bool share) noexcept { shares_all = share; }

std::size_t workspace_bytes(const Algorithm& algorithm, const Problem& problem) {
  const FewerThreads threads(worthwhile_threads(algorithm, problem));
  return algorithm.takes_columns ? workspace_by_columns(problem, algorithm.workspace_bytes)
                                 : algorithm.workspace_bytes(problem);
}

Pieces describe(const Algorithm& algorithm, const Problem& problem) {
  if (algorithm.describe == nullptr) {
    return {};
  }
  const FewerThreads threads(worthwhile_threads(algorithm, problem));
  return algorithm.takes_columns
             ? describe_by_columns(problem, algorithm.workspace_bytes, algorithm.describe)
             : algorithm.describe(problem);
}

void run_and_finish(const Algorithm& algorithm, const Problem& problem, const Operands& operands) {
  const FewerThreads threads(worthwhile_threads(algorithm, problem));
  const auto run = [&](const Problem& part, const Operands& views) {
    run_whole(algorithm, part, views);
  };
  if (algorithm.takes_columns) {
    run_by_columns(problem, operands, algorithm.workspace_bytes, run);
  } else {
    run(problem, operands);
  }
}

}  // namespace conv2d
