// How a planar convolution is cut into pieces: output channels into register tiles, images into
// strips of rows, rows into tiles of pixels, input channels into blocks.
#pragma once

#include "algorithm/phases.h"
#include "algorithm/plane_buffer.h"
#include "algorithm/run_items.h"
#include "algorithm/vector_types.h"
#include "conv2d/machine.h"
#include "conv2d/threads.h"
#include "simd/planar.h"
#include "simd/pointwise_planes.h"
#include "simd/tile_cycles.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace conv2d::planar {

/// Output channels that one register tile computes.
struct OutputTile {
  Index first;
  Index count;
};

/// Whether sums have one tap, and channels and outputs enough that all output tiles of some pixels
/// are one call (simd/pointwise_planes.h): an output tile asks for one row of results in a round of
/// channels, and has as many rounds as rows then.
inline bool is_pointwise(const Problem& problem) {
  constexpr Index least_channels = 4 * static_cast<Index>(simd::most_pointwise_outputs);
  return problem.rows.kernel * problem.columns.kernel == 1 &&
         problem.in_channels_per_group() >= least_channels &&
         problem.out_channels_per_group() > static_cast<Index>(simd::most_planar_outputs);
}

/// Into how many register tiles the output channels of a group are cut, whatever the map's size is:
/// packed weights serve all of them. Pointwise ones into an even number, for two threads share a
/// small map by its outputs, unless few tiles have few channels: those of 64 to 64 are 4% slower
/// where they are smaller.
template <class T>
Index count_output_tiles(const Problem& problem) {
  const Index outputs = problem.out_channels_per_group();
  if (is_pointwise(problem)) {
    constexpr Index many_tiles = 9;
    constexpr Index many_channels = 128;
    const Index tiles =
        divide_up(outputs, static_cast<Index>(simd::pointwise_kernels<T>().outputs));
    const bool even = tiles >= many_tiles || problem.in_channels_per_group() >= many_channels;
    return even && tiles > 1 ? divide_up(tiles, Index{2}) * 2 : tiles;
  }
  const auto& kernels = simd::planar_kernels<T>();
  const bool fits =
      outputs <= static_cast<Index>(simd::most_planar_outputs) && kernels.vectors[at(outputs)] > 0;
  return fits ? 1 : divide_up(outputs, static_cast<Index>(kernels.outputs));
}

/// Tiles for all output channels of a group, as even as can be.
template <class T>
std::vector<OutputTile> output_tiles(const Problem& problem) {
  const Index outputs = problem.out_channels_per_group();
  const Index tiles = count_output_tiles<T>(problem);
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
  TileCost(const OutputTile& tile, Index most_vectors)
      : outputs_(static_cast<double>(tile.count)),
        lanes_(static_cast<Index>(simd::planar_kernels<T>().lanes)),
        most_vectors_(most_vectors) {}

  /// Of a line of pixels, cut into tiles as even as can be.
  double line(Index pixels) const {
    const Index vectors = divide_up(pixels, lanes_);
    const Index tiles = count(pixels);
    const Index wider = vectors % tiles;
    return static_cast<double>(wider) * tile(vectors / tiles + 1) +
           static_cast<double>(tiles - wider) * tile(vectors / tiles);
  }

  /// Tiles of a line of so many pixels.
  Index count(Index pixels) const {
    return std::max<Index>(1, divide_up(divide_up(pixels, lanes_), most_vectors_));
  }

 private:
  /// Half of the loads of pixels cross a cache line, and count as two.
  double tile(Index vectors) const {
    const auto v = static_cast<double>(vectors);
    return vectors == 0 ? 0 : simd::tile_cycles(outputs_, v, outputs_ + 1.5 * v);
  }

  double outputs_;
  Index lanes_;
  Index most_vectors_;
};

/// Of the multiply-adds for a channel of a vector of pixels that is turned in registers, made of
/// loads of 16 bytes. Two of each can begin in a cycle, and there is a load for each weight.
template <class T>
double interleaved_efficiency(Index outputs) {
  const auto each = static_cast<double>(outputs);
  const auto lanes = static_cast<double>(simd::planar_kernels<T>().lanes);
  return each / (each + lanes * sizeof(T) / 16);
}

/// How an image's pixels go through tiles: row by row, or where that takes less time, as one line
/// with what lies between rows.
template <class T>
struct Lines {
  Lines(const Problem& problem, bool reads_in_place)
      : pointwise(is_pointwise(problem)),
        tiles(output_tiles<T>(problem)),
        most_vectors(static_cast<Index>(
            pointwise ? simd::most_pointwise_vectors
                      : simd::planar_kernels<T>().vectors[at(tiles.front().count)])),
        in_place(reads_in_place),
        pitch(in_place ? problem.columns.input
                       : problem.columns.output + most_shift(problem.columns)),
        one_line(runs_as_one_line(problem)) {}

  /// Pixels of so many rows as one line.
  Index line(const Problem& problem, Index rows) const {
    return (rows - 1) * pitch + problem.columns.output;
  }

  /// Cycles of so many rows for a tap of one input channel and a tile of outputs.
  double cost(const Problem& problem, Index rows, bool together) const {
    const TileCost<T> tile = tile_cost();
    return together ? tile.line(line(problem, rows))
                    : static_cast<double>(rows) * tile.line(problem.columns.output);
  }

  TileCost<T> tile_cost() const { return {tiles.front(), most_vectors}; }

  bool pointwise;
  std::vector<OutputTile> tiles;
  Index most_vectors;  ///< of pixels in a tile
  bool in_place;
  Index pitch;  ///< between rows where they are one line
  bool one_line;

 private:
  bool runs_as_one_line(const Problem& problem) const {
    if (in_place && problem.rows.stride != 1) {
      return false;
    }
    if (pitch == problem.columns.output) {
      return true;
    }
    const Index rows = problem.rows.output;
    const auto products = static_cast<double>(problem.products());
    return cost(problem, rows, true) * products + beside_products(problem, true) <
           cost(problem, rows, false) * products + beside_products(problem, false);
  }

  /// Cycles that tiles of pixels take besides, for a tile of outputs of all rows: what begins and
  /// ends one, measured; and results of several rows are copied to the rows of a plane piece by
  /// piece, while those of single rows are stored there. Where channels lie side by side both are
  /// copied.
  double beside_products(const Problem& problem, bool together) const {
    constexpr double each_tile = 15;
    constexpr double each_piece = 7;
    const TileCost<T> tile = tile_cost();
    const Index rows = problem.rows.output;
    const Index count =
        together ? tile.count(line(problem, rows)) : rows * tile.count(problem.columns.output);
    const bool copies = together && problem.format != MemoryFormat::channels_last;
    return each_tile * static_cast<double>(count) +
           (copies ? each_piece * static_cast<double>((rows + count) * tiles.front().count) : 0);
  }
};

/// How a problem is cut into pieces: depends on the instructions in use and, without a change of
/// any bit, on the number of threads and on whether the input is read where it lies. Then every
/// line of pixels is long enough for a tile, so that none has to reach beyond it.
template <class T>
struct Cut : Lines<T> {
  using Lines<T>::pointwise;
  using Lines<T>::tiles;
  using Lines<T>::most_vectors;
  using Lines<T>::in_place;
  using Lines<T>::pitch;
  using Lines<T>::one_line;
  using Lines<T>::cost;

  Cut(const Problem& problem, bool reads_in_place)
      : Lines<T>(problem, reads_in_place),
        kernels(simd::planar_kernels<T>()),
        pointwise_kernels(simd::pointwise_kernels<T>()),
        channels(problem.in_channels_per_group()),
        outputs(problem.out_channels_per_group()),
        taps(problem.rows.kernel * problem.columns.kernel),
        lanes(static_cast<Index>(kernels.lanes)),
        rows(std::max<Index>(problem.rows.output, 1)) {
    if (!in_place) {
      fit_rows(problem);
    }
    share(problem);
  }

  PlaneLayout layout(const Problem& problem) const { return layout(problem, rows); }

  /// Input channels whose rows under a tile of pixels take an eighth of L2. They come from there as
  /// fast as they are multiplied; blocks that L1 would hold cost more, by sums that wait in memory.
  /// A quarter where tiles have one tap: their sums are short, and 2048 channels 5% faster.
  Index channel_block(const Problem& problem) const {
    constexpr Index line = 64;
    const Index row_bytes =
        static_cast<Index>(sizeof(T)) * (most_vectors * lanes + most_shift(problem.columns));
    const Index phases = std::min(problem.columns.kernel, problem.columns.stride);
    const Index lines = problem.rows.kernel * phases * (divide_up(row_bytes, line) + 1);
    const Index fit = std::max<Index>(
        16, static_cast<Index>(machine().l2_bytes) / (pointwise ? 4 : 8) / (lines * line));
    return divide_up(channels, std::max<Index>(1, divide_up(channels, fit)));
  }

  /// Where a strip's output rows begin; strips are as even as can be.
  Index first_row(const Problem& problem, Index strip) const {
    return problem.rows.output * strip / strips;
  }

  /// The share of all multiply-adds that could begin while a strip is computed: what is lost to
  /// latency, to loads and to pixels that are computed and not stored.
  double efficiency(const Problem& problem) const {
    const auto vectors =
        static_cast<double>(rows * problem.columns.output) / static_cast<double>(lanes);
    return vectors * static_cast<double>(tiles.front().count) / 2 / cost(problem, rows, one_line);
  }

  Index items(const Problem& problem) const {
    return problem.batch * problem.groups * strips * parts;
  }

  const simd::PlanarKernels<T>& kernels;
  const simd::PointwiseKernels<T>& pointwise_kernels;
  Index channels;
  Index outputs;
  Index taps;
  Index lanes;
  Index rows;        ///< output rows of a strip at most
  Index strips = 1;  ///< of an image
  Index parts = 1;   ///< in which the tiles of output channels are computed

 private:
  PlaneLayout layout(const Problem& problem, Index strip_rows) const {
    const Index columns =
        one_line ? problem.columns.output : divide_up(problem.columns.output, lanes) * lanes;
    return {problem, strip_rows, columns, most_vectors * lanes};
  }

  /// As many rows as fit into half of L2, or somewhat fewer where vectors are filled better. Of few
  /// channels whose columns are dealt an eighth of it, which is many rows: what has been dealt is
  /// still near then, though results pass through L2 too.
  void fit_rows(const Problem& problem) {
    constexpr Index few_channels = 4;
    const bool few = channels <= few_channels && problem.columns.stride > 1;
    const auto fit = static_cast<Index>(machine().l2_bytes / (few ? 8 : 2) / sizeof(T));
    while (rows > 1 && channels * layout(problem, rows).channel_step() > fit) {
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
    cut_rows(problem, divide_up(output, rows));
  }

  void cut_rows(const Problem& problem, Index count) {
    strips = std::max<Index>(count, 1);
    rows = divide_up(problem.rows.output, strips);
  }

  /// Pieces for all threads, so that the busiest one has least to do: parts of the output channels
  /// and strips of rows. One piece for each thread, or two where they take long; but parts of whole
  /// maps rather than of strips, which fill vectors worse, where those are not more even.
  void share(const Problem& problem) {
    const Index threads = num_threads();
    if (threads == 1) {
      return;
    }
    const Index images = std::max<Index>(problem.batch * problem.groups, 1);
    const Index pieces = takes_long(problem) ? 2 * threads : threads;
    const Index fewest = strips;
    double least = std::numeric_limits<double>::infinity();
    Index best = fewest;
    const auto consider = [&](Index some, Index some_strips) {
      cut_rows(problem, some_strips);
      const double time = busiest_cycles(problem, images, some);
      if (time < least) {
        least = time;
        parts = some;
        best = strips;
      }
    };
    for (Index some = 1; some <= std::min(most_parts(problem), pieces); ++some) {
      const Index enough = strips_for(problem, images * some, fewest, pieces);
      if (enough > fewest && images * some * fewest >= threads) {
        consider(some, fewest);
      }
      consider(some, enough);
    }
    cut_rows(problem, best);
  }

  /// Of a tap of one input channel, where output channels are cut into so many parts.
  double busiest_cycles(const Problem& problem, Index images, Index some_parts) const {
    const Index pieces = divide_up(images * strips * some_parts, Index{num_threads()});
    const Index tiles_of_part = divide_up(static_cast<Index>(tiles.size()), some_parts);
    return static_cast<double>(pieces * tiles_of_part) * cost(problem, rows, one_line);
  }

  /// Each part copies the strip for itself, so it has at least eight tiles, or 32 products for an
  /// element copied. What lies in place, and stays near, is read as often as one likes.
  Index most_parts(const Problem& problem) const {
    const auto all = static_cast<Index>(tiles.size());
    const Index input = channels * problem.rows.input * problem.columns.input;
    const bool near =
        input * static_cast<Index>(sizeof(T)) <= static_cast<Index>(machine().l2_bytes) / 2;
    return std::max<Index>(1, in_place && near ? all : all / 8);
  }

  /// Strips of an image of which so many parts at once make the pieces, no fewer than `fewest`.
  Index strips_for(const Problem& problem, Index parts_of_strips, Index fewest,
                   Index pieces) const {
    const Index fewest_rows = in_place && one_line ? divide_up(most_vectors * lanes, pitch) : 1;
    const Index most = std::max<Index>(1, problem.rows.output / fewest_rows);
    const Index wanted =
        std::clamp<Index>(divide_up(pieces, parts_of_strips), fewest, std::max(fewest, most));
    return even_strips(parts_of_strips, wanted, most);
  }
};

}  // namespace conv2d::planar
