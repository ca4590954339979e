#include "run_arguments.h"

#include "failure.h"

#include <conv2d/threads.h>
#include <conv2d/tuning.h>

#include <fmt/format.h>

#include <variant>

namespace conv2d::cli {
namespace {

/// Throws for a word that is neither.
bool is_first(const char* option, const std::string& word, const char* first, const char* second) {
  if (word != first && word != second) {
    refuse(fmt::format("{} takes {} or {}, but got '{}'", option, first, second, word));
  }
  return word == first;
}

}  // namespace

void add_run_options(CommandSyntax& command, RunArguments& arguments) {
  command.option("--threads", arguments.threads, "With N threads; without it, all processors", "N");
  command.option("--layout", arguments.layout,
                 "How the input lies in memory: nchw (contiguous) or nhwc (channels-last)",
                 "nchw|nhwc");
  command.option("--precision", arguments.precision,
                 "exact: sums in the definition's order; default: rounding may differ within a "
                 "bound",
                 "exact|default");
}

void add_tuning_option(CommandSyntax& command, RunArguments& arguments) {
  command.option("--tuning", arguments.tuning,
                 "Algorithms as conv2d tune found them, for the layers that are in the file",
                 "FILE");
}

RunChoice choose_run(const RunArguments& arguments) {
  if (arguments.threads) {
    constexpr std::uint64_t most = 1024;
    if (*arguments.threads < 1 || *arguments.threads > most) {
      refuse(fmt::format("--threads takes a number from 1 to {}, but got {}", most,
                         *arguments.threads));
    }
    set_num_threads(static_cast<int>(*arguments.threads));
  }
  if (!arguments.tuning.empty()) {
    set_default_tuning(load_tuning(arguments.tuning));
  }
  const bool nchw = is_first("--layout", arguments.layout, "nchw", "nhwc");
  const bool exact = is_first("--precision", arguments.precision, "exact", "default");
  return {nchw ? MemoryFormat::contiguous : MemoryFormat::channels_last,
          exact ? Precision::exact : Precision::standard};
}

LayerOptions with_precision(LayerOptions layer, Precision precision) {
  if (auto* conv = std::get_if<Conv2dOptions>(&layer)) {
    conv->precision = precision;
  }
  if (auto* conv = std::get_if<ConvTranspose2dOptions>(&layer)) {
    conv->precision = precision;
  }
  return layer;
}

std::string_view layout_name(MemoryFormat format) noexcept {
  return format == MemoryFormat::channels_last ? "nhwc" : "nchw";
}

}  // namespace conv2d::cli
