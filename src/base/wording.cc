#include "base/wording.h"

#include "base/error.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace conv2d {
namespace {

// No name of ours is longer: a hostile word of megabytes is neither compared nor repeated.
constexpr std::size_t longest_word = 48;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Levenshtein's distance: insertions, deletions and replacements from one word to the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i]) == lower(b[j]) ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// The length, at most longest_word, at which a UTF-8 text can be cut between two characters.
std::size_t cut_length(std::string_view text) {
  std::size_t length = std::min(text.size(), longest_word);
  while (length > 0 && length < text.size() &&
         (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) {
    --length;
  }
  return length;
}

}  // namespace

std::string in_quotes(std::string_view text) {
  const std::size_t length = cut_length(text);
  std::string result = "'";
  for (const char c : text.substr(0, length)) {
    const bool control = static_cast<unsigned char>(c) < 0x20U || c == 0x7f;
    result += control ? '?' : c;
  }
  result += length < text.size() ? "...'" : "'";
  return result;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() > longest_word) {
    return {};
  }
  std::string_view nearest;
  std::size_t fewest = word.size() / 3 + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < fewest) {
      fewest = distance;
      nearest = candidate;
    }
  }
  return nearest.empty() ? std::string() : concat(": did you mean '", nearest, "'?");
}

std::string list_names(std::span<const std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) {
    list += concat(list.empty() ? "" : ", ", name);
  }
  return list;
}

}  // namespace conv2d
