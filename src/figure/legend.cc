#include "figure/legend.h"

#include "figure/text.h"

#include <algorithm>
#include <array>
#include <string>

namespace conv2d::figure {
namespace {

constexpr Font label = {10.5};
constexpr double bar_height = 7;
constexpr double legend_line = 14;
constexpr double widest_bar = 220;

bool has_bar(const Samples& samples) { return samples.planes.size() == 1; }

bool is_cut(const Samples& samples, const Shades& shades) {
  return samples.least < shades.low || samples.greatest > shades.high;
}

/// What the ends of the bar do not say, in more words and in fewer: the true range, and values that
/// are no numbers. Empty where there is nothing to say.
std::array<std::string, 3> remarks(const Samples& samples, const Shades& shades) {
  const bool cut = is_cut(samples, shades);
  const std::string range = shades.scale == Scale::diverging || cut
                                ? number(samples.least, 3) + " to " + number(samples.greatest, 3)
                                : "";
  const std::string others =
      samples.not_finite > 0 ? std::to_string(samples.not_finite) + " not finite" : "";
  const std::string values = range.empty() ? "" : "values " + range;
  const std::string ends =
      shades.scale == Scale::picture && cut ? ", cut off at black and white" : "";
  const std::string between = range.empty() || others.empty() ? "" : "; ";
  const std::string yellow = others.empty() ? "" : "yellow: " + others;
  return {values + ends + between + yellow, values + between + yellow, range + between + others};
}

void draw_bar(Canvas& canvas, const Rect& bar, const Shades& shades) {
  Pixels pixels{static_cast<int>(bar.width * canvas.ratio()), 1};
  for (int i = 0; i < pixels.width; ++i) {
    const double along = (i + 0.5) / pixels.width;
    pixels.colors.push_back(shades(shades.low + along * (shades.high - shades.low)));
  }
  const std::vector<Color> line = pixels.colors;
  pixels.height = static_cast<int>(bar.height * canvas.ratio());
  for (int row = 1; row < pixels.height; ++row) {
    pixels.colors.insert(pixels.colors.end(), line.begin(), line.end());
  }
  canvas.outline(canvas.draw(bar.x, bar.y, pixels), drawing::hairline, 1);
}

}  // namespace

double legend_height(const Samples& samples, const Shades& shades) {
  return (has_bar(samples) ? bar_height + legend_line : 0) +
         (remarks(samples, shades)[0].empty() ? 0 : legend_line);
}

void draw_legend(Canvas& canvas, double x, double y, double width, const Samples& samples,
                 const Shades& shades) {
  double baseline = y;
  if (has_bar(samples)) {
    const Rect bar = {x, y, std::min(width, widest_bar), bar_height};
    draw_bar(canvas, bar, shades);
    baseline = y + bar_height + legend_line - 2;
    const std::string below = samples.least < shades.low ? "\u2264 " : "";
    const std::string above = samples.greatest > shades.high ? "\u2265 " : "";
    canvas.text(x, baseline, below + number(shades.low, 3), label, drawing::quiet_ink);
    canvas.text(x + bar.width, baseline, above + number(shades.high, 3), label, drawing::quiet_ink,
                Align::right);
    if (shades.scale == Scale::diverging) {
      canvas.text(x + bar.width / 2, baseline, "0", label, drawing::quiet_ink, Align::center);
    }
  }
  const std::string text = first_fitting(canvas, remarks(samples, shades), label, width);
  canvas.text(x, baseline + legend_line, text, label, drawing::quiet_ink);
}

}  // namespace conv2d::figure
