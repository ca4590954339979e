#include "plan/choose.h"

#include "algorithm/epilogue.h"
#include "plan/kept_weight.h"
#include "plan/tuning_state.h"

namespace conv2d {

const Algorithm& choose(const Problem& problem) noexcept {
  const auto table = algorithms();
  for (const Algorithm* algorithm : table) {
    if (!algorithm->refuses(problem)) {
      return *algorithm;
    }
  }
  return *table.back();  // by the table's promise never reached: its last one refuses nothing
}

void run_packed(const Algorithm& algorithm, const Problem& problem, const Operands& operands) {
  algorithm.run(problem, operands);
  if (operands.epilogue != nullptr && !algorithm.finishes) {
    finish_all(operands.result, operands.epilogue);
  }
}

const Algorithm& choose(const Problem& problem, const Tuning& tuning) noexcept {
  const Algorithm* const tuned =
      tuning.state() != nullptr ? tuning.state()->find(problem) : nullptr;
  return tuned != nullptr ? *tuned : choose(problem);
}

void run(const Algorithm& algorithm, const Problem& problem, const Operands& operands) {
  if (algorithm.pack == nullptr) {
    run_packed(algorithm, problem, operands);
    return;
  }
  const Tensor packed = pack(algorithm, problem, operands.second);
  Operands with_packed = operands;
  with_packed.packed = static_cast<const std::byte*>(packed.data());
  run_packed(algorithm, problem, with_packed);
}

Tensor pack(const Algorithm& algorithm, const Problem& problem, TensorView weight) {
  const auto bytes = static_cast<std::int64_t>(algorithm.packed_bytes(problem));
  Tensor packed = Tensor::uninitialized({bytes}, DType::uint8);
  algorithm.pack(problem, weight, static_cast<std::byte*>(packed.data()));
  return packed;
}

void execute(const Problem& problem, const Operands& operands, KeptWeight* kept) {
  Problem formed = problem;
  formed.format = operands.first.memory_format();
  const Algorithm& algorithm = choose(formed, default_tuning());
  if (kept == nullptr || algorithm.pack == nullptr) {
    run(algorithm, formed, operands);
    return;
  }
  const auto packed = kept->packed(algorithm, formed, operands.second);
  Operands with_packed = operands;
  with_packed.packed = static_cast<const std::byte*>(packed->data());
  run_packed(algorithm, formed, with_packed);
}

}  // namespace conv2d
