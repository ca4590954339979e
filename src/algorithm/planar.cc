// Direct convolution with vectors along the pixels of a plane, forward, float32 and float64.
//
// Math      y[n,k,p,q] = bias[k] + sum over c, r, s of w[k,c,r,s] * x[n, c, p*sh + r*dh - top, ...]
// Order     of a sum: c, r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Loops     images, groups, strips of output rows, tiles of pixels, blocks of input channels,
//           output channels (outermost first); then the register tile (simd/planar.h): c, r, s
// Input     each strip's rows are laid out once in a buffer (plane_buffer.h), borders filled in,
//           strides and dilations resolved; half of L2 at most, unless one row takes more
// Blocking  the input channels of a block, with the pixels of a tile, stay in L1 while all output
//           channels pass by; sums wait in memory between blocks, which changes no bit of them
// Weights   packed as [tile of output channels][c][r][s][k]; each is loaded once for all pixels of
//           a tile, so that they may come from L3
// Pixels    row by row, or where rows are short against a vector, the strip as one line: what lies
//           between rows is computed too and not stored
// Output    straight to where pixels lie side by side; else through a tile of scratch memory
// Border    zeros in the buffer. An infinite or NaN weight must not meet them: such layers take a
//           plain loop that leaves those terms out
// Not for   channels-last tensors with many channels (direct.cc), which it would turn twice
// Source    the register tile is that of matrix products: K. Goto, R. van de Geijn, Anatomy of
//           High-Performance Matrix Multiplication, ACM TOMS 34(3), 2008
#include "simd/planar.h"
#include "algorithm/algorithm.h"
#include "algorithm/phases.h"
#include "algorithm/plane_buffer.h"
#include "base/error.h"
#include "conv2d/machine.h"
#include "conv2d/threads.h"
#include "simd/kernels.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace conv2d {
namespace {

using Index = std::int64_t;

std::size_t at(Index index) noexcept { return static_cast<std::size_t>(index); }

Index divide_up(Index a, Index b) noexcept { return (a + b - 1) / b; }

/// Output channels that one register tile computes.
struct OutputTile {
  Index first;
  Index count;
};

/// Tiles for all output channels of a group, as even as can be.
template <class T>
std::vector<OutputTile> output_tiles(Index outputs) {
  const auto& kernels = simd::planar_kernels<T>();
  const auto fits = [&](Index count) {
    return count <= static_cast<Index>(simd::most_planar_outputs) && kernels.vectors[at(count)] > 0;
  };
  const Index tiles = fits(outputs) ? 1 : divide_up(outputs, static_cast<Index>(kernels.outputs));
  std::vector<OutputTile> cut;
  for (Index i = 0, first = 0; i < tiles; ++i) {
    const Index count = outputs / tiles + (i < outputs % tiles ? 1 : 0);
    cut.push_back({first, count});
    first += count;
  }
  return cut;
}

/// What a tap of one input channel costs a register tile, in cycles.
template <class T>
class TileCost {
 public:
  explicit TileCost(const std::vector<OutputTile>& tiles)
      : outputs_(static_cast<double>(tiles.front().count)),
        lanes_(static_cast<Index>(simd::planar_kernels<T>().lanes)),
        most_vectors_(
            static_cast<Index>(simd::planar_kernels<T>().vectors[at(tiles.front().count)])) {}

  /// Of a line of pixels, cut into tiles as even as can be.
  double line(Index pixels) const {
    const Index vectors = divide_up(pixels, lanes_);
    const Index tiles = std::max<Index>(1, divide_up(vectors, most_vectors_));
    const Index wider = vectors % tiles;
    return static_cast<double>(wider) * tile(vectors / tiles + 1) +
           static_cast<double>(tiles - wider) * tile(vectors / tiles);
  }

 private:
  /// What the multiply-adds take where two start in each cycle, what the loads take where half of
  /// those of pixels cross a cache line, but never less than the 4 cycles after which a sum can be
  /// added to again, with something for what does not fit exactly.
  double tile(Index vectors) const {
    constexpr double latency = 4.5;
    const auto v = static_cast<double>(vectors);
    return vectors == 0 ? 0 : std::max({latency, outputs_ * v / 2, (outputs_ + 1.5 * v) / 2});
  }

  double outputs_;
  Index lanes_;
  Index most_vectors_;
};

/// How a problem is cut into pieces: depends on the instructions in use and, without a change of
/// any bit, on the number of threads and on whether the input is read where it lies.
template <class T>
struct Cut {
  Cut(const Problem& problem, bool reads_in_place)
      : kernels(simd::planar_kernels<T>()),
        channels(problem.in_channels_per_group()),
        outputs(problem.out_channels_per_group()),
        taps(problem.rows.kernel * problem.columns.kernel),
        lanes(static_cast<Index>(kernels.lanes)),
        tiles(output_tiles<T>(outputs)),
        most_vectors(static_cast<Index>(kernels.vectors[at(tiles.front().count)])),
        in_place(reads_in_place),
        pitch(in_place ? problem.columns.input
                       : problem.columns.output + most_shift(problem.columns)),
        one_line(runs_as_one_line(problem)),
        rows(std::max<Index>(problem.rows.output, 1)) {
    if (!in_place) {
      fit_rows(problem);
    }
    share(problem);
  }

  PlaneLayout layout(const Problem& problem) const { return layout(problem, rows); }

  /// Input channels whose rows under a tile of pixels take five eighths of L1.
  Index channel_block(const Problem& problem) const {
    constexpr Index line = 64;
    const Index row_bytes =
        static_cast<Index>(sizeof(T)) * (most_vectors * lanes + most_shift(problem.columns));
    const Index phases = std::min(problem.columns.kernel, problem.columns.stride);
    const Index lines = problem.rows.kernel * phases * (divide_up(row_bytes, line) + 1);
    const Index fit =
        std::max<Index>(16, static_cast<Index>(machine().l1_bytes) * 5 / 8 / (lines * line));
    return divide_up(channels, std::max<Index>(1, divide_up(channels, fit)));
  }

  Index items(const Problem& problem) const {
    return problem.batch * problem.groups * strips * parts;
  }

  const simd::PlanarKernels<T>& kernels;
  Index channels;
  Index outputs;
  Index taps;
  Index lanes;
  std::vector<OutputTile> tiles;
  Index most_vectors;  ///< of pixels in a tile
  bool in_place;
  Index pitch;  ///< between rows where the strip is one line
  bool one_line;
  Index rows;        ///< output rows of a strip
  Index strips = 1;  ///< of an image
  Index parts = 1;   ///< in which the tiles of output channels are computed

 private:
  PlaneLayout layout(const Problem& problem, Index strip_rows) const {
    const Index columns =
        one_line ? problem.columns.output : divide_up(problem.columns.output, lanes) * lanes;
    return {problem, strip_rows, columns, most_vectors * lanes};
  }

  /// Whether all pixels of an image take less time when rows are not computed one by one.
  bool runs_as_one_line(const Problem& problem) const {
    if (in_place && problem.rows.stride != 1) {
      return false;
    }
    return pitch == problem.columns.output ||
           cost(problem, problem.rows.output, true) < cost(problem, problem.rows.output, false);
  }

  double cost(const Problem& problem, Index strip_rows, bool together) const {
    const TileCost<T> tile(tiles);
    const Index columns = problem.columns.output;
    return together ? tile.line((strip_rows - 1) * pitch + columns)
                    : static_cast<double>(strip_rows) * tile.line(columns);
  }

  /// As many rows as fit into half of L2, or somewhat fewer where vectors are filled better.
  void fit_rows(const Problem& problem) {
    const auto half_l2 = static_cast<Index>(machine().l2_bytes / 2 / sizeof(T));
    while (rows > 1 && channels * layout(problem, rows).channel_step() > half_l2) {
      rows = divide_up(rows, 2);
    }
    const Index output = problem.rows.output;
    const Index fewest = divide_up(output, rows);
    double best = 0;
    for (Index count = fewest; count < std::min(output + 1, fewest + 8); ++count) {
      const Index each = divide_up(output, count);
      const double time =
          static_cast<double>(divide_up(output, each)) * cost(problem, each, one_line);
      if (best == 0 || time < 0.97 * best) {
        best = time;
        rows = each;
      }
    }
    strips = divide_up(output, std::max<Index>(rows, 1));
  }

  /// Pieces for all threads: first parts of the output channels, each of which copies the strip
  /// for itself, so at least eight tiles, or 32 products for an element copied; then fewer rows.
  void share(const Problem& problem) {
    const Index images = std::max<Index>(problem.batch * problem.groups, 1);
    const Index wanted = num_threads() == 1 ? 1 : Index{2} * num_threads();
    const auto most_parts = std::max<Index>(1, static_cast<Index>(tiles.size()) / 8);
    parts = std::clamp<Index>(divide_up(wanted, images * strips), 1, most_parts);
    if (images * strips * parts < wanted) {
      rows = std::max<Index>(1, rows * images * strips * parts / wanted);
      strips = divide_up(problem.rows.output, rows);
    }
  }
};

/// What stands before packed weights.
struct PlanarHeader {
  std::size_t outputs;  ///< of the kernels that it was packed for
  bool finite;
};
constexpr std::size_t header_bytes = 64;

/// The weights of one tile: from [k][c][r][s] of any strides to [c][r][s][k].
template <class T>
void pack_tile(TensorView weight, Index first, Index count, T* to) {
  const Strides& strides = weight.strides();
  const Sizes& sizes = weight.sizes();
  const T* from = static_cast<const T*>(weight.data()) + first * strides[0];
  for (Index c = 0; c < sizes[1]; ++c) {
    for (Index r = 0; r < sizes[2]; ++r) {
      for (Index s = 0; s < sizes[3]; ++s, to += count) {
        const T* tap = from + c * strides[1] + r * strides[2] + s * strides[3];
        for (Index k = 0; k < count; ++k) {
          to[k] = tap[k * strides[0]];
        }
      }
    }
  }
}

template <class T>
void pack_typed(const Problem& problem, TensorView weight, std::byte* packed) {
  const Index outputs = problem.out_channels_per_group();
  const std::vector<OutputTile> cut = output_tiles<T>(outputs);
  auto* to = reinterpret_cast<T*>(packed + header_bytes);
  const Index filter =
      problem.in_channels_per_group() * problem.rows.kernel * problem.columns.kernel;
  const auto tiles = static_cast<Index>(cut.size());
  parallel_for(problem.groups * tiles, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const OutputTile& tile = cut[at(i % tiles)];
      const Index first = i / tiles * outputs + tile.first;
      pack_tile(weight, first, tile.count, to + first * filter);
    }
  });
  const Index count = problem.out_channels * filter;
  bool finite = true;
  for (Index i = 0; i < count; ++i) {
    finite &= std::isfinite(to[i]);
  }
  const PlanarHeader header{simd::planar_kernels<T>().outputs, finite};
  std::memcpy(packed, &header, sizeof header);
}

/// Everything that one run shares between threads.
template <class T>
struct PlanarRun {
  const Problem& problem;
  const Operands& operands;
  Cut<T> cut;
  PlaneLayout layout;                   ///< of the buffers, where there are any
  std::vector<std::ptrdiff_t> offsets;  ///< of taps, in the buffer or in the input
  Index channel_step;
  Index row_step;  ///< from a row of the strip to the next
  Index channel_block;
  const T* weights;
  bool plain;  ///< weights are not finite and there are zeros beyond the border
  bool stores_in_place;
  std::vector<T> bias;  ///< of every output channel, zero where there is none
};

/// One thread's part: a strip of a group's output rows at a time.
template <class T>
class PlanarWorker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit PlanarWorker(const PlanarRun<T>& run)
      : run_(run),
        filler_(run.problem, run.operands.first, run.layout),
        buffer_(run.cut.in_place ? 0 : at(run.cut.channels * run.layout.channel_step())),
        sums_(at(run.cut.outputs * tile_pixels())) {}

  static std::size_t elements(const Cut<T>& cut, const PlaneLayout& layout) {
    return at(cut.channels * layout.channel_step() + cut.outputs * cut.most_vectors * cut.lanes);
  }

  /// Item i is an image, a group, a strip and a part of the output channels; parts change fastest.
  void compute(Index item) {
    const Cut<T>& cut = run_.cut;
    const Index part = item % cut.parts;
    load(item / cut.parts);
    const auto tiles = static_cast<Index>(cut.tiles.size());
    first_tile_ = tiles * part / cut.parts;
    last_tile_ = tiles * (part + 1) / cut.parts;
    const Index columns = run_.problem.columns.output;
    if (cut.one_line) {
      compute_line(0, (rows_ - 1) * cut.pitch + columns);
      return;
    }
    for (Index row = 0; row < rows_; ++row) {
      compute_line(row, columns);
    }
  }

 private:
  Index tile_pixels() const { return run_.cut.most_vectors * run_.cut.lanes; }

  /// Makes a strip of a group of an image the current one.
  void load(Index strip) {
    if (strip == strip_) {
      return;
    }
    strip_ = strip;
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    first_row_ = strip % cut.strips * cut.rows;
    group_ = strip / cut.strips % problem.groups;
    image_ = strip / cut.strips / problem.groups;
    rows_ = std::min(cut.rows, problem.rows.output - first_row_);
    if (cut.in_place) {
      const Strides& strides = run_.operands.first.strides();
      input_ = static_cast<const T*>(run_.operands.first.data()) + image_ * strides[0] +
               group_ * cut.channels * strides[1] + first_row_ * run_.row_step;
    } else {
      filler_.fill(image_, group_ * cut.channels, cut.channels, first_row_, rows_, buffer_.data());
      input_ = buffer_.data();
    }
  }

  /// Pixels that lie side by side, from the first of a row of the strip, in tiles as even as can
  /// be. Where there are enough of them a tile that would reach beyond the last one begins
  /// earlier and computes some again: nothing beyond the line is read or written.
  void compute_line(Index row, Index count) {
    const Index lanes = run_.cut.lanes;
    const Index vectors = divide_up(count, lanes);
    const Index tiles = divide_up(vectors, run_.cut.most_vectors);
    for (Index i = 0, begin = 0; i < tiles; ++i) {
      const Index wide = vectors / tiles + (i < vectors % tiles ? 1 : 0);
      const Index first = std::max<Index>(0, std::min(begin * lanes, count - wide * lanes));
      compute_pixels({row, first, wide, std::min(wide * lanes, count - first)});
      begin += wide;
    }
  }

  /// A tile of pixels: `count` of them from the one that is `first` in the line of `row`.
  struct Pixels {
    Index row;
    Index first;
    Index vectors;
    Index count;
  };

  /// All output channels of the part for some pixels.
  void compute_pixels(const Pixels& pixels) {
    const Cut<T>& cut = run_.cut;
    if (run_.plain) {
      sum_plainly(pixels);
      copy_out(pixels);
      return;
    }
    for (Index c = 0; c == 0 || c < cut.channels; c += std::max<Index>(1, run_.channel_block)) {
      multiply(c, std::min(cut.channels - c, run_.channel_block), pixels);
    }
    if (!run_.stores_in_place) {
      copy_out(pixels);
    }
  }

  /// The products of a block of input channels; the sums wait in memory before the last block.
  void multiply(Index c, Index channels, const Pixels& pixels) {
    const Cut<T>& cut = run_.cut;
    const bool ends = c + channels == cut.channels;
    const bool stores = ends && run_.stores_in_place;
    simd::PlanarTile<T> tile{};
    tile.pixels = input_ + c * run_.channel_step + pixels.row * run_.row_step + pixels.first;
    tile.channel_step = run_.channel_step;
    tile.channels = at(channels);
    tile.taps = run_.offsets;
    tile.before_step = tile_pixels();
    tile.after_step = stores ? run_.operands.result.strides()[1] : tile_pixels();
    tile.last = at(stores ? pixels.count - (pixels.vectors - 1) * cut.lanes : cut.lanes);
    T* const to = output(0, pixels, 0);
    for (Index i = first_tile_; i < last_tile_; ++i) {
      const OutputTile& outputs = cut.tiles[at(i)];
      const Index k = group_ * cut.outputs + outputs.first;
      T* sums = sums_.data() + outputs.first * tile_pixels();
      tile.weights = run_.weights + (k * cut.channels + c * outputs.count) * cut.taps;
      tile.before = c == 0 ? nullptr : sums;
      tile.after = stores ? to + outputs.first * tile.after_step : sums;
      tile.bias = ends ? run_.bias.data() + k : nullptr;
      cut.kernels.tile[at(outputs.count)][at(pixels.vectors)](tile);
    }
  }

  /// Where pixel i of a tile belongs.
  T* output(Index k, const Pixels& pixels, Index i) const {
    const Strides& strides = run_.operands.result.strides();
    const auto [row, column] = place(pixels, i);
    return static_cast<T*>(run_.operands.result.data()) + image_ * strides[0] +
           (group_ * run_.cut.outputs + k) * strides[1] + (first_row_ + row) * strides[2] +
           column * strides[3];
  }

  struct Place {
    Index row;  ///< of the strip
    Index column;
  };
  Place place(const Pixels& pixels, Index i) const {
    const Index along = pixels.first + i;
    return run_.cut.one_line ? Place{along / run_.cut.pitch, along % run_.cut.pitch}
                             : Place{pixels.row, along};
  }

  /// From the sums of a tile of pixels to the output: a piece of a row at a time.
  void copy_out(const Pixels& pixels) {
    const Index columns = run_.problem.columns.output;
    const Index begin = run_.cut.tiles[at(first_tile_)].first;
    const OutputTile& last = run_.cut.tiles[at(last_tile_ - 1)];
    const Index outputs = last.first + last.count - begin;
    for (Index i = 0; i < pixels.count;) {
      const Index column = place(pixels, i).column;
      const Index next = run_.cut.one_line ? run_.cut.pitch - column : pixels.count;
      const Index real = std::min(pixels.count - i, columns - column);
      if (real > 0) {
        copy_row(sums_.data() + begin * tile_pixels() + i, outputs, real, output(begin, pixels, i));
      }
      i += next;
    }
  }

  void copy_row(const T* from, Index outputs, Index count, T* to) const {
    const Strides& strides = run_.operands.result.strides();
    if constexpr (std::is_same_v<T, float>) {
      if (strides[1] == 1 && outputs > 1) {
        simd::kernels().transpose(from, tile_pixels(), to, strides[3], count, outputs);
        return;
      }
    }
    for (Index k = 0; k < outputs; ++k, from += tile_pixels(), to += strides[1]) {
      if (strides[3] == 1) {
        std::memcpy(to, from, at(count) * sizeof(T));
        continue;
      }
      for (Index i = 0; i < count; ++i) {
        to[i * strides[3]] = from[i];
      }
    }
  }

  /// Where a weight is infinite or NaN, terms in the zeros beyond the border are left out one by
  /// one.
  void sum_plainly(const Pixels& pixels) {
    const Cut<T>& cut = run_.cut;
    for (Index i = first_tile_; i < last_tile_; ++i) {
      const OutputTile& tile = cut.tiles[at(i)];
      for (Index k = tile.first; k < tile.first + tile.count; ++k) {
        for (Index pixel = 0; pixel < pixels.count; ++pixel) {
          sums_[at(k * tile_pixels() + pixel)] =
              plain_sum(tile, k, pixels, pixel) + run_.bias[at(group_ * cut.outputs + k)];
        }
      }
    }
  }

  T plain_sum(const OutputTile& tile, Index k, const Pixels& pixels, Index i) const {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const auto [row, column] = place(pixels, i);
    const T* weights = run_.weights +
                       (group_ * cut.outputs + tile.first) * cut.channels * cut.taps + k -
                       tile.first;
    const T* x = input_ + pixels.row * run_.row_step + pixels.first + i;
    T sum{};
    for (Index c = 0; c < cut.channels && column < problem.columns.output; ++c) {
      for (Index t = 0; t < cut.taps; ++t) {
        const Index r = t / problem.columns.kernel;
        const Index s = t % problem.columns.kernel;
        if (source_index(problem.rows, problem.padding_mode, first_row_ + row, r) != nowhere &&
            source_index(problem.columns, problem.padding_mode, column, s) != nowhere) {
          sum = std::fma(weights[(c * cut.taps + t) * tile.count],
                         x[c * run_.channel_step + run_.offsets[at(t)]], sum);
        }
      }
    }
    return sum;
  }

  const PlanarRun<T>& run_;
  PlaneFiller<T> filler_;
  std::vector<T> buffer_;
  std::vector<T> sums_;       ///< [output channel][pixel of the tile]
  const T* input_ = nullptr;  ///< the strip's first pixel
  Index strip_ = -1;
  Index image_ = 0;
  Index group_ = 0;
  Index first_row_ = 0;
  Index rows_ = 0;
  Index first_tile_ = 0;
  Index last_tile_ = 0;
};

/// Whether no tap reads beyond the border.
bool stays_inside(const Axis& axis) {
  return axis.pad_before == 0 && axis.position(axis.output - 1, axis.kernel - 1) < axis.input;
}

/// Whether rows could be read where they lie: without gaps and borders.
bool may_read_in_place(const Problem& problem) {
  return problem.columns.stride == 1 && stays_inside(problem.rows) && stays_inside(problem.columns);
}

/// Whether the input is read where it lies: rows long enough for a tile, and channels whose
/// distance does not put them all into the same sets of L1.
template <class T>
bool reads_in_place(const Problem& problem, const Strides& strides) {
  const auto& kernels = simd::planar_kernels<T>();
  const Index tile = static_cast<Index>(kernels.lanes * simd::most_planar_vectors);
  if (strides[3] != 1 || !may_read_in_place(problem)) {
    return false;
  }
  const bool whole_planes = strides[2] == problem.columns.input && problem.rows.stride == 1;
  const Index line =
      whole_planes ? (problem.rows.output - 1) * problem.columns.input + problem.columns.output
                   : problem.columns.output;
  // A set of L1 is chosen by 6 bits above those of a line on processors with 4 KiB pages.
  constexpr Index page = 4096;
  const Index apart = strides[1] * static_cast<Index>(sizeof(T)) % page;
  constexpr Index least = 256;
  return line >= tile &&
         (problem.in_channels_per_group() <= 8 || (apart >= least && apart <= page - least));
}

/// Whether a tile's pixels lie side by side in the output too.
template <class T>
bool stores_in_place(const Problem& problem, const Cut<T>& cut, const Strides& strides) {
  return strides[3] == 1 && (!cut.one_line || (cut.pitch == problem.columns.output &&
                                               strides[2] == problem.columns.output));
}

/// Where taps lie in the input itself.
std::vector<std::ptrdiff_t> input_offsets(const Problem& problem, const Strides& strides) {
  std::vector<std::ptrdiff_t> offsets;
  for (Index r = 0; r < problem.rows.kernel; ++r) {
    for (Index s = 0; s < problem.columns.kernel; ++s) {
      offsets.push_back(r * problem.rows.dilation * strides[2] + s * problem.columns.dilation);
    }
  }
  return offsets;
}

template <class T>
std::vector<T> bias_or_zeros(const Problem& problem, const functional::OptionalView& bias) {
  std::vector<T> values(at(problem.out_channels), T{});
  for (Index k = 0; bias && k < problem.out_channels; ++k) {
    // + 0: a sum that underflowed may be -0 or 0, for taps in the padding add 0 or are left out.
    values[at(k)] = static_cast<const T*>(bias->data())[k * bias->strides()[0]] + T{};
  }
  return values;
}

template <class T>
void run_typed(const Problem& problem, const Operands& operands) {
  PlanarHeader header{};
  std::memcpy(&header, operands.packed, sizeof header);
  if (header.outputs != simd::planar_kernels<T>().outputs) {
    throw_invalid("the weight was packed for other vector instructions than those in use now");
  }
  const Strides& strides = operands.first.strides();
  const Cut<T> cut(problem, reads_in_place<T>(problem, strides));
  const PlaneLayout layout = cut.layout(problem);
  const PlanarRun<T> shared{
      .problem = problem,
      .operands = operands,
      .cut = cut,
      .layout = layout,
      .offsets = cut.in_place ? input_offsets(problem, strides) : layout.offsets(),
      .channel_step = cut.in_place ? strides[1] : layout.channel_step(),
      .row_step = cut.in_place ? strides[2] * problem.rows.stride : layout.pitch(),
      .channel_block = cut.channel_block(problem),
      .weights = reinterpret_cast<const T*>(operands.packed + header_bytes),
      .plain = !header.finite && problem.padding_mode == PaddingMode::zeros,
      .stores_in_place = header.finite && stores_in_place(problem, cut, operands.result.strides()),
      .bias = bias_or_zeros<T>(problem, operands.bias),
  };
  const Index items = cut.items(problem);
  const auto threads = static_cast<int>(std::min<Index>(num_threads(), items));
  std::vector<PlanarWorker<T>> workers;
  workers.reserve(at(threads));
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back(shared);
  }
  run_on_threads(threads, [&](int t) {
    for (Index item = items * t / threads; item < items * (t + 1) / threads; ++item) {
      workers[at(t)].compute(item);
    }
  });
}

bool is_all(const Types& types, DType dtype) { return types == Types{dtype, dtype, dtype}; }

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::forward) {
    return "only the forward pass";
  }
  const bool doubles = is_all(problem.types, DType::float64);
  if (!doubles && !is_all(problem.types, DType::float32)) {
    return "only float32 and float64";
  }
  if (doubles && simd::planar_kernels<double>().lanes == 0) {
    return "this processor has no vectors of float64";
  }
  constexpr Index many = 8;
  const Index inputs = problem.in_channels_per_group();
  const Index outputs = problem.out_channels_per_group();
  if (problem.format == MemoryFormat::channels_last && outputs >= many && inputs >= many) {
    return "channels that lie side by side would be turned into planes and back";
  }
  // Measured: from here on vectors of output channels, which no row's end cuts short, gain more
  // than it costs to turn planes into channels and back. Planes read where they lie stay ahead.
  constexpr Index long_sum = 1024;
  constexpr Index wide = 64;
  if (inputs * problem.rows.kernel * problem.columns.kernel >= long_sum && outputs >= wide &&
      !may_read_in_place(problem)) {
    return "sums so long and outputs so many that turning planes into channels pays";
  }
  return std::nullopt;
}

/// Calls visit with a float or a double, whichever the problem is of.
template <class Visitor>
auto of_type(const Problem& problem, Visitor&& visit) {
  return problem.types.x == DType::float64 ? visit(double{}) : visit(float{});
}

std::size_t workspace_bytes(const Problem& problem) {
  return of_type(problem, [&]<class T>(T) {
    const Cut<T> cut(problem, false);
    const PlaneLayout layout = cut.layout(problem);
    const Index taps = cut.taps + problem.rows.kernel;
    const Index columns =
        problem.columns.output + problem.columns.kernel * problem.columns.dilation;
    return at(num_threads()) * (PlanarWorker<T>::elements(cut, layout) * sizeof(T) +
                                at(columns) * layout.column_phases().size() * sizeof(Index) +
                                at(layout.band_rows())) +
           at(taps) * sizeof(Index) + at(problem.out_channels) * sizeof(T);
  });
}

std::size_t packed_bytes(const Problem& problem) {
  const Index count = problem.out_channels * problem.in_channels_per_group() * problem.rows.kernel *
                      problem.columns.kernel;
  return of_type(problem, [&]<class T>(T) { return header_bytes + at(count) * sizeof(T); });
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  of_type(problem, [&]<class T>(T) { pack_typed<T>(problem, weight, packed); });
}

void run(const Problem& problem, const Operands& operands) {
  of_type(problem, [&]<class T>(T) { run_typed<T>(problem, operands); });
}

}  // namespace

extern const Algorithm planar_algorithm;
constexpr Algorithm planar_algorithm = {
    .name = "planar",
    .purpose = "sums in vector registers over the pixels of a plane, from a strip of rows in L2",
    .refuses = refuses,
    .workspace_bytes = workspace_bytes,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};

}  // namespace conv2d
