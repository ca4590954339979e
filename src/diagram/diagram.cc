#include <conv2d/diagram.h>

#include "diagram/subject.h"
#include "diagram/views.h"

#include <conv2d/repr.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace conv2d::diagram {
namespace {

constexpr std::array<View, 5> all_views = {View::slide, View::im2col, View::matrix, View::gradient,
                                           View::cost};

std::vector<double> wide(const Tensor& tensor) {
  const Tensor copy = tensor.view().to(DType::float64);
  return {copy.data<double>(), copy.data<double>() + copy.numel()};
}

template <class Layer>
Layer with_precision(const Layer& layer, Precision precision) {
  auto options = layer.options();
  options.precision = precision;
  std::optional<Tensor> bias;
  if (layer.bias()) {
    bias = layer.bias()->clone();
  }
  return Layer(options, layer.weight().clone(), std::move(bias));
}

/// A tensor of the layer's sizes and dtype from plain numbers.
Tensor tensor_of(const Planes& planes, const Tensor& like) {
  return Tensor::from<double>({planes.count, planes.rows, planes.columns}, planes.values)
      .to(like.dtype());
}

template <class Layer>
LayerGradients gradients_of(const Layer& layer, const Tensor& input, const Tensor& output,
                            const Planes& output_gradient) {
  const Gradients gradients =
      layer.backward(tensor_of(output_gradient, output), input, {.bias = layer.bias().has_value()});
  return {planes_of(*gradients.input), wide(*gradients.weight),
          gradients.bias ? wide(*gradients.bias) : std::vector<double>()};
}

std::vector<Place> places_of(const Axis& axis) {
  std::vector<Place> places;
  for (std::int64_t at = axis.first(); at <= axis.last(); ++at) {
    places.push_back({at, axis.kind(at), axis.source(at), axis.unread(at)});
  }
  return places;
}

}  // namespace

std::string_view name(View view) noexcept {
  constexpr std::array<std::string_view, all_views.size()> names = {"slide", "im2col", "matrix",
                                                                    "gradient", "cost"};
  return names[static_cast<std::size_t>(view)];
}

std::span<const View> views() noexcept { return all_views; }

struct Diagram::State {
  std::variant<Conv2d, ConvTranspose2d> layer;
  Tensor input;
  Tensor output;
  std::optional<Subject> subject;

  template <class Layer>
  static std::shared_ptr<const State> of(const Layer& given, Tensor input);
};

template <class Layer>
std::shared_ptr<const Diagram::State> Diagram::State::of(const Layer& given, Tensor input) {
  if (is_complex(given.options().dtype)) {
    throw std::invalid_argument("a diagram shows real numbers, but the layer is of " +
                                std::string(conv2d::name(given.options().dtype)));
  }
  if (input.rank() == 4 && input.size(0) != 1) {
    throw std::invalid_argument("a diagram shows one image, but the input is a batch of " +
                                std::to_string(input.size(0)));
  }
  if (input.rank() == 4) {
    input = std::move(input).squeeze(0);
  }
  const Sizes output = given.output_sizes(input.sizes());
  if (input.empty() || output.numel() == 0) {
    throw std::invalid_argument("a diagram shows numbers, but the input is " +
                                to_string(input.sizes()) + " and the output " + to_string(output));
  }
  const Precision precision = given.options().precision;
  // What is drawn is the sum as `explain` writes it out: the definition's.
  auto state = std::make_shared<State>(
      State{with_precision(given, Precision::exact), std::move(input), Tensor(), std::nullopt});
  const Layer& layer = std::get<Layer>(state->layer);
  state->output = layer(state->input);
  const explain::Explanation explanation(layer, state->input);
  const explain::SizeArithmetic sizes = explanation.sizes();
  const bool transposed = explanation.transposed();
  const auto& options = layer.options();
  state->subject = Subject{
      .layer = repr(options),
      .explanation = explanation,
      .rows = {sizes.rows, transposed, options.padding_mode},
      .columns = {sizes.columns, transposed, options.padding_mode},
      .groups = options.groups,
      .input = planes_of(state->input),
      .output = planes_of(state->output),
      .weight = wide(layer.weight()),
      .bias = layer.bias() ? wide(*layer.bias()) : std::vector<double>(),
      .dtype = options.dtype,
      .plan =
          [&layer, precision, raw = state.get()] {
            return with_precision(layer, precision).plan(raw->input.sizes()).explain();
          },
      .backward =
          [&layer, raw = state.get()](const Planes& output_gradient) {
            return gradients_of(layer, raw->input, raw->output, output_gradient);
          },
  };
  return state;
}

Diagram::Diagram(const Conv2d& layer, Tensor input) : state_(State::of(layer, std::move(input))) {}

Diagram::Diagram(const ConvTranspose2d& layer, Tensor input)
    : state_(State::of(layer, std::move(input))) {}

const explain::Explanation& Diagram::explanation() const noexcept {
  return state_->subject->explanation;
}

const Tensor& Diagram::output() const noexcept { return state_->output; }

std::vector<Place> Diagram::rows() const { return places_of(state_->subject->rows); }

std::vector<Place> Diagram::columns() const { return places_of(state_->subject->columns); }

std::int64_t Diagram::frames() const noexcept { return state_->output.numel(); }

explain::Index Diagram::output_of(std::int64_t frame) const noexcept {
  const Planes& output = state_->subject->output;
  const std::int64_t plane = output.rows * output.columns;
  return {.channel = frame / plane,
          .row = frame % plane / output.columns,
          .column = frame % output.columns};
}

drawing::Drawing Diagram::draw(const Options& options) const {
  const Subject& subject = *state_->subject;
  // Not every view looks at that output; all refuse one that is not there.
  subject.explanation.for_each_term(options.at, [](const explain::Term&) { return false; });
  switch (options.view) {
    case View::im2col:
      return draw_im2col(subject, options);
    case View::matrix:
      return draw_matrix(subject, options);
    case View::gradient:
      return draw_gradient(subject, options);
    case View::cost:
      return draw_cost(subject, options);
    case View::slide:
      break;
  }
  return draw_slide(subject, options);
}

}  // namespace conv2d::diagram
