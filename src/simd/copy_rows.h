// Rows copied to where loops want them. Compiled once for every instruction set.
#pragma once

#include <cstddef>

namespace conv2d::simd {

/// to[row * to_step + i] = from[row * from_step + i * stride] for i < count; by vectors for
/// strides of 1, 2 and 4.
template <class T>
struct CopyRows {
  const T* from;
  std::ptrdiff_t from_step;
  std::ptrdiff_t stride;
  T* to;
  std::ptrdiff_t to_step;
  std::size_t rows;
  std::size_t count;
};

/// Every second element of a row to one place, those between them to another:
/// even[row * to_step + i] = from[row * from_step + 2 * i] for 2 * i < count, and
/// odd[row * to_step + i] = from[row * from_step + 2 * i + 1] for 2 * i + 1 < count.
template <class T>
struct SplitRows {
  const T* from;
  std::ptrdiff_t from_step;
  T* even;
  T* odd;
  std::ptrdiff_t to_step;
  std::size_t rows;
  std::size_t count;
};

/// Deals a row's elements to 2 or 4 others in turns, each of which gets `count` of them:
/// to[way * way_step + row * to_step + i] = from[row * from_step + i * ways + way] for i < count.
template <class T>
struct DealRows {
  const T* from;
  std::ptrdiff_t from_step;
  std::size_t ways;
  T* to;
  std::ptrdiff_t way_step;
  std::ptrdiff_t to_step;
  std::size_t rows;
  std::size_t count;
};

template <class T>
struct RowCopies {
  void (*copy)(const CopyRows<T>&);
  void (*split)(const SplitRows<T>&);
  void (*deal)(const DealRows<T>&);
};

/// Of the instructions in use now; T is float or double. Only where vectors of T are, which the
/// kernels that read the rows say.
template <class T>
const RowCopies<T>& row_copies() noexcept;

}  // namespace conv2d::simd
