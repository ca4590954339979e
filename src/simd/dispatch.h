// Which vector instructions are used: the widest that the processor has, or fewer where somebody
// says so.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace conv2d::simd {

/// Reads CONV2D_INSTRUCTIONS (such as AVX2 or SSE4) once and obeys it; an unknown name is ignored.
/// Every file that dispatches calls it first.
void prepare() noexcept;

/// The name of the widest instructions that may be used now.
std::string_view instructions_in_use() noexcept;

/// Names of all that this processor and this build have, the widest first.
std::vector<std::string_view> instruction_sets();

/// Uses no wider instructions than these until the next call; "" takes the widest. For tests: no
/// convolution may run meanwhile. False where there is no such name.
bool use_instructions(std::string_view name) noexcept;

}  // namespace conv2d::simd
