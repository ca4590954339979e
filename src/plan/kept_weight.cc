#include "plan/kept_weight.h"

#include "plan/choose.h"
#include "simd/dispatch.h"

#include <algorithm>

namespace conv2d {

std::shared_ptr<const Tensor> KeptWeight::packed(const Algorithm& algorithm, const Problem& problem,
                                                 TensorView weight) {
  const std::lock_guard lock(mutex_);
  const std::string_view instructions = simd::instructions_in_use();
  const auto serves = [&](const Packed& kept) {
    return kept.algorithm == &algorithm && kept.instructions == instructions;
  };
  // The one that serves, or else the last one, becomes the first.
  const auto place = std::find_if(kept_.begin(), kept_.end() - 1, serves) - kept_.begin();
  std::rotate(kept_.begin(), kept_.begin() + place, kept_.begin() + place + 1);
  if (!serves(kept_[0])) {
    kept_[0] = {};  // before the new one takes memory too
    kept_[0] = {&algorithm, instructions,
                std::make_shared<const Tensor>(pack(algorithm, problem, weight))};
  }
  return kept_[0].weight;
}

}  // namespace conv2d
