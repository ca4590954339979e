#include "conv2d/tuning.h"

#include "base/wording.h"
#include "geometry/options.h"
#include "plan/choose.h"
#include "plan/tuning_state.h"

#include <atomic>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

namespace conv2d {
namespace {

std::size_t index_of(MemoryFormat format) noexcept {
  return format == MemoryFormat::channels_last ? 1 : 0;
}

Problem without_batch(const Problem& problem) noexcept {
  Problem layer = problem;
  layer.batch = 0;
  layer.bias = false;
  layer.format = MemoryFormat::contiguous;
  return layer;
}

Problem in_exact_precision(const Problem& problem) noexcept {
  Problem exact = problem;
  exact.precision = Precision::exact;
  return exact;
}

/// The problem of a line of a tuning, or why it is none.
struct ProblemOf {
  const Sizes& input;

  Result<Problem> operator()(const Conv2dOptions& o) const {
    if (const auto error = check(o)) {
      return *error;
    }
    const Sizes weight{o.out_channels, o.in_channels / o.groups, o.kernel_size.h, o.kernel_size.w};
    const DType y = result_dtype(o.dtype, o.dtype).value();
    return conv2d_problem(input, weight, false, {.x = o.dtype, .w = o.dtype, .y = y},
                          {o.stride, o.padding, o.dilation, o.groups, o.padding_mode, o.precision});
  }
  Result<Problem> operator()(const ConvTranspose2dOptions& o) const {
    if (const auto error = check(o)) {
      return *error;
    }
    const Sizes weight{o.in_channels, o.out_channels / o.groups, o.kernel_size.h, o.kernel_size.w};
    const DType x = result_dtype(o.dtype, o.dtype).value();
    return conv_transpose2d_problem(
        input, weight, false, {.x = x, .w = o.dtype, .y = o.dtype},
        {o.stride, o.padding, o.output_padding, o.groups, o.dilation, o.precision});
  }
  Result<Problem> operator()(const auto& options) const {
    return Error{concat("only a Conv2d and a ConvTranspose2d are tuned, but this is ",
                        repr(LayerOptions(options)))};
  }
};

/// All but the reference, the last of the table.
std::span<const Algorithm* const> tunable() noexcept {
  const auto all = algorithms();
  return all.first(all.size() - 1);
}

Result<const Algorithm*> find_tunable(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Algorithm* algorithm : tunable()) {
    if (algorithm->name == name) {
      return algorithm;
    }
    names.push_back(algorithm->name);
  }
  return Error{concat("there is no algorithm ", in_quotes(name), " to choose from; there are ",
                      list_names(names))};
}

struct Default {
  std::mutex mutex;
  std::atomic<bool> given = false;
  Tuning tuning;
};

Default& default_state() {
  static Default state;
  return state;
}

}  // namespace

std::size_t Tuning::State::Hash::operator()(const Problem& layer) const noexcept {
  std::size_t hash = 0;
  for (const std::int64_t number :
       {layer.in_channels, layer.out_channels, layer.groups, layer.rows.input, layer.columns.input,
        layer.rows.kernel, layer.columns.kernel, layer.rows.stride, layer.rows.dilation}) {
    hash = (hash ^ static_cast<std::size_t>(number)) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29U;
  }
  return hash;
}

std::optional<Error> Tuning::State::add(const TunedLayer& layer) {
  const Result<const Algorithm*> algorithm = find_tunable(layer.algorithm);
  if (!algorithm.ok()) {
    return algorithm.error();
  }
  if (layer.input.rank() != 3) {
    return Error{concat("the input must have three sizes (channels, height, width), but got ",
                        to_string(layer.input))};
  }
  const Result<Problem> found = std::visit(ProblemOf{layer.input}, layer.layer);
  if (!found.ok()) {
    return found.error();
  }
  Problem problem = found.value();
  problem.format = layer.format;
  if (auto error = add(problem, *algorithm.value())) {
    return error;
  }
  layers_.push_back(layer);
  return std::nullopt;
}

std::optional<Error> Tuning::State::add(const Problem& problem, const Algorithm& algorithm) {
  if (algorithm.refuses(problem)) {
    return std::nullopt;  // other machines may have other vectors
  }
  // What refuses exact precision and nothing else rounds otherwise than the definition.
  const bool exact = !algorithm.refuses(in_exact_precision(problem));
  const Algorithm* const rounding = exact ? nullptr : &algorithm;
  const auto [found, is_new] = choices_.try_emplace(without_batch(problem), Choice{{}, rounding});
  const Algorithm*& place = found->second.algorithms[index_of(problem.format)];
  if (place != nullptr && place != &algorithm) {
    return Error{concat("this layer is ", place->name, " in a line above, and cannot be ",
                        algorithm.name, " too")};
  }
  if (found->second.rounding != rounding) {
    return Error{concat("in the other layout this layer is ",
                        found->second.algorithms[1 - index_of(problem.format)]->name,
                        ", which rounds otherwise than ", algorithm.name,
                        ": results must be the same in both")};
  }
  place = &algorithm;
  return std::nullopt;
}

const Algorithm* Tuning::State::find(const Problem& problem) const noexcept {
  const auto found = choices_.find(without_batch(problem));
  if (found == choices_.end()) {
    return nullptr;
  }
  const Choice& choice = found->second;
  const Algorithm* const mine = choice.algorithms[index_of(problem.format)];
  if (mine != nullptr) {
    return mine->refuses(problem) ? nullptr : mine;
  }
  // Only the other layout is known: it says how sums are rounded, and no more.
  if (choice.rounding == nullptr) {
    return &choose(in_exact_precision(problem));
  }
  return choice.rounding->refuses(problem) ? nullptr : choice.rounding;
}

Tuning::Tuning(const std::vector<TunedLayer>& layers) {
  State state;
  for (const TunedLayer& layer : layers) {
    if (const auto error = state.add(layer)) {
      throw_invalid(concat("a tuning of ", repr(layer.layer), ": ", error->message));
    }
  }
  state_ = std::make_shared<const State>(std::move(state));
}

const std::vector<TunedLayer>& Tuning::layers() const noexcept {
  static const std::vector<TunedLayer> none;
  return state_ ? state_->layers() : none;
}

void set_default_tuning(Tuning tuning) {
  Default& state = default_state();
  const std::lock_guard lock(state.mutex);
  state.tuning = std::move(tuning);
  state.given = state.tuning.state() != nullptr;
}

Tuning default_tuning() {
  Default& state = default_state();
  if (!state.given) {
    return {};
  }
  const std::lock_guard lock(state.mutex);
  return state.tuning;
}

}  // namespace conv2d
