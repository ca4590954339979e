// Tensors: one that owns its elements, and two views that borrow them.
#pragma once

#include <conv2d/dtype.h>
#include <conv2d/sizes.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

struct DLManagedTensor;  // <dlpack/dlpack.h>; only needed by callers of the two DLPack functions

namespace conv2d {

/// Which axis runs fastest in memory: W (NCHW) or C (NHWC). Sizes are always N, C, H, W.
enum class MemoryFormat : std::uint8_t { contiguous, channels_last };

class Tensor;

/// A borrowed, strided view of elements that somebody else owns. Cheap to copy; never null unless
/// it has no elements. Element (i0, i1, ...) lies at data + (i0*stride0 + i1*stride1 + ...)
/// elements; strides may be zero or negative.
///
/// BasicTensorView<const void> (TensorView) reads; BasicTensorView<void> (MutableTensorView) also
/// writes, and converts to the reading one.
template <class Void>
class BasicTensorView {
  static constexpr bool writes = !std::is_const_v<Void>;
  template <class T>
  using Element = std::conditional_t<writes, T, const T>;

 public:
  /// Borrows `data`. Throws std::invalid_argument where sizes and strides differ in rank, an
  /// extent is negative, the number of bytes or the distance between two elements overflows, or
  /// there are elements but `data` is null.
  BasicTensorView(Void* data, DType dtype, const Sizes& sizes, const Strides& strides);
  /// Borrows contiguous elements.
  BasicTensorView(Void* data, DType dtype, const Sizes& sizes);
  /// A writing view reads too.
  template <class Other>
  requires(!std::is_const_v<Other> && std::is_const_v<Void>)
      BasicTensorView(const BasicTensorView<Other>& other)  // NOLINT(google-explicit-constructor)
      : data_(other.data_),
        numel_(other.numel_),
        sizes_(other.sizes_),
        strides_(other.strides_),
        dtype_(other.dtype_) {}
  /// Borrows from a tensor, which must outlive the view.
  BasicTensorView(const Tensor& tensor)  // NOLINT(google-explicit-constructor)
      requires(std::is_const_v<Void>);
  BasicTensorView(Tensor& tensor)  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<Void>);

  Void* data() const noexcept { return data_; }
  /// The first element as a T. Throws std::invalid_argument where T is not the dtype.
  template <class T>
  Element<T>* data() const {
    require_dtype(dtype_of<T>);
    return static_cast<Element<T>*>(data_);
  }

  DType dtype() const noexcept { return dtype_; }
  const Sizes& sizes() const noexcept { return sizes_; }
  const Strides& strides() const noexcept { return strides_; }
  int rank() const noexcept { return sizes_.rank(); }
  /// Extent of a dimension; -1 is the last. Throws std::invalid_argument out of range.
  std::int64_t size(int dim) const;
  std::int64_t stride(int dim) const;
  std::int64_t numel() const noexcept { return numel_; }
  bool empty() const noexcept { return numel_ == 0; }

  bool is_contiguous(MemoryFormat format = MemoryFormat::contiguous) const noexcept;
  /// channels_last where the strides of a rank-4 tensor say so, by torch's rule
  /// (Tensor.suggest_memory_format): C fastest, then W, H, N; ambiguous shapes are contiguous.
  MemoryFormat memory_format() const noexcept;

  /// The element at that index. Throws std::invalid_argument for a wrong rank, index or type.
  template <class T>
  Element<T>& at(std::initializer_list<std::int64_t> index) const {
    return data<T>()[offset(index)];
  }

  /// The same elements with dimensions reordered: dimension d of the result is order[d] of this.
  BasicTensorView permute(std::initializer_list<int> order) const;
  /// The elements whose index along `dim` is `index`; one dimension fewer.
  BasicTensorView select(int dim, std::int64_t index) const;
  /// The elements begin, begin+step, ... below end along `dim`. step >= 1.
  BasicTensorView slice(int dim, std::int64_t begin, std::int64_t end, std::int64_t step = 1) const;
  /// A new dimension of extent 1 at `dim`.
  BasicTensorView unsqueeze(int dim) const;
  /// Without the dimension `dim`, which must have extent 1.
  BasicTensorView squeeze(int dim) const;

  /// A copy of the elements in a new tensor, in this view's memory format or the given one.
  Tensor clone() const;
  Tensor clone(MemoryFormat format) const;
  /// A copy with each element converted: rounded to nearest even towards narrower floats, a
  /// float truncated and saturated towards integers (NaN becomes 0), a complex to its real part.
  Tensor to(DType dtype) const;

 private:
  template <class Other>
  friend class BasicTensorView;

  void require_dtype(DType wanted) const;
  std::int64_t offset(std::initializer_list<std::int64_t> index) const;
  int wrap_dim(int dim) const;

  Void* data_ = nullptr;
  std::int64_t numel_ = 0;
  Sizes sizes_;
  Strides strides_;
  DType dtype_ = DType::float32;
};

using TensorView = BasicTensorView<const void>;
using MutableTensorView = BasicTensorView<void>;
extern template class BasicTensorView<const void>;
extern template class BasicTensorView<void>;

/// Owns its elements. Moves, and never copies unless asked: `clone()` is the copy.
/// A moved-from tensor is empty.
class Tensor {
 public:
  /// An empty float32 tensor of sizes [0].
  Tensor() noexcept;
  /// Zeros. Throws std::invalid_argument where an extent is negative or the bytes overflow, and
  /// std::bad_alloc where memory does not suffice.
  explicit Tensor(const Sizes& sizes, DType dtype = DType::float32,
                  MemoryFormat format = MemoryFormat::contiguous);
  /// As above, the elements left as the allocator gave them.
  static Tensor uninitialized(const Sizes& sizes, DType dtype = DType::float32,
                              MemoryFormat format = MemoryFormat::contiguous);
  /// Every element `value`, converted to dtype.
  static Tensor full(const Sizes& sizes, double value, DType dtype = DType::float32);
  /// The values in row-major order: Tensor::from<float>({2, 2}, {1, 2, 3, 4}).
  /// Throws std::invalid_argument where their number is not that of the sizes.
  template <class T>
  static Tensor from(const Sizes& sizes, std::type_identity_t<std::span<const T>> values) {
    return from_bytes(sizes, dtype_of<T>, std::as_bytes(values), values.size());
  }
  template <class T>
  static Tensor from(const Sizes& sizes, std::initializer_list<T> values) {
    return from<T>(sizes, std::span<const T>(values.begin(), values.size()));
  }
  /// Takes over memory that somebody else allocated; `release` runs when the tensor ends.
  static Tensor adopt(std::shared_ptr<void> storage, void* data, DType dtype, const Sizes& sizes,
                      const Strides& strides);

  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(Tensor&& other) noexcept;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  ~Tensor() = default;

  TensorView view() const noexcept { return TensorView(*this); }
  MutableTensorView mutable_view() noexcept { return MutableTensorView(*this); }

  const void* data() const noexcept { return view_.data(); }
  void* data() noexcept { return view_.data(); }
  template <class T>
  const T* data() const {
    return view_.data<T>();
  }
  template <class T>
  T* data() {
    return view_.data<T>();
  }
  DType dtype() const noexcept { return view_.dtype(); }
  const Sizes& sizes() const noexcept { return view_.sizes(); }
  const Strides& strides() const noexcept { return view_.strides(); }
  int rank() const noexcept { return view_.rank(); }
  std::int64_t size(int dim) const { return view_.size(dim); }
  std::int64_t stride(int dim) const { return view_.stride(dim); }
  std::int64_t numel() const noexcept { return view_.numel(); }
  bool empty() const noexcept { return view_.empty(); }
  bool is_contiguous(MemoryFormat format = MemoryFormat::contiguous) const noexcept {
    return view_.is_contiguous(format);
  }
  MemoryFormat memory_format() const noexcept { return view_.memory_format(); }
  template <class T>
  const T& at(std::initializer_list<std::int64_t> index) const {
    return view_.at<T>(index);
  }
  template <class T>
  T& at(std::initializer_list<std::int64_t> index) {
    return view_.at<T>(index);
  }

  Tensor clone() const { return view().clone(); }
  Tensor clone(MemoryFormat format) const { return view().clone(format); }
  Tensor to(DType dtype) const { return view().to(dtype); }
  /// The same elements under other sizes, without a copy; this tensor is given up for it.
  /// Throws std::invalid_argument where the counts differ or the elements are not contiguous.
  Tensor reshape(const Sizes& sizes) &&;
  /// Without the dimension `dim`, which must have extent 1; no copy, this tensor is given up.
  Tensor squeeze(int dim) &&;

 private:
  friend class BasicTensorView<void>;
  friend class BasicTensorView<const void>;
  friend DLManagedTensor* to_dlpack(Tensor&& tensor);
  static Tensor from_bytes(const Sizes& sizes, DType dtype, std::span<const std::byte> bytes,
                           std::size_t count);
  Tensor(std::shared_ptr<void> storage, MutableTensorView view)
      : storage_(std::move(storage)), view_(view) {}

  std::shared_ptr<void> storage_;
  MutableTensorView view_;
};

/// Copies element by element, converting between dtypes as TensorView::to does.
/// Throws std::invalid_argument where the sizes differ.
void copy(TensorView from, MutableTensorView to);

/// Takes a tensor from another library without copying; its deleter runs when ours ends.
/// Throws std::invalid_argument for a null pointer, a device other than the CPU, or an element
/// type that is not a DType; the argument is then still the caller's.
/// Source: DLPack 0.6, https://dmlc.github.io/dlpack.
Tensor from_dlpack(DLManagedTensor* managed);
/// Gives a tensor to another library without copying. The taker calls its deleter.
DLManagedTensor* to_dlpack(Tensor&& tensor);

}  // namespace conv2d
