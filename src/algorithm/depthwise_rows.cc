// Depthwise convolution of planes with vectors along the pixels of a row, forward, float32 and
// float64: layers whose outputs read one input channel each, image filters among them.
//
// Math      y[n,k,p,q] = bias[k] + sum over r, s of w[k,r,s] * x[n, k*G/K, p*sh + r*dh - top, ...]
// Order     of a sum: r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Loops     images, channels, strips of output rows, blocks of columns, outputs of the channel
//           (outermost first); then the inner loop (simd/depthwise_rows.h): rows, r, s
// Reuse     there is no sum over channels that would keep a register tile busy: each pixel serves
//           R*S products and no more. So a vector of pixels, once loaded, serves all R rows of
//           outputs that read it
// Input     where it lies, by pointers to rows, for blocks of columns whose taps stay inside and
//           a stride of 1; blocks at the border are copied, their zeros or mirrored columns around
//           them, strides resolved into phases (phases.h)
// Rows      beyond the border through the index map: a pointer to another row, or no row at all,
//           whose terms are then skipped
// Dilation  output rows as far apart as makes their inputs' rows neighbours
// Planes    that are small, of 3x3 and 5x5 kernels, whole and without copies where vectors have
//           masks (depthwise_planes.h)
// Channels  that lie side by side, fewer than 8 of them, need not be taken apart: a row of
//           pixels is then one long row, in which a pixel's neighbour on the right comes C
//           elements later and each lane of a vector has its own weights
// Output    of up to four filters of one channel, side by side: each block of pixels filter by
//           filter, then put between each other by vectors
// Not for   channels-last tensors of more channels, whose vectors run along these; many outputs of
//           one channel
#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/depthwise_planes.h"
#include "algorithm/depthwise_rows_cut.h"
#include "algorithm/depthwise_rows_worker.h"
#include "algorithm/distances.h"
#include "algorithm/packed_header.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/run_items.h"
#include "algorithm/streaming.h"
#include "algorithm/vector_types.h"
#include "base/quantity.h"
#include "simd/tile_cycles.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace conv2d {
namespace {

using depthwise_rows::Lying;

/// Of interleaved ones: more fill vectors by themselves.
constexpr Index most_channels = 7;

/// Whether channels-last tensors are read and written as rows of elements. With so few channels
/// there is no other way to fill vectors; every row is as long as it can be.
bool has_interleaved_rows(const Problem& problem) {
  return problem.format == MemoryFormat::channels_last && problem.types.y == DType::float32 &&
         problem.in_channels > 1 && problem.in_channels <= most_channels &&
         problem.out_channels == problem.in_channels && problem.rows.stride == 1 &&
         problem.columns.stride == 1;
}

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::forward) {
    return "only the forward pass";
  }
  if (const auto reason = refuses_types(problem.types)) {
    return reason;
  }
  if (const auto reason = refuses_distances(problem)) {
    return reason;
  }
  if (problem.in_channels_per_group() != 1) {
    return "only for one input channel a group";
  }
  return std::nullopt;
}

std::optional<std::string_view> yields(const Problem& problem) {
  constexpr Index many = 4;
  if (problem.out_channels_per_group() >= many) {
    return "with 4 outputs of a channel and more a pixel serves them all at once";
  }
  if (problem.format == MemoryFormat::channels_last && problem.out_channels > 1 &&
      !has_interleaved_rows(problem)) {
    return "channels that lie side by side would be turned into planes and back";
  }
  return std::nullopt;
}

template <class T>
Index lanes() {
  return static_cast<Index>(simd::depthwise_rows_kernels<T>().lanes);
}

/// Where the weights of each lane of vectors of interleaved channels begin: on a line of a cache,
/// for they are loaded vector by vector.
Index spread_at(const Problem& problem) {
  constexpr auto line = static_cast<Index>(header_bytes / sizeof(float));
  const Index weights = problem.out_channels * problem.rows.kernel * problem.columns.kernel;
  return has_interleaved_rows(problem) ? divide_up(weights, line) * line : weights;
}

/// How many elements they are.
template <class T>
Index spread_weights(const Problem& problem) {
  return has_interleaved_rows(problem)
             ? depthwise_rows::weight_period(problem.in_channels, lanes<T>()) * lanes<T>() *
                   problem.rows.kernel * problem.columns.kernel
             : 0;
}

std::size_t packed_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    return header_bytes + at(spread_at(problem) + spread_weights<T>(problem) +
                             depthwise_planes::pair_weights(problem)) *
                              sizeof(T);
  });
}

/// From [k][r][s] of any strides to [k][s][r]. Returns whether all are finite.
template <class T>
bool turn_taps(TensorView weight, T* to) {
  const Sizes& sizes = weight.sizes();
  const Strides& strides = weight.strides();
  bool finite = true;
  for (Index k = 0; k < sizes[0]; ++k) {
    for (Index s = 0; s < sizes[3]; ++s) {
      for (Index r = 0; r < sizes[2]; ++r, ++to) {
        *to =
            static_cast<const T*>(weight.data())[k * strides[0] + r * strides[2] + s * strides[3]];
        finite &= std::isfinite(*to);
      }
    }
  }
  return finite;
}

/// From [k][taps] to [phase][taps][lane].
template <class T>
void spread_taps(const Problem& problem, const T* from, T* to) {
  const Index taps = problem.rows.kernel * problem.columns.kernel;
  const Index step = taps * lanes<T>();
  for (Index i = 0; i < spread_weights<T>(problem); ++i) {
    const Index element = i / step * lanes<T>() + i % lanes<T>();
    to[i] = from[element % problem.in_channels * taps + i % step / lanes<T>()];
  }
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  in_its_type(problem, [&]<class T>() {
    auto* const to = reinterpret_cast<T*>(packed + header_bytes);
    write_header({lanes<T>(), turn_taps(weight, to)}, packed);
    spread_taps(problem, to, to + spread_at(problem));
    if constexpr (std::is_same_v<T, float>) {
      if (depthwise_planes::pair_weights(problem) > 0) {
        depthwise_planes::pair_up(to, problem.out_channels,
                                  problem.rows.kernel * problem.columns.kernel,
                                  to + spread_at(problem) + spread_weights<T>(problem));
      }
    }
  });
}

std::size_t workspace_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    const auto bytes = [&](Lying lying) {
      const depthwise_rows::Cut<T> cut(problem, lying);
      return at(num_threads()) * depthwise_rows::Worker<T>::bytes(problem, cut) + cut.bytes();
    };
    const bool interleaves = has_interleaved_rows(problem);
    const Index biases = problem.out_channels + (interleaves ? most_channels * lanes<T>() : 0);
    return std::max({bytes(Lying::strangely), bytes(Lying::side_by_side),
                     interleaves ? bytes(Lying::interleaved) : 0}) +
           at(biases) * sizeof(T) + depthwise_planes::bytes(problem);
  });
}

template <class T>
Pieces describe_as(const Problem& problem) {
  const depthwise_rows::Cut<T> cut(
      problem, has_interleaved_rows(problem) ? Lying::interleaved : Lying::side_by_side);
  Index vectors = 1;
  const double rows = cut.loop.rows_served(problem.rows);
  Index computed = 0;
  for (const depthwise_rows::Region& region : cut.regions) {
    computed += region.wide;
    for (const depthwise_rows::Block& block : region.blocks) {
      vectors = std::max(vectors, block.vectors);
    }
  }
  const auto wide = static_cast<double>(vectors);
  return {
      .tile = concat(counted(cut.loop.rows_at_once(problem.rows), "output row"), " x ",
                     counted(vectors, "vector"), " of ", cut.loop.lanes(),
                     has_interleaved_rows(problem) ? " elements of pixels" : " pixels"),
      .blocking = concat(counted(cut.strips, "strip"), " of ", counted(cut.rows, "output row"),
                         " a channel; ", counted(static_cast<Index>(cut.regions.size()), "region"),
                         " of columns, those at the border copied"),
      // Half of the loads of pixels cross a cache line, and count as two; then there are weights.
      .efficiency = rows * wide / 2 / simd::tile_cycles(rows, wide, 1.5 * wide + rows) *
                    static_cast<double>(cut.columns.axis.output) / static_cast<double>(computed),
  };
}

Pieces describe(const Problem& problem) {
  if (depthwise_planes::takes(problem)) {
    return depthwise_planes::describe(problem);
  }
  return in_its_type(problem, [&]<class T>() { return describe_as<T>(problem); });
}

/// How the tensors lie, whatever the format that the problem was planned for.
Lying lying(const Problem& problem, const Operands& operands) {
  const Strides& from = operands.first.strides();
  if (has_interleaved_rows(problem) && channels_interleave(from, problem.in_channels) &&
      channels_interleave(operands.result.strides(), problem.in_channels)) {
    return Lying::interleaved;
  }
  return from[3] == 1 ? Lying::side_by_side : Lying::strangely;
}

template <class T>
std::vector<T> spread_bias(const Problem& problem, const std::vector<T>& bias) {
  std::vector<T> spread(
      at(depthwise_rows::weight_period(problem.in_channels, lanes<T>()) * lanes<T>()));
  for (std::size_t i = 0; i < spread.size(); ++i) {
    spread[i] = bias[i % bias.size()];
  }
  return spread;
}

/// Whether small planes lie so that they are read and written where they are, and there are enough
/// of them for all threads.
bool in_planes(const Problem& problem, const Operands& operands) {
  return depthwise_planes::takes(problem) &&
         problem.batch * problem.in_channels >= Index{2} * num_threads() &&
         operands.first.strides()[3] == 1 && operands.result.strides()[3] == 1;
}

void run_planes(const Problem& problem, const Operands& operands) {
  const auto* const weights = reinterpret_cast<const float*>(operands.packed + header_bytes);
  const bool pairs = depthwise_planes::in_pairs(problem);
  const depthwise_planes::Run shared(
      problem, operands,
      weights + (pairs ? spread_at(problem) + spread_weights<float>(problem) : 0));
  run_items(shared.items(), [&](int) { return depthwise_planes::Worker(shared); });
}

/// Whether results go past the caches, where they are stored in place by whole vectors, or come
/// from several filters of one channel that are put between each other: more is written then than
/// read.
bool streams(const Problem& problem, const Operands& operands, Lying how, Index lanes) {
  const bool in_place = how == Lying::interleaved || operands.result.strides()[3] == 1;
  const bool together = depthwise_rows::outputs_interleave(problem, operands.result) &&
                        crowds_caches(problem, operands.epilogue, operands.result);
  return (in_place ? crowds_caches_with_input(operands) : together) &&
         rows_are_aligned(operands.result, lanes);
}

template <class T>
void run_as(const Problem& problem, const Operands& operands) {
  const PackedHeader header = read_header(operands.packed, lanes<T>());
  if (header.finite && in_planes(problem, operands)) {
    run_planes(problem, operands);
    return;
  }
  const Lying how = lying(problem, operands);
  const T* const weights = reinterpret_cast<const T*>(operands.packed + header_bytes);
  depthwise_rows::Run<T> shared{
      .problem = problem,
      .operands = operands,
      .cut = depthwise_rows::Cut<T>(problem, how),
      .weights = weights,
      .spread = nullptr,
      .plain = !header.finite && problem.padding_mode == PaddingMode::zeros,
      .streams = streams(problem, operands, how, lanes<T>()),
      .bias = bias_or_zeros<T>(problem, operands.bias, problem.out_channels),
      .spread_bias = {},
  };
  if (how == Lying::interleaved) {
    shared.spread = weights + spread_at(problem);
    shared.spread_bias = spread_bias(problem, shared.bias);
  }
  run_items(shared.cut.items(problem), [&](int) { return depthwise_rows::Worker<T>(shared); });
}

void run(const Problem& problem, const Operands& operands) {
  in_its_type(problem, [&]<class T>() { run_as<T>(problem, operands); });
}

}  // namespace

extern const Algorithm depthwise_rows_algorithm;
constexpr Algorithm depthwise_rows_algorithm = {
    .name = "depthwise_rows",
    .purpose = "sums in vector registers over the pixels of several rows of one channel",
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
