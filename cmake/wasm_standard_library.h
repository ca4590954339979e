// What the standard library of Debian's Emscripten, libc++ 13, lacks of C++20 and the core uses.
// The toolchain includes it before every file; nobody else does.
#pragma once

#if __cplusplus >= 202002L
#include <bit>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>

#if _LIBCPP_VERSION < 14000
namespace std {  // NOLINT(cert-dcl58-cpp): there they belong

template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}

template <class Array>
unique_ptr<Array> make_unique_for_overwrite(size_t count) {
  return unique_ptr<Array>(new remove_extent_t<Array>[count]);
}

/// Text that printf writes, where it fits.
template <class... Arguments>
to_chars_result print_chars(char* first, char* last, const char* format, Arguments... arguments) {
  char text[400];
  const auto length = static_cast<size_t>(snprintf(text, sizeof(text), format, arguments...));
  if (length > static_cast<size_t>(last - first)) {
    return {last, errc::value_too_large};
  }
  memcpy(first, text, length);
  return {first + length, errc()};
}

inline to_chars_result to_chars(char* first, char* last, double value, chars_format format,
                                int digits) {
  return print_chars(first, last, format == chars_format::fixed ? "%.*f" : "%.*e", digits, value);
}

inline double read_back(const char* text, double) { return strtod(text, nullptr); }
inline float read_back(const char* text, float) { return strtof(text, nullptr); }

/// The fewest digits that read back to the value, with an exponent where that is shorter.
template <class Float>
to_chars_result shortest_chars(char* first, char* last, Float value) {
  if (!(value - value == 0)) {
    return print_chars(first, last, "%f", static_cast<double>(value));
  }
  char text[64];
  int digits = 0;
  do {
    snprintf(text, sizeof(text), "%.*e", digits++, static_cast<double>(value));
  } while (read_back(text, value) != value);
  const int exponent = atoi(strchr(text, 'e') + 1);
  const int behind_point = digits - 1 > exponent ? digits - 1 - exponent : 0;
  char plain[400];
  snprintf(plain, sizeof(plain), "%.*f", behind_point, static_cast<double>(value));
  return print_chars(first, last, "%s", strlen(plain) <= strlen(text) ? plain : text);
}

inline to_chars_result to_chars(char* first, char* last, double value) {
  return shortest_chars(first, last, value);
}

inline to_chars_result to_chars(char* first, char* last, float value) {
  return shortest_chars(first, last, value);
}

}  // namespace std
#endif  // libc++
#endif  // C++20
