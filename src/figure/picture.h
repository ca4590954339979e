// The numbers of a panel at the size in which they are drawn.
#pragma once

#include <conv2d/tensor.h>

#include <cstdint>
#include <vector>

namespace conv2d::figure {

/// One channel, row by row.
struct Plane {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> values = {};
};

/// What of them is drawn, and what is said of them.
struct Samples {
  std::vector<Plane> planes = {};  ///< one, or red, green and blue
  int cell = 1;                    ///< each value is drawn as a square of that many output pixels
  // Of the values as given, before any averaging:
  double least = 0;  ///< of the finite ones; 0 where there are none
  double greatest = 0;
  std::int64_t not_finite = 0;
};

/// Values (H, W) or (C, H, W) for a square of `edge` output pixels: averaged over areas where they
/// are more, each a whole square cell where they are fewer. The averages are exact weighted means:
/// a pixel that covers half a value counts it half. Not-finite values make their pixels so.
Samples sample(TensorView values, int edge);

}  // namespace conv2d::figure
