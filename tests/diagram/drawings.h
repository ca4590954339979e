// What tests ask of drawings: their words, the numbers in their grids, where their shapes lie; and
// layers with small numbers to draw.
#pragma once

#include "diagram/pen.h"
#include "explain/layers.h"

#include <conv2d/diagram.h>
#include <conv2d/repr.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace conv2d::diagram::test {

using conv2d::testing::Random;

inline std::string text_of(const std::vector<Run>& runs) {
  std::string text;
  for (const Run& run : runs) {
    text += run.text;
  }
  return text;
}

/// Every line of a drawing.
inline std::vector<std::string> lines_of(const Drawing& drawing) {
  std::vector<std::string> lines;
  for (const drawing::Shape& shape : drawing.shapes) {
    if (const auto* const text = std::get_if<Text>(&shape)) {
      lines.push_back(text_of(text->runs));
    }
  }
  return lines;
}

/// All of them as one, so that a sentence is found where it is broken into lines.
inline std::string words_of(const Drawing& drawing) {
  std::string words;
  for (const std::string& line : lines_of(drawing)) {
    words += line + " ";
  }
  return words;
}

inline bool says(const Drawing& drawing, const std::string& part) {
  return words_of(drawing).find(part) != std::string::npos;
}

// ---- where shapes lie

inline Rect bounds(const Text& text) {
  const double width = text_width(text.runs, text.size);
  const double shift = text.align == Align::left     ? 0
                       : text.align == Align::center ? width / 2
                                                     : width;
  // Of the letters of DejaVu Sans, the tallest with an accent left out.
  return {text.at.x - shift, text.at.y - 0.76 * text.size, width, text.size};
}

inline Rect bounds(const Box& box) {
  const double rim = box.stroke ? box.stroke_width / 2 : 0;
  return {box.rect.x - rim, box.rect.y - rim, box.rect.width + 2 * rim, box.rect.height + 2 * rim};
}

inline Rect bounds(const Path& path) {
  double left = INFINITY;
  double top = INFINITY;
  double right = -INFINITY;
  double bottom = -INFINITY;
  for (const Point& point : path.points) {
    left = std::min(left, point.x);
    top = std::min(top, point.y);
    right = std::max(right, point.x);
    bottom = std::max(bottom, point.y);
  }
  const double rim = path.width / 2 + std::abs(path.bend);
  return {left - rim, top - rim, right - left + 2 * rim, bottom - top + 2 * rim};
}

inline std::string name_of(const drawing::Shape& shape) {
  const Rect at = std::visit([](const auto& any) { return bounds(any); }, shape);
  const auto* const text = std::get_if<Text>(&shape);
  return (text != nullptr                      ? "\"" + text_of(text->runs) + "\""
          : std::holds_alternative<Box>(shape) ? "a box"
                                               : "a path") +
         " from " + std::to_string(at.x) + ", " + std::to_string(at.y) + " to " +
         std::to_string(at.right()) + ", " + std::to_string(at.bottom());
}

/// Whether every shape lies in the drawing, and is drawn with numbers.
inline ::testing::AssertionResult fits(const Drawing& drawing) {
  for (const drawing::Shape& shape : drawing.shapes) {
    const Rect at = std::visit([](const auto& any) { return bounds(any); }, shape);
    const bool inside =
        at.x >= 0 && at.y >= 0 && at.right() <= drawing.width && at.bottom() <= drawing.height;
    if (!inside) {  // so is what is not a number
      return ::testing::AssertionFailure()
             << name_of(shape) << " of " << drawing.width << "x" << drawing.height;
    }
  }
  return ::testing::AssertionSuccess();
}

/// Whether no line lies over another; the small weights in the corners of cells apart.
inline ::testing::AssertionResult apart(const Drawing& drawing) {
  constexpr double corner_size = 8.5;
  std::vector<const drawing::Shape*> texts;
  std::vector<Rect> places;
  for (const drawing::Shape& shape : drawing.shapes) {
    const auto* const text = std::get_if<Text>(&shape);
    if (text != nullptr && text->size > corner_size) {
      texts.push_back(&shape);
      places.push_back(bounds(*text));
    }
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Rect& a = places[i];
    for (std::size_t j = 0; j < i; ++j) {
      const Rect& b = places[j];
      constexpr double touch = 1;
      if (a.x < b.right() - touch && b.x < a.right() - touch && a.y < b.bottom() - 3 &&
          b.y < a.bottom() - 3) {
        return ::testing::AssertionFailure()
               << name_of(*texts[j]) << " lies under " << name_of(*texts[i]);
      }
    }
  }
  return ::testing::AssertionSuccess();
}

// ---- the numbers in grids

using Rows = std::vector<std::vector<std::string>>;

/// The first line with that beginning.
inline const Text* line_with(const Drawing& drawing, const std::string& beginning) {
  for (const drawing::Shape& shape : drawing.shapes) {
    const auto* const text = std::get_if<Text>(&shape);
    if (text != nullptr && text_of(text->runs).rfind(beginning, 0) == 0) {
      return text;
    }
  }
  return nullptr;
}

/// The frame of the grid below a label.
inline std::optional<Rect> frame_below(const Drawing& drawing, const Point& label) {
  std::optional<Point> corner;
  double right = 0;
  for (const drawing::Shape& shape : drawing.shapes) {
    const auto* const path = std::get_if<Path>(&shape);
    if (path == nullptr || path->points.size() != 2) {
      continue;
    }
    const Point from = path->points[0];
    const Point to = path->points[1];
    // Its first side is the upper one, its third the left one.
    if (!corner && from.x == label.x - 1 && from.y == to.y && from.y > label.y &&
        from.y < label.y + 26) {  // arcs may lie between
      corner = Point{label.x, from.y};
      right = to.x - 1;
    } else if (corner && from.x == corner->x && from.y == corner->y && to.x == from.x) {
      return Rect{corner->x, corner->y, right - corner->x, to.y - corner->y};
    }
  }
  return std::nullopt;
}

/// What stands in the cells below the label of that beginning, "" where a cell is empty; a minus
/// sign as '-'. No rows where there is no such label.
inline Rows grid_below(const Drawing& drawing, const std::string& beginning) {
  const Text* const label = line_with(drawing, beginning);
  const auto frame = label != nullptr ? frame_below(drawing, label->at) : std::nullopt;
  if (!frame) {
    return {};
  }
  double cell = 0;
  for (const drawing::Shape& shape : drawing.shapes) {
    const auto* const box = std::get_if<Box>(&shape);
    if (cell == 0 && box != nullptr && box->rect.x == frame->x && box->rect.y == frame->y) {
      cell = box->rect.width;
    }
  }
  const auto across = static_cast<std::size_t>(std::lround(frame->width / cell));
  Rows rows(static_cast<std::size_t>(std::lround(frame->height / cell)),
            std::vector<std::string>(across));
  for (const drawing::Shape& shape : drawing.shapes) {
    const auto* const text = std::get_if<Text>(&shape);
    const bool centered = text != nullptr && text->align == Align::center;
    if (centered && text->at.x > frame->x && text->at.x < frame->right() && text->at.y > frame->y &&
        text->at.y < frame->bottom()) {
      std::string number = text_of(text->runs);
      if (number.rfind("\u2212", 0) == 0) {
        number.replace(0, std::string("\u2212").size(), "-");
      }
      rows.at(static_cast<std::size_t>((text->at.y - frame->y) / cell))
          .at(static_cast<std::size_t>((text->at.x - frame->x) / cell)) = number;
    }
  }
  return rows;
}

// ---- layers

/// A layer with whole numbers, and one image for it.
template <class Module>
struct Example {
  Module layer;
  Tensor input;
};

template <class Options>
auto example_of(const Options& options, const Sizes& input, std::uint64_t seed) {
  auto layer = example_layer(options, seed);
  return Example<decltype(layer)>{std::move(layer), example_input(input, options.dtype, seed)};
}

/// A drawn configuration in another dtype, with example numbers.
template <class Drawn>
auto example_like(const Drawn& drawn, Random& random, DType dtype) {
  auto options = drawn.layer.options();
  options.dtype = dtype;
  const Sizes& sizes = drawn.input.sizes();
  return example_of(options, {sizes[1], sizes[2], sizes[3]},
                    static_cast<std::uint64_t>(random.between(1, 1000)));
}

inline Example<Conv2d> random_conv2d(Random& random, DType dtype) {
  return example_like(explain::test::random_conv2d(random, DType::float32), random, dtype);
}

inline Example<ConvTranspose2d> random_conv_transpose2d(Random& random, DType dtype) {
  return example_like(explain::test::random_conv_transpose2d(random, DType::float32), random,
                      dtype);
}

/// The layer of a text with the numbers of that seed.
inline Diagram diagram_of(std::string_view layer, const Sizes& input, std::uint64_t seed = 0) {
  const LayerOptions options = parse_layer(layer);
  if (const auto* const transposed = std::get_if<ConvTranspose2dOptions>(&options)) {
    return {example_layer(*transposed, seed), example_input(input, transposed->dtype, seed)};
  }
  const auto& plain = std::get<Conv2dOptions>(options);
  return {example_layer(plain, seed), example_input(input, plain.dtype, seed)};
}

inline Diagram diagram_of(const Preset& preset) { return diagram_of(preset.layer, preset.input); }

}  // namespace conv2d::diagram::test
