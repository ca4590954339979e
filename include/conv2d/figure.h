// Figures: what a layer takes and gives, drawn.                         (library conv2d_figure)
#pragma once

#include <conv2d/drawing.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace conv2d::figure {

/// How numbers become colours.
enum class Scale : std::uint8_t {
  picture,    ///< light: 0 is black, 1 (255 in uint8) is white; beyond that is cut off
  diverging,  ///< signed: zero is the ground, both signs to the same limit; blue below, brown above
  sequential,  ///< from the least value (light) to the greatest (dark)
};

using drawing::Role;

/// One labelled picture of a sheet. Borrows its tensors.
struct Panel {
  /// (H, W) on any scale, or (3, H, W) red, green, blue on Scale::picture. Any real dtype.
  TensorView values;
  std::string title;         ///< one line above the picture
  std::string caption = {};  ///< a second one, smaller; may be empty
  Scale scale = Scale::diverging;
  Role role = Role::output;
  /// What has the full colour on the diverging scale; positive. Unless told, the |value| that
  /// 99.5% of what is drawn stays within. Values beyond are drawn as the limit, and the legend
  /// says so.
  std::optional<double> limit = {};
  /// Diverging panels of one number other than 0 that were told no limit share the largest of
  /// theirs, so that they can be compared.
  int share = 0;
  /// The filter that made these values, (R, S) or (C, R, S), drawn below them cell by cell, with
  /// its numbers where they fit.
  std::optional<TensorView> kernel = {};
  /// Where it is not empty, this panel begins a new row under this heading ...
  std::string heading = {};
  std::string note = {};  ///< ... and this line of explanation.
};

/// How a sheet is laid out. Lengths are in layout pixels, `ratio` output pixels each.
struct SheetOptions {
  std::string title = {};     ///< at the top of the sheet; may be empty
  std::string subtitle = {};  ///< below it; may be empty
  int columns = 0;            ///< panels in a row, 1 to 64; 0 chooses from their number
  int panel_edge = 360;  ///< greatest width and height of a picture, 32 to 4096: larger pictures
                         ///< are averaged down to it, smaller ones enlarged to whole square cells
  double ratio = 1;      ///< 2 for screens of double density; 0.5 to 4
};

/// The panels as one picture, row by row: title, picture, legend of its scale, kernel.
/// Result: uint8 (3, height, width), red, green, blue.
/// Throws std::invalid_argument, naming the panel, for sizes, dtypes or options not allowed above,
/// for panels without any values, and for a sheet of more than 32767 pixels in height or width.
Tensor contact_sheet(std::span<const Panel> panels, const SheetOptions& options = {});

/// A drawing (see <conv2d/diagram.h>) in pixels, `ratio` of them for each layout pixel: uint8
/// (3, height, width). Throws std::invalid_argument for more than 32767 in height or width.
Tensor to_pixels(const drawing::Drawing& drawing, double ratio = 1);

/// A drawing as a PDF document of one page, its text as text.
std::string to_pdf(const drawing::Drawing& drawing);

}  // namespace conv2d::figure
