#include "support/counted_memory.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace conv2d::testing {
namespace {

class Count {
 public:
  void add(std::size_t bytes) noexcept {
    const std::size_t now = now_ += bytes;
    std::size_t most = most_;
    while (most < now && !most_.compare_exchange_weak(most, now)) {
    }
  }
  void subtract(std::size_t bytes) noexcept { now_ -= bytes; }
  void forget() noexcept { most_ = now_.load(); }
  HeldBytes bytes() const noexcept { return {now_, most_}; }

 private:
  std::atomic<std::size_t> now_ = 0;
  std::atomic<std::size_t> most_ = 0;
};

constinit Count all;
constinit Count aligned;

/// Before each piece of memory; as long as a line, so that what follows begins a line too.
struct alignas(64) Header {
  std::size_t bytes;
  bool aligned;
};

void* take(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment > sizeof(Header)) {
    std::abort();
  }
  const std::size_t lines = (bytes + sizeof(Header) - 1) / sizeof(Header);
  void* const memory = std::aligned_alloc(alignof(Header), (lines + 1) * sizeof(Header));
  if (memory == nullptr) {
    return nullptr;
  }
  auto* const header = new (memory) Header{bytes, alignment > 0};
  all.add(bytes);
  if (header->aligned) {
    aligned.add(bytes);
  }
  return header + 1;
}

void* take_or_throw(std::size_t bytes, std::size_t alignment) {
  if (void* const memory = take(bytes, alignment)) {
    return memory;
  }
  throw std::bad_alloc();
}

void give(void* memory) noexcept {
  if (memory == nullptr) {
    return;
  }
  auto* const header = static_cast<Header*>(memory) - 1;
  all.subtract(header->bytes);
  if (header->aligned) {
    aligned.subtract(header->bytes);
  }
  std::free(header);  // NOLINT(cppcoreguidelines-no-malloc): this is what new is made of
}

}  // namespace

HeldBytes held_bytes() noexcept { return all.bytes(); }

HeldBytes held_aligned_bytes() noexcept { return aligned.bytes(); }

void forget_most_held() noexcept {
  all.forget();
  aligned.forget();
}

}  // namespace conv2d::testing

using conv2d::testing::give;
using conv2d::testing::take;
using conv2d::testing::take_or_throw;

// What new[], delete[] and the rest come to by default.
void* operator new(std::size_t bytes) { return take_or_throw(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return take_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  return take(bytes, 0);
}
void* operator new(std::size_t bytes, std::align_val_t alignment,
                   const std::nothrow_t& /*tag*/) noexcept {
  return take(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give(memory); }
void operator delete(void* memory, std::size_t /*bytes*/) noexcept { give(memory); }
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept { give(memory); }
void operator delete(void* memory, std::size_t /*bytes*/, std::align_val_t /*alignment*/) noexcept {
  give(memory);
}
