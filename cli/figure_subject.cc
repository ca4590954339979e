#include "figure_subject.h"

#include "failure.h"
#include "layer_argument.h"
#include "sizes_argument.h"

#include <conv2d/explain.h>
#include <conv2d/repr.h>

#include <fmt/format.h>

#include <type_traits>
#include <utility>
#include <variant>

namespace conv2d::cli {
namespace {

template <class Options>
constexpr bool is_convolution =
    std::is_same_v<Options, Conv2dOptions> || std::is_same_v<Options, ConvTranspose2dOptions>;

/// The example layer with what the page's address changes in it.
template <class Options>
auto linked_layer(const Options& options, const Link& link) {
  auto layer = diagram::example_layer(options, link.seed);
  Tensor weight = layer.weight().clone();
  if (link.flipped) {
    flip(weight);
  }
  apply_edits(link.weight_edits, weight, "weight");
  std::optional<Tensor> bias;
  if (layer.bias()) {
    bias = layer.bias()->clone();
    apply_edits(link.bias_edits, *bias, "bias");
  }
  return decltype(layer)(options, std::move(weight), std::move(bias));
}

template <class Options>
diagram::Diagram linked(const Options& options, const Sizes& sizes, const Link& link) {
  Tensor input = diagram::example_input(sizes, options.dtype, link.seed);
  apply_edits(link.input_edits, input, "input");
  return {linked_layer(options, link), std::move(input)};
}

}  // namespace

diagram::Diagram diagram_of(const FigureSubject& subject) {
  const LayerChoice choice = parse_layer_argument(subject.layer);
  std::optional<Input> read;
  if (is_file_argument(subject.input)) {
    read = read_input(subject.input, wanted_channels(choice), dtype_of(choice), subject.colors);
  }
  const Sizes sizes = read ? read->tensor.sizes() : parse_sizes(subject.input);
  const bool own_weights = read || subject.weights.seed || !subject.weights.file.empty() ||
                           std::holds_alternative<FilterNames>(choice);
  const auto draw = [&](const auto& options) -> diagram::Diagram {
    using Options = std::decay_t<decltype(options)>;
    if constexpr (is_convolution<Options>) {
      using Convolution =
          std::conditional_t<std::is_same_v<Options, Conv2dOptions>, Conv2d, ConvTranspose2d>;
      // Checks the call before the numbers take memory.
      const explain::Explanation checked(options, sizes);
      if (subject.link) {
        return linked(options, sizes, *subject.link);
      }
      Tensor input = read ? std::move(read->tensor) : diagram::example_input(sizes, options.dtype);
      if (own_weights) {
        return {std::get<Convolution>(make_layer(choice, sizes, subject.weights).module),
                std::move(input)};
      }
      return {diagram::example_layer(options), std::move(input)};
    } else {
      refuse(
          fmt::format("only convolutions can be drawn, but got {}", repr(LayerOptions(options))));
    }
  };
  return std::visit(draw, layer_for(choice, sizes));
}

}  // namespace conv2d::cli
