// What "multiply" and "add" mean for each element type: the arithmetic of the definition.
//
//   elements                 summed in   result
//   float32                  float32     float32
//   float64                  float64     float64
//   bfloat16, float16        float32     the same, rounded once at the end
//   complex64, complex128    the same    the same
//   int8, uint8 (any mix)    integers modulo 2^64, cut to int32: so modulo 2^32
//   int32                    likewise
//
// A result of float64 (complex128) asked for explicitly is summed in float64 (complex128) whatever
// the elements are: the judge of others.
#pragma once

#include <conv2d/dtype.h>

#include "tensor/convert.h"
#include "tensor/dispatch.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <type_traits>

namespace conv2d::reference {

/// The type that products of A and B are summed in for a result of type Out.
template <class A, class Out>
using Sum = std::conditional_t<
    std::is_integral_v<A>, std::uint64_t,
    std::conditional_t<std::is_same_v<Out, bfloat16> || std::is_same_v<Out, float16>, float, Out>>;

/// An element as an operand of the sum: widened exactly, never rounded. Integers are
/// sign-extended, so that products and sums modulo 2^64 are right modulo 2^32.
template <class S, class T>
S operand(T element) {
  if constexpr (std::is_same_v<S, std::uint64_t>) {
    return static_cast<S>(static_cast<std::int64_t>(element));
  } else {
    return convert<S>(element);
  }
}

/// Complex numbers by the schoolbook formula: four rounded products, two rounded sums, in an order
/// that no compiler and no library changes (std::complex's operator* may repair NaNs).
template <class S>
S product(S a, S b) {
  if constexpr (is_complex_type<S>) {
    return S(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
  } else {
    return a * b;
  }
}

/// sum + a*b. Of real numbers one fused multiply-add, rounded once, as vector units have it: then
/// every algorithm that keeps the order of the sum gives the same bits as the definition.
template <class S>
S multiply_add(S a, S b, S sum) {
  if constexpr (std::is_floating_point_v<S>) {
    return std::fma(a, b, sum);
  } else {
    return sum + product(a, b);
  }
}

template <class S>
S conjugate_if(bool conjugate, S value) {
  if constexpr (is_complex_type<S>) {
    return conjugate ? std::conj(value) : value;
  } else {
    return value;
  }
}

/// The sum as an element of the result.
template <class Out, class S>
Out result(S sum) {
  if constexpr (std::is_same_v<S, std::uint64_t>) {
    return static_cast<Out>(static_cast<std::uint32_t>(sum));
  } else {
    return convert<Out>(sum);
  }
}

/// Calls visit with the type_identities of A, B and Out for the combinations of the table above.
/// The caller has checked that the dtypes are one of them.
template <class Visitor>
void dispatch_types(DType a, DType b, DType out, Visitor&& visit) {
  dispatch(a, [&]<class A>(std::type_identity<A> first) {
    if constexpr (std::is_same_v<A, std::int8_t> || std::is_same_v<A, std::uint8_t>) {
      using Int32 = std::type_identity<std::int32_t>;
      if (b == DType::int8) {
        visit(first, std::type_identity<std::int8_t>{}, Int32{});
      } else {
        visit(first, std::type_identity<std::uint8_t>{}, Int32{});
      }
    } else if constexpr (std::is_same_v<A, complex64>) {
      if (out == DType::complex128) {
        visit(first, first, std::type_identity<complex128>{});
      } else {
        visit(first, first, first);
      }
    } else if constexpr (std::is_same_v<A, float> || is_half_type<A>) {
      if (out == DType::float64) {
        visit(first, first, std::type_identity<double>{});
      } else {
        visit(first, first, first);
      }
    } else {
      visit(first, first, first);
    }
  });
}

/// Whether dispatch_types covers them.
constexpr bool types_are_supported(DType a, DType b, DType out) {
  const auto is_byte = [](DType dtype) { return dtype == DType::int8 || dtype == DType::uint8; };
  if (is_byte(a)) {
    return is_byte(b) && out == DType::int32;
  }
  const bool judged = (out == DType::float64 && !is_complex(a) && !is_integer(a)) ||
                      (out == DType::complex128 && is_complex(a));
  return a == b && (out == a || judged);
}

/// A four-dimensional tensor as a function of its indices.
template <class T>
class Array4 {
 public:
  template <class View>
  explicit Array4(const View& view)
      : data_(static_cast<T*>(view.data())),
        strides_{view.strides()[0], view.strides()[1], view.strides()[2], view.strides()[3]} {}

  T& operator()(std::int64_t i, std::int64_t j, std::int64_t k, std::int64_t l) const {
    return data_[i * strides_[0] + j * strides_[1] + k * strides_[2] + l * strides_[3]];
  }

 private:
  T* data_;
  std::int64_t strides_[4];
};

}  // namespace conv2d::reference
