// Sizes and positions as arguments: 3x32x32, 0,5,5.
#pragma once

#include <conv2d/sizes.h>

#include <cstdint>
#include <string>
#include <vector>

namespace conv2d::cli {

/// "1x3x32x32", "3,32,32" or torch's "[3, 32, 32]". Throws ArgumentError.
Sizes parse_sizes(const std::string& text);

/// Numbers with commas between them, as `--at 0,5,5`. `option` and `wanted` word the refusal.
/// Throws ArgumentError.
std::vector<std::int64_t> parse_position(const std::string& text, const std::string& option);

}  // namespace conv2d::cli
