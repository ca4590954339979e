// What is said of a run: a table to read, JSON and CSV to go on with.
#pragma once

#include "bench/measure.h"

#include <string>
#include <vector>

namespace conv2d::cli {

/// A run of the benchmark: the machine's own limits, measured in it, and each layer's measurement.
struct BenchRun {
  BenchSettings settings;
  double peak_operations = 0;   ///< fused multiply-adds alone, a second, counted as two each
  double bytes_per_second = 0;  ///< read from memory
  std::vector<Measurement> layers;

  double peak_fraction(const Measurement& layer) const {
    return layer.operations_per_second() / peak_operations;
  }
};

/// "AVX3_ZEN4, 1 thread, nchw, default precision: ...".
std::string machine_text(const BenchRun& run);
/// For people, with the machine above and the geometric mean below.
std::string table_text(const BenchRun& run);
/// One object a line.
std::string json_text(const BenchRun& run);
/// A heading, and a line for each layer; RFC 4180.
std::string csv_text(const BenchRun& run);

}  // namespace conv2d::cli
