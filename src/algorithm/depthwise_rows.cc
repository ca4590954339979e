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
// Not for   channels-last tensors, whose vectors run along channels; many outputs of one channel
#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/depthwise_rows_cut.h"
#include "algorithm/depthwise_rows_worker.h"
#include "algorithm/distances.h"
#include "algorithm/packed_header.h"
#include "algorithm/run_items.h"
#include "algorithm/tile_cycles.h"
#include "algorithm/vector_types.h"
#include "base/quantity.h"

#include <algorithm>
#include <cmath>

namespace conv2d {
namespace {

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
  constexpr Index many = 4;
  if (problem.out_channels_per_group() >= many) {
    return "with 4 outputs of a channel and more a pixel serves them all at once";
  }
  if (problem.format == MemoryFormat::channels_last) {
    return "channels that lie side by side would be turned into planes and back";
  }
  return std::nullopt;
}

template <class T>
Index lanes() {
  return static_cast<Index>(simd::depthwise_rows_kernels<T>().lanes);
}

std::size_t packed_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    return header_bytes +
           at(problem.out_channels * problem.rows.kernel * problem.columns.kernel) * sizeof(T);
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

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  in_its_type(problem, [&]<class T>() {
    write_header({lanes<T>(), turn_taps(weight, reinterpret_cast<T*>(packed + header_bytes))},
                 packed);
  });
}

std::size_t workspace_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    const depthwise_rows::Cut<T> cut(problem, false);
    return at(num_threads()) * depthwise_rows::Worker<T>::bytes(problem, cut) + cut.bytes() +
           at(problem.out_channels) * sizeof(T);
  });
}

template <class T>
Pieces describe_as(const Problem& problem) {
  const depthwise_rows::Cut<T> cut(problem, true);
  const Index vectors = std::max<Index>(1, cut.widest / cut.loop.lanes());
  const auto wide = static_cast<double>(vectors);
  const double rows = cut.loop.rows_served(problem.rows);
  Index computed = 0;
  for (const depthwise_rows::Region& region : cut.regions) {
    computed += region.wide;
  }
  return {
      .tile = concat(counted(cut.loop.rows_at_once(problem.rows), "output row"), " x ",
                     counted(vectors, "vector"), " of ", cut.loop.lanes(), " pixels"),
      .blocking = concat(counted(cut.strips, "strip"), " of ", counted(cut.rows, "output row"),
                         " a channel; ", counted(static_cast<Index>(cut.regions.size()), "region"),
                         " of columns, those at the border copied"),
      // Half of the loads of pixels cross a cache line, and count as two; then there are weights.
      .efficiency = rows * wide / 2 / tile_cycles(rows, wide, 1.5 * wide + rows) *
                    static_cast<double>(problem.columns.output) / static_cast<double>(computed),
  };
}

Pieces describe(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() { return describe_as<T>(problem); });
}

template <class T>
void run_as(const Problem& problem, const Operands& operands) {
  const PackedHeader header = read_header(operands.packed, lanes<T>());
  const depthwise_rows::Run<T> shared{
      .problem = problem,
      .operands = operands,
      .cut = depthwise_rows::Cut<T>(problem, operands.first.strides()[3] == 1),
      .weights = reinterpret_cast<const T*>(operands.packed + header_bytes),
      .plain = !header.finite && problem.padding_mode == PaddingMode::zeros,
      .bias = bias_or_zeros<T>(problem, operands.bias, problem.out_channels),
  };
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
    .workspace_bytes = workspace_bytes,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
    .finishes = true,
    .describe = describe,
};

}  // namespace conv2d
