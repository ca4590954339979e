#include "failure.h"

#include <algorithm>
#include <vector>

namespace conv2d::cli {
namespace {

// A terminal cell: the bytes of one character of the text. Control characters become spaces.
std::vector<std::string> cells_of(std::string_view text) {
  std::vector<std::string> cells;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) == 0x80U && !cells.empty()) {
      cells.back() += c;
    } else {
      cells.emplace_back(1, byte < 0x20 || byte == 0x7f ? ' ' : c);
    }
  }
  return cells;
}

}  // namespace

std::string ArgumentError::picture() const {
  constexpr std::size_t widest = 76;  // with the indentation, within 80 columns
  constexpr std::size_t shown_before = 40;
  const std::vector<std::string> cells = cells_of(text_);
  const std::size_t caret = cells_of(std::string_view(text_).substr(0, position_)).size();
  const std::size_t word = cells_of(std::string_view(text_).substr(position_, length_)).size();
  const std::size_t begin = cells.size() <= widest ? 0 : caret - std::min(caret, shown_before);
  const std::size_t end = std::min(cells.size(), begin + widest);
  std::string line = "  ";
  for (std::size_t i = begin; i < end; ++i) {
    line += cells[i];
  }
  const std::size_t carets =
      std::max<std::size_t>(1, std::min(word, end > caret ? end - caret : 0));
  return line + "\n  " + std::string(caret - begin, ' ') + std::string(carets, '^') + "\n";
}

void refuse(const std::string& sentence) { throw std::invalid_argument(sentence); }

}  // namespace conv2d::cli
