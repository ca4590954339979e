#include "explain_json.h"

#include "text.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace conv2d::cli {
namespace {

using Json = nlohmann::ordered_json;

Json axis(const explain::AxisSize& axis) {
  Json unread = Json::array();
  for (const explain::Range& range : axis.unread) {
    unread.push_back({range.first, range.last});
  }
  return {{"input", axis.input},
          {"kernel", axis.kernel},
          {"stride", axis.stride},
          {"dilation", axis.dilation},
          {"pad_before", axis.pad_before},
          {"pad_after", axis.pad_after},
          {"output_padding", axis.output_padding},
          {"padded", axis.padded},
          {"extent", axis.extent},
          {"remainder", axis.remainder},
          {"output", axis.output},
          {"formula", axis.formula},
          {"unread", unread},
          {"unread_count", axis.unread_count}};
}

Json cost(const explain::Cost& cost) {
  return {{"weights", cost.weights},
          {"biases", cost.biases},
          {"parameters", cost.parameters()},
          {"unshared_parameters", cost.unshared_parameters},
          {"multiply_adds", cost.multiply_adds},
          {"multiply_adds_done", cost.multiply_adds_done},
          {"input_bytes", cost.input_bytes},
          {"weight_bytes", cost.weight_bytes},
          {"output_bytes", cost.output_bytes},
          {"im2col_bytes", cost.im2col_bytes},
          {"im2col_ratio", cost.im2col_ratio},
          {"arithmetic_intensity", cost.arithmetic_intensity}};
}

Json real(double value, DType dtype) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "Infinity" : "-Infinity";
  }
  return is_integer(dtype) ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

Json scalar(const explain::Scalar& value, DType dtype) {
  if (is_complex(dtype)) {
    return {real(value.real(), dtype), real(value.imag(), dtype)};
  }
  return real(value.real(), dtype);
}

Json index(const explain::Index& index) {
  return {{"batch", index.batch},
          {"channel", index.channel},
          {"row", index.row},
          {"column", index.column}};
}

Json term(const explain::Term& term, const explain::OutputSum& sum) {
  Json json = {{"kind", name(term.kind)},
               {"channel", term.channel},
               {"r", term.r},
               {"s", term.s},
               {"row", term.row},
               {"column", term.column},
               {"weight", {term.weight.first, term.weight.second, term.weight.r, term.weight.s}}};
  if (term.counts()) {
    json["input"] = index(term.input);
  }
  if (sum.has_values) {
    json["weight_value"] = scalar(term.weight_value, sum.dtype);
  }
  if (sum.has_values && term.counts()) {
    json["input_value"] = scalar(term.input_value, sum.dtype);
    json["product"] = scalar(term.product, sum.dtype);
    json["running"] = scalar(term.running, sum.dtype);
  }
  return json;
}

Json output(const explain::OutputSum& sum) {
  Json terms = Json::array();
  for (const explain::Term& each : sum.terms) {
    terms.push_back(term(each, sum));
  }
  Json channels = Json::array();
  for (const explain::ChannelSum& each : sum.channels) {
    Json channel = {{"channel", each.channel}, {"terms", each.terms}};
    if (sum.has_values) {
      channel["sum"] = scalar(each.sum, sum.dtype);
      channel["running"] = scalar(each.running, sum.dtype);
    }
    channels.push_back(std::move(channel));
  }
  Json json = {{"output", index(sum.output)},    {"group", sum.group},
               {"dtype", name(sum.dtype)},       {"sum_dtype", name(sum.sum_dtype)},
               {"counting", sum.counting},       {"terms", std::move(terms)},
               {"channels", std::move(channels)}};
  if (sum.has_values) {
    json["sum"] = scalar(sum.sum, sum.dtype);
    json["bias"] = sum.has_bias ? scalar(sum.bias, sum.dtype) : Json(nullptr);
    json["value"] = scalar(sum.value, sum.dtype);
  }
  return json;
}

}  // namespace

std::string explanation_json(const std::string& layer, const explain::Explanation& explanation,
                             const std::optional<explain::Index>& at) {
  const explain::SizeArithmetic sizes = explanation.sizes();
  Json json = {{"layer", layer},
               {"input", list(explanation.input_sizes())},
               {"weight", list(explanation.weight_sizes())},
               {"output", list(explanation.output_sizes())},
               {"rows", axis(sizes.rows)},
               {"columns", axis(sizes.columns)},
               {"cost", cost(explanation.cost())}};
  if (at) {
    json["at"] = output(explanation.output(*at));
  }
  return json.dump(2) + "\n";
}

}  // namespace conv2d::cli
