#include "diagram/pen.h"

#include <algorithm>
#include <cstddef>

namespace conv2d::diagram {
namespace {

/// In hundredths of the letters' size. Source: the advance widths of DejaVu Sans 2.37.
int advance(unsigned char c) {
  constexpr std::string_view narrow = "ijl.,:;'|! ";
  constexpr std::string_view slim = "ftrI()[]-/";
  constexpr std::string_view wide = "mwMW%";
  constexpr std::string_view sign = "+=<>~";
  const auto in = [c](std::string_view letters) {
    return letters.find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (in(narrow)) {
    return 32;
  }
  if (in(slim)) {
    return 39;
  }
  if (in(wide)) {
    return 92;
  }
  if (c == 0xC2) {  // a dot or a degree sign begins
    return 41;
  }
  if (in(sign) || c >= 0xC0) {  // a letter beyond ASCII begins: a minus sign, mostly
    return 84;
  }
  if (c >= 0x80) {  // and goes on
    return 0;
  }
  return c >= 'A' && c <= 'Z' ? 70 : 63;
}

/// What stays on one line: up to the next space.
std::vector<std::vector<Run>> pieces_of(const std::vector<Run>& runs) {
  std::vector<std::vector<Run>> pieces;
  for (const Run& run : runs) {
    for (std::size_t begin = 0; begin < run.text.size();) {
      const std::size_t end = std::min(run.text.find(' ', begin + 1), run.text.size());
      if (pieces.empty() || run.text[begin] == ' ') {
        pieces.emplace_back();
      }
      pieces.back().push_back({run.text.substr(begin, end - begin), run.color, run.bold});
      begin = end;
    }
  }
  return pieces;
}

/// To the run before where it looks alike.
void append(std::vector<Run>& line, Run run) {
  if (!line.empty() && line.back().color == run.color && line.back().bold == run.bold) {
    line.back().text += run.text;
  } else {
    line.push_back(std::move(run));
  }
}

}  // namespace

double text_width(std::string_view text, double size, bool bold) {
  double sum = 0;
  for (const char c : text) {
    sum += advance(static_cast<unsigned char>(c));
  }
  return sum * size / 100 * (bold ? 1.1 : 1);
}

double text_width(const std::vector<Run>& runs, double size) {
  double sum = 0;
  for (const Run& run : runs) {
    sum += text_width(run.text, size, run.bold);
  }
  return sum;
}

void Pen::text(Point at, std::string text, double size, Align align) {
  this->text(at, std::move(text), size, palette_.ink, align);
}

void Pen::quiet(Point at, std::string text, double size, Align align) {
  this->text(at, std::move(text), size, palette_.quiet_ink, align);
}

void Pen::text(Point at, std::string text, double size, Color color, Align align, bool bold) {
  add(Text{at, {{std::move(text), color, bold}}, size, align});
}

double Pen::paragraph(Point at, const std::vector<Run>& runs, double size, double width,
                      double line_height) {
  std::vector<Run> line;
  double used = 0;
  for (std::vector<Run>& piece : pieces_of(runs)) {
    const double more = text_width(piece, size);
    if (!line.empty() && used + more > width) {
      add(Text{at, std::move(line), size});
      line = {};
      used = 0;
      at.y += line_height;
      piece.front().text.erase(0, 1);
    }
    for (Run& run : piece) {
      append(line, std::move(run));
    }
    used += more;
  }
  add(Text{at, std::move(line), size});
  return at.y;
}

Drawing Pen::take(double width, double height, std::string title, std::string description) {
  drawing_.width = width;
  drawing_.height = height;
  drawing_.title = std::move(title);
  drawing_.description = std::move(description);
  return std::move(drawing_);
}

}  // namespace conv2d::diagram
