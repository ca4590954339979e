// The table of algorithms with nothing in it but the definition, for programs that must be small
// and need not be fast. Linked before the library it takes the place of table.cc, and whatever no
// table names is left out.
#include "algorithm/algorithm.h"

#include <array>

namespace conv2d {

extern const Algorithm reference_algorithm;

std::span<const Algorithm* const> algorithms() noexcept {
  static constexpr std::array<const Algorithm*, 1> table = {&reference_algorithm};
  return table;
}

}  // namespace conv2d
