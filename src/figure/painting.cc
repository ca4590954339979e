// Drawings in pixels and as PDF, by cairo.
#include "drawing/path_shape.h"
#include "figure/cairo_image.h"

#include <conv2d/figure.h>

#include <cairo-pdf.h>
#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace conv2d::figure {
namespace {

using drawing::Align;
using drawing::Box;
using drawing::Color;
using drawing::Dash;
using drawing::Drawing;
using drawing::Path;
using drawing::Point;
using drawing::Rect;
using drawing::Text;

struct End {
  void operator()(cairo_surface_t* surface) const noexcept { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const noexcept { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, End>;
using Context = std::unique_ptr<cairo_t, End>;

/// Paints the shapes of a drawing one by one.
class Painter {
 public:
  explicit Painter(cairo_t* context) : context_(context) { use_plain_letters(context_); }

  void operator()(const Box& box) {
    if (box.fill) {
      outline(box);
      color(*box.fill, box.opacity);
      cairo_fill(context_);
    }
    if (box.hatch) {
      hatch(box);
    }
    if (box.stroke) {
      outline(box);
      line(*box.stroke, box.opacity, box.stroke_width, box.dash);
      cairo_stroke(context_);
    }
  }

  void operator()(const Path& path) {
    if (path.points.empty()) {
      return;
    }
    const Point& to = path.points.back();
    cairo_move_to(context_, path.points.front().x, path.points.front().y);
    if (const std::optional<Point> control = drawing::control_point(path)) {
      const Point& from = path.points.front();
      // A quadratic curve as a cubic one: two thirds of the way to the control point.
      cairo_curve_to(context_, from.x + (control->x - from.x) * 2 / 3,
                     from.y + (control->y - from.y) * 2 / 3, to.x + (control->x - to.x) * 2 / 3,
                     to.y + (control->y - to.y) * 2 / 3, to.x, to.y);
    } else {
      for (const Point& point : path.points) {
        cairo_line_to(context_, point.x, point.y);
      }
    }
    line(path.color, path.opacity, path.width, path.dash);
    cairo_stroke(context_);
    if (const auto head = drawing::arrow_head(path)) {
      for (const Point& corner : *head) {
        cairo_line_to(context_, corner.x, corner.y);
      }
      cairo_close_path(context_);
      color(path.color, path.opacity);
      cairo_fill(context_);
    }
  }

  void operator()(const Text& text) {
    double width = 0;
    for (const drawing::Run& run : text.runs) {
      width += advance(run, text.size);
    }
    const double shift = text.align == Align::left     ? 0
                         : text.align == Align::center ? width / 2
                                                       : width;
    double x = text.at.x - shift;
    for (const drawing::Run& run : text.runs) {
      const double step = advance(run, text.size);
      color(run.color, text.opacity);
      cairo_move_to(context_, x, text.at.y);
      cairo_show_text(context_, run.text.c_str());
      x += step;
    }
  }

 private:
  /// Also chooses the face.
  double advance(const drawing::Run& run, double size) {
    cairo_select_font_face(context_, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           run.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context_, size);
    cairo_text_extents_t extents;
    cairo_text_extents(context_, run.text.c_str(), &extents);
    return extents.x_advance;
  }

  void color(Color color, double opacity) {
    cairo_set_source_rgba(context_, color.r / 255.0, color.g / 255.0, color.b / 255.0, opacity);
  }

  void line(Color stroke, double opacity, double width, Dash dash) {
    color(stroke, opacity);
    cairo_set_line_width(context_, width);
    const std::vector<double> lengths = dash == Dash::dashed   ? std::vector{4 * width, 3 * width}
                                        : dash == Dash::dotted ? std::vector{width, 2 * width}
                                                               : std::vector<double>{};
    cairo_set_dash(context_, lengths.data(), static_cast<int>(lengths.size()), 0);
  }

  void outline(const Box& box) {
    constexpr double right_angle = 1.57079632679489662;
    const Rect& rect = box.rect;
    const double radius = std::min({box.radius, rect.width / 2, rect.height / 2});
    if (radius <= 0) {
      cairo_rectangle(context_, rect.x, rect.y, rect.width, rect.height);
      return;
    }
    cairo_new_sub_path(context_);
    const Point corners[] = {{rect.right() - radius, rect.y + radius},
                             {rect.right() - radius, rect.bottom() - radius},
                             {rect.x + radius, rect.bottom() - radius},
                             {rect.x + radius, rect.y + radius}};
    double angle = -right_angle;
    for (const Point& corner : corners) {
      cairo_arc(context_, corner.x, corner.y, radius, angle, angle + right_angle);
      angle += right_angle;
    }
    cairo_close_path(context_);
  }

  /// Lines from the lower left to the upper right, 6 layout pixels apart, as SVG's pattern has
  /// them.
  void hatch(const Box& box) {
    const Rect& rect = box.rect;
    cairo_save(context_);
    cairo_rectangle(context_, rect.x, rect.y, rect.width, rect.height);
    cairo_clip(context_);
    line(*box.hatch, box.opacity, 1, Dash::solid);
    const auto first = static_cast<int>(std::floor((rect.x + rect.y) / 6));
    const auto last = static_cast<int>(std::floor((rect.right() + rect.bottom()) / 6));
    for (int line_number = first; line_number <= last; ++line_number) {
      const double sum = 6 * line_number;
      cairo_move_to(context_, sum - rect.y + 1, rect.y - 1);
      cairo_line_to(context_, sum - rect.bottom() - 1, rect.bottom() + 1);
    }
    cairo_stroke(context_);
    cairo_restore(context_);
  }

  cairo_t* context_;
};

void paint(cairo_t* context, const Drawing& drawing) {
  Painter painter(context);
  painter(Box{.rect = {0, 0, drawing.width, drawing.height}, .fill = drawing.paper});
  for (const drawing::Shape& shape : drawing.shapes) {
    std::visit(painter, shape);
  }
}

void require_success(cairo_status_t status) {
  if (status == CAIRO_STATUS_NO_MEMORY) {
    throw std::bad_alloc();
  }
  if (status != CAIRO_STATUS_SUCCESS) {
    throw std::runtime_error(std::string("the figure was not drawn: ") +
                             cairo_status_to_string(status));
  }
}

}  // namespace

Tensor to_pixels(const Drawing& drawing, double ratio) {
  constexpr double most = 32767;  // cairo's own limit
  const double height = std::ceil(drawing.height * ratio);
  const double width = std::ceil(drawing.width * ratio);
  if (!(ratio > 0) || height > most || width > most) {
    throw std::invalid_argument("a figure of " + std::to_string(static_cast<std::int64_t>(width)) +
                                " by " + std::to_string(static_cast<std::int64_t>(height)) +
                                " pixels cannot be drawn: at most 32767 each way can");
  }
  const Surface image(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width),
                                                 static_cast<int>(height)));
  const Context context(cairo_create(image.get()));
  require_success(cairo_status(context.get()));
  // Pixels that the drawing ends in, too.
  cairo_set_source_rgb(context.get(), drawing.paper.r / 255.0, drawing.paper.g / 255.0,
                       drawing.paper.b / 255.0);
  cairo_paint(context.get());
  cairo_scale(context.get(), ratio, ratio);
  paint(context.get(), drawing);
  require_success(cairo_status(context.get()));
  return to_tensor(image.get());
}

std::string to_pdf(const Drawing& drawing) {
  constexpr double points = 0.75;  // a layout pixel is a 96th of an inch, a point a 72nd
  std::string pdf;
  const auto keep = [](void* to, const unsigned char* data, unsigned count) {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), count);
    return CAIRO_STATUS_SUCCESS;
  };
  {
    const Surface page(cairo_pdf_surface_create_for_stream(keep, &pdf, drawing.width * points,
                                                           drawing.height * points));
    cairo_pdf_surface_set_metadata(page.get(), CAIRO_PDF_METADATA_TITLE, drawing.title.c_str());
    const Context context(cairo_create(page.get()));
    cairo_scale(context.get(), points, points);
    paint(context.get(), drawing);
    require_success(cairo_status(context.get()));
    cairo_surface_finish(page.get());
    require_success(cairo_surface_status(page.get()));
  }
  return pdf;
}

}  // namespace conv2d::figure
