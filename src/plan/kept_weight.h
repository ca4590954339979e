// A layer's packed weight, kept from one call to the next.
#pragma once

#include "algorithm/algorithm.h"
#include "geometry/problem.h"

#include <memory>
#include <mutex>
#include <string_view>

namespace conv2d {

/// Holds one packed weight: that of the algorithm that ran last. Several threads may ask at once.
class KeptWeight {
 public:
  /// `weight` as the algorithm, which has a pack(), wants it. It must be the same at every call,
  /// and so must what the layer's options say of the problem.
  std::shared_ptr<const Tensor> packed(const Algorithm& algorithm, const Problem& problem,
                                       TensorView weight);

 private:
  std::mutex mutex_;
  const Algorithm* algorithm_ = nullptr;
  std::string_view instructions_;
  std::shared_ptr<const Tensor> packed_;
};

}  // namespace conv2d
