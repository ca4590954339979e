#include "figure/canvas.h"

#include "figure/cairo_image.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <new>

namespace conv2d::figure {
namespace {

int output_pixels(double layout, double ratio) {
  return std::max(1, static_cast<int>(std::ceil(layout * ratio)));
}

/// cairo's RGB24: one word a pixel, 0x00RRGGBB.
std::uint32_t packed(Color color) {
  return static_cast<std::uint32_t>(color.r) << 16U | static_cast<std::uint32_t>(color.g) << 8U |
         color.b;
}

}  // namespace

struct Canvas::Surface {
  cairo_surface_t* image;
  cairo_t* context;

  std::uint32_t* row(int y) const {
    unsigned char* const bytes = cairo_image_surface_get_data(image);
    const std::ptrdiff_t stride = cairo_image_surface_get_stride(image);
    return reinterpret_cast<std::uint32_t*>(bytes + y * stride);
  }
};

void Canvas::SurfaceEnd::operator()(Surface* surface) const noexcept {
  cairo_destroy(surface->context);
  cairo_surface_destroy(surface->image);
  delete surface;  // NOLINT(cppcoreguidelines-owning-memory): this is the deleter
}

Canvas::Canvas(double width, double height, double ratio) : ratio_(ratio) {
  cairo_surface_t* const image = cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, output_pixels(width, ratio), output_pixels(height, ratio));
  surface_.reset(new Surface{image, cairo_create(image)});
  if (cairo_status(surface_->context) != CAIRO_STATUS_SUCCESS) {
    throw std::bad_alloc();
  }
  set_color(drawing::paper);
  cairo_paint(surface_->context);
  cairo_scale(surface_->context, ratio, ratio);
  use_plain_letters(surface_->context);
}

void Canvas::set_font(Font font) const {
  cairo_select_font_face(surface_->context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                         font.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(surface_->context, font.size);
}

void Canvas::set_color(Color color) {
  cairo_set_source_rgb(surface_->context, color.r / 255.0, color.g / 255.0, color.b / 255.0);
}

double Canvas::text_width(const std::string& text, Font font) const {
  set_font(font);
  cairo_text_extents_t extents;
  cairo_text_extents(surface_->context, text.c_str(), &extents);
  return extents.x_advance;
}

void Canvas::text(double x, double baseline, const std::string& text, Font font, Color color,
                  Align align) {
  const double width = text_width(text, font);
  const double shift = align == Align::left ? 0 : align == Align::center ? width / 2 : width;
  set_color(color);
  cairo_move_to(surface_->context, x - shift, baseline);
  cairo_show_text(surface_->context, text.c_str());
}

void Canvas::fill(const Rect& rect, Color color) {
  set_color(color);
  cairo_rectangle(surface_->context, rect.x, rect.y, rect.width, rect.height);
  cairo_fill(surface_->context);
}

void Canvas::outline(const Rect& rect, Color color, double width) {
  set_color(color);
  cairo_set_line_width(surface_->context, width);
  cairo_rectangle(surface_->context, rect.x - width / 2, rect.y - width / 2, rect.width + width,
                  rect.height + width);
  cairo_stroke(surface_->context);
}

Rect Canvas::draw(double x, double y, const Pixels& pixels) {
  const int left = static_cast<int>(std::lround(x * ratio_));
  const int top = static_cast<int>(std::lround(y * ratio_));
  const int rows = std::min(pixels.height, cairo_image_surface_get_height(surface_->image) - top);
  const int columns = std::min(pixels.width, cairo_image_surface_get_width(surface_->image) - left);
  cairo_surface_flush(surface_->image);
  for (int r = 0; r < rows; ++r) {
    const Color* const from = pixels.colors.data() + static_cast<std::ptrdiff_t>(r) * pixels.width;
    std::transform(from, from + std::max(0, columns), surface_->row(top + r) + left, packed);
  }
  cairo_surface_mark_dirty(surface_->image);
  return {left / ratio_, top / ratio_, pixels.width / ratio_, pixels.height / ratio_};
}

Tensor Canvas::to_tensor() const { return figure::to_tensor(surface_->image); }

}  // namespace conv2d::figure
