// conv2d plan: which algorithm runs a layer, how, what it costs, and why not another one.
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "layer_argument.h"
#include "layer_cost.h"
#include "run_arguments.h"
#include "sizes_argument.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/machine.h>
#include <conv2d/threads.h>

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

namespace conv2d::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PlanArguments {
  std::string layer;
  std::string input;
  RunArguments run;
  bool measure = false;
  bool json = false;
};

constexpr const char* plan_help = R"(Examples:
  conv2d plan 'Conv2d(64, 64, 3, padding=1)' --input 1x64x56x56
  conv2d plan sobel_x --input 3x1080x1920 --threads 1 --measure
  conv2d plan 'ConvTranspose2d(64, 32, 4, stride=2, padding=1)' --input 64x28x28 --json)";

std::string plan_json(const LayerOptions& layer, const Plan& plan, const Rates& rates) {
  const PlanBytes bytes = plan.bytes();
  const Pieces pieces = plan.pieces();
  const ExpectedTime time = plan.expected_time(rates);
  const Machine found = machine();
  Json candidates = Json::array();
  for (const Candidate& candidate : plan.candidates()) {
    candidates.push_back(
        {{"name", candidate.name}, {"taken", candidate.taken}, {"reason", candidate.reason}});
  }
  const Json all = {{"layer", repr(layer)},
                    {"algorithm", plan.algorithm()},
                    {"tile", pieces.tile},
                    {"blocking", pieces.blocking},
                    {"layout", layout_name(plan.format())},
                    {"dtype", name(plan.dtype())},
                    {"input", list(plan.input_sizes())},
                    {"weight", list(plan.weight_sizes())},
                    {"output", list(plan.output_sizes())},
                    {"bytes",
                     {{"input", bytes.input},
                      {"weight", bytes.weight},
                      {"output", bytes.output},
                      {"packed_weight", bytes.packed_weight},
                      {"workspace", bytes.workspace}}},
                    {"multiply_adds", plan.multiply_adds()},
                    {"arithmetic_intensity", plan.arithmetic_intensity()},
                    {"threads", num_threads()},
                    {"machine",
                     {{"instructions", found.instructions},
                      {"l1_bytes", found.l1_bytes},
                      {"l2_bytes", found.l2_bytes},
                      {"l3_bytes", found.l3_bytes}}},
                    {"rates",
                     {{"flops", rates.flops},
                      {"memory_bytes", rates.memory_bytes},
                      {"cache_bytes", rates.cache_bytes},
                      {"measured", rates.measured}}},
                    {"expected",
                     {{"seconds", time.seconds()},
                      {"arithmetic_seconds", time.arithmetic},
                      {"memory_seconds", time.memory},
                      {"bound", time.bound_by_arithmetic() ? "arithmetic" : "memory"},
                      {"in_cache", time.in_cache},
                      {"efficiency", pieces.efficiency}}},
                    {"candidates", candidates}};
  return all.dump(2) + "\n";
}

void plan(const PlanArguments& arguments) {
  const LayerChoice choice = parse_layer_argument(arguments.layer);
  const Sizes input = parse_sizes(arguments.input);
  const RunChoice run = choose_run(arguments.run);
  const LayerOptions layer = with_precision(layer_for(choice, input), run.precision);
  const LayerCost cost = cost_of(layer, input, run.format);
  if (!cost.plan) {
    refuse(fmt::format("{} moves numbers and multiplies none, so there is nothing to choose",
                       repr(layer)));
  }
  constexpr double seconds = 0.1;
  const Rates rates =
      arguments.measure ? measure_rates(num_threads(), seconds) : estimate_rates(num_threads());
  print(arguments.json ? plan_json(layer, *cost.plan, rates)
                       : fmt::format("{}\n{}", repr(layer), cost.plan->explain(rates)));
}

}  // namespace

void add_plan(CLI::App& program) {
  CommandSyntax command(program, "plan",
                        "Say which algorithm runs a layer, how, how long it should take, and why");
  auto arguments = std::make_shared<PlanArguments>();
  command.require("LAYER", arguments->layer, layer_help, "");
  command.require("--input", arguments->input, "Sizes of the input, such as 1x3x32x32", "SIZES");
  add_run_options(command, arguments->run);
  add_tuning_option(command, arguments->run);
  command.flag("--measure", arguments->measure,
               "Expected times from what this machine does now, instead of usual rates: takes half "
               "a second");
  command.flag("--json", arguments->json, "As JSON");
  command.finish(plan_help, [arguments] { plan(*arguments); });
}

}  // namespace conv2d::cli
