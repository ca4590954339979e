// Numbers as text: the shortest digits that read back to the same bits.
#include "base/error.h"
#include "conv2d/explain.h"

#include <array>
#include <charconv>

namespace conv2d::explain {
namespace {

template <class Float>
std::string shortest(Float value) {
  std::array<char, 32> buffer;  // the longest double, -2.2250738585072014e-308, has 24
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end.ptr);
}

std::string whole(double value) {
  std::array<char, 320> buffer;  // the largest double has 309 digits and a sign
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, 0);
  return std::string(buffer.data(), end.ptr);
}

/// float16 and bfloat16 as the float32 that they are computed with: digits that were just enough
/// to tell one bfloat16 from the next would not give the products shown beside them.
std::string real_text(double value, DType dtype) {
  if (is_integer(dtype)) {
    return whole(value);
  }
  const bool wide = dtype == DType::float64 || dtype == DType::complex128;
  return wide ? shortest(value) : shortest(static_cast<float>(value));
}

}  // namespace

std::string to_text(const Scalar& value, DType dtype) {
  std::string text = real_text(value.real(), dtype);
  if (is_complex(dtype)) {
    const std::string imaginary = real_text(value.imag(), dtype);
    text += concat(imaginary.front() == '-' ? "" : "+", imaginary, "i");
  }
  return text;
}

std::string to_text(std::span<const Range> ranges) {
  std::string text = "[";
  for (const Range& range : ranges) {
    text += text.size() > 1 ? ", " : "";
    text += range.first == range.last ? concat(range.first) : concat(range.first, "..", range.last);
  }
  return text + "]";
}

}  // namespace conv2d::explain
