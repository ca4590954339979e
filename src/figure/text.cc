#include "figure/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace conv2d::figure {
namespace {

constexpr std::string_view minus = "\u2212";
constexpr std::string_view ellipsis = "\u2026";
constexpr std::string_view replacement = "\uFFFD";

/// Bytes of the UTF-8 character that begins there, or 0 where none does (RFC 3629, section 4).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string number(double value, int digits) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return std::string(value < 0 ? minus : "") + "\u221E";
  }
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                 std::chars_format::general, digits);
  const std::string_view magnitude(buffer.data(), end.ptr);
  return std::string(value < 0 ? minus : "").append(magnitude);
}

std::string clean(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      result += replacement;
    } else if (first < 0x20 || first == 0x7F) {
      result += ' ';
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

std::string fitted(const Canvas& canvas, const std::string& text, Font font, double width) {
  if (canvas.text_width(text, font) <= width) {
    return text;
  }
  // The longest beginning that fits, by halving: texts may come from anywhere and be long.
  std::vector<std::size_t> ends = {0};
  while (ends.back() < text.size()) {
    ends.push_back(ends.back() + character_length(std::string_view(text).substr(ends.back())));
  }
  std::size_t fits = 0;
  std::size_t too_long = ends.size() - 1;
  const auto cut = [&](std::size_t characters) {
    return text.substr(0, ends[characters]).append(ellipsis);
  };
  while (too_long - fits > 1) {
    const std::size_t middle = (fits + too_long) / 2;
    (canvas.text_width(cut(middle), font) <= width ? fits : too_long) = middle;
  }
  return cut(fits);
}

std::string first_fitting(const Canvas& canvas, std::span<const std::string> texts, Font font,
                          double width) {
  const auto fits = [&](const std::string& text) { return canvas.text_width(text, font) <= width; };
  const auto found = std::find_if(texts.begin(), texts.end(), fits);
  return found != texts.end() ? *found : fitted(canvas, texts.back(), font, width);
}

std::vector<std::string> wrapped(const Canvas& canvas, const std::string& text, Font font,
                                 double width, std::size_t max_lines) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size() && lines.size() + 1 < max_lines) {
    std::size_t end = begin;
    for (std::size_t next = begin; next < text.size();) {
      next = std::min(text.find(' ', next + 1), text.size());
      if (end > begin && canvas.text_width(text.substr(begin, next - begin), font) > width) {
        break;
      }
      end = next;
    }
    lines.push_back(fitted(canvas, text.substr(begin, end - begin), font, width));
    begin = end + 1;
  }
  if (begin < text.size()) {
    lines.push_back(fitted(canvas, text.substr(begin), font, width));
  }
  return lines;
}

}  // namespace conv2d::figure
