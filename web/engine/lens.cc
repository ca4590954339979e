#include "lens.h"

#include "describe.h"

#include <conv2d/diagram.h>
#include <conv2d/random.h>
#include <conv2d/repr.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace conv2d::web {
namespace {

/// A layer on an input; what the page works with.
struct Lens {
  AnyLayer layer;
  Tensor input;
  diagram::Diagram diagram;
};

/// What the last call left behind, and what is open.
struct State {
  std::string text;
  std::vector<double> numbers;
  Tensor picture;
  std::optional<Lens> lens;
};

State& state() {
  static State only;
  return only;
}

int report(const std::function<void()>& work) {
  state().numbers.clear();
  try {
    work();
    return 0;
  } catch (const std::bad_alloc&) {
    state().text = "memory does not suffice for that";
  } catch (const std::exception& error) {
    state().text = error.what();
  }
  return 1;
}

Lens& open_lens() {
  if (!state().lens) {
    throw std::invalid_argument("no layer is open");
  }
  return *state().lens;
}

template <class Layer>
void look_at(Layer layer, Tensor input) {
  diagram::Diagram diagram(layer, input.clone());
  state().lens.emplace(Lens{std::move(layer), std::move(input), std::move(diagram)});
}

/// Pages stay quick, and one that is told of a huge layer must not hang.
void require_small(std::int64_t count, const char* what) {
  constexpr std::int64_t most = 1 << 20;
  if (count > most) {
    throw std::invalid_argument(std::string("this page shows layers of at most 1,048,576 ") + what +
                                ", but this one has " + std::to_string(count));
  }
}

template <class Options>
void open_options(const Options& options, const Sizes& sizes, unsigned seed) {
  const explain::Explanation checked(options, sizes);
  const explain::Cost cost = checked.cost();
  require_small(sizes[0] * sizes[1] * sizes[2], "inputs");
  require_small(cost.weights, "weights");
  require_small(checked.output_sizes()[0] * checked.output_sizes()[1] * checked.output_sizes()[2],
                "outputs");
  constexpr std::int64_t most_multiply_adds = 1 << 28;
  if (cost.multiply_adds > most_multiply_adds) {
    throw std::invalid_argument(
        "this page shows layers of at most 268,435,456 multiply-adds, but this one has " +
        std::to_string(cost.multiply_adds));
  }
  look_at(diagram::example_layer(options, seed),
          diagram::example_input(sizes, options.dtype, seed));
}

LayerOptions with_channels(LayerOptions options, std::int64_t channels) {
  if (const auto* lazy = std::get_if<LazyConv2dOptions>(&options)) {
    return lazy->for_channels(channels);
  }
  return options;
}

void open(const std::string& text, const Sizes& sizes, unsigned seed) {
  std::visit(
      [&](const auto& options) {
        using Options = std::decay_t<decltype(options)>;
        if constexpr (std::is_same_v<Options, Conv2dOptions> ||
                      std::is_same_v<Options, ConvTranspose2dOptions>) {
          open_options(options, sizes, seed);
        } else {
          throw std::invalid_argument("this page shows Conv2d and ConvTranspose2d, but got " +
                                      text);
        }
      },
      with_channels(parse_layer(text), sizes[0]));
}

const ConvParameters& parameters(const Lens& lens) {
  return std::visit([](const auto& layer) -> const ConvParameters& { return layer; }, lens.layer);
}

TensorView values_of(const Lens& lens, int kind) {
  switch (kind) {
    case lens_input:
      return lens.input;
    case lens_weight:
      return parameters(lens).weight();
    case lens_bias:
      if (!parameters(lens).bias()) {
        throw std::invalid_argument("this layer has no bias");
      }
      return *parameters(lens).bias();
    default:
      return lens.diagram.output();
  }
}

void append(std::vector<double>& numbers, TensorView values) {
  const Tensor wide = values.to(DType::float64).clone(MemoryFormat::contiguous);
  const double* const first = wide.data<double>();
  numbers.insert(numbers.end(), first, first + wide.numel());
}

Tensor from_numbers(std::span<const double> values, TensorView like) {
  if (static_cast<std::int64_t>(values.size()) != like.numel()) {
    throw std::invalid_argument("got " + std::to_string(values.size()) +
                                " numbers, but there are " + std::to_string(like.numel()));
  }
  return Tensor::from<double>(like.sizes(), values).to(like.dtype());
}

void set_values(int kind, std::span<const double> values) {
  Lens& lens = open_lens();
  if (kind == lens_output) {
    throw std::invalid_argument("an output is computed; it cannot be set");
  }
  Tensor given = from_numbers(values, values_of(lens, kind));
  std::visit(
      [&](const auto& layer) {
        using Layer = std::decay_t<decltype(layer)>;
        std::optional<Tensor> bias;
        if (layer.bias()) {
          bias = kind == lens_bias ? given.clone() : layer.bias()->clone();
        }
        Layer changed(layer.options(), kind == lens_weight ? given.clone() : layer.weight().clone(),
                      std::move(bias));
        look_at(std::move(changed), kind == lens_input ? std::move(given) : lens.input.clone());
      },
      AnyLayer(lens.layer));
}

void list_links(const explain::Links& links) {
  for (const explain::Link& link : links.list) {
    for (const std::int64_t number :
         {link.output.channel, link.output.row, link.output.column, link.input.channel,
          link.input.row, link.input.column, link.weight.first, link.weight.second, link.weight.r,
          link.weight.s}) {
      state().numbers.push_back(static_cast<double>(number));
    }
  }
}

int values_kind(drawing::Role role) {
  switch (role) {
    case drawing::Role::input:
      return lens_input;
    case drawing::Role::weight:
      return lens_weight;
    default:
      return lens_output;
  }
}

void list_regions(const std::vector<drawing::Region>& regions) {
  for (const drawing::Region& region : regions) {
    const drawing::Rect& rect = region.rect;
    for (const double number :
         {rect.x, rect.y, rect.width, rect.height, static_cast<double>(values_kind(region.role)),
          static_cast<double>(region.element)}) {
      state().numbers.push_back(number);
    }
  }
}

void gradient(std::span<const double> output_gradient) {
  const Lens& lens = open_lens();
  const Tensor dy = from_numbers(output_gradient, lens.diagram.output());
  std::visit(
      [&](const auto& layer) {
        const Gradients gradients =
            layer.backward(dy, lens.input, {.bias = layer.bias().has_value()});
        append(state().numbers, *gradients.input);
        append(state().numbers, *gradients.weight);
        if (gradients.bias) {
          append(state().numbers, *gradients.bias);
        }
      },
      lens.layer);
}

diagram::Options options_of(int view, int theme) {
  const auto count = static_cast<int>(diagram::views().size());
  if (view < 0 || view >= count) {
    throw std::invalid_argument("there are " + std::to_string(count) + " views, but got number " +
                                std::to_string(view));
  }
  return {.view = diagram::views()[static_cast<std::size_t>(view)],
          .theme = theme == 0 ? drawing::Theme::light : drawing::Theme::dark};
}

Conv2dOptions conv_options(const std::string& text) {
  const LayerOptions options = parse_layer(text);
  const auto* conv = std::get_if<Conv2dOptions>(&options);
  if (conv == nullptr) {
    throw std::invalid_argument("a picture takes a Conv2d, but got " + text);
  }
  return *conv;
}

/// The layer that has these weights and biases, one behind the other.
Conv2d with_parameters(const Conv2dOptions& options, std::span<const float> parameters) {
  const Sizes sizes{options.out_channels, options.in_channels / options.groups,
                    options.kernel_size.h, options.kernel_size.w};
  const std::int64_t weights = sizes[0] * sizes[1] * sizes[2] * sizes[3];
  const std::int64_t biases = options.bias ? options.out_channels : 0;
  if (static_cast<std::int64_t>(parameters.size()) != weights + biases) {
    throw std::invalid_argument("got " + std::to_string(parameters.size()) + " parameters, but " +
                                repr(options) + " has " + std::to_string(weights + biases));
  }
  const auto first_bias = static_cast<std::size_t>(weights);
  std::optional<Tensor> bias;
  if (options.bias) {
    bias = Tensor::from<float>({options.out_channels}, parameters.subspan(first_bias));
  }
  return Conv2d(options, Tensor::from<float>(sizes, parameters.first(first_bias)), std::move(bias));
}

void initial(const std::string& text, unsigned seed) {
  manual_seed(seed);
  const Conv2d layer(conv_options(text));
  append(state().numbers, layer.weight());
  if (layer.bias()) {
    append(state().numbers, *layer.bias());
  }
}

}  // namespace
}  // namespace conv2d::web

using conv2d::web::open_lens;
using conv2d::web::report;
using conv2d::web::state;

extern "C" {

void* lens_alloc(std::size_t bytes) { return std::malloc(bytes); }
void lens_free(void* memory) { std::free(memory); }
const char* lens_text() { return state().text.c_str(); }
const double* lens_numbers() { return state().numbers.data(); }
std::size_t lens_count() { return state().numbers.size(); }

int lens_open(const char* layer, int channels, int height, int width, unsigned seed) {
  return report([&] {
    conv2d::web::open(layer, {channels, height, width}, seed);
    state().text = conv2d::web::describe(open_lens().diagram, open_lens().layer);
  });
}

int lens_values(int kind) {
  return report(
      [&] { conv2d::web::append(state().numbers, conv2d::web::values_of(open_lens(), kind)); });
}

int lens_set(int kind, const double* values, std::size_t count) {
  return report([&] { conv2d::web::set_values(kind, {values, count}); });
}

int lens_sum(int channel, int row, int column) {
  return report([&] {
    state().text = conv2d::web::describe(open_lens().diagram.explanation().output(
        {.channel = channel, .row = row, .column = column}));
  });
}

int lens_touched(int kind, int a, int b, int c, int d) {
  return report([&] {
    const conv2d::explain::Explanation& explanation = open_lens().diagram.explanation();
    conv2d::web::list_links(
        kind == lens_weight
            ? explanation.touched_by_weight({.first = a, .second = b, .r = c, .s = d})
            : explanation.touched_by_input({.channel = a, .row = b, .column = c}));
  });
}

int lens_gradient(const double* output_gradient, std::size_t count) {
  return report([&] { conv2d::web::gradient({output_gradient, count}); });
}

int lens_svg(int view, int theme, int channel, int row, int column, int stepping) {
  return report([&] {
    conv2d::diagram::Options options = conv2d::web::options_of(view, theme);
    options.at = {.channel = channel, .row = row, .column = column};
    options.stepping = stepping != 0;
    const conv2d::drawing::Drawing drawing = open_lens().diagram.draw(options);
    state().text = conv2d::drawing::to_svg(drawing);
    conv2d::web::list_regions(drawing.regions);
  });
}

int lens_html(int view, int theme) {
  return report([&] {
    state().text =
        conv2d::diagram::to_html(open_lens().diagram, conv2d::web::options_of(view, theme));
  });
}

int lens_plan() {
  return report(
      [&] { state().text = conv2d::web::plan_text(open_lens().layer, open_lens().input.sizes()); });
}

int lens_catalogue() {
  return report([&] { state().text = conv2d::web::catalogue(); });
}

int lens_initial(const char* layer, unsigned seed) {
  return report([&] { conv2d::web::initial(layer, seed); });
}

int lens_apply(const char* layer, const float* parameters, std::size_t count, const float* picture,
               int channels, int height, int width) {
  return report([&] {
    const conv2d::Sizes sizes{channels, height, width};
    const auto pixels = static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) *
                        static_cast<std::size_t>(width);
    const conv2d::Tensor input =
        conv2d::Tensor::from<float>(sizes, std::span<const float>(picture, pixels));
    const conv2d::Conv2d conv =
        conv2d::web::with_parameters(conv2d::web::conv_options(layer), {parameters, count});
    state().picture = conv(input).clone(conv2d::MemoryFormat::contiguous);
    state().text = conv2d::web::describe(state().picture.sizes());
  });
}

const float* lens_picture() { return state().picture.data<float>(); }
}
