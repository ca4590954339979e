// Direct convolution with vectors along the pixels of a plane, forward, float32 and float64.
//
// Math      y[n,k,p,q] = bias[k] + sum over c, r, s of w[k,c,r,s] * x[n, c, p*sh + r*dh - top, ...]
// Order     of a sum: c, r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Loops     images, groups, strips of output rows, tiles of pixels, blocks of input channels,
//           output channels (outermost first); then the register tile (simd/planar.h): c, r, s
//           Of few input channels one output tile goes through several tiles of pixels in a call
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
// Not for   channels-last tensors with many channels on either side (direct.cc), which it
//           would turn into planes, and back
// Source    the register tile is that of matrix products: K. Goto, R. van de Geijn, Anatomy of
//           High-Performance Matrix Multiplication, ACM TOMS 34(3), 2008
#include "simd/planar.h"
#include "algorithm/algorithm.h"
#include "algorithm/distances.h"
#include "algorithm/packed_header.h"
#include "algorithm/planar_convolution.h"
#include "algorithm/vector_types.h"

#include <algorithm>

namespace conv2d {
namespace {

/// Whether so many elements leave little of their last vector idle.
bool fills_vectors(Index elements, Index lanes) {
  return elements * 10 >= divide_up(elements, lanes) * lanes * 9;
}

constexpr Index widest = 16;  // floats of a vector
constexpr Index half = widest / 2;

/// Rows of hundreds of pixels, vectors of which are full, under kernels of one row: no row that is
/// turned into channels would serve another one. Measured with 2 to 101 taps.
bool has_long_single_rows(const Problem& problem) {
  constexpr Index long_row = 512;
  constexpr Index few_outputs = 128;
  return problem.groups == 1 && problem.rows.kernel == 1 && problem.columns.stride == 1 &&
         problem.columns.output >= long_row && problem.out_channels <= few_outputs;
}

/// Planes of contiguous tensors that are turned into channels for vectors of outputs, or of half as
/// many. Where a half takes the time of a whole vector, it has to make up for that: by small
/// planes, whose rows leave vectors of pixels idle, or by strides, of which a group's few outputs
/// do not make enough.
bool channels_fill_vectors(const Problem& problem) {
  const Index inputs = problem.in_channels_per_group();
  const Index outputs = problem.out_channels_per_group();
  const Index pixels = problem.rows.output * problem.columns.output;
  constexpr Index small_plane = 256;
  // Of larger results the planes are better written from end to end.
  constexpr Index large_result = Index{1} << 20U;
  if (problem.rows.kernel * problem.columns.kernel == 1 || outputs * pixels > large_result ||
      has_long_single_rows(problem)) {
    return false;
  }
  const bool grouped = problem.groups > 1;
  const bool long_sum = inputs >= 2 * widest;
  const bool wide = outputs >= 2 * widest && inputs >= widest;
  if ((grouped || long_sum || wide) && std::min(inputs, outputs) >= widest &&
      fills_vectors(outputs, widest)) {
    return true;
  }
  const bool enough = grouped ? inputs >= half : long_sum && outputs >= widest;
  const bool strides = grouped && problem.columns.stride > 1;
  return enough && (pixels <= small_plane || strides) && fills_vectors(outputs, half);
}

/// The same of few input channels, where it is rows that would leave vectors ragged. Measured, too.
bool rows_are_ragged(const Problem& problem) {
  const Index inputs = problem.in_channels_per_group();
  const Index outputs = problem.out_channels_per_group();
  constexpr Index few = 6;
  constexpr Index large_plane = Index{1} << 12U;
  return problem.rows.kernel * problem.columns.kernel > 1 && inputs >= few && inputs < widest &&
         outputs >= widest && fills_vectors(outputs, widest) &&
         problem.rows.output * problem.columns.output <= large_plane &&
         !fills_vectors(problem.columns.output, widest);
}

/// Whether rows are long and end where vectors do, and outputs are so few that turning planes into
/// channels and back would take longer than the taps in the padding, which are left out there.
bool rows_fill_vectors(const Problem& problem) {
  constexpr Index few_outputs = 128;
  const Axis& columns = problem.columns;
  return columns.stride == 1 && columns.output % widest == 0 &&
         columns.output >= widest * columns.extent() &&
         problem.out_channels_per_group() <= few_outputs;
}

/// Where vectors of output channels, which no row's end cuts short, gain more than it costs to turn
/// planes into channels and back. The limits are measured.
std::optional<std::string_view> yields_many_channels(const Problem& problem) {
  const Index inputs = problem.in_channels_per_group();
  const Index outputs = problem.out_channels_per_group();
  const Index taps = problem.rows.kernel * problem.columns.kernel;
  const Index pixels = problem.rows.output * problem.columns.output;
  constexpr Index wide = 64;
  constexpr Index small_plane = 64;
  if (outputs >= wide && pixels <= small_plane) {
    return "planes so small that a weight, once loaded, would serve a few vectors at most";
  }
  constexpr Index long_sum = 1024;
  constexpr Index many = 256;
  // Planes that are read where they lie need no turning, but those of 14x14 leave a sixteenth of
  // their vectors idle: more than turning costs.
  const bool idle = pixels * 20 < divide_up(pixels, widest) * widest * 19;
  const bool long_and_wide = outputs >= wide && (inputs >= many || inputs * taps >= long_sum);
  if (long_and_wide && rows_fill_vectors(problem)) {
    return std::nullopt;
  }
  const bool turns = idle || !planar::may_read_in_place(problem);
  if ((long_and_wide && turns) || channels_fill_vectors(problem) || rows_are_ragged(problem)) {
    return "sums so long and outputs so many that turning planes into channels pays";
  }
  return std::nullopt;
}

/// Whether so few outputs leave so many lanes idle, even of half vectors, that those of pixels are
/// filled better: in planes of some hundred pixels, and where several taps share what it costs to
/// turn channels into planes and back. Measured, too.
bool outputs_leave_lanes_idle(const Problem& problem) {
  const Index outputs = problem.out_channels_per_group();
  const Index pixels = problem.rows.output * problem.columns.output;
  constexpr Index wide = 64;
  constexpr Index small_plane = 400;
  constexpr Index large_plane = 768;
  if (problem.rows.kernel * problem.columns.kernel == 1 || outputs >= wide) {
    return false;
  }
  const Index idle = divide_up(outputs, half) * half - outputs;
  const bool fifth = 4 * idle >= outputs;
  const bool seventh = 6 * idle >= outputs;
  const bool strides = problem.rows.stride * problem.columns.stride > 1;
  return (fifth && pixels >= small_plane) || (seventh && !strides && pixels >= large_plane);
}

/// Of tensors whose channels lie side by side: whether vectors of them are as full as vectors of
/// pixels, or nearly. Measured, too.
bool channels_pay(const Problem& problem) {
  const Index inputs = problem.in_channels_per_group();
  const Index outputs = problem.out_channels_per_group();
  constexpr Index few = 8;
  constexpr Index wide = 32;
  if (inputs >= few) {
    const bool one_tap = problem.rows.kernel * problem.columns.kernel == 1;
    return outputs >= (one_tap ? few : widest) && !outputs_leave_lanes_idle(problem);
  }
  return outputs >= wide || (inputs > 1 && outputs >= widest && fills_vectors(outputs, half));
}

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
  if (problem.format == MemoryFormat::channels_last && channels_pay(problem)) {
    return "channels that lie side by side would be turned into planes and back";
  }
  return yields_many_channels(problem);
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
