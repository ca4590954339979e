// One panel of a sheet: what is written, what is drawn, how much room it takes, and drawing it.
#pragma once

#include "figure/canvas.h"
#include "figure/cells.h"
#include "figure/picture.h"
#include "figure/shades.h"

#include <conv2d/figure.h>

#include <optional>
#include <string>
#include <vector>

namespace conv2d::figure {

/// A panel with everything computed that does not depend on its place.
struct PreparedPanel {
  std::string title;
  std::vector<std::string> caption;  ///< lines
  Samples picture;
  Shades shades;
  CellNumbers numbers;
  Color outline;
  std::vector<Samples> kernel;  ///< a slice for each channel, as many as there is room for
  Shades kernel_shades;
  std::string kernel_note;
  CellNumbers kernel_numbers;
};

/// How a row of panels shares its height, so that like lies beside like.
struct RowHeights {
  double caption = 0;
  double picture = 0;
  double legend = 0;
  double kernel = 0;

  void include(const PreparedPanel& panel, double ratio);
  double total() const;
};

/// Layout pixels of the picture of these values.
double picture_width(const Samples& samples, double ratio);

/// Throws std::invalid_argument, calling the panel `name`, for what contact_sheet refuses.
void check(const Panel& panel, const std::string& name);

/// `samples` are those of the panel's values, `limit` what its diverging scale is told; `width` is
/// its column's, in layout pixels.
PreparedPanel prepare(const Canvas& canvas, const Panel& panel, Samples samples,
                      std::optional<double> limit, double width);

/// Draws it with its top left at (x, y).
void draw(Canvas& canvas, double x, double y, double width, const PreparedPanel& panel,
          const RowHeights& heights);

}  // namespace conv2d::figure
