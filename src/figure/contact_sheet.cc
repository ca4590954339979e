// The layout of a contact sheet: sections of rows of panels on an even grid.
#include "base/error.h"
#include "figure/canvas.h"
#include "figure/panel.h"
#include "figure/text.h"

#include <conv2d/figure.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace conv2d::figure {
namespace {

constexpr Font title_font = {22, true};
constexpr Font subtitle_font = {13};
constexpr Font heading_font = {16, true};
constexpr double title_line = 33;
constexpr std::size_t title_lines = 3;
constexpr double margin = 28;
constexpr double gutter = 24;
constexpr double between_rows = 26;
constexpr double above_heading = 14;
constexpr double line_height = 19;
constexpr double below_heading = 10;
constexpr double below_key = 10;
constexpr double narrowest_column = 120;
constexpr std::size_t note_lines = 6;
constexpr double largest_sheet = 32767;  // cairo's own limit

/// A row of panels, or the lines between two sections.
struct Row {
  std::size_t begin = 0;  ///< panels [begin, end)
  std::size_t end = 0;
  std::string heading;  ///< above it, where it begins a section
  std::vector<std::string> note;
  RowHeights heights;

  double above() const {
    return heading.empty() ? 0
                           : above_heading + 1.4 * heading_font.size +
                                 line_height * static_cast<double>(note.size()) + below_heading;
  }
};

/// The sheet before it is drawn. All lengths in layout pixels.
struct Sheet {
  std::vector<std::string> title;
  std::vector<std::string> subtitle;
  std::vector<PreparedPanel> panels;
  std::vector<Row> rows;
  std::vector<std::pair<Role, std::string>> key;
  double column = 0;
  double width = 0;

  double top() const {
    return margin + title_line * static_cast<double>(title.size()) +
           line_height * static_cast<double>(subtitle.size()) +
           (key.empty() ? 0 : line_height + below_key);
  }
  double height() const {
    double total = top() + margin - between_rows;
    for (const Row& row : rows) {
      total += between_rows + row.above() + row.heights.total();
    }
    return total;
  }
};

void check(const SheetOptions& options) {
  if (options.columns < 0 || options.columns > 64) {
    throw_invalid(
        concat("a contact sheet has 1 to 64 columns (0 chooses), but got ", options.columns));
  }
  if (options.panel_edge < 32 || options.panel_edge > 4096) {
    throw_invalid(
        concat("panel_edge is from 32 to 4096 layout pixels, but got ", options.panel_edge));
  }
  if (!(options.ratio >= 0.5 && options.ratio <= 4)) {
    throw_invalid(concat("ratio is from 0.5 to 4, but got ", options.ratio));
  }
}

/// Where sections begin, and the number of panels after the last.
std::vector<std::size_t> section_bounds(std::span<const Panel> panels) {
  std::vector<std::size_t> bounds = {0};
  for (std::size_t i = 1; i < panels.size(); ++i) {
    if (!panels[i].heading.empty()) {
      bounds.push_back(i);
    }
  }
  bounds.push_back(panels.size());
  return bounds;
}

/// The number of columns, of those that suit a screen, that leaves the fewest places empty.
int choose_columns(const std::vector<std::size_t>& bounds) {
  std::size_t longest = 0;
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    longest = std::max(longest, bounds[s + 1] - bounds[s]);
  }
  if (longest <= 4) {
    return static_cast<int>(longest);
  }
  constexpr std::array<std::size_t, 3> candidates = {4, 3, 5};
  const auto empty_places = [&](std::size_t columns) {
    std::size_t empty = 0;
    for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
      empty += (columns - (bounds[s + 1] - bounds[s]) % columns) % columns;
    }
    return empty;
  };
  return static_cast<int>(*std::min_element(
      candidates.begin(), candidates.end(),
      [&](std::size_t a, std::size_t b) { return empty_places(a) < empty_places(b); }));
}

/// Which colours of roles the sheet uses, in the order in which data flows.
std::vector<std::pair<Role, std::string>> key_of(std::span<const Panel> panels) {
  std::set<Role> used;
  for (const Panel& panel : panels) {
    used.insert(panel.role);
    if (panel.kernel) {
      used.insert(Role::weight);
    }
  }
  std::vector<std::pair<Role, std::string>> key = {{Role::input, "input"},
                                                   {Role::weight, "weight"},
                                                   {Role::output, "output"},
                                                   {Role::gradient, "gradient"}};
  std::erase_if(key, [&](const auto& entry) { return !used.contains(entry.first); });
  if (key.size() == 1) {
    key.clear();
  }
  return key;
}

std::vector<Row> rows_of(const Canvas& canvas, std::span<const Panel> panels, std::size_t columns,
                         double width) {
  const std::vector<std::size_t> bounds = section_bounds(panels);
  std::vector<Row> rows;
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    for (std::size_t begin = bounds[s]; begin < bounds[s + 1]; begin += columns) {
      Row row{begin, std::min(begin + columns, bounds[s + 1]), {}, {}, {}};
      if (begin == bounds[s]) {
        const Panel& first = panels[begin];
        row.heading = fitted(canvas, clean(first.heading), heading_font, width);
        row.note = wrapped(canvas, clean(first.note), subtitle_font, width, note_lines);
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

/// The limits of panels that share theirs.
std::map<int, double> shared_limits(std::span<const Panel> panels,
                                    const std::vector<Samples>& samples) {
  std::map<int, double> limits;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    if (panels[i].share != 0 && panels[i].scale == Scale::diverging && !panels[i].limit) {
      double& limit = limits[panels[i].share];
      limit = std::max(limit, choose_shades(samples[i], Scale::diverging, {}).high);
    }
  }
  return limits;
}

Sheet lay_out(const Canvas& canvas, std::span<const Panel> panels, const SheetOptions& options) {
  const double ratio = options.ratio;
  std::vector<Samples> samples;
  Sheet sheet;
  sheet.column = std::min<double>(narrowest_column, options.panel_edge);
  for (const Panel& panel : panels) {
    samples.push_back(sample(panel.values, static_cast<int>(options.panel_edge * ratio)));
    sheet.column = std::max(sheet.column, picture_width(samples.back(), ratio));
  }
  const int columns =
      std::min(options.columns == 0 ? choose_columns(section_bounds(panels)) : options.columns,
               static_cast<int>(panels.size()));
  const double text_width = columns * sheet.column + (columns - 1) * gutter;
  sheet.width = text_width + 2 * margin;
  sheet.title = wrapped(canvas, clean(options.title), title_font, text_width, title_lines);
  sheet.subtitle = wrapped(canvas, clean(options.subtitle), subtitle_font, text_width, note_lines);
  sheet.key = key_of(panels);
  const std::map<int, double> limits = shared_limits(panels, samples);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const auto shared = limits.find(panels[i].share);
    const std::optional<double> limit =
        panels[i].limit || shared == limits.end() ? panels[i].limit : shared->second;
    sheet.panels.push_back(prepare(canvas, panels[i], std::move(samples[i]), limit, sheet.column));
  }
  sheet.rows = rows_of(canvas, panels, static_cast<std::size_t>(columns), text_width);
  for (Row& row : sheet.rows) {
    for (std::size_t i = row.begin; i < row.end; ++i) {
      row.heights.include(sheet.panels[i], ratio);
    }
  }
  return sheet;
}

void draw_key(Canvas& canvas, double baseline, const Sheet& sheet) {
  constexpr double swatch = 10;
  double x = margin;
  for (const auto& [role, word] : sheet.key) {
    canvas.outline({x + 1, baseline - swatch + 1.5, swatch - 1, swatch - 1},
                   drawing::color_of(role), 2);
    x += swatch + 7;
    canvas.text(x, baseline, word, subtitle_font, drawing::quiet_ink);
    x += canvas.text_width(word, subtitle_font) + 18;
  }
}

void draw_top(Canvas& canvas, const Sheet& sheet) {
  double y = margin;
  for (const std::string& line : sheet.title) {
    canvas.text(margin, y + title_font.size, line, title_font, drawing::ink);
    y += title_line;
  }
  for (const std::string& line : sheet.subtitle) {
    canvas.text(margin, y + subtitle_font.size, line, subtitle_font, drawing::quiet_ink);
    y += line_height;
  }
  draw_key(canvas, y + subtitle_font.size, sheet);
}

void draw_heading(Canvas& canvas, double y, double width, const Row& row) {
  canvas.fill({margin, y, width, 1}, drawing::hairline);
  y += above_heading;
  canvas.text(margin, y + heading_font.size, row.heading, heading_font, drawing::ink);
  y += 1.4 * heading_font.size;
  for (const std::string& line : row.note) {
    canvas.text(margin, y + subtitle_font.size, line, subtitle_font, drawing::quiet_ink);
    y += line_height;
  }
}

void draw(Canvas& canvas, const Sheet& sheet) {
  draw_top(canvas, sheet);
  double y = sheet.top();
  for (const Row& row : sheet.rows) {
    if (!row.heading.empty()) {
      draw_heading(canvas, y, sheet.width - 2 * margin, row);
      y += row.above();
    }
    double x = margin;
    for (std::size_t i = row.begin; i < row.end; ++i) {
      draw(canvas, x, y, sheet.column, sheet.panels[i], row.heights);
      x += sheet.column + gutter;
    }
    y += row.heights.total() + between_rows;
  }
}

}  // namespace

Tensor contact_sheet(std::span<const Panel> panels, const SheetOptions& options) {
  check(options);
  if (panels.empty()) {
    throw_invalid("a contact sheet needs at least one panel, but got none");
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    check(panels[i], concat("panel ", i, " ('", panels[i].title, "')"));
  }
  const Sheet sheet = lay_out(Canvas(1, 1, options.ratio), panels, options);
  const double largest = std::max(sheet.width, sheet.height()) * options.ratio;
  if (largest > largest_sheet) {
    throw_invalid(concat("this contact sheet would be ", std::ceil(sheet.width * options.ratio),
                         " x ", std::ceil(sheet.height() * options.ratio), " pixels; at most ",
                         largest_sheet,
                         " are possible: take fewer panels or a smaller panel_edge"));
  }
  Canvas canvas(sheet.width, sheet.height(), options.ratio);
  draw(canvas, sheet);
  return canvas.to_tensor();
}

}  // namespace conv2d::figure
