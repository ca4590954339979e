#include "base/quantity.h"

#include "base/error.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace conv2d {
namespace {

std::string decimals(double value, int count) {
  std::array<char, 400> buffer;  // the largest double has 309 digits before the point
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, count);
  return std::string(buffer.data(), end.ptr);
}

}  // namespace

std::string grouped(std::int64_t value) {
  std::string text = std::to_string(value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string counted(std::int64_t count, const char* thing) {
  return concat(grouped(count), " ", thing, count == 1 ? "" : "s");
}

std::string part_of(std::int64_t part, std::int64_t whole, const char* things) {
  return part >= whole ? concat("all ", things)
                       : concat(grouped(part), " of ", grouped(whole), " ", things);
}

std::string three_digits(double value) {
  const int count = value < 0.9995 ? 3 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::string text = decimals(value, count);
  if (count > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    text.erase(text.find_last_not_of('.') + 1);
  }
  return text;
}

std::string bytes_text(double bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) {
    return concat(decimals(bytes, 0), " bytes");
  }
  std::size_t unit = 0;
  for (bytes /= 1024; bytes >= 1024 && unit + 1 < units.size(); bytes /= 1024) {
    ++unit;
  }
  return concat(three_digits(bytes), " ", units[unit]);
}

std::string seconds_text(double seconds) {
  if (seconds < 0.9995e-3) {
    return concat(three_digits(seconds * 1e6), " us");
  }
  return seconds < 0.9995 ? concat(three_digits(seconds * 1e3), " ms")
                          : concat(three_digits(seconds), " s");
}

std::string rate_text(double rate, const char* unit) {
  return concat(three_digits(rate * 1e-9), " G", unit, "/s");
}

}  // namespace conv2d
