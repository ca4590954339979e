// Scratch memory that begins where a cache line does, so that vectors cross none, and that nobody
// fills first.
#pragma once

#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"

namespace conv2d {

template <class T>
class Buffer {
 public:
  explicit Buffer(Index elements) : memory_(Tensor::uninitialized({elements}, dtype_of<T>)) {}

  T* data() { return memory_.data<T>(); }
  const T* data() const { return memory_.data<T>(); }

 private:
  Tensor memory_;
};

}  // namespace conv2d
