// LAYER on a command line: a layer as torch prints it or as a person types it, or named filters.
#pragma once

#include <conv2d/filters.h>
#include <conv2d/repr.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace conv2d::cli {

using FilterNames = std::vector<Filter>;
using LayerChoice = std::variant<LayerOptions, FilterNames>;

/// "Conv2d(3, 6, 5)", "sobel_x", "sobel_x,sobel_y". Throws ArgumentError.
LayerChoice parse_layer_argument(const std::string& text);

/// The input channels that the choice asks for; nothing where it takes any number.
std::optional<std::int64_t> wanted_channels(const LayerChoice& choice);

/// The dtype that the choice computes in; nothing for Unfold and Fold, which take any.
std::optional<DType> dtype_of(const LayerChoice& choice);

/// The layer for an input of these sizes, whose channels a LazyConv2d or filters take over.
LayerOptions layer_for(const LayerChoice& choice, const Sizes& input);

/// What every --help says about LAYER.
extern const char* const layer_help;

}  // namespace conv2d::cli
