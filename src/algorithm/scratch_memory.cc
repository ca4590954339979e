#include "algorithm/scratch_memory.h"

#include "tensor/large_pages.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>

namespace conv2d {
namespace {

constexpr std::size_t line = 64;
constexpr auto line_alignment = std::align_val_t{line};

// What a sanitizer is to see: each buffer alone, and none used after it was given back.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool may_keep = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool may_keep = false;
#else
constexpr bool may_keep = true;
#endif
#else
constexpr bool may_keep = true;
#endif

constinit std::atomic<bool> is_kept = may_keep;

bool keeps(std::size_t bytes) noexcept {
  return may_keep && bytes >= least_kept_scratch && is_kept.load(std::memory_order_relaxed);
}

bool is_small(std::size_t bytes) noexcept { return may_keep && bytes < least_kept_scratch; }

struct KeptBlock {
  void* memory;
  std::size_t bytes;
};

void* new_block(std::size_t bytes) {
  void* const memory = ::operator new(bytes, line_alignment);
  ask_for_large_pages(memory, bytes);
  return memory;
}

void free_block(const KeptBlock& block) noexcept {
  ::operator delete(block.memory, line_alignment);
}

/// Less than is worth keeping, with where it really begins before it: the C++ library has such
/// memory at hand, but not where it must be aligned.
void* new_small_block(std::size_t bytes) {
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= sizeof(void*));
  auto* const begin = static_cast<std::byte*>(::operator new(bytes + line));
  std::byte* const memory = begin + line - reinterpret_cast<std::uintptr_t>(begin) % line;
  std::memcpy(memory - sizeof begin, &begin, sizeof begin);
  return memory;
}

void free_small_block(void* memory) noexcept {
  std::byte* begin = nullptr;
  std::memcpy(&begin, static_cast<std::byte*>(memory) - sizeof begin, sizeof begin);
  ::operator delete(begin);
}

/// Sizes are rounded up to one of eight between a power of two and the next, so that memory of a
/// layer serves others of about its size.
std::size_t rounded(std::size_t bytes) noexcept {
  std::size_t step = least_kept_scratch / 8;
  while (step * 16 <= bytes) {
    step *= 2;
  }
  return (bytes + step - 1) / step * step;
}

/// Blocks that nobody uses, the one that was given back last at the end: caches still hold it.
class KeptBlocks {
 public:
  /// One of exactly so many bytes, or nullptr.
  void* take(std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = count_; i > 0; --i) {
      if (blocks_[i - 1].bytes == bytes) {
        void* const memory = blocks_[i - 1].memory;
        remove(i - 1);
        return memory;
      }
    }
    return nullptr;
  }

  /// Those that have waited longest make room.
  void give(const KeptBlock& block) noexcept {
    if (block.bytes > most_kept_scratch) {
      free_block(block);
      return;
    }
    const std::lock_guard lock(mutex_);
    while (count_ == blocks_.size() || bytes_ + block.bytes > most_kept_scratch) {
      free_block(blocks_[0]);
      remove(0);
    }
    blocks_[count_] = block;
    ++count_;
    bytes_ += block.bytes;
  }

  std::size_t bytes() noexcept {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  void remove(std::size_t i) noexcept {
    bytes_ -= blocks_[i].bytes;
    for (--count_; i < count_; ++i) {
      blocks_[i] = blocks_[i + 1];
    }
  }

  std::mutex mutex_;
  std::array<KeptBlock, 256> blocks_{};
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

/// Never destroyed: other objects that live until the end may run layers then.
KeptBlocks& kept_blocks() noexcept {
  alignas(KeptBlocks) static std::byte memory[sizeof(KeptBlocks)];
  static auto* const blocks = new (memory) KeptBlocks;
  return *blocks;
}

}  // namespace

void* take_scratch(std::size_t bytes) {
  if (bytes == 0) {
    return nullptr;
  }
  if (!may_keep) {  // NaN, so that nobody relies on what the system clears
    return std::memset(new_block(bytes), 0xFF, bytes);
  }
  if (is_small(bytes)) {
    return new_small_block(bytes);
  }
  if (!keeps(bytes)) {
    return new_block(bytes);
  }
  const std::size_t whole = rounded(bytes);
  void* const kept = kept_blocks().take(whole);
  return kept != nullptr ? kept : new_block(whole);
}

void give_scratch(void* memory, std::size_t bytes) noexcept {
  if (bytes == 0) {
    return;
  }
  if (is_small(bytes)) {
    free_small_block(memory);
  } else if (keeps(bytes)) {
    kept_blocks().give({memory, rounded(bytes)});
  } else {
    free_block({memory, bytes});
  }
}

std::size_t kept_scratch() noexcept { return kept_blocks().bytes(); }

void keep_scratch(bool keep) noexcept { is_kept = keep; }

}  // namespace conv2d
