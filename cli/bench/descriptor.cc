#include "bench/descriptor.h"

#include "bench/descriptor_axis.h"
#include "bench/descriptor_keys.h"
#include "failure.h"
#include "text.h"

#include <fmt/format.h>

#include <optional>

namespace conv2d::cli {
namespace {

// The values of one axis; those of columns repeat those of rows where they are missing.
AxisValues rows_of(const DescriptorKeys& keys) {
  if (!keys.has_any("ih oh kh sh ph dh")) {
    return {.input = 1, .kernel = 1, .keys = "ih kh"};
  }
  return {.input = keys.required("ih"),
          .kernel = keys.required("kh"),
          .stride = keys.value("sh").value_or(1),
          .dilation = keys.value("dh").value_or(0),
          .padding = keys.value("ph"),
          .output = keys.value("oh"),
          .keys = "ih oh kh sh ph dh"};
}

AxisValues columns_of(const DescriptorKeys& keys, const AxisValues& rows) {
  if (!keys.has_any("iw ow kw sw pw dw")) {
    return rows;
  }
  const bool only_columns = !keys.has_any("ih oh kh sh ph dh");
  const auto size = [&](std::string_view key, std::int64_t of_rows) {
    return only_columns ? keys.required(key) : keys.value(key).value_or(of_rows);
  };
  const std::optional<std::int64_t> padding = keys.value("pw");
  return {.input = size("iw", rows.input),
          .kernel = size("kw", rows.kernel),
          .stride = keys.value("sw").value_or(rows.stride),
          .dilation = keys.value("dw").value_or(rows.dilation),
          .padding = padding ? padding : rows.padding,
          .output = keys.value("ow"),
          .keys = "iw ow kw sw pw dw"};
}

AxisShape shape_of(const DescriptorKeys& keys, const AxisValues& values, bool transposed) {
  try {
    return transposed ? solve_transposed_axis(values) : solve_axis(values);
  } catch (const std::invalid_argument& error) {
    keys.fail(error.what(), values.keys);
  }
}

void check_channels(const DescriptorKeys& keys, const Descriptor& layer) {
  for (const auto& [key, channels] :
       {std::pair{"ic", layer.in_channels}, std::pair{"oc", layer.out_channels}}) {
    if (channels % layer.groups != 0) {
      keys.fail(fmt::format("{}{} cannot be divided into g{} groups", key, channels, layer.groups),
                key);
    }
  }
}

// "ih56" or "ih56iw28": both where any axis of the layer needs both.
std::string pair_text(std::string_view key, Pair value, bool both) {
  return both ? fmt::format("{0}h{1}{0}w{2}", key, value.h, value.w)
              : fmt::format("{}h{}", key, value.h);
}

}  // namespace

Sizes Descriptor::input_sizes() const { return {batch, in_channels, input.h, input.w}; }
Sizes Descriptor::weight_sizes() const {
  return transposed ? Sizes{in_channels, out_channels / groups, kernel.h, kernel.w}
                    : Sizes{out_channels, in_channels / groups, kernel.h, kernel.w};
}
Sizes Descriptor::output_sizes() const { return {batch, out_channels, output.h, output.w}; }
functional::Conv2dArguments Descriptor::arguments() const {
  return {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups};
}

functional::ConvTranspose2dArguments Descriptor::transposed_arguments() const {
  return {.stride = stride,
          .padding = padding,
          .output_padding = output_padding,
          .groups = groups,
          .dilation = dilation};
}

Descriptor parse_descriptor(const std::string& text, const std::string& place, bool transposed) {
  const DescriptorKeys keys(text, place);
  const AxisValues row_values = rows_of(keys);
  const AxisValues column_values = columns_of(keys, row_values);
  const AxisShape rows = shape_of(keys, row_values, transposed);
  const AxisShape columns = shape_of(keys, column_values, transposed);
  Descriptor layer{
      .name = keys.name(),
      .transposed = transposed,
      .batch = keys.value("mb").value_or(1),
      .groups = keys.value("g").value_or(1),
      .in_channels = keys.required("ic"),
      .out_channels = keys.required("oc"),
      .input = {row_values.input, column_values.input},
      .output = {rows.output, columns.output},
      .kernel = {row_values.kernel, column_values.kernel},
      .stride = {row_values.stride, column_values.stride},
      .dilation = {row_values.dilation + 1, column_values.dilation + 1},
      .padding = {rows.before, rows.after, columns.before, columns.after},
      .output_padding = {rows.extra, columns.extra},
  };
  check_channels(keys, layer);
  return layer;
}

std::string to_text(const Descriptor& layer) {
  const Pair padding(layer.padding.top(), layer.padding.left());
  const Pair dilation(layer.dilation.h - 1, layer.dilation.w - 1);
  const auto differs = [](Pair pair) { return pair.h != pair.w; };
  const bool both = differs(layer.input) || differs(layer.output) || differs(layer.kernel) ||
                    differs(layer.stride) || differs(padding) || differs(dilation);
  std::string text = layer.transposed ? "--deconv " : "";
  text += layer.groups == 1 ? "" : fmt::format("g{}", layer.groups);
  text += fmt::format("mb{}ic{}", layer.batch, layer.in_channels);
  text += pair_text("i", layer.input, both);
  text += fmt::format("oc{}", layer.out_channels);
  text += pair_text("o", layer.output, both) + pair_text("k", layer.kernel, both);
  text += layer.stride == Pair(1) ? "" : pair_text("s", layer.stride, both);
  text += pair_text("p", padding, both);
  text += dilation == Pair(0) ? "" : pair_text("d", dilation, both);
  return layer.name.empty() ? text : fmt::format("{}n\"{}\"", text, layer.name);
}

std::string kernel_text(const Descriptor& layer) {
  const auto part = [](std::string_view word, Pair value) {
    return value == Pair(1)     ? std::string()
           : value.h == value.w ? fmt::format(" {} {}", word, value.h)
                                : fmt::format(" {} {}x{}", word, value.h, value.w);
  };
  return fmt::format("{} of {}x{}{}{}{}{}", layer.out_channels, layer.kernel.h, layer.kernel.w,
                     part("stride", layer.stride), part("dilation", layer.dilation),
                     part("groups", layer.groups), layer.transposed ? " transposed" : "");
}

}  // namespace conv2d::cli
