// Scratch memory that begins where a cache line does, so that vectors cross none, and that nobody
// fills first.
#pragma once

#include "algorithm/scratch_memory.h"
#include "algorithm/vector_types.h"

#include <memory>

namespace conv2d {

template <class T>
class Buffer {
 public:
  explicit Buffer(Index elements)
      : memory_(static_cast<T*>(take_scratch(at(elements) * sizeof(T))),
                {at(elements) * sizeof(T)}) {}

  T* data() { return memory_.get(); }
  const T* data() const { return memory_.get(); }
  T& operator[](std::size_t i) { return memory_.get()[i]; }

 private:
  struct GiveBack {
    std::size_t bytes;
    void operator()(T* memory) const noexcept { give_scratch(memory, bytes); }
  };
  std::unique_ptr<T, GiveBack> memory_;
};

}  // namespace conv2d
