// What npz needs of npy besides the public functions.
#pragma once

#include "conv2d/tensor.h"

#include <cstddef>
#include <string>
#include <vector>

namespace conv2d::io {

/// A tensor as NumPy stores it: bfloat16 becomes float32, everything else stays.
bool npy_holds(DType dtype) noexcept;
/// Magic, version 1.0 and the header, padded so that the elements begin at a multiple of 64 bytes.
std::string npy_header(DType dtype, const Sizes& sizes);

}  // namespace conv2d::io
