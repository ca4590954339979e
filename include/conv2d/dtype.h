// The element types a tensor can hold, under torch's names.
#pragma once

#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace conv2d {

enum class DType : std::uint8_t {
  float32,
  float64,
  bfloat16,
  float16,
  int8,
  uint8,
  int32,
  complex64,
  complex128,
};

inline constexpr int dtype_count = 9;

/// Bytes of one element: 4 for float32, 16 for complex128.
std::size_t element_size(DType dtype) noexcept;

/// torch's name without its prefix: "float32", "complex64".
std::string_view name(DType dtype) noexcept;

/// The dtype of that name; torch's short names too ("float", "double", "half", "int").
/// Throws std::invalid_argument for any other name.
DType parse_dtype(std::string_view text);

constexpr bool is_complex(DType dtype) noexcept {
  return dtype == DType::complex64 || dtype == DType::complex128;
}
constexpr bool is_integer(DType dtype) noexcept {
  return dtype == DType::int8 || dtype == DType::uint8 || dtype == DType::int32;
}

/// 16-bit brain float: float32's sign and exponent with 7 bits of fraction.
/// Conversion from float rounds to the nearest, ties to even; NaN stays NaN.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  explicit bfloat16(float value) noexcept;
  explicit operator float() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
  }
  friend bool operator==(bfloat16 a, bfloat16 b) noexcept {
    return static_cast<float>(a) == static_cast<float>(b);
  }
};

/// IEEE 754 binary16: 5 bits of exponent, 10 of fraction, subnormals and all.
/// Conversion from float rounds to the nearest, ties to even; NaN stays NaN.
struct float16 {
  std::uint16_t bits = 0;

  float16() = default;
  explicit float16(float value) noexcept;
  explicit operator float() const noexcept;
  friend bool operator==(float16 a, float16 b) noexcept {
    return static_cast<float>(a) == static_cast<float>(b);
  }
};

using complex64 = std::complex<float>;
using complex128 = std::complex<double>;

/// The DType of a C++ element type.
template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct DTypeOf<bfloat16> {
  static constexpr DType value = DType::bfloat16;
};
template <>
struct DTypeOf<float16> {
  static constexpr DType value = DType::float16;
};
template <>
struct DTypeOf<std::int8_t> {
  static constexpr DType value = DType::int8;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct DTypeOf<complex64> {
  static constexpr DType value = DType::complex64;
};
template <>
struct DTypeOf<complex128> {
  static constexpr DType value = DType::complex128;
};
template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

}  // namespace conv2d
