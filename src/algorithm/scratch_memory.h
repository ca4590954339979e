// Where runs take their scratch memory from, and leave it for the next ones: memory that a system
// hands out anew has to be cleared and mapped page by page, and with several threads taken back
// from all of them, which took longer than many a layer.
#pragma once

#include <cstddef>
#include <vector>

namespace conv2d {

/// Of all threads together. The rest goes back to the system.
inline constexpr std::size_t most_kept_scratch = std::size_t{32} << 20U;

/// Smaller memory is the C++ library's affair, which has up to 1 KiB at hand.
inline constexpr std::size_t least_kept_scratch = std::size_t{1} << 9U;

/// Memory that begins where a cache line does, with anything in it; none is nullptr. From any
/// thread, to be given back on any. Throws std::bad_alloc where there is none.
void* take_scratch(std::size_t bytes);

/// `bytes` as they were asked for.
void give_scratch(void* memory, std::size_t bytes) noexcept;

/// Bytes that wait for later runs.
std::size_t kept_scratch() noexcept;

/// Whether what is given back waits for later runs, as it does until this is called (but not under
/// an address sanitizer). Where it does not, all memory is as large as it was asked for and goes
/// back at once. For tests: nothing may be taken meanwhile.
void keep_scratch(bool keep) noexcept;

/// For vectors that are scratch memory.
template <class T>
struct ScratchAllocator {
  using value_type = T;

  ScratchAllocator() = default;
  template <class Other>
  ScratchAllocator(  // NOLINT(google-explicit-constructor): allocators convert
      const ScratchAllocator<Other>& /*other*/) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(take_scratch(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept {
    give_scratch(memory, count * sizeof(T));
  }

  friend bool operator==(const ScratchAllocator& /*a*/, const ScratchAllocator& /*b*/) {
    return true;
  }
};

template <class T>
using ScratchVector = std::vector<T, ScratchAllocator<T>>;

}  // namespace conv2d
