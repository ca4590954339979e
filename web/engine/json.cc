#include "json.h"

#include <array>
#include <charconv>
#include <cmath>

namespace conv2d::web {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (code < 0x20) {
      result += "\\u00";
      result += digits[code >> 4U];
      result += digits[code & 15U];
    } else {
      result += c;
    }
  }
  return result + "\"";
}

}  // namespace

Json& Json::key(std::string_view name) {
  separate();
  text_ += quoted(name) + ":";
  first_ = true;
  return *this;
}

Json& Json::value(std::string_view text) {
  separate();
  text_ += quoted(text);
  return *this;
}

Json& Json::value(double number) {
  separate();
  if (!std::isfinite(number)) {
    text_ += "null";
    return *this;
  }
  std::array<char, 64> digits{};
  text_.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), number).ptr);
  return *this;
}

Json& Json::value(std::int64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

Json& Json::value(bool is_true) {
  separate();
  text_ += is_true ? "true" : "false";
  return *this;
}

Json& Json::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

Json& Json::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

void Json::separate() {
  if (!first_) {
    text_ += ',';
  }
  first_ = false;
}

}  // namespace conv2d::web
