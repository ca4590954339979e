// conv2d tune: which algorithm is fastest for each layer here, kept in a file.
#include "bench/candidates.h"
#include "bench/layer_list.h"
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "layer.h"
#include "layer_argument.h"
#include "layer_cost.h"
#include "output.h"
#include "run_arguments.h"
#include "sizes_argument.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/io.h>
#include <conv2d/machine.h>
#include <conv2d/threads.h>
#include <conv2d/tuning.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace conv2d::cli {
namespace {

struct TuneArguments {
  std::vector<std::string> layers;
  std::string input;
  std::string list;
  RunArguments run;
  std::string output;
};

constexpr const char* tune_help = R"(Examples:
  conv2d tune 'Conv2d(64, 64, 3, padding=1)' --input 1x64x56x56 -o model.tuning
  conv2d tune 'Conv2d(3, 32, 3, 2)' 'Conv2d(32, 64, 3)' --input 8x3x224x224 -o model.tuning
  conv2d tune --layers layers.txt --threads 1 -o model.tuning
  conv2d plan 'Conv2d(64, 64, 3, padding=1)' --input 1x64x56x56 --tuning model.tuning

Several layers are a chain: each takes what the one before it gives. A list of layers is as for
conv2d bench. A program takes the file with conv2d::load_tuning. Only speed changes: with
--precision exact all algorithms give the same bits, and in default precision each layer rounds one
way in every layout. An algorithm replaces the plan's own only where it is faster by 2% and more.)";

// A layer on a batch of inputs, and what came out.
struct Tuned {
  LayerOptions layer;
  Plan plan;                         ///< without a bias
  std::vector<CandidateTime> times;  ///< fastest first; empty where there is nothing to choose

  /// Where nothing is clearly faster, the plan's own.
  const CandidateTime& chosen() const {
    constexpr double clearly = 0.98;
    const CandidateTime& fastest = times.front();
    const CandidateTime& own = plans_own();
    return fastest.seconds < clearly * own.seconds ? fastest : own;
  }
  const CandidateTime& plans_own() const {
    for (const CandidateTime& time : times) {
      if (time.own) {
        return time;
      }
    }
    return times.front();
  }
};

// With the bias or without: it does not matter to a choice, and most layers have one.
LayerOptions with_bias(LayerOptions layer, bool bias) {
  if (auto* conv = std::get_if<Conv2dOptions>(&layer)) {
    conv->bias = bias;
  } else if (auto* transpose = std::get_if<ConvTranspose2dOptions>(&layer)) {
    transpose->bias = bias;
  }
  return layer;
}

// A layer that multiplies, once.
void add(std::vector<Tuned>& layers, const LayerOptions& given, const Sizes& sizes,
         const RunChoice& run) {
  const LayerOptions layer = with_bias(with_precision(given, run.precision), true);
  const Sizes input = sizes.rank() == 3 ? Sizes{1, sizes[0], sizes[1], sizes[2]} : sizes;
  std::optional<Plan> plan = cost_of(with_bias(layer, false), input, run.format).plan;
  if (!plan) {
    return;
  }
  for (const Tuned& known : layers) {
    if (known.layer == layer && known.plan.input_sizes() == input) {
      return;
    }
  }
  const PlanBytes bytes = plan->bytes();
  require_memory(static_cast<double>(bytes.input) + static_cast<double>(bytes.weight) +
                     static_cast<double>(bytes.output),
                 repr(layer));
  layers.push_back({layer, std::move(*plan), {}});
}

std::vector<Tuned> chain_of(const TuneArguments& arguments, const RunChoice& run) {
  std::vector<Tuned> layers;
  Sizes sizes = parse_sizes(arguments.input);
  for (std::size_t i = 0; i < arguments.layers.size(); ++i) {
    const LayerChoice choice = parse_layer_argument(arguments.layers[i]);
    try {
      const LayerOptions layer = layer_for(choice, sizes);
      add(layers, layer, sizes, run);
      sizes = cost_of(layer, sizes).output;
    } catch (const std::invalid_argument& error) {
      refuse(fmt::format("layer {}, {}: {}", i + 1, arguments.layers[i], error.what()));
    }
  }
  return layers;
}

/// What both kinds of layers have.
template <class Options>
Options shared_options(const Descriptor& layer) {
  Options options{.in_channels = layer.in_channels,
                  .out_channels = layer.out_channels,
                  .kernel_size = layer.kernel};
  options.stride = layer.stride;
  options.padding = layer.padding;
  options.dilation = layer.dilation;
  options.groups = layer.groups;
  return options;
}

LayerOptions options_of(const Descriptor& layer) {
  if (!layer.transposed) {
    return shared_options<Conv2dOptions>(layer);
  }
  auto options = shared_options<ConvTranspose2dOptions>(layer);
  options.output_padding = layer.output_padding;
  return options;
}

std::vector<Tuned> listed_in(const std::string& file, const RunChoice& run) {
  std::vector<Tuned> layers;
  for (const Descriptor& layer : read_layer_list(file)) {
    add(layers, options_of(layer), layer.input_sizes(), run);
  }
  return layers;
}

std::vector<Tuned> layers_to_tune(const TuneArguments& arguments, const RunChoice& run) {
  if (arguments.list.empty() == arguments.layers.empty()) {
    refuse("give either LAYER ... with --input, or --layers");
  }
  if (arguments.layers.empty() != arguments.input.empty()) {
    refuse(arguments.input.empty() ? "a LAYER needs the sizes of its input: give --input"
                                   : "--input goes with LAYER: a list says its inputs itself");
  }
  std::vector<Tuned> layers =
      arguments.list.empty() ? chain_of(arguments, run) : listed_in(arguments.list, run);
  if (layers.empty()) {
    refuse("none of these layers multiplies, so there is nothing to choose");
  }
  return layers;
}

void measure(std::vector<Tuned>& layers) {
  Progress progress("timing");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    progress.set(static_cast<double>(i) / static_cast<double>(layers.size()));
    const Plan& plan = layers[i].plan;
    if (plan.multiply_adds() > 0 && candidates_of(plan).size() > 1) {
      layers[i].times = time_candidates(plan);
    }
  }
  progress.set(1);
}

// "1.02 ms, planar 1.31 ms".
std::string note_of(const Tuned& layer) {
  std::string note = seconds_text(layer.chosen().seconds);
  for (const CandidateTime& time : layer.times) {
    if (&time != &layer.chosen()) {
      note += fmt::format(", {} {}", time.algorithm, seconds_text(time.seconds));
    }
  }
  return note;
}

// Layers that differ in their batch alone have one line, the first one's: one choice serves all.
Tuning tuning_of(const std::vector<Tuned>& layers) {
  std::vector<TunedLayer> lines;
  for (const Tuned& layer : layers) {
    if (layer.times.empty()) {
      continue;
    }
    const Sizes& sizes = layer.plan.input_sizes();
    const Sizes input{sizes[1], sizes[2], sizes[3]};
    const bool known = std::any_of(lines.begin(), lines.end(), [&](const TunedLayer& line) {
      return line.layer == layer.layer && line.input == input;
    });
    if (!known) {
      lines.push_back(
          {layer.layer, input, layer.plan.format(), layer.chosen().algorithm, note_of(layer)});
    }
  }
  return Tuning(lines);
}

std::string file_text(const Tuning& tuning, const RunChoice& run) {
  std::string text = to_text(tuning);
  text.insert(text.find('\n') + 1,
              fmt::format("# conv2d tune on {}, {}, {}\n", machine().instructions,
                          counted(num_threads(), "thread"), layout_name(run.format)));
  return text;
}

std::string report(const std::vector<Tuned>& layers) {
  std::vector<std::vector<std::string>> rows = {
      {"layer", "input", "fastest", "time", "plan's own", "time", "gain"}};
  double before = 0;
  double after = 0;
  for (const Tuned& layer : layers) {
    const std::string input = by(layer.plan.input_sizes());
    if (layer.times.empty()) {
      rows.push_back({repr(layer.layer), input, std::string(layer.plan.algorithm()), "-",
                      "nothing to choose"});
      continue;
    }
    const CandidateTime& chosen = layer.chosen();
    const CandidateTime& own = layer.plans_own();
    before += own.seconds;
    after += chosen.seconds;
    rows.push_back({repr(layer.layer), input, chosen.algorithm, seconds_text(chosen.seconds),
                    own.algorithm, seconds_text(own.seconds),
                    fmt::format("{:.2f}", own.seconds / chosen.seconds)});
  }
  return table(rows) +
         fmt::format("together {} instead of {}\n", seconds_text(after), seconds_text(before));
}

void tune(const TuneArguments& arguments) {
  check_output("--output", arguments.output, {".tuning", ".txt"}, {arguments.list});
  const RunChoice run = choose_run(arguments.run);
  std::vector<Tuned> layers = layers_to_tune(arguments, run);
  measure(layers);
  const std::string text = file_text(tuning_of(layers), run);
  io::write_file(arguments.output, std::as_bytes(std::span(text)));
  print(report(layers));
}

}  // namespace

void add_tune(CLI::App& program) {
  CommandSyntax command(program, "tune",
                        "Time the algorithms for layers, and keep the fastest in a file");
  auto arguments = std::make_shared<TuneArguments>();
  command.option("LAYER", arguments->layers, "The layers, first to last; as for conv2d apply", "");
  command.option("--input", arguments->input, "Sizes of the input, such as 1x3x32x32", "SIZES");
  command.option("--layers", arguments->list,
                 "Instead of LAYER: a list of them, oneDNN's problem descriptors", "FILE");
  add_run_options(command, arguments->run);
  command.require("-o,--output", arguments->output, "Write the tuning, a .tuning or .txt", "FILE");
  command.finish(tune_help, [arguments] { tune(*arguments); });
}

}  // namespace conv2d::cli
