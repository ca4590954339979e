// A layer's packed weight, kept from one call to the next.
#pragma once

#include "algorithm/algorithm.h"
#include "geometry/problem.h"

#include <array>
#include <memory>
#include <mutex>
#include <string_view>

namespace conv2d {

/// Holds the packed weights of the two algorithms that ran last: inputs of two sizes may be for one
/// each. Several threads may ask at once.
class KeptWeight {
 public:
  /// `weight` as the algorithm, which has a pack(), wants it. It must be the same at every call,
  /// and so must what the layer's options say of the problem.
  std::shared_ptr<const Tensor> packed(const Algorithm& algorithm, const Problem& problem,
                                       TensorView weight);

 private:
  struct Packed {
    const Algorithm* algorithm = nullptr;
    std::string_view instructions;
    std::shared_ptr<const Tensor> weight;
  };

  std::mutex mutex_;
  std::array<Packed, 2> kept_;  ///< of the one that ran last first
};

}  // namespace conv2d
