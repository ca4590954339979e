#include "bench/measure.h"

#include "bench/judge.h"
#include "text.h"

#include <conv2d/random.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

namespace conv2d::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double warm_up_seconds = 0.02;
constexpr double least_seconds = 0.1;
constexpr double most_seconds = 10;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double elements_of(const Sizes& sizes) {
  double elements = 1;
  for (const std::int64_t size : sizes) {
    elements *= static_cast<double>(size);
  }
  return elements;
}

Tensor random_tensor(const Sizes& sizes, MemoryFormat format, Values values, Generator& generator) {
  Tensor tensor = Tensor::uninitialized(sizes, DType::float32, format);
  fill(tensor, values, generator);
  return tensor;
}

Plan own_plan(const Descriptor& layer, const BenchSettings& settings) {
  if (layer.transposed) {
    functional::ConvTranspose2dArguments arguments = layer.transposed_arguments();
    arguments.precision = settings.precision;
    return Plan::conv_transpose2d(layer.input_sizes(), layer.weight_sizes(), false, DType::float32,
                                  arguments, settings.layout);
  }
  functional::Conv2dArguments arguments = layer.arguments();
  arguments.precision = settings.precision;
  return Plan::conv2d(layer.input_sizes(), layer.weight_sizes(), false, DType::float32, arguments,
                      settings.layout);
}

double seconds_of_planning(const Descriptor& layer, const BenchSettings& settings) {
  constexpr int plans = 30;
  double shortest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < plans; ++i) {
    const Clock::time_point start = Clock::now();
    const Plan plan = own_plan(layer, settings);
    shortest = std::min(shortest, seconds_since(start));
  }
  return shortest;
}

// The plan that is timed; nothing, and why, where the algorithm that was asked for refuses.
std::optional<Plan> plan_for(const Descriptor& layer, const BenchSettings& settings,
                             std::string& refusal) {
  Plan plan = own_plan(layer, settings);
  if (settings.algorithm.empty() || plan.algorithm() == settings.algorithm) {
    return plan;
  }
  const auto& candidates = plan.candidates();
  const bool exists =
      std::any_of(candidates.begin(), candidates.end(),
                  [&](const Candidate& candidate) { return candidate.name == settings.algorithm; });
  try {
    return plan.with_algorithm(settings.algorithm);
  } catch (const std::invalid_argument& error) {
    if (!exists) {
      throw;
    }
    refusal = error.what();
    return std::nullopt;
  }
}

// Seconds of each run, shortest first.
template <class Run>
std::vector<double> sample(int samples, Run&& run) {
  const Clock::time_point warming = Clock::now();
  do {
    run();
  } while (seconds_since(warming) < warm_up_seconds);
  std::vector<double> seconds;
  for (const Clock::time_point begin = Clock::now();;) {
    const Clock::time_point start = Clock::now();
    run();
    seconds.push_back(seconds_since(start));
    const double spent = seconds_since(begin);
    const bool enough = seconds.size() >= static_cast<std::size_t>(samples);
    if ((enough && spent >= least_seconds) || spent >= most_seconds) {
      std::sort(seconds.begin(), seconds.end());
      return seconds;
    }
  }
}

void run_and_judge(const Descriptor& layer, const BenchSettings& settings, const Plan& plan,
                   Measurement& result) {
  Generator generator(0);
  const Tensor x = random_tensor(layer.input_sizes(), settings.layout, settings.values, generator);
  const Tensor w =
      random_tensor(layer.weight_sizes(), MemoryFormat::contiguous, Values::uniform, generator);
  Tensor y(layer.output_sizes(), DType::float32, settings.layout);
  const PackedWeight packed = plan.pack(w);
  const std::vector<double> seconds =
      sample(settings.samples, [&] { plan.run(x, packed, std::nullopt, y); });
  result.samples = static_cast<int>(seconds.size());
  result.min_seconds = seconds.front();
  result.median_seconds = seconds[seconds.size() / 2];
  const double error = layer.transposed
                           ? largest_transposed_error(x, w, layer.transposed_arguments(), y)
                           : largest_error(x, w, layer.arguments(), y);
  result.max_error = error / scale_of(settings.values);
}

}  // namespace

double bytes_of(const Descriptor& layer) {
  return static_cast<double>(sizeof(float)) *
         (elements_of(layer.input_sizes()) + 2 * elements_of(layer.weight_sizes()) +
          elements_of(layer.output_sizes()));
}

Measurement measure(const Descriptor& layer, const BenchSettings& settings) {
  Measurement result{.name = layer.name.empty() ? to_text(layer) : layer.name,
                     .transposed = layer.transposed,
                     .shape = by(layer.input_sizes()),
                     .kernel = kernel_text(layer),
                     .algorithm = settings.algorithm};
  const std::optional<Plan> plan = plan_for(layer, settings, result.refusal);
  if (!plan) {
    return result;
  }
  result.algorithm = plan->algorithm();
  result.plan_seconds = seconds_of_planning(layer, settings);
  result.workspace_bytes = plan->workspace_bytes();
  result.error_bound = plan->error_bound();
  result.operations = 2 * static_cast<double>(plan->multiply_adds());
  result.bytes = static_cast<double>(sizeof(float)) *
                 (elements_of(layer.input_sizes()) + elements_of(layer.weight_sizes()) +
                  elements_of(layer.output_sizes()));
  run_and_judge(layer, settings, *plan, result);
  return result;
}

}  // namespace conv2d::cli
