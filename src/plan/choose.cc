#include "plan/choose.h"

#include "algorithm/epilogue.h"
#include "algorithm/run.h"
#include "plan/kept_weight.h"
#include "plan/tuning_state.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace conv2d {

const Algorithm& choose(const Problem& problem) noexcept {
  const auto table = algorithms();
  for (const Algorithm* algorithm : table) {
    if (algorithm->takes(problem)) {
      return *algorithm;
    }
  }
  return *table.back();  // by the table's promise never reached: its last one takes everything
}

Problem in_format(const Problem& problem, MemoryFormat format) noexcept {
  Problem formed = problem;
  const bool forward = problem.pass != Pass::backward_data;
  const std::int64_t inputs = forward ? problem.in_channels : problem.out_channels;
  const std::int64_t outputs = forward ? problem.out_channels : problem.in_channels;
  constexpr std::int64_t wide = 8;
  formed.format = inputs == 1 && outputs < wide ? MemoryFormat::contiguous : format;
  return formed;
}

const Algorithm& choose(const Problem& problem, const Tuning& tuning) noexcept {
  const Algorithm* const tuned =
      tuning.state() != nullptr ? tuning.state()->find(problem) : nullptr;
  return tuned != nullptr ? *tuned : choose(problem);
}

namespace {

/// Output channels of which the packed weights take 16 MiB at most. Of what is packed for one run
/// more would cost more than the run: it would leave the caches before it is read, and the C
/// library takes memory of 32 MiB from the system each time, page by page.
std::int64_t outputs_at_once(const Algorithm& algorithm, const Problem& problem) {
  constexpr std::int64_t block = 64;  // what register tiles compute at most, with vectors of 16
  constexpr std::size_t most_bytes = std::size_t{1} << 24U;
  const std::size_t bytes = algorithm.packed_bytes(problem);
  if (problem.pass != Pass::forward || problem.groups > 1 || bytes <= most_bytes) {
    return problem.out_channels;
  }
  const auto parts = static_cast<std::int64_t>((bytes + most_bytes - 1) / most_bytes);
  return std::max(problem.out_channels / parts / block, std::int64_t{1}) * block;
}

}  // namespace

void run_packed(const Algorithm& algorithm, const Problem& problem, const Operands& operands,
                const Tensor& packed) {
  Operands with_packed = operands;
  with_packed.packed = static_cast<const std::byte*>(packed.data());
  run_and_finish(algorithm, problem, with_packed);
}

void run(const Algorithm& algorithm, const Problem& problem, const Operands& operands) {
  if (algorithm.pack == nullptr) {
    run_and_finish(algorithm, problem, operands);
    return;
  }
  const std::int64_t step = outputs_at_once(algorithm, problem);
  if (step >= problem.out_channels) {
    run_packed(algorithm, problem, operands, pack(algorithm, problem, operands.second));
    return;
  }
  for (std::int64_t k = 0; k < problem.out_channels; k += step) {
    Problem part = problem;
    part.out_channels = std::min(step, problem.out_channels - k);
    const std::int64_t end = k + part.out_channels;
    Operands some = operands;
    some.second = operands.second.slice(0, k, end);
    if (operands.bias) {
      some.bias = operands.bias->slice(0, k, end);
    }
    some.result = operands.result.slice(1, k, end);
    some.epilogue = nullptr;
    run_packed(algorithm, part, some, pack(algorithm, part, some.second));
  }
  finish_all(operands.result, operands.epilogue);
}

Tensor pack(const Algorithm& algorithm, const Problem& problem, TensorView weight) {
  const auto bytes = static_cast<std::int64_t>(algorithm.packed_bytes(problem));
  Tensor packed = Tensor::uninitialized({bytes}, DType::uint8);
  algorithm.pack(problem, weight, static_cast<std::byte*>(packed.data()));
  return packed;
}

void execute(const Problem& problem, const Operands& operands, KeptWeight* kept) {
  const bool ambiguous = operands.first.sizes()[1] == 1;
  const Problem formed = in_format(
      problem, ambiguous ? operands.result.memory_format() : operands.first.memory_format());
  const Algorithm& algorithm = choose(formed, default_tuning());
  if (kept == nullptr || algorithm.pack == nullptr) {
    run(algorithm, formed, operands);
    return;
  }
  run_packed(algorithm, formed, operands, *kept->packed(algorithm, formed, operands.second));
}

}  // namespace conv2d
