// Tensors from the bytes of a file, and the bytes of a file from tensors.
#pragma once

#include "conv2d/io.h"
#include "conv2d/tensor.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

namespace conv2d::io {

/// The bytes that elements of these sizes take, or nothing where they pass 2^63 - 1.
std::optional<std::uint64_t> byte_count(const Sizes& sizes, DType dtype);

/// Throws where `bytes` is more than the memory of this machine: a sparse file or a well-packed
/// archive can justify any claim, and asking the system for all of it may end the process.
void require_memory(std::uint64_t bytes, const std::string& source);

/// A contiguous tensor with a copy of `raw`, which holds byte_count(sizes, dtype) bytes, row by
/// row, in the byte order `order`.
Tensor tensor_from(Bytes raw, DType dtype, const Sizes& sizes, std::endian order,
                   const std::string& source);

/// An unsigned integer stored least significant byte first. The caller has checked the range.
template <class T>
T load_little(Bytes bytes, std::size_t at) {
  static_assert(std::is_unsigned_v<T>);
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(bytes[at + i]) << (8 * i)));
  }
  return value;
}

/// The elements of a view, row by row, least significant byte first; without a copy where they lie
/// in memory that way. Borrows from the view.
class LittleEndianElements {
 public:
  explicit LittleEndianElements(TensorView view);
  Bytes bytes() const noexcept { return bytes_; }

 private:
  std::optional<Tensor> copy_;
  Bytes bytes_;
};

}  // namespace conv2d::io
