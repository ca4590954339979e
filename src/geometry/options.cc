#include "geometry/options.h"

#include "geometry/problem.h"

#include <array>
#include <string>
#include <utility>

namespace conv2d {
namespace {

constexpr std::array<std::pair<std::string_view, PaddingMode>, 4> modes = {
    {{"zeros", PaddingMode::zeros},
     {"reflect", PaddingMode::reflect},
     {"replicate", PaddingMode::replicate},
     {"circular", PaddingMode::circular}}};

constexpr std::array<std::pair<std::string_view, Precision>, 2> precisions = {
    {{"default", Precision::standard}, {"exact", Precision::exact}}};

std::optional<Error> check_channels(std::string_view parameter, std::int64_t channels,
                                    std::int64_t least, std::int64_t groups) {
  if (channels < least) {
    return Error{concat(parameter, " must be at least ", least, ", but got ", channels)};
  }
  if (groups > 0 && channels % groups != 0) {
    return Error{concat(parameter, " must be divisible by groups, but got ", parameter, "=",
                        channels, " and groups=", groups)};
  }
  return std::nullopt;
}

std::optional<Error> check_groups(std::int64_t groups) {
  if (groups <= 0) {
    return Error{concat("groups must be a positive integer, but got ", groups)};
  }
  return std::nullopt;
}

std::optional<Error> check_kernel(Pair kernel) {
  if (kernel.h <= 0 || kernel.w <= 0) {
    return Error{concat("kernel size should be greater than zero, but got kernel_height: ",
                        kernel.h, " kernel_width: ", kernel.w)};
  }
  return std::nullopt;
}

/// The first complaint, if any.
std::optional<Error> first_of(std::initializer_list<std::optional<Error>> complaints) {
  for (const auto& complaint : complaints) {
    if (complaint) {
      return complaint;
    }
  }
  return std::nullopt;
}

std::optional<Error> check_windows(Pair kernel, Pair dilation, Pair padding, Pair stride) {
  return first_of(
      {check_kernel(kernel), check(functional::Conv2dArguments{
                                 .stride = stride, .padding = padding, .dilation = dilation})});
}

}  // namespace

std::string_view name(PaddingMode mode) noexcept {
  return modes[static_cast<std::size_t>(mode)].first;
}

PaddingMode parse_padding_mode(std::string_view text) {
  for (const auto& [name, mode] : modes) {
    if (name == text) {
      return mode;
    }
  }
  throw_invalid(
      concat("padding_mode must be one of {'zeros', 'reflect', 'replicate', "
             "'circular'}, but got padding_mode='",
             text, "'"));
}

std::string_view name(Precision precision) noexcept {
  return precisions[static_cast<std::size_t>(precision)].first;
}

Precision parse_precision(std::string_view text) {
  for (const auto& [name, precision] : precisions) {
    if (name == text) {
      return precision;
    }
  }
  throw_invalid(concat("precision must be 'default' or 'exact', but got '", text, "'"));
}

Padding::Padding(std::string_view rule) {
  if (rule == "same") {
    rule_ = Rule::same;
  } else if (rule == "same_lower") {
    rule_ = Rule::same_lower;
  } else if (rule == "valid") {
    rule_ = Rule::valid;
  } else {
    throw_invalid(concat("Invalid padding string '", rule,
                         "', should be one of {'same', 'same_lower', 'valid'}"));
  }
}

std::optional<Error> check(const Conv2dOptions& options) {
  const functional::Conv2dArguments arguments{options.stride, options.padding, options.dilation,
                                              options.groups, options.padding_mode};
  return first_of({check_groups(options.groups),
                   check_channels("in_channels", options.in_channels, 0, options.groups),
                   check_channels("out_channels", options.out_channels, 1, options.groups),
                   check_kernel(options.kernel_size), check(arguments)});
}

std::optional<Error> check(const ConvTranspose2dOptions& options) {
  if (options.padding_mode != PaddingMode::zeros) {
    return Error{
        concat("Only \"zeros\" padding mode is supported for ConvTranspose2d, but got "
               "padding_mode='",
               name(options.padding_mode), "'")};
  }
  const functional::ConvTranspose2dArguments arguments{
      options.stride, options.padding, options.output_padding, options.groups, options.dilation};
  return first_of({check_groups(options.groups),
                   check_channels("in_channels", options.in_channels, 0, options.groups),
                   check_channels("out_channels", options.out_channels, 1, options.groups),
                   check_kernel(options.kernel_size), check(arguments)});
}

Conv2dOptions LazyConv2dOptions::for_channels(std::int64_t in_channels) const {
  return {in_channels, out_channels, kernel_size,  stride, padding,  dilation,
          groups,      bias,         padding_mode, dtype,  precision};
}

std::optional<Error> check(const LazyConv2dOptions& options) {
  return check(options.for_channels(0));
}

std::optional<Error> check(const UnfoldOptions& options) {
  return check_windows(options.kernel_size, options.dilation, options.padding, options.stride);
}

std::optional<Error> check(const FoldOptions& options) {
  if (options.output_size.h <= 0 || options.output_size.w <= 0) {
    return Error{concat("output_size should be greater than zero, but got output_height: ",
                        options.output_size.h, " output_width: ", options.output_size.w)};
  }
  return check_windows(options.kernel_size, options.dilation, options.padding, options.stride);
}

}  // namespace conv2d
