// The table of algorithms: a new one is a file beside this and a line in the list.
#include "algorithm/algorithm.h"

#include <array>

namespace conv2d {

extern const Algorithm depthwise_channels_algorithm;
extern const Algorithm depthwise_rows_algorithm;
extern const Algorithm direct_algorithm;
extern const Algorithm joined_groups_algorithm;
extern const Algorithm planar_algorithm;
extern const Algorithm reference_algorithm;
extern const Algorithm separable_algorithm;
extern const Algorithm transposed_algorithm;
extern const Algorithm winograd_2x2_algorithm;
extern const Algorithm winograd_algorithm;

std::span<const Algorithm* const> algorithms() noexcept {
  static constexpr std::array<const Algorithm*, 10> table = {
      &winograd_algorithm,            // where another rounding is allowed
      &winograd_2x2_algorithm,        // the same, small maps
      &separable_algorithm,           // the same, image filters
      &joined_groups_algorithm,       // several channels a group, less than a vector
      &depthwise_channels_algorithm,  // one channel a group, channels-last
      &depthwise_rows_algorithm,      // one input channel a group, planes
      &planar_algorithm,              // planes, few channels
      &direct_algorithm,              // many channels
      &transposed_algorithm,          // the other way
      &reference_algorithm,           // whatever is left
  };
  return table;
}

}  // namespace conv2d
