// parse_layer for callers that cannot catch: a build without exceptions asks here.
#pragma once

#include "conv2d/repr.h"
#include "nn/layer_syntax.h"

#include <string_view>
#include <variant>

namespace conv2d {

std::variant<LayerOptions, ParseFailure> try_parse_layer(std::string_view text);

}  // namespace conv2d
