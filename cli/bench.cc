// conv2d bench: how fast forward passes of layers run here.
#include "bench/layer_list.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "bench/roofline.h"
#include "bench/values.h"
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "layer.h"
#include "output.h"
#include "run_arguments.h"
#include "terminal.h"

#include <conv2d/io.h>
#include <conv2d/machine.h>
#include <conv2d/threads.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace conv2d::cli {
namespace {

struct BenchArguments {
  std::string layers;
  std::optional<std::uint64_t> batch;
  RunArguments run;
  std::string values = "uniform";
  std::string algorithm;
  std::optional<std::uint64_t> samples;
  bool json = false;
  std::string csv;
  std::string roofline;
  bool list = false;
};

constexpr const char* bench_help = R"(Examples:
  conv2d bench --threads 1
  conv2d bench --layers layers.txt --layout nhwc --json > times.json
  conv2d bench --algorithm direct --precision exact --roofline roofline.svg
  conv2d bench --values subnormal

A list of layers has one of oneDNN's problem descriptors on each line, such as
mb1ic64ih56oc64oh56kh3ph1n"resnet_50:res2a"; # begins a comment. With --deconv before it, it is that
of a transposed layer, whose error has no bound here.

Times are those of one run, the weight packed and the output allocated before; beside them stands
how long it takes to make the plan. GFLOP/s are of the shortest time and of the definition's
multiplications and additions. The peak is what fused multiply-adds reach here with nothing else to
do, measured in the same run. The error is the largest |y - y'| / n over a sample of 1024 outputs,
where y' is computed in float64 and n is the number of its products, of numbers from -1 to 1; the
bound is what theory says of it. With subnormal inputs, of less than 2^-126, the error is divided by
that.)";

// A number of the command line, where it is given; what is too large is so for whoever takes it.
std::int64_t number_or(const std::optional<std::uint64_t>& given, std::int64_t otherwise) {
  constexpr std::uint64_t large = std::uint64_t{1} << 30;
  return given ? static_cast<std::int64_t>(std::min(*given, large)) : otherwise;
}

Values values_of(const std::string& word) {
  for (const Values values : {Values::uniform, Values::subnormal}) {
    if (word == name(values)) {
      return values;
    }
  }
  refuse(fmt::format("--values takes uniform or subnormal, but got '{}'", word));
}

BenchSettings settings_of(const BenchArguments& arguments) {
  const auto [layout, precision] = choose_run(arguments.run);
  const auto samples = static_cast<int>(number_or(arguments.samples, BenchSettings().samples));
  if (samples < 1) {
    refuse("--samples must be at least 1");
  }
  return {.threads = num_threads(),
          .layout = layout,
          .precision = precision,
          .values = values_of(arguments.values),
          .algorithm = arguments.algorithm,
          .samples = samples};
}

std::vector<Descriptor> layers_of(const BenchArguments& arguments) {
  std::vector<Descriptor> layers = arguments.layers.empty()
                                       ? parse_layer_list(suite_text, "the list of layers")
                                       : read_layer_list(arguments.layers);
  if (arguments.batch) {
    if (*arguments.batch == 0) {
      refuse("--batch must be at least 1");
    }
    for (Descriptor& layer : layers) {
      layer.batch = number_or(arguments.batch, 1);
    }
  }
  return layers;
}

std::string list_text(const std::vector<Descriptor>& layers) {
  std::string text;
  for (const Descriptor& layer : layers) {
    text += to_text(layer) + '\n';
  }
  return text;
}

// Before any work: what could go wrong with the files and with the layers.
void check(const BenchArguments& arguments, const std::vector<Descriptor>& layers) {
  if (!arguments.csv.empty()) {
    check_output("--csv", arguments.csv, {".csv"}, {arguments.layers});
  }
  if (!arguments.roofline.empty()) {
    check_output("--roofline", arguments.roofline, {".svg"}, {arguments.layers});
  }
  for (const Descriptor& layer : layers) {
    require_memory(bytes_of(layer), fmt::format("the layer {}", to_text(layer)));
  }
}

BenchRun run_all(const std::vector<Descriptor>& layers, const BenchSettings& settings) {
  constexpr double seconds_each = 0.05;
  Progress progress("timing");
  BenchRun result{.settings = settings};
  // Before and after: what the machine could do while it was at its best.
  const auto measure_machine = [&] {
    result.peak_operations =
        std::max(result.peak_operations, measure_peak_flops(settings.threads, seconds_each));
    result.bytes_per_second =
        std::max(result.bytes_per_second, measure_read_bandwidth(settings.threads, seconds_each));
  };
  measure_machine();
  for (const Descriptor& layer : layers) {
    progress.set(static_cast<double>(result.layers.size()) / static_cast<double>(layers.size()));
    result.layers.push_back(measure(layer, settings));
  }
  progress.set(1);
  measure_machine();
  return result;
}

void write_text(const std::string& file, const std::string& text) {
  io::write_file(file, std::as_bytes(std::span(text)));
}

void bench(const BenchArguments& arguments) {
  const std::vector<Descriptor> layers = layers_of(arguments);
  const BenchSettings settings = settings_of(arguments);
  if (arguments.list) {
    print(list_text(layers));
    return;
  }
  check(arguments, layers);
  const BenchRun run = run_all(layers, settings);
  if (!arguments.csv.empty()) {
    write_text(arguments.csv, csv_text(run));
  }
  if (!arguments.roofline.empty()) {
    write_text(arguments.roofline, roofline_svg(run));
  }
  print(arguments.json ? json_text(run) : table_text(run));
}

}  // namespace

void add_bench(CLI::App& program) {
  CommandSyntax command(program, "bench", "Time forward passes of layers");
  auto arguments = std::make_shared<BenchArguments>();
  command.option("--layers", arguments->layers,
                 "A list of layers; without it, one of well-known networks and image filters",
                 "FILE");
  command.option("--batch", arguments->batch, "Images in each layer, whatever the list says", "N");
  add_run_options(command, arguments->run);
  add_tuning_option(command, arguments->run);
  command.option("--values", arguments->values,
                 "Inputs uniform in -1..1, or so small that float32 holds them with fewer digits",
                 "uniform|subnormal");
  command.option("--algorithm", arguments->algorithm,
                 "This one, where it does not refuse, and not the one that the plan chooses",
                 "NAME");
  command.option("--samples", arguments->samples,
                 "Runs of each layer, at least; default 30, fewer where they take ten seconds",
                 "N");
  auto* json = command.flag("--json", arguments->json, "One JSON object a line, and no table");
  command.option("--csv", arguments->csv, "Write a .csv too", "FILE");
  command.option("--roofline", arguments->roofline,
                 "Draw a .svg of speed against operations for each byte", "FILE");
  auto* list = command.flag("--list", arguments->list, "Only print the layers, as descriptors");
  CommandSyntax::exclude(json, list);
  command.finish(bench_help, [arguments] { bench(*arguments); });
}

}  // namespace conv2d::cli
