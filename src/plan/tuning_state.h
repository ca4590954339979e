// What a tuning knows, and how a plan looks it up.
#pragma once

#include "algorithm/algorithm.h"
#include "base/error.h"
#include "conv2d/tuning.h"
#include "geometry/problem.h"

#include <array>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace conv2d {

/// Algorithms by layer. A layer here is a problem without what a choice must not depend on, the
/// batch size, and without the bias, which no algorithm minds; and without the memory format,
/// because what rounds otherwise must be the same in both.
class Tuning::State {
 public:
  /// Why not, or nothing.
  std::optional<Error> add(const TunedLayer& layer);
  /// The algorithm for a problem, or nullptr where nothing is known of it.
  const Algorithm* find(const Problem& problem) const noexcept;
  const std::vector<TunedLayer>& layers() const noexcept { return layers_; }

 private:
  /// A layer that the algorithm refuses changes nothing.
  std::optional<Error> add(const Problem& problem, const Algorithm& algorithm);

  struct Hash {
    std::size_t operator()(const Problem& layer) const noexcept;
  };
  struct Choice {
    /// For contiguous and channels-last inputs; nullptr where no line says.
    std::array<const Algorithm*, 2> algorithms{};
    /// By whose sums they round; nullptr for the definition's.
    const Algorithm* rounding = nullptr;
  };

  std::vector<TunedLayer> layers_;
  std::unordered_map<Problem, Choice, Hash> choices_;
};

}  // namespace conv2d
