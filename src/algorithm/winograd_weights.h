// The weights of a Winograd convolution: transformed, G g G^T, in the order in which the products
// read them; and as they are, for the few outputs that are computed by the definition.
#pragma once

#include "algorithm/output_blocks.h"
#include "algorithm/winograd_cut.h"
#include "conv2d/tensor.h"

namespace conv2d::winograd {

/// Where a group's and block's weights lie among the packed elements.
class PackedWeights {
 public:
  PackedWeights(const Problem& problem, const OutputBlocks<float>& outputs, Side side)
      : products_(side.products()),
        groups_(problem.groups),
        channels_(problem.in_channels_per_group()),
        blocks_(outputs.count()),
        block_(outputs.wide(outputs.widest()) * channels_) {}

  Index elements() const { return groups_ * blocks_ * one(); }
  /// [product][c][output channel of the block], a product's `step()` elements from the one before.
  Index transformed(Index group, Index block) const { return (group * blocks_ + block) * one(); }
  /// Where those begin that are read after a product's: the next product's, block's or group's, or
  /// in the end the first ones'.
  Index after(Index group, Index block, Index product) const {
    if (product + 1 < products_) {
      return transformed(group, block) + (product + 1) * step();
    }
    return (group * blocks_ + block + 1) % (groups_ * blocks_) * one();
  }
  /// Not a power of two: lines written in turn would meet in one set of the caches.
  Index step() const { return block_ + line; }
  /// [c][r][s][output channel of the block]
  Index plain(Index group, Index block) const {
    return transformed(group, block) + products_ * step();
  }

 private:
  static constexpr Index taps = 9;
  static constexpr Index line = 16;

  Index one() const { return products_ * step() + taps * block_; }

  Index products_;
  Index groups_;
  Index channels_;
  Index blocks_;  ///< of a group
  Index block_;   ///< kernels of one
};

/// The forward convolution that computes the problem: itself or, for backward_data with kernels of
/// stride 1, one over dy with the kernels turned by 180 degrees, and inputs and outputs exchanged:
///   dx[c,h] = sum over k, r of w[k,c,r] * dy[k, h - r + pad]
///           = sum over k, r of w[k,c,2-r] * dy[k, h + r - (2 - pad)]
Problem as_forward(const Problem& problem);

/// Packs the weight (K, C/G, 3, 3) of a problem of either pass: transformed in float64 and rounded
/// once.
void pack_weights(const Problem& given, TensorView weight, Side side, float* packed);

}  // namespace conv2d::winograd
