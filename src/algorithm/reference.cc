// The reference loops as an algorithm: right for every problem, so the last one asked.
#include "reference/reference.h"

#include "algorithm/algorithm.h"
#include "conv2d/machine.h"

namespace conv2d {
namespace {

std::optional<std::string_view> refuses(const Problem&) { return std::nullopt; }

/// backward_data looks up which windows read a row and a column: one Touch for every output and
/// tap of an axis, and where each index's touches begin.
std::size_t workspace_bytes(const Problem& problem) {
  if (problem.pass != Pass::backward_data) {
    return 0;
  }
  const auto of_axis = [](const Axis& axis) {
    return static_cast<std::size_t>(axis.output) * static_cast<std::size_t>(axis.kernel) *
               sizeof(Touch) +
           static_cast<std::size_t>(axis.input + 1) * 2 * sizeof(std::size_t);
  };
  return of_axis(problem.rows) + of_axis(problem.columns);
}

/// One sum after the other: a step begins when the one before has ended, 4 cycles later, where two
/// vectors of them could begin in every cycle. Complex steps are four of real numbers.
Pieces describe(const Problem& problem) {
  const double lanes = machine().vector_bytes / 4.0;
  const double steps = is_complex(problem.types.y) ? 4 : 1;
  return {.tile = "one sum at a time", .blocking = "none", .efficiency = 1 / (8 * lanes * steps)};
}

void run(const Problem& problem, const Operands& operands) {
  switch (problem.pass) {
    case Pass::forward:
      reference::forward(problem, operands.first, operands.second, operands.bias, operands.result);
      break;
    case Pass::backward_data:
      reference::backward_data(problem, operands.first, operands.second, operands.bias,
                               operands.result);
      break;
    case Pass::backward_weight:
      reference::backward_weight(problem, operands.first, operands.second, operands.result);
      break;
  }
}

}  // namespace

extern const Algorithm reference_algorithm;
constexpr Algorithm reference_algorithm = {
    .name = "reference",
    .purpose = "the plain loops of the definition, right for every problem",
    .refuses = refuses,
    .workspace_bytes = workspace_bytes,
    .run = run,
    .describe = describe,
};

}  // namespace conv2d
