#include "bench/roofline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <vector>

namespace conv2d::cli {
namespace {

/// From one power of ten to another.
std::vector<double> powers_of_ten(double least, double most) {
  std::vector<double> powers;
  const long last = std::lround(std::log10(most));
  for (long power = std::lround(std::log10(least)); power <= last; ++power) {
    powers.push_back(std::pow(10.0, static_cast<double>(power)));
  }
  return powers;
}

// Colours that people who see fewer tell apart too (Okabe and Ito 2008).
constexpr std::array<std::string_view, 7> algorithm_colors = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"};

constexpr double picture_width = 960;
constexpr double picture_height = 600;
constexpr double plot_left = 70;
constexpr double plot_right = 940;
constexpr double plot_top = 60;
constexpr double plot_bottom = 540;

// A logarithmic axis over whole powers of ten.
struct LogAxis {
  double least;
  double most;
  double from;  ///< where `least` is drawn
  double to;

  double at(double value) const {
    const double part =
        (std::log10(value) - std::log10(least)) / (std::log10(most) - std::log10(least));
    return from + std::clamp(part, 0.0, 1.0) * (to - from);
  }
};

LogAxis log_axis(const std::vector<double>& values, double from, double to) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double lower = std::pow(10, std::floor(std::log10(*least)));
  return {lower, std::max(std::pow(10, std::ceil(std::log10(*most))), 10 * lower), from, to};
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  }
  return result;
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(text));
}

std::string line_between(double x1, double y1, double x2, double y2, std::string_view style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

double intensity_of(const Measurement& layer) { return layer.operations / layer.bytes; }

// What a roofline is drawn from.
class Roofline {
 public:
  explicit Roofline(const BenchRun& run) : run_(run) {
    std::vector<double> intensities = {ridge()};
    std::vector<double> rates = {run.peak_operations};
    for (const Measurement& layer : run.layers) {
      if (layer.refusal.empty()) {
        intensities.push_back(intensity_of(layer));
        rates.push_back(layer.operations_per_second());
        colors_.try_emplace(layer.algorithm,
                            algorithm_colors[colors_.size() % algorithm_colors.size()]);
      }
    }
    x_ = log_axis(intensities, plot_left, plot_right);
    y_ = log_axis(rates, plot_bottom, plot_top);
  }

  std::string grid() const {
    std::string svg;
    for (const double value : powers_of_ten(x_.least, x_.most)) {
      svg += line_between(x_.at(value), plot_top, x_.at(value), plot_bottom, grid_style);
      svg += text_at(x_.at(value), plot_bottom + 20, "middle", fmt::format("{:g}", value));
    }
    for (const double value : powers_of_ten(y_.least, y_.most)) {
      svg += line_between(plot_left, y_.at(value), plot_right, y_.at(value), grid_style);
      svg += text_at(plot_left - 8, y_.at(value) + 4, "end", fmt::format("{:g}", value / 1e9));
    }
    svg += text_at((plot_left + plot_right) / 2, picture_height - 15, "middle",
                   "operations for each byte of input, weight and output");
    return svg + text_at(plot_left - 60, plot_top - 14, "start", "GFLOP/s");
  }

  // The slope of the memory up to the ridge, and the peak from there.
  std::string roof() const {
    const double lowest = std::max(x_.least, y_.least / run_.bytes_per_second);
    return line_between(x_.at(lowest), y_.at(lowest * run_.bytes_per_second), x_.at(ridge()),
                        y_.at(run_.peak_operations), roof_style) +
           line_between(x_.at(ridge()), y_.at(run_.peak_operations), plot_right,
                        y_.at(run_.peak_operations), roof_style);
  }

  std::string points() const {
    std::string svg;
    for (const Measurement& layer : run_.layers) {
      if (layer.refusal.empty()) {
        svg += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" fill-opacity=\"0.8\">"
            "<title>{}: {}, {:.3g} GFLOP/s</title></circle>\n",
            x_.at(intensity_of(layer)), y_.at(layer.operations_per_second()),
            colors_.at(layer.algorithm), escaped(layer.name), escaped(layer.algorithm),
            layer.operations_per_second() / 1e9);
      }
    }
    return svg;
  }

  std::string legend() const {
    std::string svg;
    double y = plot_bottom - 20 * static_cast<double>(colors_.size());
    for (const auto& [algorithm, color] : colors_) {
      svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"/>\n",
                         plot_right - 130, y - 4, color);
      svg += text_at(plot_right - 118, y, "start", algorithm);
      y += 20;
    }
    return svg;
  }

 private:
  static constexpr std::string_view grid_style = R"(stroke="#dddddd")";
  static constexpr std::string_view roof_style = R"(stroke="#222222" stroke-width="2")";

  // Operations for each byte from which on arithmetic is the limit.
  double ridge() const { return run_.peak_operations / run_.bytes_per_second; }

  const BenchRun& run_;
  std::map<std::string, std::string_view> colors_;
  LogAxis x_{};
  LogAxis y_{};
};

}  // namespace

std::string roofline_svg(const BenchRun& run) {
  std::string title = machine_text(run);
  title.pop_back();  // its line break
  const Roofline drawing(run);
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" "
             "viewBox=\"0 0 {0:g} {1:g}\" font-family=\"sans-serif\" font-size=\"12\">\n"
             "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
             picture_width, picture_height) +
         text_at(picture_width / 2, 24, "middle", title) + drawing.grid() + drawing.roof() +
         drawing.points() + drawing.legend() + "</svg>\n";
}

}  // namespace conv2d::cli
