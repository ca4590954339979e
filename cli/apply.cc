// conv2d apply: a layer applied to a picture or an array.
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "input.h"
#include "layer.h"
#include "output.h"
#include "run.h"
#include "terminal.h"
#include "text.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

namespace conv2d::cli {
namespace {

struct ApplyArguments {
  std::string layer;
  std::string input;
  std::string output;
  std::string save_weights;
  WeightArguments weights;
  ColorArguments colors;
  bool picture = false;
  bool sheet = false;
};

constexpr const char* apply_help = R"(Examples:
  conv2d apply sobel_x,sobel_y photo.jpg -o edges.png
  conv2d apply gaussian5 photo.png -o blurred.png
  conv2d apply 'Conv2d(3, 6, 5)' photo.jpg --seed 0 -o features.png
  conv2d apply 'nn.Conv2d(3, 64, 11, stride=4, padding=2)' photo.jpg \
      --weights alexnet.safetensors:features.0 -o features.npy

A picture is read as float32 from 0 to 1, (channels, height, width).
OUTPUT is .npy, .npz (key output), or .png: one picture where the output is one, else a labelled
sheet of all channels.)";

std::optional<Plan> plan_of(const Layer& layer, const Sizes& input) {
  return std::visit(
      [&](const auto& any) -> std::optional<Plan> {
        if constexpr (std::is_base_of_v<ConvParameters, std::decay_t<decltype(any)>>) {
          return any.plan(input);
        } else {
          return std::nullopt;
        }
      },
      layer.module);
}

// Before any work: what could go wrong with the files.
void check_outputs(const ApplyArguments& arguments) {
  check_output("-o", arguments.output, {".png", ".npy", ".npz"},
               {arguments.input, arguments.weights.file});
  if (!arguments.save_weights.empty()) {
    check_output("--save-weights", arguments.save_weights, {".safetensors", ".npz"},
                 {arguments.input, arguments.output, arguments.weights.file});
  }
}

void check_size(const Sizes& output, DType dtype, const std::optional<Plan>& plan) {
  auto bytes = static_cast<double>(element_size(dtype));
  for (const std::int64_t size : output) {
    bytes *= static_cast<double>(size);
  }
  bytes += plan ? static_cast<double>(plan->workspace_bytes()) : 0;
  require_memory(bytes, fmt::format("the output {}", by(output)));
}

std::string write_output(const ApplyArguments& arguments, const Layer& layer, const Input& input,
                         const Tensor& output) {
  if (arguments.output.ends_with(".png")) {
    const PictureKind kind = arguments.picture ? PictureKind::picture
                             : arguments.sheet ? PictureKind::sheet
                                               : PictureKind::automatic;
    return write_drawing(arguments.output, {layer, input.text, output}, kind);
  }
  if (arguments.picture || arguments.sheet) {
    refuse(fmt::format("--picture and --sheet are for .png, but -o is {}", arguments.output));
  }
  if (arguments.output.ends_with(".npz")) {
    io::write_npz(arguments.output, {{"output", output}});
    return fmt::format("{}: {} of {}, key output", arguments.output, by(output.sizes()),
                       name(output.dtype()));
  }
  io::write_npy(arguments.output, output);
  return fmt::format("{}: {} of {}", arguments.output, by(output.sizes()), name(output.dtype()));
}

std::string work_text(const std::optional<Plan>& plan, double seconds) {
  if (!plan) {
    return seconds_text(seconds);
  }
  return fmt::format("{} in {} by {}", counted(plan->multiply_adds(), "multiply-add"),
                     seconds_text(seconds), plan->algorithm());
}

void apply(const ApplyArguments& arguments) {
  const LayerChoice choice = parse_layer_argument(arguments.layer);
  check_outputs(arguments);
  const Input input =
      read_input(arguments.input, wanted_channels(choice), dtype_of(choice), arguments.colors);
  const Layer layer = make_layer(choice, input.tensor.sizes(), arguments.weights);
  const std::optional<Plan> plan = plan_of(layer, input.tensor.sizes());
  check_size(layer.output_sizes(input.tensor.sizes()), layer.dtype().value_or(DType::float32),
             plan);

  const auto start = std::chrono::steady_clock::now();
  const Tensor output = [&] {
    Progress progress("computing");
    return run(layer, input.tensor, progress);
  }();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  // The report comes last: who does not want to read it still gets the files.
  std::string report =
      fmt::format("layer    {}\nweights  {}\ninput    {}\n", layer.text, layer.weights, input.text);
  for (const std::string& note : input.notes) {
    report += fmt::format("         {}\n", note);
  }
  report += fmt::format("output   {}, values {}\n", by(output.sizes()), values_text(output));
  report += fmt::format("work     {}\n", work_text(plan, seconds.count()));
  report += fmt::format("wrote    {}\n", write_output(arguments, layer, input, output));
  if (!arguments.save_weights.empty()) {
    const StateDict state = layer.state_dict();
    if (state.empty()) {
      refuse(fmt::format("{} has no weights to save", layer.text));
    }
    write_named(arguments.save_weights, state);
    report += fmt::format("wrote    {}: weight{}\n", arguments.save_weights,
                          state.size() > 1 ? " and bias" : "");
  }
  print(report);
}

}  // namespace

void add_apply(CLI::App& program) {
  CommandSyntax command(program, "apply", "Apply a layer to a picture or an array");
  auto arguments = std::make_shared<ApplyArguments>();
  command.require("LAYER", arguments->layer, layer_help, "");
  command.require("INPUT", arguments->input, "A .png, .jpg or .npy", "FILE");
  command.require("-o,--output", arguments->output, "Where the result goes: .png, .npy or .npz",
                  "FILE");
  add_weight_options(command, arguments->weights);
  command.option("--save-weights", arguments->save_weights,
                 "Write the layer's weights to a .safetensors or .npz", "FILE");
  add_color_options(command, arguments->colors);
  auto* picture = command.flag("--picture", arguments->picture,
                               "PNG: draw 1 or 3 channels as a picture; cut off at 0 and 1");
  auto* sheet = command.flag("--sheet", arguments->sheet, "PNG: draw a sheet of all channels");
  CommandSyntax::exclude(picture, sheet);
  command.finish(apply_help, [arguments] { apply(*arguments); });
}

}  // namespace conv2d::cli
