#include "bench/report.h"

#include "run_arguments.h"
#include "text.h"

#include <conv2d/machine.h>

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace conv2d::cli {
namespace {

std::string rate_text(double per_second) {
  const double billions = per_second / 1e9;
  return billions < 100 ? fmt::format("{:.3g}", billions) : fmt::format("{:.0f}", billions);
}

std::string percent_text(double fraction) {
  return fraction < 0.1 ? fmt::format("{:.2g}%", 100 * fraction)
                        : fmt::format("{:.0f}%", 100 * fraction);
}

std::vector<std::string> row_of(const BenchRun& run, const Measurement& layer) {
  return {layer.name,
          layer.shape,
          layer.kernel,
          seconds_text(layer.min_seconds),
          seconds_text(layer.median_seconds),
          rate_text(layer.operations_per_second()),
          percent_text(run.peak_fraction(layer)),
          layer.algorithm,
          fmt::format("{:.1f} us", layer.plan_seconds * 1e6),
          bytes_text(static_cast<double>(layer.workspace_bytes)),
          fmt::format("{:.1e}", layer.max_error),
          layer.error_bound ? fmt::format("{:.1e}", *layer.error_bound) : "unknown"};
}

std::string mean_text(const BenchRun& run) {
  double logarithms = 0;
  std::int64_t timed = 0;
  for (const Measurement& layer : run.layers) {
    if (layer.refusal.empty()) {
      logarithms += std::log(run.peak_fraction(layer));
      ++timed;
    }
  }
  return timed == 0
             ? "nothing was timed\n"
             : fmt::format("{}; the geometric mean is {} of the peak\n", counted(timed, "layer"),
                           percent_text(std::exp(logarithms / static_cast<double>(timed))));
}

nlohmann::ordered_json object_of(const BenchRun& run, const Measurement& layer) {
  nlohmann::ordered_json object{{"name", layer.name},
                                {"pass", layer.transposed ? "transposed" : "forward"},
                                {"threads", run.settings.threads},
                                {"layout", layout_name(run.settings.layout)},
                                {"precision", name(run.settings.precision)},
                                {"values", name(run.settings.values)},
                                {"algorithm", layer.algorithm}};
  if (!layer.refusal.empty()) {
    object["refused"] = layer.refusal;
    return object;
  }
  object["min_s"] = layer.min_seconds;
  object["median_s"] = layer.median_seconds;
  object["samples"] = layer.samples;
  object["plan_s"] = layer.plan_seconds;
  object["gflops"] = layer.operations_per_second() / 1e9;
  object["peak_fraction"] = run.peak_fraction(layer);
  object["workspace_bytes"] = layer.workspace_bytes;
  object["max_error"] = layer.max_error;
  if (layer.error_bound) {
    object["error_bound"] = *layer.error_bound;
  }
  return object;
}

// A field of CSV: texts in quotes, and quotes in them doubled.
std::string field(const nlohmann::ordered_json& object, const char* key) {
  if (!object.contains(key)) {
    return "";
  }
  if (!object[key].is_string()) {
    return object[key].dump();
  }
  std::string text = object[key];
  for (std::size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at + 2)) {
    text.insert(at, 1, '"');
  }
  return '"' + text + '"';
}

}  // namespace

std::string machine_text(const BenchRun& run) {
  const std::string inputs = run.settings.values == Values::uniform
                                 ? ""
                                 : fmt::format(", {} inputs", name(run.settings.values));
  return fmt::format(
      "{}, {}, {}, {} precision{}; at most {} GFLOP/s, and {} GB/s read from memory\n",
      machine().instructions, counted(run.settings.threads, "thread"),
      layout_name(run.settings.layout), name(run.settings.precision), inputs,
      rate_text(run.peak_operations), rate_text(run.bytes_per_second));
}

std::string table_text(const BenchRun& run) {
  std::vector<std::vector<std::string>> rows = {{"layer", "input", "kernel", "minimum", "median",
                                                 "GFLOP/s", "of peak", "algorithm", "plan",
                                                 "workspace", "error", "bound"}};
  std::string refusals;
  for (const Measurement& layer : run.layers) {
    if (layer.refusal.empty()) {
      rows.push_back(row_of(run, layer));
    } else {
      refusals += fmt::format("not timed: {} ({})\n", layer.name, layer.refusal);
    }
  }
  return machine_text(run) + table(rows) + mean_text(run) + refusals;
}

std::string json_text(const BenchRun& run) {
  std::string text;
  for (const Measurement& layer : run.layers) {
    text += object_of(run, layer).dump() + '\n';
  }
  return text;
}

std::string csv_text(const BenchRun& run) {
  const std::vector<const char*> keys = {
      "name",        "pass",      "threads",       "layout",          "precision",
      "values",      "algorithm", "min_s",         "median_s",        "samples",
      "plan_s",      "gflops",    "peak_fraction", "workspace_bytes", "max_error",
      "error_bound", "refused"};
  std::string text = fmt::format("{}\r\n", fmt::join(keys, ","));
  for (const Measurement& layer : run.layers) {
    const nlohmann::ordered_json object = object_of(run, layer);
    for (const char* key : keys) {
      text += (key == keys.front() ? "" : ",") + field(object, key);
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace conv2d::cli
