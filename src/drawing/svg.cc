#include "drawing/markup.h"
#include "drawing/path_shape.h"

#include <conv2d/drawing.h>

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

namespace conv2d::drawing {
namespace {

/// Two decimals at most, and none that say nothing.
std::string length(double value) {
  const long hundredths = std::lround(value * 100);
  std::string text = std::to_string(std::abs(hundredths) / 100);
  if (const long rest = std::abs(hundredths) % 100; rest != 0) {
    text += '.';
    text += static_cast<char>('0' + rest / 10);
    if (rest % 10 != 0) {
      text += static_cast<char>('0' + rest % 10);
    }
  }
  return hundredths < 0 ? "-" + text : text;
}

std::string hex(Color color) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "#";
  for (const std::uint8_t channel : {color.r, color.g, color.b}) {
    text += digits[channel >> 4U];
    text += digits[channel & 15U];
  }
  return text;
}

class Element {
 public:
  explicit Element(std::string_view name) : text_("<" + std::string(name)) {}
  Element& with(std::string_view name, std::string_view value) {
    text_ += " " + std::string(name) + "=\"" + escaped(value) + "\"";
    return *this;
  }
  Element& with(std::string_view name, double value) { return with(name, length(value)); }
  Element& place(const Rect& rect) {
    return with("x", rect.x)
        .with("y", rect.y)
        .with("width", rect.width)
        .with("height", rect.height);
  }
  Element& faint(double opacity) { return opacity == 1 ? *this : with("opacity", opacity); }
  Element& line(Color color, double width, Dash dash) {
    with("stroke", hex(color));
    if (width != 1) {
      with("stroke-width", width);
    }
    if (dash == Dash::dashed) {
      with("stroke-dasharray", length(4 * width) + " " + length(3 * width));
    } else if (dash == Dash::dotted) {
      with("stroke-dasharray", length(width) + " " + length(2 * width));
    }
    return *this;
  }
  std::string closed() const { return text_ + "/>\n"; }
  std::string around(std::string_view inside) const {
    return text_ + ">" + std::string(inside) + "</" + text_.substr(1, text_.find(' ') - 1) + ">\n";
  }

 private:
  std::string text_;
};

std::string hatch_id(Color color) { return "hatch-" + hex(color).substr(1); }

std::string hatches(const Drawing& drawing) {
  std::set<std::string> ids;
  std::string text;
  for (const Shape& shape : drawing.shapes) {
    const auto* const box = std::get_if<Box>(&shape);
    if (box != nullptr && box->hatch && ids.insert(hatch_id(*box->hatch)).second) {
      const std::string lines = Element("path")
                                    .with("d", "M-1 1L1-1M0 6L6 0M5 7L7 5")
                                    .with("stroke", hex(*box->hatch))
                                    .closed();
      text += Element("pattern")
                  .with("id", hatch_id(*box->hatch))
                  .with("width", "6")
                  .with("height", "6")
                  .with("patternUnits", "userSpaceOnUse")
                  .around(lines);
    }
  }
  return text.empty() ? "" : "<defs>" + text + "</defs>\n";
}

std::string to_text(const Box& box) {
  Element element("rect");
  element.place(box.rect);
  if (box.radius > 0) {
    element.with("rx", box.radius);
  }
  element.with("fill", box.fill ? hex(*box.fill) : "none");
  if (box.stroke) {
    element.line(*box.stroke, box.stroke_width, box.dash);
  }
  std::string text = element.faint(box.opacity).closed();
  if (box.hatch) {
    text += Element("rect")
                .place(box.rect)
                .with("fill", "url(#" + hatch_id(*box.hatch) + ")")
                .faint(box.opacity)
                .closed();
  }
  return text;
}

std::string outline(const Path& path) {
  std::string text;
  for (const Point& point : path.points) {
    text += (text.empty() ? "M" : "L") + length(point.x) + " " + length(point.y);
  }
  if (const std::optional<Point> control = control_point(path)) {
    const Point& from = path.points.front();
    const Point& to = path.points.back();
    text = "M" + length(from.x) + " " + length(from.y) + "Q" + length(control->x) + " " +
           length(control->y) + " " + length(to.x) + " " + length(to.y);
  }
  return text;
}

std::string to_text(const Path& path) {
  std::string text = Element("path")
                         .with("d", outline(path))
                         .with("fill", "none")
                         .line(path.color, path.width, path.dash)
                         .faint(path.opacity)
                         .closed();
  if (const auto head = arrow_head(path)) {
    std::string corners = "M";
    for (const Point& corner : *head) {
      corners += (corners.size() == 1 ? "" : "L") + length(corner.x) + " " + length(corner.y);
    }
    text += Element("path")
                .with("d", corners + "Z")
                .with("fill", hex(path.color))
                .faint(path.opacity)
                .closed();
  }
  return text;
}

std::string to_text(const Text& line) {
  Element element("text");
  element.with("x", line.at.x).with("y", line.at.y).with("font-size", line.size);
  if (line.align != Align::left) {
    element.with("text-anchor", line.align == Align::center ? "middle" : "end");
  }
  element.faint(line.opacity);
  std::string runs;
  for (const Run& run : line.runs) {
    const std::string_view weight = run.bold ? "bold" : "normal";
    if (line.runs.size() == 1) {
      element.with("fill", hex(run.color));
      if (run.bold) {
        element.with("font-weight", weight);
      }
      runs = escaped(run.text);
    } else {
      runs += "<tspan fill=\"" + hex(run.color) + "\"" + (run.bold ? " font-weight=\"bold\"" : "") +
              ">" + escaped(run.text) + "</tspan>";
    }
  }
  return element.around(runs);
}

}  // namespace

std::string to_svg(const Drawing& drawing) {
  std::string text;
  if (!drawing.title.empty()) {
    text += "\n<title>" + escaped(drawing.title) + "</title>\n";
  }
  if (!drawing.description.empty()) {
    text += "<desc>" + escaped(drawing.description) + "</desc>\n";
  }
  text += hatches(drawing);
  text += Element("rect")
              .place({0, 0, drawing.width, drawing.height})
              .with("fill", hex(drawing.paper))
              .closed();
  for (const Shape& shape : drawing.shapes) {
    text += std::visit([](const auto& any) { return to_text(any); }, shape);
  }
  return Element("svg")
      .with("xmlns", "http://www.w3.org/2000/svg")
      .with("viewBox", "0 0 " + length(drawing.width) + " " + length(drawing.height))
      .with("width", drawing.width)
      .with("height", drawing.height)
      .with("role", "img")
      .with("font-family", "DejaVu Sans, Verdana, sans-serif")
      .with("xml:space", "preserve")
      .around(text);
}

}  // namespace conv2d::drawing
