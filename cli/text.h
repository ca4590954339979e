// Numbers and lists as people read them.
#pragma once

#include <conv2d/dtype.h>
#include <conv2d/sizes.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::cli {

/// 1234567 -> "1,234,567".
std::string grouped(std::int64_t number);
/// "1 parameter", "456 parameters".
std::string counted(std::int64_t number, std::string_view thing);
/// {1, 3, 32, 32} -> "1x3x32x32".
std::string by(const Sizes& sizes);
/// As a list, for JSON.
std::vector<std::int64_t> list(const Sizes& sizes);
/// 1536 -> "1.5 KiB".
std::string bytes_text(double bytes);
/// 0.0123 -> "12.3 ms".
std::string seconds_text(double seconds);
/// "a,b,c" -> a, b, c; parts may be empty.
std::vector<std::string> split(std::string_view text, char separator);

/// Rows of cells with their columns under each other, two spaces between them. A cell that begins
/// with a digit stands at the right of its column. The first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace conv2d::cli
