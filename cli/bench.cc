// conv2d bench: times forward passes of layers.
#include "bench/layer_list.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "bench/roofline.h"
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "layer.h"
#include "output.h"
#include "terminal.h"

#include <conv2d/io.h>
#include <conv2d/machine.h>
#include <conv2d/threads.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace conv2d::cli {
namespace {

struct BenchArguments {
  std::string layers;
  std::optional<std::uint64_t> threads;
  std::string layout = "nchw";
  double seconds = 1;
  std::string plot;
  bool json = false;
  bool csv = false;
  bool list = false;
};

constexpr const char* bench_help = R"(Examples:
  conv2d bench --threads 1 --plot roofline.svg
  conv2d bench --layers layers.txt --layout nhwc --json > times.jsonl

A list has a layer on each line, mb1ic64ih56oc64oh56kh3ph1n"my layer" say: oneDNN's problem
descriptors, where mb is the batch (1 where missing), ic and oc are channels, i, o, k, s, p and d
input, output, kernel, stride, padding and dilation (from 0), h rows and w columns (as the rows
where missing), g groups.

Layers run forward in float32, with a bias, on random numbers. "min" is the fastest run, "of peak"
its part of the multiply-adds that the threads reached in the same minute when they did nothing
else. "max error" is the largest difference from float64 in a sample of 2,000 outputs; "roundings"
the largest one divided by the magnitude of its sum, in roundings of float32.)";

MemoryFormat parse_layout(const std::string& name) {
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    if (name == layout_name(format)) {
      return format;
    }
  }
  refuse(fmt::format("--layout takes nchw or nhwc, but got '{}'", name));
}

// What the machine can do at best, measured before and after: other programs may have taken some.
void measure_machine(BenchRun& run, double seconds) {
  run.peak_flops = std::max(run.peak_flops, measure_peak_flops(run.threads, seconds));
  run.read_bandwidth = std::max(run.read_bandwidth, measure_read_bandwidth(run.threads, seconds));
}

BenchRun measure_all(const std::vector<Descriptor>& layers, MemoryFormat layout, double seconds) {
  constexpr double longest_for_machine = 0.5;
  Progress progress("timing");
  BenchRun run{.threads = num_threads(), .layout = layout};
  measure_machine(run, std::min(seconds, longest_for_machine));
  for (const Descriptor& layer : layers) {
    progress.set(static_cast<double>(run.layers.size()) / static_cast<double>(layers.size()));
    run.layers.push_back(measure(layer, layout, seconds));
  }
  measure_machine(run, std::min(seconds, longest_for_machine));
  return run;
}

// Before any work: all that could be wrong with what was asked for.
void check(const BenchArguments& arguments, const std::vector<Descriptor>& layers) {
  constexpr double longest = 3600;
  if (!(arguments.seconds > 0 && arguments.seconds <= longest)) {
    refuse(fmt::format("--seconds takes more than 0 and at most {}, but got {}", longest,
                       arguments.seconds));
  }
  if (!arguments.plot.empty()) {
    check_output("--plot", arguments.plot, {".svg"}, {arguments.layers});
  }
  for (const Descriptor& layer : layers) {
    require_memory(memory_of(layer), label_of(layer));
  }
}

std::string list_text(const std::vector<Descriptor>& layers) {
  std::string text;
  for (const Descriptor& layer : layers) {
    text += to_text(layer) + '\n';
  }
  return text;
}

void bench(const BenchArguments& arguments) {
  const std::vector<Descriptor> layers =
      arguments.layers.empty() ? parse_layer_list(suite_text, "the list of layers")
                               : read_layer_list(arguments.layers);
  const MemoryFormat layout = parse_layout(arguments.layout);
  if (arguments.threads) {
    constexpr std::uint64_t most = std::numeric_limits<int>::max();
    set_num_threads(static_cast<int>(std::min(*arguments.threads, most)));
  }
  check(arguments, layers);
  if (arguments.list) {
    print(list_text(layers));
    return;
  }
  const BenchRun run = measure_all(layers, layout, arguments.seconds);
  if (!arguments.plot.empty()) {
    const std::string svg = roofline_svg(run);
    io::write_file(arguments.plot, std::as_bytes(std::span(svg)));
  }
  print(arguments.json ? bench_json(run) : arguments.csv ? bench_csv(run) : bench_table(run));
}

}  // namespace

void add_bench(CLI::App& program) {
  CommandSyntax command(program, "bench", "Time forward passes of layers");
  auto arguments = std::make_shared<BenchArguments>();
  command.option("--layers", arguments->layers,
                 "A list of layers; without it, those of well-known networks", "FILE");
  command.option("--threads", arguments->threads, "Work with N threads; without it, with all", "N");
  command.option("--layout", arguments->layout, "Of input, weight and output: nchw or nhwc; nchw",
                 "NAME");
  command.option("--seconds", arguments->seconds, "Time each layer for that long", "S");
  auto* json = command.flag("--json", arguments->json, "As JSON, an object a line");
  auto* csv = command.flag("--csv", arguments->csv, "As CSV");
  CommandSyntax::exclude(json, csv);
  command.option("--plot", arguments->plot, "Also draw a roofline plot of the run, .svg", "FILE");
  command.flag("--list", arguments->list, "Only print the layers, as descriptors");
  command.finish(bench_help, [arguments] { bench(*arguments); });
}

}  // namespace conv2d::cli
