// Direct convolution with vectors along the pixels of a plane, forward, float32 and float64.
//
// Math      y[n,k,p,q] = bias[k] + sum over c, r, s of w[k,c,r,s] * x[n, c, p*sh + r*dh - top, ...]
// Order     of a sum: c, r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Loops     images, groups, strips of output rows, tiles of pixels, blocks of input channels,
//           output channels (outermost first); then the register tile (simd/planar.h): c, r, s
//           Of few input channels one output tile goes through several tiles of pixels in a call,
//           of one tap and many channels some pixels through all output tiles
//           (simd/pointwise_planes.h)
// Input     each strip's rows are laid out once in a buffer (plane_buffer.h), borders filled in,
//           strides and dilations resolved; half of L2 at most, unless one row takes more. Rows
//           without padding are read where they lie; so are, of a 1x1 layer with few outputs,
//           channels that lie side by side (simd/interleaved_planar.h)
// Blocking  the input channels of a block, with the pixels of a tile, stay in L2 while all output
//           channels pass by; sums wait in memory between blocks, which changes no bit of them
// Weights   packed as [tile of output channels][c][r][s][k]; each is loaded once for all pixels of
//           a tile, so that they may come from L3
// Pixels    row by row, or where rows are short against a vector, the strip as one line: what lies
//           between rows is computed too and not stored
// Output    straight to where pixels lie side by side; else through a tile of scratch memory.
//           Large results go past the caches (streaming.h)
// Epilogue  once a strip is complete; where vectors of the result would be apart, in the tile of
//           scratch memory
// Border    zeros in the buffer. An infinite or NaN weight must not meet them: such layers take a
//           plain loop that leaves those terms out
// Not for   what vectors of output channels (direct.cc) should do in less time (expected_time.h):
//           small maps, many channels, and most channels-last tensors, which it would turn into
//           planes, and back
// Source    the register tile is that of matrix products: K. Goto, R. van de Geijn, Anatomy of
//           High-Performance Matrix Multiplication, ACM TOMS 34(3), 2008
#include "simd/planar.h"
#include "algorithm/algorithm.h"
#include "algorithm/distances.h"
#include "algorithm/expected_time.h"
#include "algorithm/packed_header.h"
#include "algorithm/planar_convolution.h"
#include "algorithm/vector_types.h"

namespace conv2d {
namespace {

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::forward) {
    return "only the forward pass";
  }
  if (const auto reason = refuses_types(problem.types)) {
    return reason;
  }
  return refuses_distances(problem);
}

std::optional<std::string_view> yields(const Problem& problem) {
  if (time_by_outputs(problem) < time_by_pixels(problem)) {
    return "vectors of output channels should take less time than vectors of pixels";
  }
  return std::nullopt;
}

template <class T>
Index lanes() {
  return static_cast<Index>(simd::planar_kernels<T>().lanes);
}

std::size_t workspace_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() { return planar::workspace_bytes<T>(problem); });
}

Pieces describe(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() { return planar::describe<T>(problem); });
}

std::size_t packed_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    return header_bytes + planar::packed_elements(problem) * sizeof(T);
  });
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  in_its_type(problem, [&]<class T>() {
    const Index outputs = problem.out_channels_per_group();
    const planar::Filters filters{weight.slice(0, 0, outputs), outputs * weight.strides()[0]};
    auto* to = reinterpret_cast<T*>(packed + header_bytes);
    write_header({lanes<T>(), planar::pack(problem, filters, to)}, packed);
  });
}

void run(const Problem& problem, const Operands& operands) {
  in_its_type(problem, [&]<class T>() {
    const PackedHeader header = read_header(operands.packed, lanes<T>());
    planar::run(planar::Task<T>{
        .problem = problem,
        .operands = operands,
        .packed = reinterpret_cast<const T*>(operands.packed + header_bytes),
        .finite = header.finite,
        .backwards = false,
    });
  });
}

}  // namespace

extern const Algorithm planar_algorithm;
constexpr Algorithm planar_algorithm = {
    .name = "planar",
    .purpose = "sums in vector registers over the pixels of a plane, from a strip of rows in L2",
    .refuses = refuses,
    .yields = yields,
    .workspace_bytes = workspace_bytes,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
    .finishes = true,
    .takes_columns = true,
    .describe = describe,
};

}  // namespace conv2d
