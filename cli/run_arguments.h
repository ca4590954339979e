// How a layer is run, as several commands take it: --threads, --layout, --precision, --tuning.
#pragma once

#include "command_syntax.h"

#include <conv2d/options.h>
#include <conv2d/repr.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conv2d::cli {

struct RunArguments {
  std::optional<std::uint64_t> threads;
  std::string layout = "nchw";
  std::string precision = "default";
  std::string tuning;
};

/// --threads, --layout and --precision.
void add_run_options(CommandSyntax& command, RunArguments& arguments);

/// --tuning.
void add_tuning_option(CommandSyntax& command, RunArguments& arguments);

struct RunChoice {
  MemoryFormat format;
  Precision precision;
};

/// Sets the number of threads and the tuning, and reads the rest. Throws std::invalid_argument.
RunChoice choose_run(const RunArguments& arguments);

/// A convolution in that precision, transposed or not; any other layer as it is.
LayerOptions with_precision(LayerOptions layer, Precision precision);

/// "nchw" or "nhwc".
std::string_view layout_name(MemoryFormat format) noexcept;

}  // namespace conv2d::cli
