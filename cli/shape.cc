// conv2d shape: sizes, parameters and multiply-adds through a chain of layers.
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "layer_argument.h"
#include "layer_cost.h"
#include "sizes_argument.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/explain.h>

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace conv2d::cli {
namespace {

struct ShapeArguments {
  std::vector<std::string> layers;
  std::string input;
  bool json = false;
};

constexpr const char* shape_help = R"(Examples:
  conv2d shape 'Conv2d(3, 6, 5)' --input 3x32x32
  conv2d shape 'Conv2d(3, 64, 11, 4, 2)' 'Conv2d(64, 192, 5, padding=2)' \
      'ConvTranspose2d(192, 3, 4, stride=2)' --input 1x3x224x224 --json

"Sees" is the receptive field: how many rows and columns of the input one output depends on; known
up to the first layer that is not a convolution.)";

struct Step {
  LayerOptions layer;
  LayerCost cost;
  std::optional<Pair> sees;

  std::int64_t multiply_adds() const { return cost.plan ? cost.plan->multiply_adds() : 0; }
};

// The convolutions that the chain begins with.
std::vector<Conv2dOptions> leading_convolutions(const std::vector<Step>& steps) {
  std::vector<Conv2dOptions> chain;
  for (const Step& step : steps) {
    const auto* conv = std::get_if<Conv2dOptions>(&step.layer);
    if (conv == nullptr) {
      break;
    }
    chain.push_back(*conv);
  }
  return chain;
}

std::vector<Step> walk(const ShapeArguments& arguments, const Sizes& input) {
  std::vector<LayerChoice> choices;
  for (const std::string& text : arguments.layers) {
    choices.push_back(parse_layer_argument(text));
  }
  std::vector<Step> steps;
  Sizes sizes = input;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    try {
      LayerOptions layer = layer_for(choices[i], sizes);
      LayerCost cost = cost_of(layer, sizes);
      sizes = cost.output;
      steps.push_back({layer, std::move(cost), std::nullopt});
    } catch (const std::invalid_argument& error) {
      refuse(fmt::format("layer {}, {}: {}", i + 1, arguments.layers[i], error.what()));
    }
  }
  const std::vector<explain::ReceptiveField> fields =
      explain::receptive_fields(leading_convolutions(steps));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    steps[i].sees = fields[i].size;
  }
  return steps;
}

struct Totals {
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;
};

Totals totals_of(const std::vector<Step>& steps) {
  Totals totals;
  for (const Step& step : steps) {
    if (__builtin_add_overflow(totals.parameters, step.cost.parameters, &totals.parameters) ||
        __builtin_add_overflow(totals.multiply_adds, step.multiply_adds(), &totals.multiply_adds)) {
      refuse("the layers together have more multiply-adds or parameters than fit 63 bits");
    }
  }
  return totals;
}

std::string words(const Sizes& input, const std::vector<Step>& steps) {
  std::vector<std::vector<std::string>> rows = {
      {"layer", "output", "parameters", "multiply-adds", "sees"}, {"input", by(input)}};
  for (const Step& step : steps) {
    rows.push_back({repr(step.layer), by(step.cost.output), grouped(step.cost.parameters),
                    grouped(step.multiply_adds()),
                    step.sees ? by({step.sees->h, step.sees->w}) : "-"});
  }
  if (steps.size() > 1) {
    const Totals totals = totals_of(steps);
    rows.push_back({"together", "", grouped(totals.parameters), grouped(totals.multiply_adds)});
  }
  return table(rows);
}

std::string json(const Sizes& input, const std::vector<Step>& steps) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const Step& step : steps) {
    nlohmann::ordered_json layer = {{"layer", repr(step.layer)},
                                    {"output", list(step.cost.output)},
                                    {"parameters", step.cost.parameters},
                                    {"multiply_adds", step.multiply_adds()}};
    layer["receptive_field"] = nullptr;
    if (step.sees) {
      layer["receptive_field"] = {step.sees->h, step.sees->w};
    }
    layers.push_back(std::move(layer));
  }
  const Totals totals = totals_of(steps);
  const nlohmann::ordered_json all = {{"input", list(input)},
                                      {"layers", layers},
                                      {"parameters", totals.parameters},
                                      {"multiply_adds", totals.multiply_adds}};
  return all.dump(2) + "\n";
}

void shape(const ShapeArguments& arguments) {
  const Sizes input = parse_sizes(arguments.input);
  const std::vector<Step> steps = walk(arguments, input);
  print(arguments.json ? json(input, steps) : words(input, steps));
}

}  // namespace

void add_shape(CLI::App& program) {
  CommandSyntax command(program, "shape", "Sizes, parameters and cost through a chain of layers");
  auto arguments = std::make_shared<ShapeArguments>();
  command.require("LAYER", arguments->layers, "The layers, first to last; as for conv2d apply", "");
  command.require("--input", arguments->input, "Sizes of the input, such as 1x3x32x32", "SIZES");
  command.flag("--json", arguments->json, "As JSON");
  command.finish(shape_help, [arguments] { shape(*arguments); });
}

}  // namespace conv2d::cli
