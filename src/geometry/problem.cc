// The checks, in torch's words where its words name what was given. Sources: ATen's Convolution.cpp
// (check_shape_forward) and torch/nn/modules/conv.py of PyTorch 1.13.1, by their messages.
#include "geometry/problem.h"

#include "base/checked.h"

#include <array>
#include <initializer_list>

namespace conv2d {
namespace {

using functional::Conv2dArguments;
using functional::ConvTranspose2dArguments;

std::string in_brackets(Pair pair) { return concat("[", pair.h, ", ", pair.w, "]"); }

std::optional<Error> check_common(Pair stride, const Padding& padding, Pair dilation,
                                  std::int64_t groups) {
  if (groups <= 0) {
    return Error{concat("groups must be a positive integer, but got groups=", groups)};
  }
  if (stride.h <= 0 || stride.w <= 0) {
    return Error{
        concat("non-positive stride is not supported: stride should be greater than "
               "zero, but got ",
               in_brackets(stride))};
  }
  if (padding.top() < 0 || padding.bottom() < 0 || padding.left() < 0 || padding.right() < 0) {
    return Error{
        concat("negative padding is not supported: padding should not be below zero, but "
               "got top ",
               padding.top(), ", bottom ", padding.bottom(), ", left ", padding.left(), ", right ",
               padding.right())};
  }
  if (dilation.h <= 0 || dilation.w <= 0) {
    return Error{concat("dilation should be greater than zero, but got ", in_brackets(dilation))};
  }
  return std::nullopt;
}

std::optional<Error> check_weight(const Sizes& weight, std::int64_t groups) {
  if (weight.rank() != 4) {
    return Error{
        concat("Expected a 4D weight (out_channels, in_channels/groups, height, width), "
               "but got weight of size: ",
               to_string(weight))};
  }
  if (weight[2] <= 0 || weight[3] <= 0) {
    return Error{concat("kernel size should be greater than zero, but got kernel_height: ",
                        weight[2], " kernel_width: ", weight[3])};
  }
  if (weight[0] < 0 || weight[1] < 0) {
    return Error{concat("a weight's sizes must not be negative, but got ", to_string(weight))};
  }
  if (weight[0] % groups != 0) {
    return Error{concat("Given groups=", groups, ", expected weight to be divisible by ", groups,
                        " at dimension 0, but got weight of size ", to_string(weight), " instead")};
  }
  return std::nullopt;
}

Error wrong_channels(const Sizes& input, const Sizes& weight, std::int64_t groups,
                     const Checked& expected, std::int64_t got) {
  return {concat("Given groups=", groups, ", weight of size ", to_string(weight),
                 ", expected input", to_string(input), " to have ",
                 expected.ok() ? std::to_string(expected.value()) : "more than 2^63",
                 " channels, but got ", got, " channels instead")};
}

Error kernel_too_large(const Axis& rows, const Axis& columns) {
  return {concat("Calculated padded input size per channel: (",
                 rows.pad_before + rows.input + rows.pad_after, " x ",
                 columns.pad_before + columns.input + columns.pad_after, "). Kernel size: (",
                 rows.extent(), " x ", columns.extent(),
                 "). Kernel size can't be greater than actual input size")};
}

/// Whether all three tensors and the count of multiply-adds stay within 63 bits.
std::optional<Error> check_counts(const Problem& problem) {
  const Checked adds = Checked(problem.batch) * problem.out_channels * problem.rows.output *
                       problem.columns.output * problem.in_channels_per_group() *
                       problem.rows.kernel * problem.columns.kernel;
  bool fits = adds.ok();
  for (const Sizes& sizes : {problem.x_sizes(), problem.w_sizes(), problem.y_sizes()}) {
    constexpr std::int64_t largest_element = 16;
    const auto numel = sizes.numel();
    fits = fits && numel && (Checked(*numel) * largest_element).ok();
  }
  if (!fits) {
    return Error{concat("the convolution is too large: input ", to_string(problem.x_sizes()),
                        ", weight ", to_string(problem.w_sizes()), " and output ",
                        to_string(problem.y_sizes()),
                        " must each have fewer than 2^63 bytes and give fewer than 2^63 "
                        "multiply-adds")};
  }
  return std::nullopt;
}

AxisArguments rows_of(std::int64_t input, std::int64_t kernel, Pair stride, Pair dilation,
                      const Padding& padding) {
  return {input, kernel, stride.h, dilation.h, padding.top(), padding.bottom()};
}
AxisArguments columns_of(std::int64_t input, std::int64_t kernel, Pair stride, Pair dilation,
                         const Padding& padding) {
  return {input, kernel, stride.w, dilation.w, padding.left(), padding.right()};
}

}  // namespace

std::int64_t Problem::products() const noexcept {
  return in_channels_per_group() * rows.kernel * columns.kernel;
}

std::int64_t Problem::multiply_adds() const noexcept {
  return batch * out_channels * rows.output * columns.output * products();
}

Problem Problem::with(Pass other, Conjugate conjugated) const {
  Problem problem = *this;
  problem.pass = other;
  problem.conjugate = conjugated;
  problem.bias = false;
  return problem;
}

std::optional<Error> check(const Conv2dArguments& arguments) {
  return check_common(arguments.stride, arguments.padding, arguments.dilation, arguments.groups);
}

std::optional<Error> check(const ConvTranspose2dArguments& arguments) {
  if (auto error =
          check_common(arguments.stride, arguments.padding, arguments.dilation, arguments.groups)) {
    return error;
  }
  if (arguments.padding.rule() != Padding::Rule::sides) {
    return Error{
        "a transposed convolution takes its padding in numbers: the rules 'same', "
        "'same_lower' and 'valid' are for Conv2d"};
  }
  const Pair extra = arguments.output_padding;
  if (extra.h < 0 || extra.w < 0) {
    return Error{concat("negative output_padding is not supported, but got ", in_brackets(extra))};
  }
  const auto allowed = [](std::int64_t out, std::int64_t stride, std::int64_t dilation) {
    return out < stride || out < dilation;
  };
  if (!allowed(extra.h, arguments.stride.h, arguments.dilation.h) ||
      !allowed(extra.w, arguments.stride.w, arguments.dilation.w)) {
    return Error{
        concat("output padding must be smaller than either stride or dilation, but got "
               "output_padding ",
               in_brackets(extra), ", stride ", in_brackets(arguments.stride), ", dilation ",
               in_brackets(arguments.dilation))};
  }
  return std::nullopt;
}

Result<Sizes> batched(const Sizes& input, const char* function) {
  if (input.rank() != 3 && input.rank() != 4) {
    return Error{concat("Expected 3D (unbatched) or 4D (batched) input to ", function,
                        ", but got input of size: ", to_string(input))};
  }
  for (const std::int64_t extent : input) {
    if (extent < 0) {
      return Error{concat("an input's sizes must not be negative, but got ", to_string(input))};
    }
  }
  return input.rank() == 4 ? input : Sizes{1, input[0], input[1], input[2]};
}

Result<Problem> conv2d_problem(const Sizes& input, const Sizes& weight, bool bias, Types types,
                               const Conv2dArguments& arguments) {
  if (auto error = check(arguments)) {
    return *error;
  }
  if (auto error = check_weight(weight, arguments.groups)) {
    return *error;
  }
  const Result<Sizes> four = batched(input, "conv2d");
  if (!four.ok()) {
    return four.error();
  }
  const Sizes& x = four.value();
  const Checked channels = Checked(weight[1]) * arguments.groups;
  if (!channels.ok() || x[1] != channels.value()) {
    return wrong_channels(input, weight, arguments.groups, channels, x[1]);
  }
  if (weight[0] == 0) {
    return Error{
        concat("Given groups=", arguments.groups,
               ", expected weight to be at least 1 at dimension 0, but got weight of size ",
               to_string(weight), " instead")};
  }
  const auto rows = forward_axis(
      rows_of(x[2], weight[2], arguments.stride, arguments.dilation, arguments.padding),
      arguments.padding.rule());
  const auto columns = forward_axis(
      columns_of(x[3], weight[3], arguments.stride, arguments.dilation, arguments.padding),
      arguments.padding.rule());
  if (!rows.ok() || !columns.ok()) {
    return rows.ok() ? columns.error() : rows.error();
  }
  if (auto error = check_border(rows.value(), arguments.padding_mode, "height")) {
    return *error;
  }
  if (auto error = check_border(columns.value(), arguments.padding_mode, "width")) {
    return *error;
  }
  if (rows.value().output <= 0 || columns.value().output <= 0) {
    return kernel_too_large(rows.value(), columns.value());
  }
  const Problem problem{.pass = Pass::forward,
                        .batch = x[0],
                        .in_channels = x[1],
                        .out_channels = weight[0],
                        .groups = arguments.groups,
                        .rows = rows.value(),
                        .columns = columns.value(),
                        .padding_mode = arguments.padding_mode,
                        .bias = bias,
                        .precision = arguments.precision,
                        .types = types};
  if (auto error = check_counts(problem)) {
    return *error;
  }
  return problem;
}

Result<Problem> conv_transpose2d_problem(const Sizes& input, const Sizes& weight, bool bias,
                                         Types types, const ConvTranspose2dArguments& arguments) {
  if (auto error = check(arguments)) {
    return *error;
  }
  if (auto error = check_weight(weight, arguments.groups)) {
    return *error;
  }
  const Result<Sizes> four = batched(input, "conv_transpose2d");
  if (!four.ok()) {
    return four.error();
  }
  const Sizes& y = four.value();  // the layer's input stands where the convolution's output does
  if (y[1] != weight[0]) {
    return wrong_channels(input, weight, arguments.groups, weight[0], y[1]);
  }
  const Checked channels = Checked(weight[1]) * arguments.groups;
  if (!channels.ok() || weight[1] == 0) {
    return Error{
        concat("Given transposed=1, expected weight to be at least 1 at dimension 1 and "
               "out_channels = groups * that to stay below 2^63, but got weight of size ",
               to_string(weight), " and groups=", arguments.groups)};
  }
  const auto rows = transposed_axis(
      rows_of(y[2], weight[2], arguments.stride, arguments.dilation, arguments.padding),
      arguments.output_padding.h);
  const auto columns = transposed_axis(
      columns_of(y[3], weight[3], arguments.stride, arguments.dilation, arguments.padding),
      arguments.output_padding.w);
  if (!rows.ok() || !columns.ok()) {
    return rows.ok() ? columns.error() : rows.error();
  }
  if (rows.value().input <= 0 || columns.value().input <= 0) {
    return Error{concat("Given input size per channel: (", y[2], " x ", y[3],
                        "). Calculated output size per channel: (", rows.value().input, " x ",
                        columns.value().input, "). Output size is too small")};
  }
  const Problem problem{.pass = Pass::backward_data,
                        .batch = y[0],
                        .in_channels = channels.value(),
                        .out_channels = weight[0],
                        .groups = arguments.groups,
                        .rows = rows.value(),
                        .columns = columns.value(),
                        .padding_mode = PaddingMode::zeros,
                        .bias = bias,
                        .precision = arguments.precision,
                        .types = types};
  if (auto error = check_counts(problem)) {
    return *error;
  }
  return problem;
}

Result<DType> result_dtype(DType input, DType weight) {
  const auto is_byte = [](DType dtype) { return dtype == DType::int8 || dtype == DType::uint8; };
  if (is_byte(input) && is_byte(weight)) {
    return DType::int32;
  }
  if (input != weight) {
    return Error{concat("Input type (", name(input), ") and weight type (", name(weight),
                        ") should be the same; only int8 and uint8 may meet")};
  }
  return input;
}

}  // namespace conv2d
