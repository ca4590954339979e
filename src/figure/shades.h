// From numbers to colours: the limits of a scale, and the pixels that they give.
#pragma once

#include "drawing/color.h"
#include "figure/canvas.h"
#include "figure/picture.h"

#include <conv2d/figure.h>

#include <optional>

namespace conv2d::figure {

/// A scale with its limits. Values beyond are drawn as the limit.
struct Shades {
  Scale scale = Scale::diverging;
  double low = -1;
  double high = 1;

  Color operator()(double value) const noexcept;
};

/// The limits for what is drawn. Scale::picture: 0 and `white`. Diverging: the limit given, else
/// |value| that 99.5% of what is drawn stay within, rounded up to two digits. Sequential: the least
/// and the greatest value.
Shades choose_shades(const Samples& samples, Scale scale, std::optional<double> limit,
                     double white = 1);

/// Every value a square cell of samples.cell pixels; three planes become red, green and blue.
Pixels paint(const Samples& samples, const Shades& shades);

}  // namespace conv2d::figure
