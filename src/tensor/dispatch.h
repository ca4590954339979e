// From a DType known at run time to a C++ type known at compile time.
#pragma once

#include <conv2d/dtype.h>

#include <type_traits>
#include <utility>

namespace conv2d {

/// Calls visit(std::type_identity<T>{}) with the element type T of `dtype`.
template <class Visitor>
decltype(auto) dispatch(DType dtype, Visitor&& visit) {
  switch (dtype) {
    case DType::float64:
      return visit(std::type_identity<double>{});
    case DType::bfloat16:
      return visit(std::type_identity<bfloat16>{});
    case DType::float16:
      return visit(std::type_identity<float16>{});
    case DType::int8:
      return visit(std::type_identity<std::int8_t>{});
    case DType::uint8:
      return visit(std::type_identity<std::uint8_t>{});
    case DType::int32:
      return visit(std::type_identity<std::int32_t>{});
    case DType::complex64:
      return visit(std::type_identity<complex64>{});
    case DType::complex128:
      return visit(std::type_identity<complex128>{});
    case DType::float32:
      break;
  }
  return visit(std::type_identity<float>{});
}

}  // namespace conv2d
