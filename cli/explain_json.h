// An explanation as JSON.
#pragma once

#include <conv2d/explain.h>

#include <optional>
#include <string>

namespace conv2d::cli {

/// Sizes and cost; the terms of the output `at` where one is asked for. Values stand under "value",
/// "product", ... where the explanation has them: numbers, or [real, imaginary] of complex dtypes;
/// what JSON has no number for as "NaN", "Infinity" or "-Infinity".
std::string explanation_json(const std::string& layer, const explain::Explanation& explanation,
                             const std::optional<explain::Index>& at);

}  // namespace conv2d::cli
