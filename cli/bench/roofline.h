// The roofline of a run as a picture: how fast each layer ran against how fast this machine could
// have run it, by how much arithmetic there is for each byte.
// Source: Williams, Waterman and Patterson, Roofline, Communications of the ACM 52(4), 2009.
#pragma once

#include "bench/report.h"

#include <string>

namespace conv2d::cli {

/// An SVG document. Both axes are logarithmic: operations for each byte of input, weight and
/// output, each counted once, and operations a second. The roof is the lower of what memory
/// delivers and the peak; a layer whose tensors stay in a cache may stand above its slope. Each
/// point says in its title which layer it is; its colour is that of the algorithm.
std::string roofline_svg(const BenchRun& run);

}  // namespace conv2d::cli
