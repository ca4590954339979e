// What tests ask of tensors and of calls that should fail.
#pragma once

#include <conv2d/tensor.h>

#include "tensor/dispatch.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace conv2d::testing {

/// What is said of a tensor whose bytes no pointer can count.
inline const std::string too_many_bytes =
    "more than 2^" + std::to_string(std::numeric_limits<std::ptrdiff_t>::digits) + " - 1 bytes";

/// The elements in row-major order, whatever the strides.
template <class T>
std::vector<T> values_of(TensorView view) {
  const Tensor packed = view.clone(MemoryFormat::contiguous);
  return std::vector<T>(packed.data<T>(), packed.data<T>() + packed.numel());
}

/// The elements, in row-major order, are 1, 2, 3 and so on: none is 0, which padding is.
inline Tensor numbered(const Sizes& sizes) {
  Tensor x(sizes);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    x.data<float>()[i] = static_cast<float>(i + 1);
  }
  return x;
}

/// Whether two tensors have the same sizes, dtype and bits; says where they first differ.
inline ::testing::AssertionResult same_bits(TensorView a, TensorView b) {
  if (a.sizes() != b.sizes() || a.dtype() != b.dtype()) {
    return ::testing::AssertionFailure()
           << to_string(a.sizes()) << " of " << name(a.dtype()) << " against "
           << to_string(b.sizes()) << " of " << name(b.dtype());
  }
  const Tensor left = a.clone(MemoryFormat::contiguous);
  const Tensor right = b.clone(MemoryFormat::contiguous);
  const std::size_t bytes = element_size(a.dtype());
  for (std::int64_t i = 0; i < left.numel(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i) * bytes;
    if (std::memcmp(static_cast<const std::byte*>(left.data()) + at,
                    static_cast<const std::byte*>(right.data()) + at, bytes) != 0) {
      const auto number = [&](TensorView view) {
        const Tensor wide = view.to(DType::complex128);
        return wide.clone(MemoryFormat::contiguous).data<complex128>()[i];
      };
      return ::testing::AssertionFailure() << "element " << i << " of " << to_string(a.sizes())
                                           << ": " << number(a) << " against " << number(b);
    }
  }
  return ::testing::AssertionSuccess();
}

/// Whether the elements are these numbers, exactly.
inline ::testing::AssertionResult holds(TensorView view, const std::vector<double>& numbers) {
  const std::vector<double> got = values_of<double>(view.to(DType::float64));
  if (got != numbers) {
    return ::testing::AssertionFailure()
           << ::testing::PrintToString(got) << " and not " << ::testing::PrintToString(numbers);
  }
  return ::testing::AssertionSuccess();
}

/// 0, 1, 2, ... in row-major order.
inline Tensor counting(const Sizes& sizes, DType dtype = DType::float32) {
  Tensor tensor(sizes, DType::float64);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data<double>()[i] = static_cast<double>(i);
  }
  return tensor.to(dtype);
}

/// The sentence of the std::invalid_argument that a call throws, or "no error".
template <class Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

/// Whether the call is refused with a sentence that has this part.
template <class Call>
::testing::AssertionResult refused(Call&& call, const std::string& part) {
  const std::string sentence = error_of(call);
  if (sentence.find(part) == std::string::npos) {
    return ::testing::AssertionFailure()
           << "\"" << sentence << "\" does not say \"" << part << "\"";
  }
  return ::testing::AssertionSuccess();
}

}  // namespace conv2d::testing
