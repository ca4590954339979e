// Strides of the two memory formats, and which one a view has.
#pragma once

#include <conv2d/tensor.h>

namespace conv2d {

/// Strides that put the elements one after the other, last dimension fastest; for a rank-4
/// channels_last, C fastest.
Strides packed_strides(const Sizes& sizes, MemoryFormat format);

}  // namespace conv2d
