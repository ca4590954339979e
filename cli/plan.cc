// conv2d plan: which algorithm runs a layer, and why.
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "layer_argument.h"
#include "layer_cost.h"
#include "sizes_argument.h"
#include "terminal.h"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace conv2d::cli {
namespace {

struct PlanArguments {
  std::string layer;
  std::string input;
};

constexpr const char* plan_help = R"(Example:
  conv2d plan 'Conv2d(64, 64, 3, padding=1)' --input 1x64x56x56)";

void plan(const PlanArguments& arguments) {
  const LayerChoice choice = parse_layer_argument(arguments.layer);
  const Sizes input = parse_sizes(arguments.input);
  const LayerOptions layer = layer_for(choice, input);
  const LayerCost cost = cost_of(layer, input);
  if (!cost.plan) {
    refuse(fmt::format("{} moves numbers and multiplies none, so there is nothing to choose",
                       repr(layer)));
  }
  print(fmt::format("{}\n{}", repr(layer), cost.plan->explain()));
}

}  // namespace

void add_plan(CLI::App& program) {
  CommandSyntax command(program, "plan", "Say which algorithm runs a layer, and why");
  auto arguments = std::make_shared<PlanArguments>();
  command.require("LAYER", arguments->layer, layer_help, "");
  command.require("--input", arguments->input, "Sizes of the input, such as 1x3x32x32", "SIZES");
  command.finish(plan_help, [arguments] { plan(*arguments); });
}

}  // namespace conv2d::cli
