#include "figure/panel.h"

#include "base/error.h"
#include "figure/legend.h"
#include "figure/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace conv2d::figure {
namespace {

constexpr Font panel_title = {13.5, true};
constexpr Font caption_font = {11.5};
constexpr Font note_font = {10.5};
constexpr double title_height = 18;
constexpr double caption_height = 15;
constexpr std::size_t caption_lines = 5;
constexpr double above_picture = 6;
constexpr double below_picture = 9;
constexpr double above_kernel = 8;
constexpr double kernel_note_height = 17;
constexpr double largest_kernel_cell = 24;
constexpr double smallest_slice = 24;
constexpr double between_slices = 8;

void check_kernel(const Panel& panel, const std::string& name) {
  const TensorView& kernel = *panel.kernel;
  if ((kernel.rank() != 2 && kernel.rank() != 3) || kernel.empty() || is_complex(kernel.dtype())) {
    throw_invalid(concat(name, ": a kernel is (R, S) or (C, R, S) real numbers, but got ",
                         conv2d::name(kernel.dtype()), " of size ", to_string(kernel.sizes())));
  }
}

std::int64_t slices_of(TensorView kernel) { return kernel.rank() == 3 ? kernel.size(0) : 1; }

TensorView slice_of(TensorView kernel, std::int64_t channel) {
  return kernel.rank() == 3 ? kernel.select(0, channel) : kernel;
}

/// "weights 3 x 5 x 5, -0.115 to 0.113" or "weights 3 x 3, each divided by 16"; shorter where
/// there is little room.
std::string describe(const Canvas& canvas, TensorView kernel, const Samples& all, int divisor,
                     double width) {
  std::string shape = "weights ";
  for (int dim = 0; dim < kernel.rank(); ++dim) {
    shape += (dim == 0 ? "" : " \u00D7 ") + std::to_string(kernel.size(dim));
  }
  const std::string range = number(all.least, 3) + " to " + number(all.greatest, 3);
  const std::string by = std::to_string(divisor);
  if (divisor == 1) {
    return fitted(canvas, shape, note_font, width);
  }
  const std::array<std::string, 2> texts = {
      shape + ", " + (divisor == 0 ? range : "each divided by " + by),
      divisor == 0 ? shape : "weights, each \u00F7 " + by};
  return first_fitting(canvas, texts, note_font, width);
}

/// How many slices fit side by side, each wide enough to be seen.
std::int64_t slices_shown(TensorView kernel, double width) {
  const double room = (width + between_slices) / (smallest_slice + between_slices);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(room), 1, slices_of(kernel));
}

void prepare_kernel(const Canvas& canvas, TensorView kernel, double width,
                    PreparedPanel& prepared) {
  const std::int64_t shown = slices_shown(kernel, width);
  const double gaps = static_cast<double>(shown - 1) * between_slices;
  const std::int64_t longest = std::max(kernel.size(-1), kernel.size(-2));
  const double edge = std::min((width - gaps) / static_cast<double>(shown),
                               largest_kernel_cell * static_cast<double>(longest));
  const int pixels = std::max(1, static_cast<int>(edge * canvas.ratio()));
  for (std::int64_t channel = 0; channel < shown; ++channel) {
    prepared.kernel.push_back(sample(slice_of(kernel, channel), pixels));
  }
  const Samples all = sample(kernel, 1);
  const double limit = std::max(std::abs(all.least), std::abs(all.greatest));
  prepared.kernel_shades = {Scale::diverging, -limit, limit == 0 ? 1 : limit};
  prepared.kernel_numbers = choose_numbers(canvas, prepared.kernel, true);
  const int divisor = prepared.kernel_numbers.size > 0 ? prepared.kernel_numbers.divisor : 0;
  prepared.kernel_note = describe(canvas, kernel, all, divisor, width);
  if (shown < slices_of(kernel)) {
    prepared.kernel_note =
        fitted(canvas, prepared.kernel_note + "; the first " + std::to_string(shown) + " channels",
               note_font, width);
  }
}

double picture_height(const Samples& samples, double ratio) {
  return static_cast<double>(samples.planes[0].height) * samples.cell / ratio;
}

}  // namespace

void RowHeights::include(const PreparedPanel& panel, double ratio) {
  caption = std::max(caption, caption_height * static_cast<double>(panel.caption.size()));
  picture = std::max(picture, picture_height(panel.picture, ratio));
  legend = std::max(legend, legend_height(panel.picture, panel.shades));
  if (!panel.kernel.empty()) {
    kernel = std::max(kernel,
                      above_kernel + kernel_note_height + picture_height(panel.kernel[0], ratio));
  }
}

double RowHeights::total() const {
  return title_height + caption + above_picture + picture + below_picture + legend + kernel;
}

double picture_width(const Samples& samples, double ratio) {
  return static_cast<double>(samples.planes[0].width) * samples.cell / ratio;
}

void check(const Panel& panel, const std::string& name) {
  const TensorView& values = panel.values;
  const bool rgb = values.rank() == 3 && values.size(0) == 3 && panel.scale == Scale::picture;
  if ((values.rank() != 2 && !rgb) || values.empty() || is_complex(values.dtype())) {
    throw_invalid(concat(name, ": values are (H, W) real numbers, or (3, H, W) on Scale::picture, ",
                         "but got ", conv2d::name(values.dtype()), " of size ",
                         to_string(values.sizes())));
  }
  if (panel.limit && !(std::isfinite(*panel.limit) && *panel.limit > 0)) {
    throw_invalid(concat(name, ": the limit must be positive and finite, but got ", *panel.limit));
  }
  if (panel.kernel) {
    check_kernel(panel, name);
  }
}

PreparedPanel prepare(const Canvas& canvas, const Panel& panel, Samples samples,
                      std::optional<double> limit, double width) {
  PreparedPanel prepared;
  prepared.title = fitted(canvas, clean(panel.title), panel_title, width);
  prepared.caption = wrapped(canvas, clean(panel.caption), caption_font, width, caption_lines);
  prepared.shades =
      choose_shades(samples, panel.scale, limit, panel.values.dtype() == DType::uint8 ? 255 : 1);
  prepared.picture = std::move(samples);
  prepared.numbers = choose_numbers(canvas, std::span(&prepared.picture, 1), false);
  prepared.outline = drawing::color_of(panel.role);
  if (panel.kernel) {
    prepare_kernel(canvas, *panel.kernel, width, prepared);
  }
  return prepared;
}

void draw(Canvas& canvas, double x, double y, double width, const PreparedPanel& panel,
          const RowHeights& heights) {
  canvas.text(x, y + panel_title.size, panel.title, panel_title, drawing::ink);
  y += title_height;
  for (std::size_t line = 0; line < panel.caption.size(); ++line) {
    canvas.text(x, y + caption_height * static_cast<double>(line) + caption_font.size,
                panel.caption[line], caption_font, drawing::quiet_ink);
  }
  y += heights.caption + above_picture;
  draw_cells(canvas, x, y, panel.picture, panel.shades, panel.numbers, panel.outline);
  y += heights.picture + below_picture;
  draw_legend(canvas, x, y, width, panel.picture, panel.shades);
  if (panel.kernel.empty()) {
    return;
  }
  y += heights.legend + above_kernel;
  canvas.text(x, y + note_font.size, panel.kernel_note, note_font, drawing::quiet_ink);
  y += kernel_note_height;
  for (const Samples& slice : panel.kernel) {
    const Rect drawn = draw_cells(canvas, x, y, slice, panel.kernel_shades, panel.kernel_numbers,
                                  drawing::color_of(Role::weight));
    x += drawn.width + between_slices;
  }
}

}  // namespace conv2d::figure
