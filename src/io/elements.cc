#include "io/elements.h"

#include "base/checked.h"
#include "io/message.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <span>

namespace conv2d::io {
namespace {

/// Turns the byte order of every number around; a complex element is two numbers.
void swap_byte_order(std::span<std::byte> bytes, DType dtype) {
  const std::size_t width = element_size(dtype) / (is_complex(dtype) ? 2 : 1);
  for (std::size_t at = 0; at < bytes.size(); at += width) {
    std::ranges::reverse(bytes.subspan(at, width));
  }
}

}  // namespace

std::optional<std::uint64_t> byte_count(const Sizes& sizes, DType dtype) {
  const auto numel = sizes.numel();
  if (!numel) {
    return std::nullopt;
  }
  const Checked bytes = Checked(*numel) * static_cast<std::int64_t>(element_size(dtype));
  return bytes.ok() ? std::optional(static_cast<std::uint64_t>(bytes.value())) : std::nullopt;
}

void require_memory(std::uint64_t bytes, const std::string& source) {
  const auto memory = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                      static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (bytes > memory) {
    refuse(source, "needs ", bytes, " bytes, and this machine's memory has ", memory);
  }
}

Tensor tensor_from(Bytes raw, DType dtype, const Sizes& sizes, std::endian order,
                   const std::string& source) {
  require_memory(raw.size(), source);
  try {
    Tensor tensor = Tensor::uninitialized(sizes, dtype);
    if (!raw.empty()) {
      std::memcpy(tensor.data(), raw.data(), raw.size());
    }
    if (order != std::endian::native) {
      swap_byte_order({static_cast<std::byte*>(tensor.data()), raw.size()}, dtype);
    }
    return tensor;
  } catch (const std::bad_alloc&) {
    refuse(source, "needs ", raw.size(), " bytes of memory, which the system does not give");
  }
}

LittleEndianElements::LittleEndianElements(TensorView view) {
  constexpr bool swaps = std::endian::native == std::endian::big;
  if (swaps || !view.is_contiguous()) {
    copy_ = view.clone(MemoryFormat::contiguous);
  }
  const void* data = copy_ ? copy_->data() : view.data();
  const auto size = static_cast<std::size_t>(view.numel()) * element_size(view.dtype());
  if (swaps) {
    swap_byte_order({static_cast<std::byte*>(copy_->data()), size}, view.dtype());
  }
  bytes_ = {static_cast<const std::byte*>(data), size};
}

}  // namespace conv2d::io
