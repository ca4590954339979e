#include "plan/kept_weight.h"

#include "plan/choose.h"
#include "simd/dispatch.h"

namespace conv2d {

std::shared_ptr<const Tensor> KeptWeight::packed(const Algorithm& algorithm, const Problem& problem,
                                                 TensorView weight) {
  const std::lock_guard lock(mutex_);
  const std::string_view instructions = simd::instructions_in_use();
  if (algorithm_ != &algorithm || instructions_ != instructions) {
    packed_ = nullptr;  // before the new one takes memory too
    packed_ = std::make_shared<const Tensor>(pack(algorithm, problem, weight));
    algorithm_ = &algorithm;
    instructions_ = instructions;
  }
  return packed_;
}

}  // namespace conv2d
