// Output sizes as the courses count them: square pictures, square kernels, one channel.
#pragma once

#include <conv2d/nn.h>

#include <cstdint>

namespace conv2d::testing {

/// The output size of a convolution: input i, kernel k, stride s, padding p, dilation d.
inline std::int64_t conv_size(std::int64_t i, std::int64_t k, std::int64_t s = 1,
                              std::int64_t p = 0, std::int64_t d = 1) {
  return Conv2d(1, 1, k, s, p, d).output_sizes({1, i, i})[1];
}

/// The output size of a transposed convolution; a is output_padding.
inline std::int64_t transposed_size(std::int64_t i, std::int64_t k, std::int64_t s = 1,
                                    std::int64_t p = 0, std::int64_t a = 0) {
  return ConvTranspose2d(1, 1, k, s, p, a).output_sizes({1, i, i})[1];
}

}  // namespace conv2d::testing
