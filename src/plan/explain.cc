// What a plan says of itself, in words: all of it from what Plan tells anybody.
#include "base/error.h"
#include "base/quantity.h"
#include "conv2d/machine.h"
#include "conv2d/plan.h"
#include "conv2d/threads.h"

#include <string>

namespace conv2d {
namespace {

double moved(const PlanBytes& bytes) {
  return static_cast<double>(bytes.input) + static_cast<double>(bytes.weight) +
         static_cast<double>(bytes.output);
}

double operations(const Plan& plan) { return 2 * static_cast<double>(plan.multiply_adds()); }

/// The float32 rate as the plan's type has it: half as many float64 are in a vector.
double rate_of(const Plan& plan, const Rates& rates) {
  const bool wide = plan.dtype() == DType::float64 || plan.dtype() == DType::complex128;
  return wide ? rates.flops / 2 : rates.flops;
}

std::string tensor_text(const char* what, const Sizes& sizes, std::int64_t bytes) {
  return concat(what, " ", to_string(sizes), " ", bytes_text(static_cast<double>(bytes)));
}

std::string memory_text(const PlanBytes& bytes) {
  return concat(bytes.packed_weight > 0
                    ? concat("packed weight ", bytes_text(static_cast<double>(bytes.packed_weight)))
                    : "weight read as it is",
                ", workspace ", bytes_text(static_cast<double>(bytes.workspace)));
}

/// What bounds the time, and where both numbers come from.
std::string time_text(const Plan& plan, const Rates& rates) {
  const ExpectedTime time = plan.expected_time(rates);
  const double efficiency = plan.pieces().efficiency;
  std::string text =
      concat("expected time: ", efficiency > 0 ? "" : "at least ", seconds_text(time.seconds()),
             ", bound by ", time.bound_by_arithmetic() ? "arithmetic" : "memory", " (",
             rates.measured ? "measured" : "estimated", " rates)\n");
  text += concat("  arithmetic: ", seconds_text(time.arithmetic), " at ",
                 efficiency > 0 ? concat(three_digits(100 * efficiency), "% of ") : "",
                 rate_text(rate_of(plan, rates), "FLOP"), "\n");
  text += concat("  memory: ", seconds_text(time.memory), " for ", bytes_text(moved(plan.bytes())),
                 " at ", rate_text(time.in_cache ? rates.cache_bytes : rates.memory_bytes, "B"),
                 time.in_cache ? ", from the last cache\n" : "\n");
  return text;
}

}  // namespace

double Plan::arithmetic_intensity() const {
  const double all = moved(bytes());
  return all > 0 ? operations(*this) / all : 0;
}

ExpectedTime Plan::expected_time(const Rates& rates) const {
  const double efficiency = pieces().efficiency;
  const double all = moved(bytes());
  ExpectedTime time;
  time.arithmetic = operations(*this) / (rate_of(*this, rates) * (efficiency > 0 ? efficiency : 1));
  // What a run needs stays where nothing else drives it out.
  time.in_cache = all <= static_cast<double>(machine().l3_bytes) / 2;
  time.memory = all / (time.in_cache ? rates.cache_bytes : rates.memory_bytes);
  return time;
}

std::string Plan::explain() const { return explain(estimate_rates(num_threads())); }

std::string Plan::explain(const Rates& rates) const {
  const PlanBytes all = bytes();
  const Pieces cut = pieces();
  std::string text = concat("algorithm: ", algorithm(), "\n");
  if (!cut.tile.empty()) {
    text += concat("tile: ", cut.tile, "\nblocking: ", cut.blocking, "\n");
  }
  text += concat("tensors: ", tensor_text("input", input_sizes(), all.input), ", ",
                 tensor_text("weight", weight_sizes(), all.weight), ", ",
                 tensor_text("output", output_sizes(), all.output), "; ", name(dtype()), ", ",
                 format() == MemoryFormat::channels_last ? "channels-last" : "contiguous", "\n");
  text += concat("memory: ", memory_text(all), "\n");
  text += concat("multiply-adds: ", grouped(multiply_adds()), "\n");
  text += concat("arithmetic intensity: ", three_digits(arithmetic_intensity()),
                 " operations a byte of input, weight and output\n");
  text += time_text(*this, rates);
  for (const Candidate& candidate : candidates()) {
    text += concat(candidate.taken ? "taken: " : "not taken: ", candidate.name, " (",
                   candidate.reason, ")\n");
  }
  return text;
}

}  // namespace conv2d
