// Timing one layer as a program that knows its business runs it: planned once, the weight packed
// and the output allocated before the clock starts, every sample one run.
#pragma once

#include "bench/descriptor.h"
#include "bench/values.h"

#include <conv2d/options.h>
#include <conv2d/plan.h>
#include <conv2d/tensor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace conv2d::cli {

struct BenchSettings {
  int threads = 1;
  MemoryFormat layout = MemoryFormat::contiguous;  ///< of input and output
  Precision precision = Precision::standard;
  Values values = Values::uniform;  ///< of the input; weights are uniform in -1..1
  std::string algorithm;            ///< by name; empty: the one that the plan chooses
  int samples = 30;                 ///< at least, unless they take more than ten seconds
};

/// What came out of one layer.
struct Measurement {
  std::string name;
  bool transposed = false;
  std::string shape;      ///< the input, "1x64x56x56"
  std::string kernel;     ///< "64 of 3x3 stride 2"
  std::string algorithm;  ///< that ran, or was asked for and refused
  std::string refusal;    ///< why it refused; where there is one, nothing below is known
  int samples = 0;
  double min_seconds = 0;
  double median_seconds = 0;
  double plan_seconds = 0;  ///< to make the plan anew: the shortest of several
  double operations = 0;    ///< multiplications and additions of the definition
  double bytes = 0;         ///< of input, weight and output
  std::size_t workspace_bytes = 0;
  double max_error = 0;               ///< as largest_error says, divided by the scale of the values
  std::optional<double> error_bound;  ///< by theory, as Plan::error_bound says

  /// By the shortest time.
  double operations_per_second() const { return operations / min_seconds; }
};

/// Everything that measure() allocates, in bytes.
double bytes_of(const Descriptor& layer);

/// Times the layer with as many threads as are set. Throws std::invalid_argument where there is no
/// algorithm of that name.
Measurement measure(const Descriptor& layer, const BenchSettings& settings);

}  // namespace conv2d::cli
