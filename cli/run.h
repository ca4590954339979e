// Running a layer while somebody watches.
#pragma once

#include "layer.h"
#include "terminal.h"

#include <conv2d/tensor.h>

namespace conv2d::cli {

/// The layer's output. Where the progress is visible the work is done in parts, image by image or
/// in bands of output rows, each a convolution of its own. The bits are those of one call: no part
/// cuts through a sum, and bands are made only where the same algorithm runs them.
Tensor run(const Layer& layer, TensorView input, Progress& progress);

}  // namespace conv2d::cli
