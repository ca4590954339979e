#include "sizes_argument.h"

#include "failure.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <system_error>

namespace conv2d::cli {
namespace {

// Integers with any of the separators between them.
std::vector<std::int64_t> parse_integers(const std::string& text, std::string_view separators,
                                         const std::string& wanted) {
  std::vector<std::int64_t> numbers;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto fail = [&](const char* at, std::string_view why) {
    const auto position = static_cast<std::size_t>(at - begin);
    std::size_t word_end = text.find_first_of(separators, position);
    word_end = word_end == std::string::npos ? text.size() : word_end;
    throw ArgumentError(fmt::format("{}{}", wanted, why), text, position, word_end - position);
  };
  for (const char* at = begin;;) {
    std::int64_t number = 0;
    const auto [stopped, problem] = std::from_chars(at, end, number);
    if (problem == std::errc::result_out_of_range) {
      fail(at, "; this number does not fit 64 bits");
    }
    if (problem != std::errc()) {
      fail(at, "");
    }
    numbers.push_back(number);
    if (stopped == end) {
      return numbers;
    }
    if (separators.find(*stopped) == std::string_view::npos) {
      fail(at, "");
    }
    at = stopped + 1;
    while (at != end && *at == ' ') {
      ++at;
    }
  }
}

}  // namespace

Sizes parse_sizes(const std::string& text) {
  const std::string wanted = "sizes are written as 3x32x32 or 1x3x32x32";
  const bool bracketed = text.size() >= 2 && ((text.front() == '[' && text.back() == ']') ||
                                              (text.front() == '(' && text.back() == ')'));
  const std::string inner = bracketed ? text.substr(1, text.size() - 2) : text;
  const std::vector<std::int64_t> numbers = parse_integers(inner, "xX,", wanted);
  if (numbers.size() > static_cast<std::size_t>(Sizes::max_rank)) {
    throw ArgumentError(fmt::format("{}; these are {} numbers", wanted, numbers.size()), inner, 0,
                        inner.size());
  }
  Sizes sizes{std::span<const std::int64_t>(numbers)};
  for (const std::int64_t size : sizes) {
    if (size < 0) {
      throw ArgumentError(fmt::format("a size cannot be negative, but {} is among them", size),
                          inner, inner.find('-'), fmt::format("{}", size).size());
    }
  }
  return sizes;
}

std::vector<std::int64_t> parse_position(const std::string& text, const std::string& option) {
  return parse_integers(text, ",",
                        fmt::format("{} takes whole numbers with commas, such as 0,5,5", option));
}

}  // namespace conv2d::cli
