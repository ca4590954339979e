// The names of dtypes, for callers that cannot catch.
#pragma once

#include <conv2d/dtype.h>

#include <optional>
#include <string_view>

namespace conv2d {

/// What parse_dtype reads, or nothing where it throws.
std::optional<DType> find_dtype(std::string_view text) noexcept;

}  // namespace conv2d
