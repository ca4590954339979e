// What a layer gives and costs on an input, from sizes alone: no weights are made.
#pragma once

#include <conv2d/plan.h>
#include <conv2d/repr.h>
#include <conv2d/sizes.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <optional>

namespace conv2d::cli {

struct LayerCost {
  Sizes output;
  std::int64_t parameters = 0;
  std::optional<Plan> plan;  ///< none for Unfold and Fold, which multiply nothing
};

/// Throws std::invalid_argument where the layer does not take the input, or a number leaves 63
/// bits. `layer` is not a LazyConv2d (see layer_for). `format` is that of the input.
LayerCost cost_of(const LayerOptions& layer, const Sizes& input,
                  MemoryFormat format = MemoryFormat::contiguous);

}  // namespace conv2d::cli
