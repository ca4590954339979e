#include "describe.h"

#include "json.h"

#include <conv2d/filters.h>
#include <conv2d/repr.h>

#include <type_traits>
#include <vector>

namespace conv2d::web {
namespace {

void add_sizes(Json& json, std::string_view name, const Sizes& sizes) {
  json.key(name).array();
  for (int i = 0; i < sizes.rank(); ++i) {
    json.value(sizes[i]);
  }
  json.end_array();
}

void add_pair(Json& json, std::string_view name, Pair pair) {
  json.key(name).array().value(pair.h).value(pair.w).end_array();
}

void add_padding(Json& json, const Padding& padding) {
  if (padding.rule() == Padding::Rule::sides) {
    json.key("padding").array().value(padding.top()).value(padding.bottom());
    json.value(padding.left()).value(padding.right()).end_array();
  } else {
    json.field("padding", padding.rule() == Padding::Rule::same    ? "same"
                          : padding.rule() == Padding::Rule::valid ? "valid"
                                                                   : "same_lower");
  }
}

template <class Layer>
void add_layer(Json& json, const Layer& layer) {
  const auto& options = layer.options();
  constexpr bool transposed = std::is_same_v<Layer, ConvTranspose2d>;
  json.field("repr", repr(options)).field("transposed", transposed);
  json.field("in_channels", options.in_channels).field("out_channels", options.out_channels);
  add_pair(json, "kernel_size", options.kernel_size);
  add_pair(json, "stride", options.stride);
  add_padding(json, options.padding);
  add_pair(json, "dilation", options.dilation);
  if constexpr (transposed) {
    add_pair(json, "output_padding", options.output_padding);
  }
  json.field("groups", options.groups).field("bias", options.bias);
  json.field("padding_mode", conv2d::name(options.padding_mode));
  json.field("dtype", conv2d::name(options.dtype));
}

void add_axis(Json& json, std::string_view name, const explain::AxisSize& axis,
              const std::vector<diagram::Place>& places) {
  json.key(name).object();
  json.field("input", axis.input).field("kernel", axis.kernel).field("stride", axis.stride);
  json.field("dilation", axis.dilation).field("pad_before", axis.pad_before);
  json.field("pad_after", axis.pad_after).field("output_padding", axis.output_padding);
  json.field("extent", axis.extent).field("remainder", axis.remainder).field("output", axis.output);
  json.field("formula", axis.formula).key("unread").array();
  for (const explain::Range& range : axis.unread) {
    json.array().value(range.first).value(range.last).end_array();
  }
  json.end_array().key("places").array();
  for (const diagram::Place& place : places) {
    json.object().field("at", place.at).field("kind", explain::name(place.kind));
    json.field("source", place.source).field("unread", place.unread).end_object();
  }
  json.end_array().end_object();
}

void add_cost(Json& json, const explain::Cost& cost) {
  json.key("cost").object();
  json.field("parameters", cost.parameters())
      .field("weights", cost.weights)
      .field("biases", cost.biases);
  json.field("unshared_parameters", cost.unshared_parameters);
  json.field("multiply_adds", cost.multiply_adds)
      .field("multiply_adds_done", cost.multiply_adds_done);
  json.field("input_bytes", cost.input_bytes).field("weight_bytes", cost.weight_bytes);
  json.field("output_bytes", cost.output_bytes).field("im2col_bytes", cost.im2col_bytes);
  json.field("im2col_ratio", cost.im2col_ratio)
      .field("arithmetic_intensity", cost.arithmetic_intensity);
  json.end_object();
}

void add_term(Json& json, const explain::Term& term, DType dtype) {
  json.object().field("kind", explain::name(term.kind)).field("channel", term.channel);
  json.field("r", term.r).field("s", term.s).field("row", term.row).field("column", term.column);
  if (term.counts()) {
    json.field("input_row", term.input.row).field("input_column", term.input.column);
  }
  json.key("weight")
      .array()
      .value(term.weight.first)
      .value(term.weight.second)
      .value(term.weight.r);
  json.value(term.weight.s).end_array();
  json.field("x", explain::to_text(term.input_value, dtype))
      .field("w", explain::to_text(term.weight_value, dtype));
  json.field("product", explain::to_text(term.product, dtype));
  json.field("running", explain::to_text(term.running, dtype)).end_object();
}

}  // namespace

std::string describe(const diagram::Diagram& diagram, const AnyLayer& layer) {
  const explain::Explanation& explanation = diagram.explanation();
  const explain::SizeArithmetic sizes = explanation.sizes();
  Json json;
  json.object();
  std::visit([&](const auto& any) { add_layer(json, any); }, layer);
  add_sizes(json, "input_sizes", explanation.input_sizes());
  add_sizes(json, "weight_sizes", explanation.weight_sizes());
  add_sizes(json, "output_sizes", explanation.output_sizes());
  add_axis(json, "rows", sizes.rows, diagram.rows());
  add_axis(json, "columns", sizes.columns, diagram.columns());
  add_cost(json, explanation.cost());
  return json.end_object().take();
}

std::string describe(const explain::OutputSum& sum) {
  Json json;
  json.object().key("output").array();
  json.value(sum.output.channel).value(sum.output.row).value(sum.output.column).end_array();
  json.field("group", sum.group).field("counting", sum.counting).field("has_bias", sum.has_bias);
  json.field("sum", explain::to_text(sum.sum, sum.sum_dtype))
      .field("bias", explain::to_text(sum.bias, sum.sum_dtype));
  json.field("value", explain::to_text(sum.value, sum.dtype));
  json.key("channels").array();
  for (const explain::ChannelSum& channel : sum.channels) {
    json.object().field("channel", channel.channel).field("terms", channel.terms);
    json.field("sum", explain::to_text(channel.sum, sum.sum_dtype));
    json.field("running", explain::to_text(channel.running, sum.sum_dtype)).end_object();
  }
  json.end_array().key("terms").array();
  for (const explain::Term& term : sum.terms) {
    add_term(json, term, sum.sum_dtype);
  }
  return json.end_array().end_object().take();
}

std::string describe(const Sizes& sizes) {
  Json json;
  json.object();
  add_sizes(json, "sizes", sizes);
  return json.end_object().take();
}

std::string plan_text(const AnyLayer& layer, const Sizes& input) {
  return std::visit([&](const auto& any) { return any.plan(input).explain(); }, layer);
}

std::string catalogue() {
  Json json;
  json.object().key("presets").array();
  for (const diagram::Preset& preset : diagram::presets()) {
    json.object()
        .field("name", preset.name)
        .field("layer", preset.layer)
        .field("meaning", preset.meaning);
    add_sizes(json, "input", preset.input);
    json.end_object();
  }
  json.end_array().key("filters").array();
  for (const Filter& filter : filters()) {
    json.object().field("name", filter.name).field("meaning", filter.meaning);
    json.field("rows", filter.rows).field("columns", filter.columns).key("values").array();
    for (const float value : filter.values) {
      json.value(static_cast<double>(value));
    }
    json.end_array().end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace conv2d::web
