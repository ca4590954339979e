// The legend of a scale: its colours with their numbers, and what they leave unsaid.
#pragma once

#include "figure/canvas.h"
#include "figure/picture.h"
#include "figure/shades.h"

namespace conv2d::figure {

/// Height of a legend in layout pixels; 0 where the values need none (a picture in colour).
double legend_height(const Samples& samples, const Shades& shades);

/// Draws it with its top left at (x, y).
void draw_legend(Canvas& canvas, double x, double y, double width, const Samples& samples,
                 const Shades& shades);

}  // namespace conv2d::figure
