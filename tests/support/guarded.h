// Memory between pages that nobody may touch: an access just outside of it ends the test.
#pragma once

#include <conv2d/tensor.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace conv2d::testing {

/// A copy of a tensor, strides and all, that ends where a forbidden page begins, or begins where
/// one ends.
inline Tensor guarded(const Tensor& tensor, bool at_end) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = static_cast<std::size_t>(tensor.numel()) * element_size(tensor.dtype());
  const std::size_t inside = (bytes + page - 1) / page * page;
  const std::size_t all = inside + 2 * page;
  void* mapped = mmap(nullptr, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    throw std::bad_alloc();
  }
  auto* first = static_cast<std::byte*>(mapped) + page;
  if (inside > 0 && mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) {
    throw std::bad_alloc();
  }
  const std::shared_ptr<void> storage(mapped, [all](void* memory) { munmap(memory, all); });
  std::byte* data = at_end ? first + (inside - bytes) : first;
  if (bytes > 0) {
    std::memcpy(data, tensor.data(), bytes);
  }
  return Tensor::adopt(storage, data, tensor.dtype(), tensor.sizes(), tensor.strides());
}

}  // namespace conv2d::testing
