#include "diagram/words.h"

#include "diagram/equation.h"

#include <vector>

namespace conv2d::diagram {

double draw_equation(Pen& pen, Point at, double width, const explain::OutputSum& sum) {
  for (const std::vector<Run>& line : equation(pen.palette(), sum)) {
    at.y = pen.paragraph(at, line, 12, width, 18) + 19;
  }
  return at.y;
}

double draw_sentences(Pen& pen, Point at, double width, std::span<const std::string> sentences) {
  for (const std::string& sentence : sentences) {
    at.y =
        pen.paragraph({at.x, at.y + 2}, {{sentence, pen.palette().quiet_ink}}, 11, width, 16) + 15;
  }
  return at.y;
}

}  // namespace conv2d::diagram
