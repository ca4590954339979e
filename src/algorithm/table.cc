// The table of algorithms: a new one is a file beside this and a line in the list.
#include "algorithm/algorithm.h"

#include <array>

namespace conv2d {

extern const Algorithm direct_algorithm;
extern const Algorithm planar_algorithm;
extern const Algorithm reference_algorithm;
extern const Algorithm transposed_algorithm;
extern const Algorithm winograd_algorithm;

std::span<const Algorithm* const> algorithms() noexcept {
  static constexpr std::array<const Algorithm*, 5> table = {
      &winograd_algorithm,   &planar_algorithm,    &direct_algorithm,
      &transposed_algorithm, &reference_algorithm,
  };
  return table;
}

}  // namespace conv2d
