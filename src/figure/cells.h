// Values drawn as a picture; where there are few enough, as cells with their numbers in them.
#pragma once

#include "figure/canvas.h"
#include "figure/picture.h"
#include "figure/shades.h"

#include <span>
#include <string>

namespace conv2d::figure {

/// How numbers are written in cells, the same in all pictures that belong together.
struct CellNumbers {
  int divisor = 0;    ///< where not 0, all values times this are whole: those are written
  int decimals = 0;   ///< else so many for all, or
  bool plain = true;  ///< where false, two digits each, with an exponent where that is shorter
  double size = 0;    ///< of the letters, in layout pixels; 0 where the cells are too small
};

/// For kernels (`fractions`), the least divisor up to 256 that makes all values whole numbers of
/// at most three digits: 16 for a Gaussian of 1/16, 2/16, 4/16; 1 for a Sobel. For others 1 or
/// none. Without one, as many decimals as give the largest value two digits, or up to
/// four where there is room.
CellNumbers choose_numbers(const Canvas& canvas, std::span<const Samples> pictures, bool fractions);

/// One value so written, without the zero before its point. Only zero is "0".
std::string cell_text(double value, const CellNumbers& numbers);

/// Draws the picture with its top left at (x, y), its numbers and an outline. Returns where it is.
Rect draw_cells(Canvas& canvas, double x, double y, const Samples& samples, const Shades& shades,
                const CellNumbers& numbers, Color outline);

}  // namespace conv2d::figure
