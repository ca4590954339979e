#include "conv2d/plan.h"

#include "algorithm/epilogue.h"
#include "algorithm/run.h"
#include "base/error.h"
#include "geometry/problem.h"
#include "plan/choose.h"
#include "plan/tuning_state.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>

namespace conv2d {

struct PackedWeight::State {
  const Algorithm* algorithm;
  std::int64_t groups;
  Tensor data;  // a copy of the weight where the algorithm takes it as it is
  Sizes sizes;
  DType dtype;
};

struct Plan::State {
  Problem problem;
  const Algorithm* algorithm;
  std::vector<Candidate> candidates;
  // As the caller gave them: unbatched sizes stay so.
  Sizes input;
  Sizes weight;
  Sizes output;
  DType input_dtype;
  DType output_dtype;

  /// Chosen by the default tuning. `output` is batched, whatever the input is.
  static std::shared_ptr<const State> of(const Problem& problem, const Sizes& input,
                                         const Sizes& weight, const Sizes& output, DType in,
                                         DType out);
};

namespace {

/// `why_not` is the reason of those that would have taken it too.
std::vector<Candidate> ask_all(const Problem& problem, const Algorithm& taken,
                               const std::string& why_not) {
  std::vector<Candidate> candidates;
  for (const Algorithm* algorithm : algorithms()) {
    auto reason = algorithm->refuses(problem);
    Candidate candidate{algorithm->name, algorithm == &taken, {}, !reason};
    if (candidate.taken) {
      reason = algorithm->purpose;
    } else if (candidate.possible && algorithm->yields != nullptr) {
      reason = algorithm->yields(problem);
    }
    candidate.reason = reason ? *reason : why_not;
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

/// An algorithm and why it is not another one.
struct Chosen {
  const Algorithm* algorithm;
  std::vector<Candidate> candidates;

  Chosen(const Problem& problem, const Tuning& tuning)
      : algorithm(&choose(problem, tuning)),
        candidates(ask_all(problem, *algorithm,
                           tuning.state() != nullptr && tuning.state()->find(problem) != nullptr
                               ? concat("the tuning says ", algorithm->name)
                               : concat("asked after ", algorithm->name, ", which took it"))) {}
};

/// Throws where there is none.
const Algorithm& find_algorithm(std::string_view name) {
  std::string names;
  for (const Algorithm* algorithm : algorithms()) {
    if (algorithm->name == name) {
      return *algorithm;
    }
    names += concat(names.empty() ? "" : ", ", algorithm->name);
  }
  throw_invalid(concat("there is no algorithm '", name, "'; the algorithms are ", names));
}

/// Whether two views share a byte: compares the ranges from the lowest to the highest element.
bool overlap(TensorView a, TensorView b) {
  const auto range = [](const TensorView& view) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    for (int dim = 0; dim < view.rank(); ++dim) {
      const std::int64_t reach = (view.sizes()[dim] - 1) * view.strides()[dim];
      (reach < 0 ? low : high) += reach;
    }
    const auto bytes = static_cast<std::int64_t>(element_size(view.dtype()));
    const auto base = reinterpret_cast<std::intptr_t>(view.data());
    return std::pair(base + low * bytes, base + (high + 1) * bytes);
  };
  if (a.empty() || b.empty()) {
    return false;
  }
  const auto [a_begin, a_end] = range(a);
  const auto [b_begin, b_end] = range(b);
  return a_begin < b_end && b_begin < a_end;
}

/// Whether every element certainly has memory of its own: from the smallest stride up, each steps
/// over all that the smaller ones reach.
bool elements_are_apart(MutableTensorView view) {
  using Step = std::pair<std::int64_t, std::int64_t>;  // length of the stride, extent
  std::array<Step, Sizes::max_rank> steps;
  auto* end = steps.data();
  for (int dim = 0; dim < view.rank() && !view.empty(); ++dim) {
    if (view.sizes()[dim] > 1) {
      *end = {std::abs(view.strides()[dim]), view.sizes()[dim]};
      std::rotate(std::upper_bound(steps.data(), end, *end), end, end + 1);
      ++end;
    }
  }
  std::int64_t reach = 0;
  for (const auto& [step, extent] : std::span(steps.data(), end)) {
    if (step <= reach) {
      return false;
    }
    reach += step * (extent - 1);
  }
  return true;
}

void require(const char* what, TensorView view, const Sizes& sizes, DType dtype) {
  if (view.sizes() != sizes || view.dtype() != dtype) {
    throw_invalid(concat("Plan::run: the plan was made for ", what, " ", to_string(sizes), " of ",
                         name(dtype), ", but got ", to_string(view.sizes()), " of ",
                         name(view.dtype())));
  }
}

constexpr const char* overlapping =
    "Plan::run: the output must not overlap the input, the weight, the bias or the residual";

template <class View>
View with_batch(View view) {
  return view.rank() == 3 ? view.unsqueeze(0) : view;
}

}  // namespace

std::shared_ptr<const Plan::State> Plan::State::of(const Problem& problem, const Sizes& input,
                                                   const Sizes& weight, const Sizes& output,
                                                   DType in, DType out) {
  Chosen chosen(problem, default_tuning());
  return std::make_shared<const State>(
      State{problem, chosen.algorithm, std::move(chosen.candidates), input, weight,
            input.rank() == 3 ? Sizes{output[1], output[2], output[3]} : output, in, out});
}

Plan Plan::conv2d(const Sizes& input, const Sizes& weight, bool bias, DType dtype,
                  const functional::Conv2dArguments& arguments, MemoryFormat format) {
  const DType out = value_or_throw(result_dtype(dtype, dtype));
  const Problem problem = value_or_throw(
      conv2d_problem(input, weight, bias, Types{.x = dtype, .w = dtype, .y = out}, arguments));
  return Plan(State::of(in_format(problem, format), input, weight, problem.y_sizes(), dtype, out));
}

Plan Plan::conv_transpose2d(const Sizes& input, const Sizes& weight, bool bias, DType dtype,
                            const functional::ConvTranspose2dArguments& arguments,
                            MemoryFormat format) {
  const DType out = value_or_throw(result_dtype(dtype, dtype));
  const Problem problem = value_or_throw(conv_transpose2d_problem(
      input, weight, bias, Types{.x = out, .w = dtype, .y = dtype}, arguments));
  return Plan(State::of(in_format(problem, format), input, weight, problem.x_sizes(), dtype, out));
}

Plan Plan::with_algorithm(std::string_view name) const {
  const Algorithm& algorithm = find_algorithm(name);
  if (const auto refusal = algorithm.refuses(state_->problem)) {
    throw_invalid(concat(name, " refuses this layer: ", *refusal));
  }
  State state = *state_;
  state.algorithm = &algorithm;
  state.candidates = ask_all(state.problem, algorithm, concat(name, " was asked for by name"));
  return Plan(std::make_shared<const State>(std::move(state)));
}

Plan Plan::with_tuning(const Tuning& tuning) const {
  State state = *state_;
  Chosen chosen(state.problem, tuning);
  state.algorithm = chosen.algorithm;
  state.candidates = std::move(chosen.candidates);
  return Plan(std::make_shared<const State>(std::move(state)));
}

std::string_view Plan::algorithm() const noexcept { return state_->algorithm->name; }
const Sizes& Plan::input_sizes() const noexcept { return state_->input; }
const Sizes& Plan::weight_sizes() const noexcept { return state_->weight; }
const Sizes& Plan::output_sizes() const noexcept { return state_->output; }
std::int64_t Plan::multiply_adds() const noexcept { return state_->problem.multiply_adds(); }
std::optional<double> Plan::error_bound() const noexcept {
  const Problem& problem = state_->problem;
  const bool known =
      state_->output_dtype == DType::float32 || state_->output_dtype == DType::float64;
  if (problem.pass != Pass::forward || !known) {
    return std::nullopt;
  }
  if (state_->algorithm->error_bound != nullptr) {
    return state_->algorithm->error_bound(problem);
  }
  const double unit = state_->output_dtype == DType::float32 ? 0x1p-24 : 0x1p-53;
  const Sizes& weight = state_->weight;
  // Each step of the sum rounds once; without fused multiply-adds each product besides, which is
  // one rounding more on every term's way.
  const double roundings = static_cast<double>(weight[1] * weight[2] * weight[3]) +
                           (machine().fused_multiply_add ? 0 : 1);
  return roundings * unit / (1 - roundings * unit);
}
std::size_t Plan::workspace_bytes() const noexcept {
  return conv2d::workspace_bytes(*state_->algorithm, state_->problem);
}
const std::vector<Candidate>& Plan::candidates() const noexcept { return state_->candidates; }
DType Plan::dtype() const noexcept { return state_->input_dtype; }
MemoryFormat Plan::format() const noexcept { return state_->problem.format; }

PlanBytes Plan::bytes() const {
  const auto of = [](const Sizes& sizes, DType dtype) {
    return sizes.numel().value_or(0) * static_cast<std::int64_t>(element_size(dtype));
  };
  const Algorithm& algorithm = *state_->algorithm;
  return {.input = of(state_->input, state_->input_dtype),
          .weight = of(state_->weight, state_->input_dtype),
          .output = of(state_->output, state_->output_dtype),
          .packed_weight = algorithm.pack == nullptr ? 0 : algorithm.packed_bytes(state_->problem),
          .workspace = workspace_bytes()};
}

Pieces Plan::pieces() const { return describe(*state_->algorithm, state_->problem); }

void Plan::check(TensorView input, std::optional<TensorView> bias, MutableTensorView output,
                 const functional::Epilogue& epilogue) const {
  const Problem& problem = state_->problem;
  require("an input", input, state_->input, state_->input_dtype);
  require("an output", output, state_->output, state_->output_dtype);
  if (bias.has_value() != problem.bias) {
    throw_invalid(concat("Plan::run: the plan was made ", problem.bias ? "with" : "without",
                         " a bias, but was run ", problem.bias ? "without" : "with", " one"));
  }
  if (bias) {
    const int channels_dim = state_->output.rank() - 3;
    require("a bias", *bias, {state_->output[channels_dim]}, state_->output_dtype);
  }
  if (const auto error = conv2d::check(epilogue, state_->output, state_->output_dtype)) {
    throw_invalid(concat("Plan::run: ", error->message));
  }
  if (overlap(output, input) || (bias && overlap(output, *bias)) ||
      (epilogue.residual && overlap(output, *epilogue.residual))) {
    throw_invalid(overlapping);
  }
  if (!elements_are_apart(output)) {
    throw_invalid(
        concat("Plan::run: no two elements of the output may share memory, but its sizes ",
               to_string(output.sizes()), " have the strides ", to_string(output.strides())));
  }
}

void Plan::run(TensorView input, TensorView weight, std::optional<TensorView> bias,
               MutableTensorView output, const functional::Epilogue& epilogue) const {
  require("a weight", weight, state_->weight, state_->input_dtype);
  check(input, bias, output, epilogue);
  if (overlap(output, weight)) {
    throw_invalid(overlapping);
  }
  const functional::Epilogue batch = conv2d::with_batch(epilogue);
  conv2d::run(*state_->algorithm, state_->problem,
              {with_batch(input), weight, bias, with_batch(output), nullptr, &batch});
}

PackedWeight Plan::pack(TensorView weight) const {
  require("a weight", weight, state_->weight, state_->input_dtype);
  const bool packs = state_->algorithm->pack != nullptr;
  return PackedWeight(std::make_shared<const PackedWeight::State>(PackedWeight::State{
      state_->algorithm, state_->problem.groups,
      packs ? conv2d::pack(*state_->algorithm, state_->problem, weight) : weight.clone(),
      state_->weight, state_->input_dtype}));
}

void Plan::run(TensorView input, const PackedWeight& weight, std::optional<TensorView> bias,
               MutableTensorView output, const functional::Epilogue& epilogue) const {
  const PackedWeight::State& packed = *weight.state_;
  const bool takes =
      packed.algorithm == state_->algorithm || !packed.algorithm->refuses(state_->problem);
  if (!takes || packed.sizes != state_->weight || packed.dtype != state_->input_dtype ||
      packed.groups != state_->problem.groups) {
    throw_invalid(concat("Plan::run: the plan was made for a weight ", to_string(state_->weight),
                         " of ", name(state_->input_dtype), " in ", state_->problem.groups,
                         " groups for ", algorithm(), ", but this one was packed as ",
                         to_string(packed.sizes), " of ", name(packed.dtype), " in ", packed.groups,
                         " groups for ", packed.algorithm->name));
  }
  check(input, bias, output, epilogue);
  const functional::Epilogue batch = conv2d::with_batch(epilogue);
  const Operands operands{with_batch(input),  packed.data, bias,
                          with_batch(output), nullptr,     &batch};
  if (packed.algorithm->pack != nullptr) {
    run_packed(*packed.algorithm, state_->problem, operands, packed.data);
  } else {
    conv2d::run(*packed.algorithm, state_->problem, operands);
  }
}

std::size_t PackedWeight::bytes() const noexcept {
  return static_cast<std::size_t>(state_->data.numel()) * element_size(state_->data.dtype());
}

}  // namespace conv2d
