#include "algorithm/winograd_weights.h"

#include "algorithm/turned_weights.h"
#include "simd/winograd.h"
#include "tensor/parallel.h"

#include <utility>

namespace conv2d::winograd {
namespace {

Axis over_outputs(const Axis& axis) {
  Axis turned = axis;
  std::swap(turned.input, turned.output);
  turned.pad_before = axis.kernel - 1 - axis.pad_before;
  turned.pad_after = turned.output + axis.kernel - 1 - turned.input - turned.pad_before;
  return turned;
}

/// A group's weights as as_forward() sees them: (outputs, inputs, 3, 3).
TensorView filters_of(const Problem& problem, TensorView weight, Index group) {
  const Index filters = weight.sizes()[0] / problem.groups;
  const TensorView own = weight.slice(0, group * filters, (group + 1) * filters);
  if (problem.pass == Pass::forward) {
    return own;
  }
  const Strides& s = own.strides();
  const auto* last_tap = static_cast<const float*>(own.data()) + 2 * s[2] + 2 * s[3];
  return {last_tap, own.dtype(), {own.sizes()[1], filters, 3, 3}, {s[1], s[0], -s[2], -s[3]}};
}

}  // namespace

Problem as_forward(const Problem& problem) {
  Problem forward = problem;
  if (problem.pass != Pass::forward) {
    forward.pass = Pass::forward;
    std::swap(forward.in_channels, forward.out_channels);
    forward.rows = over_outputs(problem.rows);
    forward.columns = over_outputs(problem.columns);
  }
  return forward;
}

void pack_weights(const Problem& given, TensorView weight, Side side, float* packed) {
  const Problem problem = as_forward(given);
  const OutputBlocks<float> outputs(problem);
  const PackedWeights layout(problem, outputs, side);
  const simd::WinogradKernels& kernels = simd::winograd_kernels(at(side.outputs));
  const Index channels = problem.in_channels_per_group();
  parallel_for(problem.groups * outputs.count(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Block& block = outputs.blocks[at(i % outputs.count())];
      const Index group = i / outputs.count();
      const Index wide = outputs.wide(block);
      float* plain = packed + layout.plain(group, i % outputs.count());
      turn_weights(outputs, block, filters_of(given, weight, group), 0, 0, channels, plain);
      float* transformed = packed + layout.transformed(group, i % outputs.count());
      for (Index c = 0; c < channels; ++c) {
        kernels.weights(
            {plain + c * 9 * wide, at(wide), transformed + c * wide, at(layout.step())});
      }
    }
  });
}

}  // namespace conv2d::winograd
