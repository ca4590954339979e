// What the page is told, as JSON.
#pragma once

#include <conv2d/diagram.h>
#include <conv2d/explain.h>
#include <conv2d/nn.h>

#include <string>
#include <variant>

namespace conv2d::web {

using AnyLayer = std::variant<Conv2d, ConvTranspose2d>;

/// The layer's arguments, its sizes and their arithmetic, its cost.
std::string describe(const diagram::Diagram& diagram, const AnyLayer& layer);
/// One output's sum: its terms with the digits that are added.
std::string describe(const explain::OutputSum& sum);
std::string describe(const Sizes& sizes);
std::string plan_text(const AnyLayer& layer, const Sizes& input);
/// The presets and the named filters.
std::string catalogue();

}  // namespace conv2d::web
