#include "algorithm/winograd_weights.h"

#include "algorithm/turned_weights.h"
#include "simd/winograd.h"
#include "tensor/parallel.h"

namespace conv2d::winograd {

void pack_weights(const Problem& problem, TensorView weight, float* packed) {
  const OutputBlocks<float> outputs(problem);
  const PackedWeights layout(problem, outputs);
  const simd::WinogradKernels& kernels = simd::winograd_kernels();
  const Index channels = problem.in_channels_per_group();
  parallel_for(problem.groups * outputs.count(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Block& block = outputs.blocks[at(i % outputs.count())];
      const Index group = i / outputs.count();
      const Index wide = outputs.wide(block);
      float* plain = packed + layout.plain(group, i % outputs.count());
      turn_weights(outputs, block, weight, group, 0, channels, plain);
      float* transformed = packed + layout.transformed(group, i % outputs.count());
      for (Index c = 0; c < channels; ++c) {
        kernels.weights(
            {plain + c * 9 * wide, at(wide), transformed + c * wide, at(layout.step())});
      }
    }
  });
}

}  // namespace conv2d::winograd
