#include "algorithm/run.h"

#include "algorithm/column_windows.h"
#include "algorithm/epilogue.h"

namespace conv2d {
namespace {

void run_whole(const Algorithm& algorithm, const Problem& problem, const Operands& operands) {
  algorithm.run(problem, operands);
  if (!algorithm.finishes) {
    finish_all(operands.result, operands.epilogue);
  }
}

}  // namespace

std::size_t workspace_bytes(const Algorithm& algorithm, const Problem& problem) {
  return algorithm.takes_columns ? workspace_by_columns(problem, algorithm.workspace_bytes)
                                 : algorithm.workspace_bytes(problem);
}

Pieces describe(const Algorithm& algorithm, const Problem& problem) {
  if (algorithm.describe == nullptr) {
    return {};
  }
  return algorithm.takes_columns
             ? describe_by_columns(problem, algorithm.workspace_bytes, algorithm.describe)
             : algorithm.describe(problem);
}

void run_and_finish(const Algorithm& algorithm, const Problem& problem, const Operands& operands) {
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
