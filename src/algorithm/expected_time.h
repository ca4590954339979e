// How long the sums of a dense layer should take one thread by vectors of output channels
// (direct.cc) and by vectors of pixels (planar.cc). A plan takes the one that should take less.
//
// A model, fitted to measurements: what register tiles take by their sizes (simd/tile_cycles.h,
// which knows the instructions in use), and what is done besides. Only ratios are meant: where both
// are off by a factor, no choice changes.
#pragma once

#include "geometry/problem.h"

namespace conv2d {

/// Nanoseconds of a forward pass over one image in the problem's memory format: no choice depends
/// on the batch or on the threads.
double time_by_outputs(const Problem& problem);
double time_by_pixels(const Problem& problem);

}  // namespace conv2d
