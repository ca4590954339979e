// Outputs whose taps meet: a convolution of any stride and dilation as several without dilation.
#pragma once

#include "geometry/axis.h"

#include <cstdint>
#include <numeric>

namespace conv2d {

/// Outputs p, p + apart, p + 2*apart, ... of an axis read input positions a dilation apart, so that
/// tap r of the i-th of them is the (i*stride + r)-th of these positions: r*dilation further than
/// i*apart*stride_of_the_axis, which is a multiple of the dilation.
struct TapClasses {
  explicit TapClasses(const Axis& axis) {
    const std::int64_t common = std::gcd(axis.stride, axis.dilation);
    apart = axis.dilation / common;
    stride = axis.stride / common;
  }

  std::int64_t apart;
  std::int64_t stride;
};

}  // namespace conv2d
