#include "tensor/dtype.h"

#include "base/error.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace conv2d {
namespace {

struct DTypeFacts {
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array<DTypeFacts, dtype_count> facts = {{{"float32", 4},
                                                        {"float64", 8},
                                                        {"bfloat16", 2},
                                                        {"float16", 2},
                                                        {"int8", 1},
                                                        {"uint8", 1},
                                                        {"int32", 4},
                                                        {"complex64", 8},
                                                        {"complex128", 16}}};

constexpr std::array<std::pair<std::string_view, DType>, 6> short_names = {
    {{"float", DType::float32},
     {"double", DType::float64},
     {"half", DType::float16},
     {"int", DType::int32},
     {"cfloat", DType::complex64},
     {"cdouble", DType::complex128}}};

}  // namespace

std::size_t element_size(DType dtype) noexcept {
  return facts[static_cast<std::size_t>(dtype)].bytes;
}

std::string_view name(DType dtype) noexcept { return facts[static_cast<std::size_t>(dtype)].name; }

std::optional<DType> find_dtype(std::string_view text) noexcept {
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].name == text) {
      return static_cast<DType>(i);
    }
  }
  for (const auto& [alias, dtype] : short_names) {
    if (alias == text) {
      return dtype;
    }
  }
  return std::nullopt;
}

DType parse_dtype(std::string_view text) {
  if (const std::optional<DType> dtype = find_dtype(text)) {
    return *dtype;
  }
  throw_invalid(
      concat("dtype must be one of float32, float64, bfloat16, float16, int8, uint8, "
             "int32, complex64, complex128, but got '",
             text, "'"));
}

bfloat16::bfloat16(float value) noexcept {
  const auto word = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) {
    bits = static_cast<std::uint16_t>((word >> 16U) | 0x40U);  // keep it a NaN: set a fraction bit
    return;
  }
  // Half of the last kept bit, or a hair less where that bit is 0, so that ties go to even.
  bits = static_cast<std::uint16_t>((word + 0x7fffU + ((word >> 16U) & 1U)) >> 16U);
}

float16::float16(float value) noexcept {
  const auto word = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((word >> 16U) & 0x8000U);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) {
    bits = static_cast<std::uint16_t>(sign | 0x7e00U | ((word >> 13U) & 0x3ffU));
  } else if (magnitude >= 65520.0F) {  // halfway from the largest float16, 65504, to 2^16
    bits = sign | 0x7c00U;
  } else if (magnitude < 0x1p-14F) {  // subnormal: a whole number of 2^-24, rounded by the adder
    const float rounded = magnitude + 0.5F;  // 0.5 has an ulp of 2^-24
    bits = static_cast<std::uint16_t>(
        sign | (std::bit_cast<std::uint32_t>(rounded) - std::bit_cast<std::uint32_t>(0.5F)));
  } else {
    const std::uint32_t absolute = word & 0x7fffffffU;
    const std::uint32_t rebased = absolute - (112U << 23U);  // exponent bias 127 -> 15
    bits = static_cast<std::uint16_t>(sign | ((rebased + 0xfffU + ((rebased >> 13U) & 1U)) >> 13U));
  }
}

float16::operator float() const noexcept {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (bits >> 10U) & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0x1f) {
    return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13U));
  }
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (fraction << 13U));
}

}  // namespace conv2d
