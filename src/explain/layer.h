// What an Explanation knows: a checked layer on an input, seen as inputs, weights and outputs
// whichever of the two layers it is.
#pragma once

#include <conv2d/explain.h>

#include "base/checked.h"
#include "explain/axis_map.h"
#include "geometry/problem.h"

#include <cstdint>
#include <optional>

namespace conv2d::explain {

struct Layer {
  Problem problem;
  Pair output_padding = 0;
  DType input_dtype = DType::float32;
  DType weight_dtype = DType::float32;
  DType output_dtype = DType::float32;
  Sizes input;  ///< these three as the caller counts them
  Sizes weight;
  Sizes output;
  std::optional<TensorView> input_values;  ///< rank 4
  std::optional<TensorView> weight_values;
  std::optional<TensorView> bias_values;

  bool transposed() const noexcept { return problem.pass == Pass::backward_data; }
  bool has_values() const noexcept { return input_values.has_value(); }
  AxisMap rows() const { return {problem.rows, problem.padding_mode, transposed()}; }
  AxisMap columns() const { return {problem.columns, problem.padding_mode, transposed()}; }

  std::int64_t in_channels() const noexcept {
    return transposed() ? problem.out_channels : problem.in_channels;
  }
  std::int64_t out_channels() const noexcept {
    return transposed() ? problem.in_channels : problem.out_channels;
  }
  std::int64_t in_channels_per_group() const noexcept { return in_channels() / problem.groups; }
  std::int64_t out_channels_per_group() const noexcept { return out_channels() / problem.groups; }

  /// The weight between an input channel and an output channel of one group, both counted over
  /// all groups.
  WeightIndex weight_index(std::int64_t in_channel, std::int64_t out_channel, std::int64_t r,
                           std::int64_t s) const noexcept {
    if (transposed()) {
      return {in_channel, out_channel % out_channels_per_group(), r, s};
    }
    return {out_channel, in_channel % in_channels_per_group(), r, s};
  }

  /// Each throws std::invalid_argument, naming the index and the sizes, where it lies outside.
  void require_input(const Index& index) const;
  void require_output(const Index& index) const;
  void require_weight(const WeightIndex& index) const;
  void require_image(std::int64_t batch) const;
};

/// Throws std::invalid_argument where a list of `count` of what would be longer than the limit.
void require_within(std::int64_t limit, const Checked& count, const char* what);

}  // namespace conv2d::explain
