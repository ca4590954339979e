#include "bench/candidates.h"

#include <conv2d/random.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

namespace conv2d::cli {
namespace {

using Seconds = std::chrono::duration<double>;

// One of those that run in turns.
struct Runner {
  Plan plan;
  PackedWeight weight;
  bool own;
  double best = std::numeric_limits<double>::infinity();

  void run(TensorView input, MutableTensorView output) {
    const auto start = std::chrono::steady_clock::now();
    plan.run(input, weight, std::nullopt, output);
    best = std::min(best, Seconds(std::chrono::steady_clock::now() - start).count());
  }
};

Tensor random_of(const Sizes& sizes, DType dtype, MemoryFormat format, Generator& generator) {
  Tensor tensor = Tensor::uninitialized(sizes, dtype, format);
  generator.fill_uniform(tensor, -1, 1);
  return tensor;
}

void drop_the_hopeless(std::vector<Runner>& runners) {
  constexpr double hopeless = 3;
  double best = std::numeric_limits<double>::infinity();
  for (const Runner& runner : runners) {
    best = std::min(best, runner.best);
  }
  std::erase_if(runners,
                [&](const Runner& runner) { return !runner.own && runner.best > hopeless * best; });
}

}  // namespace

std::vector<std::string> candidates_of(const Plan& plan) {
  std::vector<std::string> names;
  for (const Candidate& candidate : plan.candidates()) {
    if (candidate.possible && candidate.name != "reference") {
      names.emplace_back(candidate.name);
    }
  }
  return names;
}

std::vector<CandidateTime> time_candidates(const Plan& plan) {
  constexpr int few_runs = 3;
  constexpr int least_runs = 10;
  constexpr double least_seconds = 0.2;
  constexpr double most_seconds = 5;
  Generator generator(0);
  const Tensor input = random_of(plan.input_sizes(), plan.dtype(), plan.format(), generator);
  const Tensor weight =
      random_of(plan.weight_sizes(), plan.dtype(), MemoryFormat::contiguous, generator);
  Tensor output(plan.output_sizes(), plan.dtype(), plan.format());
  std::vector<Runner> runners;
  for (const std::string& name : candidates_of(plan)) {
    const Plan named = plan.with_algorithm(name);
    runners.push_back({named, named.pack(weight), name == plan.algorithm()});
  }
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0;; ++round) {
    const double spent = Seconds(std::chrono::steady_clock::now() - start).count();
    if (spent >= most_seconds || (round >= least_runs && spent >= least_seconds)) {
      break;
    }
    if (round == few_runs) {
      drop_the_hopeless(runners);
    }
    for (Runner& runner : runners) {
      runner.run(input, output);
    }
  }
  std::vector<CandidateTime> times;
  times.reserve(runners.size());
  for (const Runner& runner : runners) {
    times.push_back({std::string(runner.plan.algorithm()), runner.best, runner.own});
  }
  std::stable_sort(times.begin(), times.end(), [](const CandidateTime& a, const CandidateTime& b) {
    return a.seconds < b.seconds;
  });
  return times;
}

}  // namespace conv2d::cli
