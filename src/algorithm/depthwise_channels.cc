// Depthwise convolution with vectors along channels, forward, float32 and float64: groups of one
// channel, where a pixel's channels lie side by side.
//
// Math      y[n,k,p,q] = bias[k] + sum over r, s of w[k,0,r,s] * x[n, k, p*sh + r*dh - top, ...]
// Order     of a sum: r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Loops     images, blocks of channels, strips of output rows, bands of rows, columns of tiles of
//           pixels (outermost first); then the inner loop (simd/depthwise_channels.h): vectors of
//           channels, rows, r, s. What a band's rows share of pixels and weights stays in L1
// Input     where it lies, by pointers to rows and offsets of columns, both through the border's
//           index map; what lies in zeros is left out, so that infinite weights need no other loop.
//           No row's end cuts a vector short, whatever the width
// Turned    tensors of other strides, such as contiguous ones of small maps, a block of channels
//           at a time
// Weights   packed as [k / lanes][r][s][lanes]: a vector's lie together
// Dilation  output columns as far apart as makes their inputs' columns neighbours
// Not for   groups of several channels (joined_groups.cc, direct.cc); large contiguous maps
#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/depthwise_channels_worker.h"
#include "algorithm/depthwise_planes.h"
#include "algorithm/distances.h"
#include "algorithm/packed_header.h"
#include "algorithm/run_items.h"
#include "algorithm/streaming.h"
#include "algorithm/tap_classes.h"
#include "algorithm/vector_types.h"
#include "base/quantity.h"

#include <algorithm>

namespace conv2d {
namespace {

/// Measured: contiguous maps of so few columns leave more of vectors along rows idle than it costs
/// to turn planes into channels and back. And kernels of so many taps, of which a pixel is loaded
/// for several at once, do not notice that cost, where planes for a vector of channels fit into L2.
bool turning_pays(const Problem& problem) {
  if (depthwise_planes::takes(problem)) {
    return false;
  }
  if (depthwise_channels::has_wide_kernel(problem)) {
    constexpr Index few_pixels = Index{64} * 64;
    return problem.rows.input * problem.columns.input <= few_pixels &&
           problem.rows.output * problem.columns.output <= few_pixels;
  }
  const Index columns = problem.columns.output;
  const Index taps = problem.rows.kernel * problem.columns.kernel;
  const bool unrolled = problem.types.y == DType::float32 && problem.columns.stride == 1;
  constexpr Index few_taps = 25;
  constexpr Index some_taps = 49;
  return columns <= 8 || (columns <= 14 && taps >= few_taps) ||
         (columns <= 28 && taps >= some_taps && unrolled);
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
  if (problem.in_channels_per_group() != 1 || problem.out_channels_per_group() != 1) {
    return "only for groups of one channel";
  }
  return std::nullopt;
}

std::optional<std::string_view> yields(const Problem& problem) {
  if (problem.format != MemoryFormat::channels_last && !turning_pays(problem)) {
    return "planes would be turned into channels and back";
  }
  constexpr Index few = 8;
  if (problem.in_channels < few) {
    return "fewer than 8 channels would leave most of a vector idle";
  }
  return std::nullopt;
}

template <class T>
Index lanes() {
  return static_cast<Index>(simd::depthwise_channels_kernels<T>().lanes);
}

/// Channels up to whole vectors.
template <class T>
Index padded_channels(const Problem& problem) {
  return divide_up(problem.in_channels, lanes<T>()) * lanes<T>();
}

/// Channels of the packed weight: those, and where the last vector is not full the last ones that
/// fill a vector.
template <class T>
Index packed_channels(const Problem& problem) {
  const Index padded = padded_channels<T>(problem);
  return padded > problem.in_channels ? padded + lanes<T>() : padded;
}

std::size_t packed_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    return header_bytes + at(problem.products() * packed_channels<T>(problem)) * sizeof(T);
  });
}

/// The weights of the vector of channels from `first` on, from [k][0][r][s] of any strides to
/// [r][s][lanes]. Channels that there are not have zeros.
template <class T>
T* turn_taps(TensorView weight, Index first, T* to) {
  const Sizes& sizes = weight.sizes();
  const Strides& strides = weight.strides();
  for (Index tap = 0; tap < sizes[2] * sizes[3]; ++tap) {
    const T* from = static_cast<const T*>(weight.data()) + tap / sizes[3] * strides[2] +
                    tap % sizes[3] * strides[3];
    for (Index k = first; k < first + lanes<T>(); ++k, ++to) {
      *to = k >= 0 && k < sizes[0] ? from[k * strides[0]] : T{};
    }
  }
  return to;
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  in_its_type(problem, [&]<class T>() {
    T* to = reinterpret_cast<T*>(packed + header_bytes);
    for (Index k = 0; k < problem.in_channels; k += lanes<T>()) {
      to = turn_taps(weight, k, to);
    }
    if (padded_channels<T>(problem) > problem.in_channels) {
      turn_taps(weight, problem.in_channels - lanes<T>(), to);
    }
    write_header({lanes<T>(), true}, packed);
  });
}

std::size_t workspace_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    const depthwise_channels::Cut<T> cut(problem, {.channels_last = false, .meets = false});
    std::size_t most = depthwise_channels::Worker<T>::bytes(problem, cut);
    for (const bool meets : {false, true}) {
      const depthwise_channels::Cut<T> other(problem, {.channels_last = true, .meets = meets});
      most = std::max(most, depthwise_channels::Worker<T>::bytes(problem, other));
    }
    return at(num_threads()) * most + at(cut.padded) * sizeof(T) +
           at(depthwise_channels::class_step(problem, cut) * cut.classes.apart) * sizeof(Index);
  });
}

/// Pixels of a tile: as many as there are tiles for and columns that it may have.
template <class T>
Index tile_pixels(const Problem& problem, const depthwise_channels::Cut<T>& cut) {
  auto pixels = std::min<Index>(simd::most_channel_pixels,
                                divide_up(problem.columns.output, cut.classes.apart));
  while (pixels > 1 && (*cut.tiles)[at(pixels)] == nullptr) {
    --pixels;
  }
  return std::max<Index>(pixels, 1);
}

template <class T>
Pieces describe_as(const Problem& problem) {
  const bool channels_last = problem.format == MemoryFormat::channels_last;
  const depthwise_channels::Cut<T> cut(problem, {.channels_last = channels_last, .meets = false});
  const Index pixels = tile_pixels(problem, cut);
  const Index taps = problem.columns.kernel;
  const auto products = static_cast<double>(pixels * taps);
  // Unrolled, a pixel is loaded once for all outputs that read it.
  const Index loaded = cut.loads(pixels, taps);
  const double cycles = std::max(products, static_cast<double>(loaded + taps));
  return {
      .tile = concat(counted(pixels, "pixel"), " x 1 vector of ", cut.lanes, " channels"),
      .blocking = concat(counted(cut.strips, "strip"), " of ", counted(cut.rows, "output row"),
                         " an image; ", part_of(cut.block, problem.in_channels, "channels"),
                         cut.in_place ? " where they lie" : " at a time, turned within L2"),
      .efficiency =
          products / cycles * static_cast<double>(cut.channels) / static_cast<double>(cut.padded),
  };
}

Pieces describe(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() { return describe_as<T>(problem); });
}

template <class T>
bool streams_result(const Operands& operands, const depthwise_channels::Cut<T>& cut) {
  return cut.in_place && crowds_caches_with_input(operands) &&
         pixels_are_aligned(operands.result, cut.channels, cut.lanes);
}

/// Whether whole planes that are turned come from memory. Where weights would not stay images
/// follow each other and not channels, and a processor does not foresee their pieces: measured with
/// 32 images of 1024 planes of 7x7 pixels, asking for them gains a tenth; from nearer it costs 1%.
template <class T>
bool fetches_input(const Problem& problem, const Operands& operands,
                   const depthwise_channels::Cut<T>& cut) {
  const Strides& strides = operands.first.strides();
  const bool dense = strides[3] == 1 && strides[2] == problem.columns.input &&
                     strides[1] == problem.rows.input * problem.columns.input;
  return !cut.in_place && !cut.keeps_weights && cut.strips == 1 && dense &&
         bytes_of(operands.first) + bytes_of(operands.result) > at(cut.last_cache());
}

template <class T>
void run_as(const Problem& problem, const Operands& operands) {
  read_header(operands.packed, lanes<T>());
  const bool channels_last = operands.first.strides()[1] == 1 && operands.result.strides()[1] == 1;
  const depthwise_channels::Cut<T> cut(
      problem, {.channels_last = channels_last,
                .meets = depthwise_channels::Cut<T>::meets(problem, operands.first.data(),
                                                           operands.result.data())});
  const depthwise_channels::Run<T> shared{
      .problem = problem,
      .operands = operands,
      .cut = cut,
      .weights = reinterpret_cast<const T*>(operands.packed + header_bytes),
      .bias = bias_or_zeros<T>(problem, operands.bias, padded_channels<T>(problem)),
      .columns = depthwise_channels::columns_of(
          problem, cut, cut.in_place ? operands.first.strides()[3] : cut.block),
      .streams = streams_result(operands, cut),
      .fetches = fetches_input(problem, operands, cut),
  };
  run_items(cut.items(problem), [&](int) { return depthwise_channels::Worker<T>(shared); });
}

void run(const Problem& problem, const Operands& operands) {
  in_its_type(problem, [&]<class T>() { run_as<T>(problem, operands); });
}

}  // namespace

extern const Algorithm depthwise_channels_algorithm;
constexpr Algorithm depthwise_channels_algorithm = {
    .name = "depthwise_channels",
    .purpose = "sums in vector registers over the channels of depthwise layers",
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
