// The planar convolution as algorithms use it: a forward convolution that planar.cc runs as it is,
// and transposed.cc once for each phase of a transposed one.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/vector_types.h"
#include "conv2d/plan.h"
#include "conv2d/tensor.h"

#include <cstddef>

namespace conv2d::planar {

/// Filters as a convolution sees them, of any strides.
struct Filters {
  TensorView group;         ///< the first group's: (outputs, inputs, R, S)
  std::int64_t group_step;  ///< elements from a group's filters to the next group's
};

/// Elements of a problem's packed filters.
std::size_t packed_elements(const Problem& problem);

/// Packs the filters in the order in which register tiles read them. Returns whether all weights
/// are finite.
template <class T>
bool pack(const Problem& problem, const Filters& filters, T* packed);

template <class T>
struct Task {
  const Problem& problem;    ///< a forward pass; its channels and axes, whatever the tensors mean
  const Operands& operands;  ///< but for `packed`, which is below
  const T* packed;
  bool finite;     ///< all weights are
  bool backwards;  ///< sums run from the kernel's last tap to its first, and filters are packed so
};

/// Scratch memory of run() at most.
template <class T>
std::size_t workspace_bytes(const Problem& problem);

template <class T>
void run(const Task<T>& task);

/// How a run on tensors in the problem's format is cut into pieces.
template <class T>
Pieces describe(const Problem& problem);

/// Whether a run reads an input of these strides where it lies: rows long enough for a tile, and
/// channels whose distance does not put them all into the same sets of L1, or which need not stay
/// there.
template <class T>
bool reads_in_place(const Problem& problem, const Strides& strides);

/// Whether channels that lie side by side are turned into pixels in registers: where each is read
/// once.
template <class T>
bool reads_interleaved(const Problem& problem, const Strides& strides);

}  // namespace conv2d::planar
