#include "conv2d/tensor.h"

#include "base/checked.h"
#include "base/error.h"
#include "tensor/convert.h"
#include "tensor/dispatch.h"
#include "tensor/large_pages.h"
#include "tensor/layout.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace conv2d {
namespace {

// Wide enough for any vector register, and one cache line.
constexpr std::size_t alignment = 64;

/// Whether a number of elements, counted without overflow, is one of bytes that pointers can span.
bool fits_memory(Checked elements, DType dtype) noexcept {
  const Checked bytes = elements * static_cast<std::int64_t>(element_size(dtype));
  return bytes.ok() && bytes.value() <= std::numeric_limits<std::ptrdiff_t>::max();
}

std::int64_t checked_numel(const Sizes& sizes, DType dtype) {
  for (const std::int64_t extent : sizes) {
    if (extent < 0) {
      throw_invalid(concat("a tensor's sizes must not be negative, but got ", to_string(sizes)));
    }
  }
  const auto numel = sizes.numel();
  if (!numel || !fits_memory(*numel, dtype)) {
    throw_invalid(concat("a tensor of sizes ", to_string(sizes), " and dtype ", name(dtype),
                         " has more than 2^", std::numeric_limits<std::ptrdiff_t>::digits,
                         " - 1 bytes"));
  }
  return *numel;
}

/// Throws unless the distance between any two elements in bytes fits a pointer's, with room for one
/// step more: then no arithmetic on indices inside the view overflows. A dimension of one element
/// may have any stride, and so may all of a view without elements.
void check_reach(const Sizes& sizes, const Strides& strides, DType dtype) {
  Checked reach = 0;
  for (int dim = 0; dim < sizes.rank(); ++dim) {
    if (sizes[dim] > 1) {
      const Checked along = Checked(sizes[dim]) * strides[dim];
      reach = strides[dim] < 0 ? reach - along : reach + along;
    }
  }
  if (!fits_memory(reach, dtype)) {
    throw_invalid(concat("a view of sizes ", to_string(sizes), " and strides ", to_string(strides),
                         " would reach further than memory does"));
  }
}

/// The dimensions from the fastest to the slowest.
std::array<int, Sizes::max_rank> fastest_first(int rank, MemoryFormat format) {
  if (format == MemoryFormat::channels_last && rank == 4) {
    return {1, 3, 2, 0};
  }
  std::array<int, Sizes::max_rank> order{};
  for (int i = 0; i < rank; ++i) {
    order[static_cast<std::size_t>(i)] = rank - 1 - i;
  }
  return order;
}

}  // namespace

Strides packed_strides(const Sizes& sizes, MemoryFormat format) {
  Strides strides = Strides::filled(sizes.rank(), 0);
  const auto order = fastest_first(sizes.rank(), format);
  Checked next = 1;
  for (int i = 0; i < sizes.rank(); ++i) {
    const int dim = order[static_cast<std::size_t>(i)];
    strides[dim] = next.value();
    next = next * std::max<std::int64_t>(sizes[dim], 1);
    if (!next.ok()) {  // only a tensor without elements can get here: any stride serves it
      next = 1;
    }
  }
  return strides;
}

template <class Void>
BasicTensorView<Void>::BasicTensorView(Void* data, DType dtype, const Sizes& sizes,
                                       const Strides& strides)
    : data_(data),
      numel_(checked_numel(sizes, dtype)),
      sizes_(sizes),
      strides_(strides),
      dtype_(dtype) {
  if (sizes.rank() != strides.rank()) {
    throw_invalid(concat("sizes and strides must be of one rank, but got ", to_string(sizes),
                         " and ", to_string(strides)));
  }
  if (empty()) {
    return;
  }
  if (data == nullptr) {
    throw_invalid(
        concat("a tensor of sizes ", to_string(sizes), " needs memory, but got a null pointer"));
  }
  check_reach(sizes, strides, dtype);
}

template <class Void>
BasicTensorView<Void>::BasicTensorView(Void* data, DType dtype, const Sizes& sizes)
    : BasicTensorView(data, dtype, sizes, packed_strides(sizes, MemoryFormat::contiguous)) {}

template <class Void>
BasicTensorView<Void>::BasicTensorView(const Tensor& tensor) requires(std::is_const_v<Void>)
    : BasicTensorView(tensor.view_) {}

template <class Void>
BasicTensorView<Void>::BasicTensorView(Tensor& tensor) requires(!std::is_const_v<Void>)
    : BasicTensorView(tensor.view_) {}

template <class Void>
int BasicTensorView<Void>::wrap_dim(int dim) const {
  if (dim < -rank() || dim >= rank()) {
    throw_invalid(concat("dimension must be from ", -rank(), " to ", rank() - 1,
                         " for a tensor of sizes ", to_string(sizes_), ", but got ", dim));
  }
  return dim < 0 ? dim + rank() : dim;
}

template <class Void>
std::int64_t BasicTensorView<Void>::size(int dim) const {
  return sizes_[wrap_dim(dim)];
}

template <class Void>
std::int64_t BasicTensorView<Void>::stride(int dim) const {
  return strides_[wrap_dim(dim)];
}

template <class Void>
bool BasicTensorView<Void>::is_contiguous(MemoryFormat format) const noexcept {
  if (empty()) {
    return true;
  }
  const auto order = fastest_first(rank(), format);
  std::int64_t next = 1;
  for (int i = 0; i < rank(); ++i) {
    const int dim = order[static_cast<std::size_t>(i)];
    if (sizes_[dim] != 1 && strides_[dim] != next) {
      return false;
    }
    next *= sizes_[dim];
  }
  return true;
}

template <class Void>
MemoryFormat BasicTensorView<Void>::memory_format() const noexcept {
  if (rank() != 4 || strides_[1] == 0 || empty()) {
    return MemoryFormat::contiguous;
  }
  std::int64_t least = 0;
  for (const int dim : {1, 3, 2, 0}) {
    // The second condition is the ambiguous N x 1 x 1 x 1, which torch calls contiguous.
    if (strides_[dim] < least || (dim == 0 && least == strides_[1])) {
      return MemoryFormat::contiguous;
    }
    least = strides_[dim] * std::max<std::int64_t>(sizes_[dim], 1);
  }
  return MemoryFormat::channels_last;
}

template <class Void>
void BasicTensorView<Void>::require_dtype(DType wanted) const {
  if (wanted != dtype_) {
    throw_invalid(
        concat("the tensor's dtype is ", name(dtype_), ", but it was asked for as ", name(wanted)));
  }
}

template <class Void>
std::int64_t BasicTensorView<Void>::offset(std::initializer_list<std::int64_t> index) const {
  const Sizes given(index);
  bool inside = given.rank() == rank();
  std::int64_t sum = 0;
  for (int dim = 0; inside && dim < rank(); ++dim) {
    inside = given[dim] >= 0 && given[dim] < sizes_[dim];
    sum += inside ? given[dim] * strides_[dim] : 0;
  }
  if (!inside) {
    throw_invalid(
        concat("index ", to_string(given), " lies outside a tensor of sizes ", to_string(sizes_)));
  }
  return sum;
}

namespace {

/// `data` moved by that many elements.
template <class Void>
Void* advance(Void* data, DType dtype, std::int64_t elements) {
  using Byte = std::conditional_t<std::is_const_v<Void>, const std::byte, std::byte>;
  return static_cast<Byte*>(data) + elements * static_cast<std::int64_t>(element_size(dtype));
}

/// The extents without dimension `dim`.
Sizes without(const Sizes& sizes, int dim) {
  Sizes rest = Sizes::filled(sizes.rank() - 1, 0);
  for (int d = 0; d < rest.rank(); ++d) {
    rest[d] = sizes[d < dim ? d : d + 1];
  }
  return rest;
}

}  // namespace

template <class Void>
BasicTensorView<Void> BasicTensorView<Void>::permute(std::initializer_list<int> order) const {
  Sizes sizes = Sizes::filled(rank(), 0);
  Strides strides = sizes;
  unsigned seen = 0;
  int to = 0;
  for (const int from : order) {
    if (to == rank()) {
      break;
    }
    const int dim = wrap_dim(from);
    seen |= 1U << static_cast<unsigned>(dim);
    sizes[to] = sizes_[dim];
    strides[to] = strides_[dim];
    ++to;
  }
  if (static_cast<int>(order.size()) != rank() || seen + 1 != 1U << static_cast<unsigned>(rank())) {
    throw_invalid(concat("permute: the order must name each of the ", rank(),
                         " dimensions of a tensor of sizes ", to_string(sizes_), " once"));
  }
  return BasicTensorView(data_, dtype_, sizes, strides);
}

template <class Void>
BasicTensorView<Void> BasicTensorView<Void>::select(int dim, std::int64_t index) const {
  dim = wrap_dim(dim);
  if (index < 0 || index >= sizes_[dim]) {
    throw_invalid(concat("select: index ", index, " lies outside dimension ", dim,
                         " of a tensor of sizes ", to_string(sizes_)));
  }
  const std::int64_t skipped = empty() ? 0 : index * strides_[dim];
  return BasicTensorView(advance(data_, dtype_, skipped), dtype_, without(sizes_, dim),
                         without(strides_, dim));
}

template <class Void>
BasicTensorView<Void> BasicTensorView<Void>::slice(int dim, std::int64_t begin, std::int64_t end,
                                                   std::int64_t step) const {
  dim = wrap_dim(dim);
  if (begin < 0 || begin > end || end > sizes_[dim] || step < 1) {
    throw_invalid(concat("slice: need 0 <= begin <= end <= ", sizes_[dim],
                         " and step >= 1 along "
                         "dimension ",
                         dim, " of a tensor of sizes ", to_string(sizes_), ", but got begin ",
                         begin, ", end ", end, ", step ", step));
  }
  Sizes sizes = sizes_;
  Strides strides = strides_;
  sizes[dim] = (end - begin) / step + ((end - begin) % step != 0 ? 1 : 0);
  const bool nothing = sizes.numel() == 0;
  if (sizes[dim] > 1 && !nothing) {  // else the stride is never used, and must not overflow
    strides[dim] *= step;
  }
  const std::int64_t skipped = nothing ? 0 : begin * strides_[dim];
  return BasicTensorView(advance(data_, dtype_, skipped), dtype_, sizes, strides);
}

template <class Void>
BasicTensorView<Void> BasicTensorView<Void>::unsqueeze(int dim) const {
  if (dim < -rank() - 1 || dim > rank() || rank() == Sizes::max_rank) {
    throw_invalid(concat("unsqueeze: dimension must be from ", -rank() - 1, " to ", rank(),
                         " and the result's rank at most ", Sizes::max_rank, ", but got ", dim,
                         " for a tensor of sizes ", to_string(sizes_)));
  }
  dim = dim < 0 ? dim + rank() + 1 : dim;
  Sizes sizes = Sizes::filled(rank() + 1, 1);
  // The stride that torch gives: as if the new dimension enclosed the next one.
  const std::int64_t stride = dim < rank() && !empty() ? sizes_[dim] * strides_[dim] : 1;
  Strides strides = Strides::filled(rank() + 1, stride);
  for (int d = 0; d < rank(); ++d) {
    sizes[d < dim ? d : d + 1] = sizes_[d];
    strides[d < dim ? d : d + 1] = strides_[d];
  }
  return BasicTensorView(data_, dtype_, sizes, strides);
}

template <class Void>
BasicTensorView<Void> BasicTensorView<Void>::squeeze(int dim) const {
  dim = wrap_dim(dim);
  if (sizes_[dim] != 1) {
    throw_invalid(concat("squeeze: dimension ", dim, " must have extent 1, but the sizes are ",
                         to_string(sizes_)));
  }
  return BasicTensorView(data_, dtype_, without(sizes_, dim), without(strides_, dim));
}

template <class Void>
Tensor BasicTensorView<Void>::clone() const {
  return clone(memory_format());
}

template <class Void>
Tensor BasicTensorView<Void>::clone(MemoryFormat format) const {
  Tensor result = Tensor::uninitialized(sizes_, dtype_, format);
  copy(*this, result);
  return result;
}

template <class Void>
Tensor BasicTensorView<Void>::to(DType dtype) const {
  Tensor result = Tensor::uninitialized(sizes_, dtype, memory_format());
  copy(*this, result);
  return result;
}

template class BasicTensorView<const void>;
template class BasicTensorView<void>;

Tensor::Tensor() noexcept : view_(nullptr, DType::float32, {0}) {}

Tensor::Tensor(Tensor&& other) noexcept : Tensor() {
  std::swap(storage_, other.storage_);
  std::swap(view_, other.view_);
}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  Tensor taken(std::move(other));
  std::swap(storage_, taken.storage_);
  std::swap(view_, taken.view_);
  return *this;
}

namespace {

/// The C library takes large memory from the system, and keeps what was freed for the next of the
/// same size; but not where it is asked for alignment, for it then looks for a little more than it
/// has kept. So large memory is aligned here: page faults took longer than some convolutions.
std::shared_ptr<void> aligned_memory(std::size_t bytes) {
  constexpr std::size_t large = std::size_t{1} << 16U;
  if (bytes < large) {
    return {::operator new(bytes, std::align_val_t(alignment)),
            [](void* data) { ::operator delete(data, std::align_val_t(alignment)); }};
  }
  std::size_t room = bytes + alignment;
  void* data = ::operator new(room);
  ask_for_large_pages(data, room);
  const std::shared_ptr<void> whole(data, [](void* memory) { ::operator delete(memory); });
  return {whole, std::align(alignment, bytes, data, room)};
}

}  // namespace

Tensor Tensor::uninitialized(const Sizes& sizes, DType dtype, MemoryFormat format) {
  const auto bytes = static_cast<std::size_t>(checked_numel(sizes, dtype)) * element_size(dtype);
  if (format == MemoryFormat::channels_last && sizes.rank() != 4) {
    throw_invalid(concat("channels_last is a format of rank-4 tensors, but the sizes are ",
                         to_string(sizes)));
  }
  std::shared_ptr<void> storage = aligned_memory(bytes);
  MutableTensorView view(storage.get(), dtype, sizes, packed_strides(sizes, format));
  return Tensor(std::move(storage), view);
}

Tensor::Tensor(const Sizes& sizes, DType dtype, MemoryFormat format)
    : Tensor(uninitialized(sizes, dtype, format)) {
  if (!empty()) {
    std::memset(data(), 0, static_cast<std::size_t>(numel()) * element_size(dtype));
  }
}

Tensor Tensor::full(const Sizes& sizes, double value, DType dtype) {
  Tensor result = uninitialized(sizes, dtype);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    std::fill_n(result.data<T>(), result.numel(), convert<T>(value));
  });
  return result;
}

Tensor Tensor::from_bytes(const Sizes& sizes, DType dtype, std::span<const std::byte> bytes,
                          std::size_t count) {
  if (static_cast<std::size_t>(checked_numel(sizes, dtype)) != count) {
    throw_invalid(
        concat("a tensor of sizes ", to_string(sizes), " cannot hold ", count, " values"));
  }
  Tensor result = uninitialized(sizes, dtype);
  if (!bytes.empty()) {
    std::memcpy(result.data(), bytes.data(), bytes.size());
  }
  return result;
}

Tensor Tensor::adopt(std::shared_ptr<void> storage, void* data, DType dtype, const Sizes& sizes,
                     const Strides& strides) {
  return Tensor(std::move(storage), MutableTensorView(data, dtype, sizes, strides));
}

Tensor Tensor::reshape(const Sizes& sizes) && {
  if (checked_numel(sizes, dtype()) != numel() || !is_contiguous()) {
    throw_invalid(concat("reshape: a ", is_contiguous() ? "" : "non-contiguous ",
                         "tensor of sizes ", to_string(this->sizes()), " cannot become ",
                         to_string(sizes), " without a copy"));
  }
  Tensor result = std::move(*this);
  result.view_ = MutableTensorView(result.data(), result.dtype(), sizes);
  return result;
}

Tensor Tensor::squeeze(int dim) && {
  const MutableTensorView view = view_.squeeze(dim);
  Tensor result = std::move(*this);
  result.view_ = view;
  return result;
}

}  // namespace conv2d
