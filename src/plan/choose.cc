#include "plan/choose.h"

namespace conv2d {

const Algorithm& choose(const Problem& problem) noexcept {
  const auto table = algorithms();
  for (const Algorithm* algorithm : table) {
    if (!algorithm->refuses(problem)) {
      return *algorithm;
    }
  }
  return *table.back();  // by the table's promise never reached: its last one refuses nothing
}

void execute(const Problem& problem, const Operands& operands) {
  choose(problem).run(problem, operands);
}

}  // namespace conv2d
