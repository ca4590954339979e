// The rows or the columns of a descriptor: which output and which padding follow from what is
// given.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace conv2d::cli {

struct AxisValues {
  std::int64_t input = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 0;  ///< from 0
  std::optional<std::int64_t> padding;
  std::optional<std::int64_t> output;
  std::string_view keys;  ///< what these are called, with spaces between them
};

struct AxisShape {
  std::int64_t output;
  std::int64_t before;     ///< padding above or left
  std::int64_t after;      ///< padding below or right
  std::int64_t extra = 0;  ///< output_padding of a transposed layer
};

/// oneDNN's rules:
///   no output      it is computed, with the same padding (0 where missing) on both sides;
///   no padding     as much as the output needs, the larger half after;
///   both           the padding after is what the output needs, at most the kernel's extent less 1.
/// Throws std::invalid_argument where that cannot be.
AxisShape solve_axis(const AxisValues& axis);

/// The same of a transposed layer, whose output without padding is (input - 1) * stride + the
/// kernel's extent: the padding is what an output lacks, and output_padding what it has beyond.
AxisShape solve_transposed_axis(const AxisValues& axis);

}  // namespace conv2d::cli
