// Tensors from and to other libraries, without a copy.
#include "base/checked.h"
#include "base/error.h"
#include "conv2d/tensor.h"
#include "tensor/layout.h"

#include <dlpack/dlpack.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <span>

namespace conv2d {
namespace {

struct TypeRow {
  DType ours;
  DLDataTypeCode code;
  std::uint8_t bits;
};

constexpr std::array<TypeRow, dtype_count> type_table = {{{DType::float32, kDLFloat, 32},
                                                          {DType::float64, kDLFloat, 64},
                                                          {DType::bfloat16, kDLBfloat, 16},
                                                          {DType::float16, kDLFloat, 16},
                                                          {DType::int8, kDLInt, 8},
                                                          {DType::uint8, kDLUInt, 8},
                                                          {DType::int32, kDLInt, 32},
                                                          {DType::complex64, kDLComplex, 64},
                                                          {DType::complex128, kDLComplex, 128}}};

DType dtype_from(DLDataType type) {
  for (const TypeRow& row : type_table) {
    if (row.code == type.code && row.bits == type.bits && type.lanes == 1) {
      return row.ours;
    }
  }
  throw_invalid(concat("from_dlpack: no dtype for DLPack code ", int{type.code}, " with ",
                       int{type.bits}, " bits and ", type.lanes, " lanes"));
}

DLDataType dtype_to(DType dtype) {
  for (const TypeRow& row : type_table) {
    if (row.ours == dtype) {
      return {static_cast<std::uint8_t>(row.code), row.bits, 1};
    }
  }
  return {};
}

/// `strides`, where those of extent 1 are set as if each dimension enclosed the faster ones.
Strides enclosing(const Sizes& sizes, Strides strides, std::span<const int> fastest_first) {
  std::int64_t next = 1;
  for (const int dim : fastest_first) {
    if (sizes[dim] == 1) {
      strides[dim] = next;
    }
    const Checked beyond = Checked(strides[dim]) * sizes[dim];
    next = beyond.ok() ? std::max<std::int64_t>(beyond.value(), 1) : 1;
  }
  return strides;
}

/// The stride of a dimension of extent 1 means nothing, and exporters write what they like: PyTorch
/// writes 1, which hides from memory_format() that a single image is channels-last. So we set it;
/// the elements stay where they are.
Strides told_strides(const MutableTensorView& given) {
  constexpr std::array<int, 4> channels_last = {1, 3, 2, 0};
  const Sizes& sizes = given.sizes();
  if (sizes.rank() == 4 && sizes[1] > 1 && (sizes[2] > 1 || sizes[3] > 1)) {  // else both formats
    const Strides strides = enclosing(sizes, given.strides(), channels_last);
    const TensorView view(given.data(), given.dtype(), sizes, strides);
    if (view.memory_format() == MemoryFormat::channels_last) {
      return strides;
    }
  }
  std::array<int, Sizes::max_rank> row_major{};
  const auto rank = static_cast<std::size_t>(sizes.rank());
  std::iota(row_major.rbegin() + (Sizes::max_rank - sizes.rank()), row_major.rend(), 0);
  return enclosing(sizes, given.strides(), std::span(row_major).first(rank));
}

/// What lives as long as a tensor that was given away.
struct Exported {
  explicit Exported(Tensor&& given) : tensor(std::move(given)) {
    std::copy(tensor.sizes().begin(), tensor.sizes().end(), sizes.begin());
    std::copy(tensor.strides().begin(), tensor.strides().end(), strides.begin());
  }
  Tensor tensor;
  std::array<std::int64_t, Sizes::max_rank> sizes{};
  std::array<std::int64_t, Sizes::max_rank> strides{};
  DLManagedTensor managed{};
};

}  // namespace

Tensor from_dlpack(DLManagedTensor* managed) {
  if (managed == nullptr) {
    throw_invalid("from_dlpack: got a null pointer");
  }
  const DLTensor& source = managed->dl_tensor;
  if (source.device.device_type != kDLCPU) {
    throw_invalid(
        concat("from_dlpack: the tensor must be on the CPU (DLPack device 1), but is on "
               "device ",
               static_cast<int>(source.device.device_type)));
  }
  const DType dtype = dtype_from(source.dtype);
  if (source.ndim < 0) {
    throw_invalid(concat("from_dlpack: the rank must not be negative, but got ", source.ndim));
  }
  if (source.ndim > 0 && source.shape == nullptr) {
    throw_invalid(concat("from_dlpack: a tensor of rank ", source.ndim,
                         " needs a shape, but got a null pointer"));
  }
  const auto rank = static_cast<std::size_t>(source.ndim);
  const Sizes sizes(std::span<const std::int64_t>(source.shape, rank));
  const Strides strides = source.strides == nullptr
                              ? packed_strides(sizes, MemoryFormat::contiguous)
                              : Strides(std::span<const std::int64_t>(source.strides, rank));
  void* data = static_cast<std::byte*>(source.data) + source.byte_offset;
  const MutableTensorView checked(data, dtype, sizes, strides);  // throws before we take it over
  const Strides told = told_strides(checked);
  std::shared_ptr<void> storage(managed, [](void* owner) {
    auto* theirs = static_cast<DLManagedTensor*>(owner);
    if (theirs->deleter != nullptr) {
      theirs->deleter(theirs);
    }
  });
  return Tensor::adopt(std::move(storage), checked.data(), dtype, sizes, told);
}

DLManagedTensor* to_dlpack(Tensor&& tensor) {
  auto exported = std::make_unique<Exported>(std::move(tensor));
  DLManagedTensor& managed = exported->managed;
  managed.dl_tensor.data = exported->tensor.data();
  managed.dl_tensor.device = {kDLCPU, 0};
  managed.dl_tensor.ndim = exported->tensor.rank();
  managed.dl_tensor.dtype = dtype_to(exported->tensor.dtype());
  managed.dl_tensor.shape = exported->sizes.data();
  managed.dl_tensor.strides = exported->strides.data();
  managed.dl_tensor.byte_offset = 0;
  managed.manager_ctx = exported.get();
  managed.deleter = [](DLManagedTensor* self) {
    delete static_cast<Exported*>(self->manager_ctx);  // NOLINT(cppcoreguidelines-owning-memory)
  };
  return &exported.release()->managed;
}

}  // namespace conv2d
