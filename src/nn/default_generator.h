// The generator that manual_seed seeds.
#pragma once

#include <conv2d/random.h>

namespace conv2d {

/// Draws from [-bound, bound) in memory order.
void fill_uniform_from_default(MutableTensorView tensor, double bound);

}  // namespace conv2d
