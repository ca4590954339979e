#include "layer_argument.h"

#include "failure.h"
#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace conv2d::cli {
namespace {

// Whether somebody meant filters: "sobel_x, sobel_y" rather than "Conv2d(3, 6, 5)". The name of a
// layer alone is a layer without its arguments.
bool names_filters(std::string_view text) {
  const bool plain = text.find_first_of("()=") == std::string_view::npos;
  return plain && !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         text.find('.') == std::string_view::npos;
}

FilterNames parse_filters(const std::string& text) {
  FilterNames chosen;
  std::size_t position = 0;
  for (const std::string& part : split(text, ',')) {
    const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
    const std::size_t end = part.find_last_not_of(' ') + 1;
    const std::string name = begin < end ? part.substr(begin, end - begin) : "";
    try {
      chosen.push_back(find_filter(name));
    } catch (const std::invalid_argument& error) {
      throw ArgumentError(fmt::format("{}; a layer is written as Conv2d(3, 6, 5)", error.what()),
                          text, position + begin, name.size());
    }
    if (chosen.back().rows != chosen[0].rows || chosen.back().columns != chosen[0].columns) {
      throw ArgumentError(
          fmt::format("filters of one list must have one size, but {} is {}x{} and {} is {}x{}",
                      chosen[0].name, chosen[0].rows, chosen[0].columns, name, chosen.back().rows,
                      chosen.back().columns),
          text, position + begin, name.size());
    }
    position += part.size() + 1;
  }
  return chosen;
}

std::int64_t channels_of(const Sizes& input) {
  if (input.rank() != 3 && input.rank() != 4) {
    refuse(
        fmt::format("the input must have 3 sizes (channels, height, width) or 4 (batch, "
                    "channels, height, width), but it has {}: {}",
                    input.rank(), to_string(input)));
  }
  return input[input.rank() - 3];
}

}  // namespace

const char* const layer_help =
    "A layer as torch prints it or as you type it in Python, or filter names (see conv2d filters)";

LayerChoice parse_layer_argument(const std::string& text) {
  if (names_filters(text)) {
    return parse_filters(text);
  }
  try {
    return parse_layer(text);
  } catch (const ParseError& error) {
    throw ArgumentError(error.what(), text, error.position(), error.length());
  }
}

std::optional<std::int64_t> wanted_channels(const LayerChoice& choice) {
  const auto* layer = std::get_if<LayerOptions>(&choice);
  if (layer == nullptr) {
    return std::nullopt;
  }
  if (const auto* conv = std::get_if<Conv2dOptions>(layer)) {
    return conv->in_channels;
  }
  if (const auto* transpose = std::get_if<ConvTranspose2dOptions>(layer)) {
    return transpose->in_channels;
  }
  return std::nullopt;
}

std::optional<DType> dtype_of(const LayerChoice& choice) {
  const auto* layer = std::get_if<LayerOptions>(&choice);
  if (layer == nullptr) {
    return DType::float32;
  }
  return std::visit(
      [](const auto& options) -> std::optional<DType> {
        using Options = std::decay_t<decltype(options)>;
        if constexpr (std::is_same_v<Options, UnfoldOptions> ||
                      std::is_same_v<Options, FoldOptions>) {
          return std::nullopt;
        } else {
          return options.dtype;
        }
      },
      *layer);
}

LayerOptions layer_for(const LayerChoice& choice, const Sizes& input) {
  if (const auto* filters = std::get_if<FilterNames>(&choice)) {
    return filter_layer(*filters, channels_of(input)).options();
  }
  const auto& layer = std::get<LayerOptions>(choice);
  if (const auto* lazy = std::get_if<LazyConv2dOptions>(&layer)) {
    return lazy->for_channels(channels_of(input));
  }
  return layer;
}

}  // namespace conv2d::cli
