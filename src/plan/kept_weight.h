// A layer's packed weight, kept from one call to the next.
#pragma once

#include "algorithm/algorithm.h"
#include "geometry/problem.h"

#include <array>
#include <memory>
#include <mutex>
#include <string_view>

namespace conv2d {

/// Holds the packed weights of the three algorithms that ran last: of inputs of several sizes some
/// may be for tiles of 4x4 outputs, some for 2x2, and some for neither. Several threads may ask at
/// once.
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
  std::array<Packed, 3> kept_;  ///< of the one that ran last first
};

}  // namespace conv2d
