// conv2d explain: what a layer does to its input, down to the terms of one output.
#include "command_syntax.h"
#include "commands.h"
#include "explain_json.h"
#include "failure.h"
#include "input.h"
#include "layer.h"
#include "sizes_argument.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/explain.h>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace conv2d::cli {
namespace {

struct ExplainArguments {
  std::string layer;
  std::string input;
  std::string at;
  bool full = false;
  bool json = false;
  WeightArguments weights;
  ColorArguments colors;
};

constexpr const char* explain_help = R"(Examples:
  conv2d explain 'Conv2d(3, 6, 5)' --input 3x32x32
  conv2d explain 'Conv2d(3, 6, 5)' --input 3x32x32 --at 0,4,7
  conv2d explain sobel_x --input photo.jpg --at 0,100,100 --json

--at takes output channel, row and column, all from 0; before them the image of a batch.
Where INPUT is a .png, .jpg or .npy the terms have values, with weights as for conv2d apply.)";

explain::Index parse_index(const std::string& text) {
  const std::vector<std::int64_t> numbers = parse_position(text, "--at");
  if (numbers.size() != 3 && numbers.size() != 4) {
    throw ArgumentError(fmt::format("--at takes channel,row,column or batch,channel,row,column, "
                                    "but these are {}",
                                    counted(static_cast<std::int64_t>(numbers.size()), "number")),
                        text, 0, text.size());
  }
  const std::size_t first = numbers.size() - 3;
  return {.channel = numbers[first],
          .row = numbers[first + 1],
          .column = numbers[first + 2],
          .batch = first == 0 ? 0 : numbers[0]};
}

// A layer and an input, with whatever the explanation borrows from them.
struct Subject {
  std::string layer;
  std::string input;
  std::optional<Input> values;
  std::optional<Layer> module;
  std::optional<explain::Explanation> explanation;
};

// The alternatives of a variant that are convolutions; the others are refused.
template <class Conv, class Transpose, class Variant, class Make>
explain::Explanation explain_convolution(const Variant& any, const std::string& text,
                                         const Make& make) {
  if (const auto* conv = std::get_if<Conv>(&any)) {
    return make(*conv);
  }
  if (const auto* transpose = std::get_if<Transpose>(&any)) {
    return make(*transpose);
  }
  refuse(fmt::format("only convolutions can be explained, but got {}", text));
}

std::unique_ptr<Subject> subject_of(const ExplainArguments& arguments) {
  const LayerChoice choice = parse_layer_argument(arguments.layer);
  auto subject = std::make_unique<Subject>();
  if (!is_file_argument(arguments.input)) {
    if (!arguments.weights.file.empty() || arguments.weights.seed) {
      refuse(
          "--weights and --seed give values, which needs an --input with values: a .png, .jpg "
          "or .npy");
    }
    const Sizes input = parse_sizes(arguments.input);
    const LayerOptions layer = layer_for(choice, input);
    subject->layer = repr(layer);
    subject->input = by(input);
    subject->explanation = explain_convolution<Conv2dOptions, ConvTranspose2dOptions>(
        layer, subject->layer,
        [&](const auto& options) { return explain::Explanation(options, input); });
    return subject;
  }
  subject->values =
      read_input(arguments.input, wanted_channels(choice), dtype_of(choice), arguments.colors);
  const Tensor& input = subject->values->tensor;
  subject->module = make_layer(choice, input.sizes(), arguments.weights);
  subject->layer = subject->module->text;
  subject->input = subject->values->text;
  subject->explanation = explain_convolution<Conv2d, ConvTranspose2d>(
      subject->module->module, subject->layer,
      [&](const auto& layer) { return explain::Explanation(layer, input); });
  return subject;
}

std::string words(const Subject& subject, const std::optional<explain::Index>& at, bool full) {
  const explain::Explanation& explanation = *subject.explanation;
  std::string text = fmt::format("{}\ninput {}, output {}\n", subject.layer, subject.input,
                                 by(explanation.output_sizes()));
  if (subject.module) {
    text += fmt::format("{}\n", subject.module->weights);
    for (const std::string& note : subject.values->notes) {
      text += note + "\n";
    }
  }
  text += "\n" + explain::to_text(explanation.sizes());
  text += "\n" + explain::to_text(explanation.cost());
  if (at) {
    text += "\n" + explain::to_text(explanation.output(*at),
                                    full ? explain::Detail::full : explain::Detail::brief);
  }
  return text;
}

void explain_layer(const ExplainArguments& arguments) {
  const std::optional<explain::Index> at =
      arguments.at.empty() ? std::nullopt : std::optional(parse_index(arguments.at));
  const std::unique_ptr<Subject> subject = subject_of(arguments);
  print(arguments.json ? explanation_json(subject->layer, *subject->explanation, at)
                       : words(*subject, at, arguments.full));
}

}  // namespace

void add_explain(CLI::App& program) {
  CommandSyntax command(program, "explain", "Sizes, cost and the arithmetic of one output");
  auto arguments = std::make_shared<ExplainArguments>();
  command.require("LAYER", arguments->layer, layer_help, "");
  command.require("--input", arguments->input, "Sizes such as 3x32x32, or a .png, .jpg or .npy",
                  "SIZES|FILE");
  command.option("--at", arguments->at, "The output value whose terms to show", "K,P,Q");
  command.flag("--full", arguments->full, "Show every term, however many");
  command.flag("--json", arguments->json, "As JSON");
  add_weight_options(command, arguments->weights);
  add_color_options(command, arguments->colors);
  command.finish(explain_help, [arguments] { explain_layer(*arguments); });
}

}  // namespace conv2d::cli
