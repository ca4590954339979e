// Words for error messages about what somebody typed.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace conv2d {

/// The text in quotes, fit for one line: shortened where it is long, '?' for control characters.
/// (Not "quoted": std::quoted would be taken for a std::string.)
std::string in_quotes(std::string_view text);

/// ": did you mean 'stride'?" for the candidate that differs from `word` in the fewest letters
/// (upper and lower case count as one), or "" where more than a third of the letters differ.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// The names with commas between them.
std::string list_names(std::span<const std::string_view> names);

}  // namespace conv2d
