// conv2d grad: gradients of a layer's input, weight and bias.
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "input.h"
#include "layer.h"
#include "output.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/io.h>

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>

namespace conv2d::cli {
namespace {

struct GradArguments {
  std::string layer;
  std::string input;
  std::string grad_output;
  std::string output;
  WeightArguments weights;
};

constexpr const char* grad_help = R"(Example:
  conv2d grad 'Conv2d(3, 6, 5)' x.npy dy.npy --weights layer.safetensors -o grads.npz

X is what the layer was given, DY the gradient of a loss with respect to the layer's output.
OUTPUT has the keys input, weight and, where the layer has one, bias.)";

// What a layer computes on its way back, whichever layer it is.
Gradients backward(const Layer& layer, TensorView grad_output, TensorView input) {
  return std::visit(
      [&](const auto& any) -> Gradients {
        using Any = std::decay_t<decltype(any)>;
        if constexpr (std::is_base_of_v<ConvParameters, Any>) {
          return any.backward(grad_output, input, {.bias = any.bias().has_value()});
        } else if constexpr (std::is_same_v<Any, Unfold>) {
          return {any.backward(grad_output, input.sizes()), {}, {}};
        } else {
          return {any.backward(grad_output), {}, {}};
        }
      },
      layer.module);
}

void require_sizes(const GradArguments& arguments, const Layer& layer, const Tensor& input,
                   const Tensor& grad_output) {
  const Sizes wanted = layer.output_sizes(input.sizes());
  if (grad_output.sizes() != wanted) {
    refuse(fmt::format("{} is {}, but the output of {} for {} is {}", arguments.grad_output,
                       by(grad_output.sizes()), layer.text, arguments.input, by(wanted)));
  }
}

void grad(const GradArguments& arguments) {
  const LayerChoice choice = parse_layer_argument(arguments.layer);
  check_output("-o", arguments.output, {".npz", ".safetensors"},
               {arguments.input, arguments.grad_output, arguments.weights.file});
  const Tensor input = io::read_npy(arguments.input);
  const Tensor grad_output = io::read_npy(arguments.grad_output);
  const Layer layer = make_layer(choice, input.sizes(), arguments.weights);
  require_sizes(arguments, layer, input, grad_output);

  const auto start = std::chrono::steady_clock::now();
  const Gradients gradients = [&] {
    const Progress progress("computing");
    return backward(layer, grad_output, input);
  }();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  io::NamedViews arrays{{"input", *gradients.input}};
  if (gradients.weight) {
    arrays.emplace("weight", *gradients.weight);
  }
  if (gradients.bias) {
    arrays.emplace("bias", *gradients.bias);
  }
  write_named(arguments.output, arrays);
  std::string report =
      fmt::format("layer    {}\nweights  {}\nwork     {}\nwrote    {}\n", layer.text, layer.weights,
                  seconds_text(seconds.count()), arguments.output);
  for (const auto& [key, gradient] : arrays) {
    report += fmt::format("         {:6} {}, values {}\n", key, by(gradient.sizes()),
                          values_text(gradient));
  }
  print(report);
}

}  // namespace

void add_grad(CLI::App& program) {
  CommandSyntax command(program, "grad", "Gradients of a layer's input, weight and bias");
  auto arguments = std::make_shared<GradArguments>();
  command.require("LAYER", arguments->layer, layer_help, "");
  command.require("X", arguments->input, "The layer's input, .npy", "FILE");
  command.require("DY", arguments->grad_output, "The gradient of its output, .npy", "FILE");
  add_weight_options(command, arguments->weights);
  command.require("-o,--output", arguments->output, "Where the gradients go: .npz or .safetensors",
                  "FILE");
  command.finish(grad_help, [arguments] { grad(*arguments); });
}

}  // namespace conv2d::cli
