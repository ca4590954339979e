#include "figure/shades.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace conv2d::figure {
namespace {

/// The least number of two significant digits that is not below `value`: 1.237 -> 1.3.
double rounded_up(double value) {
  const double exponent = std::floor(std::log10(value)) - 1;
  const double step = std::pow(10, std::abs(exponent));
  // A negative power of ten is no binary number, a positive one is: divide by that.
  const double result =
      exponent < 0 ? std::ceil(value * step) / step : std::ceil(value / step) * step;
  return std::isfinite(result) && result > 0 ? result : value;
}

double limit_of(const Plane& plane) {
  std::vector<double> sizes;
  sizes.reserve(plane.values.size());
  for (const double value : plane.values) {
    if (std::isfinite(value)) {
      sizes.push_back(std::abs(value));
    }
  }
  if (sizes.empty()) {
    return 1;
  }
  const auto position = static_cast<std::ptrdiff_t>((sizes.size() - 1) * 995 / 1000);
  std::nth_element(sizes.begin(), sizes.begin() + position, sizes.end());
  double limit = sizes[static_cast<std::size_t>(position)];
  if (limit == 0) {  // a few values on an empty ground
    limit = *std::max_element(sizes.begin(), sizes.end());
  }
  return limit == 0 ? 1 : rounded_up(limit);
}

}  // namespace

Color Shades::operator()(double value) const noexcept {
  if (!std::isfinite(value)) {
    return drawing::not_finite;
  }
  switch (scale) {
    case Scale::diverging:
      return drawing::diverging(value / high);
    case Scale::sequential:
      return drawing::sequential(high > low ? (value - low) / (high - low) : 0);
    case Scale::picture:
      break;
  }
  return drawing::grey((value - low) / (high - low));
}

Shades choose_shades(const Samples& samples, Scale scale, std::optional<double> limit,
                     double white) {
  switch (scale) {
    case Scale::diverging: {
      const double high = limit ? *limit : limit_of(samples.planes[0]);
      return {scale, -high, high};
    }
    case Scale::sequential:
      return {scale, samples.least, samples.greatest};
    case Scale::picture:
      break;
  }
  return {scale, 0, white};
}

Pixels paint(const Samples& samples, const Shades& shades) {
  const Plane& plane = samples.planes[0];
  const bool rgb = samples.planes.size() == 3;
  const auto color_at = [&](std::size_t i) -> Color {
    const Color color = shades(plane.values[i]);
    if (!rgb || color == drawing::not_finite) {
      return color;
    }
    const Color green = shades(samples.planes[1].values[i]);
    const Color blue = shades(samples.planes[2].values[i]);
    return green == drawing::not_finite || blue == drawing::not_finite
               ? drawing::not_finite
               : Color{color.r, green.g, blue.b};
  };
  const auto cell = static_cast<std::size_t>(samples.cell);
  const auto width = static_cast<std::size_t>(plane.width);
  Pixels pixels{static_cast<int>(plane.width) * samples.cell,
                static_cast<int>(plane.height) * samples.cell};
  pixels.colors.reserve(width * cell * static_cast<std::size_t>(plane.height) * cell);
  for (std::size_t y = 0; y < static_cast<std::size_t>(plane.height); ++y) {
    std::vector<Color> row;
    row.reserve(width * cell);
    for (std::size_t x = 0; x < width; ++x) {
      row.insert(row.end(), cell, color_at(y * width + x));
    }
    for (std::size_t copies = 0; copies < cell; ++copies) {
      pixels.colors.insert(pixels.colors.end(), row.begin(), row.end());
    }
  }
  return pixels;
}

}  // namespace conv2d::figure
