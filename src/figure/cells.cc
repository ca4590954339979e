#include "figure/cells.h"

#include "figure/text.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace conv2d::figure {
namespace {

constexpr double outline_width = 1.5;
constexpr double smallest_number = 6;  // letters below that cannot be read
constexpr double largest_number = 13;
constexpr double easily_read = 11;  // where numbers stay that large, they get more digits
constexpr double cell_margin = 1.5;
constexpr double cell_with_lines = 9;  // cells below that are too small for lines between them

template <class Each>
void for_each_value(std::span<const Samples> pictures, const Each& each) {
  for (const Samples& picture : pictures) {
    for (const Plane& plane : picture.planes) {
      std::for_each(plane.values.begin(), plane.values.end(), each);
    }
  }
}

bool all_whole(std::span<const Samples> pictures, int divisor) {
  bool whole = true;
  for_each_value(pictures, [&](double value) {
    // A float32 such as 1/9 is off by half a unit of its last place, 2^-24 of its size.
    const double scaled = value * divisor;
    whole = whole && std::abs(scaled) < 1000 &&
            std::abs(scaled - std::round(scaled)) <= std::abs(scaled) * 0x1p-23;
  });
  return whole;
}

int common_divisor(std::span<const Samples> pictures, int most) {
  for (int divisor = 1; divisor <= most; ++divisor) {
    if (all_whole(pictures, divisor)) {
      return divisor;
    }
  }
  return 0;
}

std::string with_decimals(double value, int count) {
  const auto units = std::lround(std::abs(value) * std::pow(10, count));
  std::string digits = std::to_string(units);
  if (count > 0) {
    const auto places = static_cast<std::size_t>(count);
    digits.insert(0, places - std::min(places, digits.size()), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  return value < 0 ? "\u2212" + digits : digits;
}

/// The size at which every number fits its cell; 0 where it could not be read.
double fitting_size(const Canvas& canvas, std::span<const Samples> pictures,
                    const CellNumbers& numbers) {
  constexpr double probe = 100;
  const double cell = pictures[0].cell / canvas.ratio();
  if (cell < smallest_number + 2 * cell_margin || pictures[0].planes.size() > 1) {
    return 0;
  }
  double widest = 1;
  for_each_value(pictures, [&](double value) {
    widest = std::max(widest, canvas.text_width(cell_text(value, numbers), Font{probe}));
  });
  const double size =
      std::min({(cell - 2 * cell_margin) * probe / widest, cell * 0.6, largest_number});
  return size < smallest_number ? 0 : size;
}

void draw_lines(Canvas& canvas, const Rect& where, const Samples& samples) {
  const double cell = samples.cell / canvas.ratio();
  const double line = 1 / canvas.ratio();
  for (std::int64_t x = 1; x < samples.planes[0].width; ++x) {
    canvas.fill({where.x + static_cast<double>(x) * cell, where.y, line, where.height},
                drawing::paper);
  }
  for (std::int64_t y = 1; y < samples.planes[0].height; ++y) {
    canvas.fill({where.x, where.y + static_cast<double>(y) * cell, where.width, line},
                drawing::paper);
  }
}

void draw_numbers(Canvas& canvas, const Rect& where, const Samples& samples, const Shades& shades,
                  const CellNumbers& numbers) {
  const Plane& plane = samples.planes[0];
  const double cell = samples.cell / canvas.ratio();
  for (std::size_t i = 0; i < plane.values.size(); ++i) {
    const std::int64_t row = static_cast<std::int64_t>(i) / plane.width;
    const std::int64_t column = static_cast<std::int64_t>(i) % plane.width;
    // Digits of DejaVu Sans are 0.73 of the size high: half of that below the middle.
    canvas.text(where.x + (static_cast<double>(column) + 0.5) * cell,
                where.y + (static_cast<double>(row) + 0.5) * cell + 0.365 * numbers.size,
                cell_text(plane.values[i], numbers), Font{numbers.size},
                drawing::ink_on(shades(plane.values[i])), Align::center);
  }
}

}  // namespace

CellNumbers choose_numbers(const Canvas& canvas, std::span<const Samples> pictures,
                           bool fractions) {
  double largest = 0;
  for_each_value(pictures, [&](double value) {
    largest = std::max(largest, std::isfinite(value) ? std::abs(value) : 0);
  });
  CellNumbers numbers;
  numbers.divisor = common_divisor(pictures, fractions ? 256 : 1);
  numbers.plain = largest >= 1e-3 && largest < 1e4;
  const int magnitude = numbers.plain ? static_cast<int>(std::floor(std::log10(largest))) : 0;
  for (const int digits : {4, 3, 2}) {
    numbers.decimals = std::max(0, digits - 1 - magnitude);
    numbers.size = fitting_size(canvas, pictures, numbers);
    if (numbers.size >= easily_read) {
      break;
    }
  }
  return numbers;
}

std::string cell_text(double value, const CellNumbers& numbers) {
  if (value == 0) {
    return "0";
  }
  if (numbers.divisor != 0) {
    return with_decimals(value * numbers.divisor, 0);
  }
  return numbers.plain && std::isfinite(value) ? with_decimals(value, numbers.decimals)
                                               : number(value, 2);
}

Rect draw_cells(Canvas& canvas, double x, double y, const Samples& samples, const Shades& shades,
                const CellNumbers& numbers, Color outline) {
  const Rect where = canvas.draw(x, y, paint(samples, shades));
  if (samples.cell / canvas.ratio() >= cell_with_lines) {
    draw_lines(canvas, where, samples);
  }
  if (numbers.size > 0) {
    draw_numbers(canvas, where, samples, shades, numbers);
  }
  canvas.outline(where, outline, outline_width);
  return where;
}

}  // namespace conv2d::figure
