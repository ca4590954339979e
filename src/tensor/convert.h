// One element from one type to another.
#pragma once

#include <conv2d/dtype.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <type_traits>

namespace conv2d {

template <class T>
inline constexpr bool is_complex_type =
    std::is_same_v<T, complex64> || std::is_same_v<T, complex128>;
template <class T>
inline constexpr bool is_half_type = std::is_same_v<T, bfloat16> || std::is_same_v<T, float16>;

/// As TensorView::to says: to nearest even towards narrower floats, truncated and saturated
/// towards integers, a complex to its real part.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (is_half_type<From>) {
    return convert<To>(static_cast<float>(value));
  } else if constexpr (is_complex_type<From> && is_complex_type<To>) {
    using Part = typename To::value_type;
    return To(static_cast<Part>(value.real()), static_cast<Part>(value.imag()));
  } else if constexpr (is_complex_type<From>) {
    return convert<To>(value.real());
  } else if constexpr (is_complex_type<To>) {
    return To(convert<typename To::value_type>(value), 0);
  } else if constexpr (is_half_type<To>) {
    if constexpr (std::is_same_v<From, double> || std::is_same_v<From, std::int32_t>) {
      // Through float with the last bit set where anything was cut off ("round to odd"): rounding
      // once more then gives what one rounding from double would have given.
      // Source: Boldo and Melquiond, IEEE Transactions on Computers 57(4), 2008.
      const auto wide = static_cast<double>(value);
      auto narrow = static_cast<float>(wide);
      if (std::isfinite(narrow) && static_cast<double>(narrow) != wide) {
        if (std::fabs(static_cast<double>(narrow)) > std::fabs(wide)) {
          narrow = std::nextafter(narrow, 0.0F);
        }
        narrow = std::bit_cast<float>(std::bit_cast<std::uint32_t>(narrow) | 1U);
      }
      return To(narrow);
    } else {
      return To(static_cast<float>(value));
    }
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    if (std::isnan(value)) {
      return 0;
    }
    // Both limits are exact in double, so the comparison is.
    const auto wide = static_cast<double>(value);
    return static_cast<To>(std::clamp(wide, static_cast<double>(std::numeric_limits<To>::min()),
                                      static_cast<double>(std::numeric_limits<To>::max())));
  } else if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
    return static_cast<To>(std::clamp<std::int64_t>(value, std::numeric_limits<To>::min(),
                                                    std::numeric_limits<To>::max()));
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace conv2d
