#include "algorithm/expected_time.h"

#include "algorithm/input_rows.h"
#include "algorithm/output_blocks.h"
#include "algorithm/planar_convolution.h"
#include "algorithm/planar_cut.h"
#include "algorithm/vector_types.h"
#include "simd/tile_cycles.h"
#include "tensor/layout.h"

#include <algorithm>

namespace conv2d {
namespace {

/// The outputs of an axis, by whether all of their taps read an element.
struct Border {
  Border(const Axis& axis, PaddingMode mode)
      : inner(inner_outputs(axis)),
        outer(axis.output - inner.size()),
        outer_taps(mode == PaddingMode::zeros ? taps_inside(axis) - inner.size() * axis.kernel
                                              : outer * axis.kernel) {}

  /// Whether no more than the first output and the last one are outer ones.
  bool is_thin(const Axis& axis) const {
    return inner.size() > 0 && inner.begin <= 1 && inner.end >= axis.output - 1;
  }

  AxisRange inner;
  Index outer;
  Index outer_taps;  ///< of all outer outputs, those that read one
};

/// What register tiles do.
struct Work {
  double cycles = 0;  ///< for each input channel
  double tiles = 0;
  double pointers = 0;  ///< of all tiles, one for each tap, or for each tap and pixel

  Work& operator+=(const Work& other) {
    cycles += other.cycles;
    tiles += other.tiles;
    pointers += other.pointers;
    return *this;
  }
  friend Work operator*(double count, const Work& one) {
    return {count * one.cycles, count * one.tiles, count * one.pointers};
  }
};

Work less_of(const Work& a, const Work& b) { return b.cycles < a.cycles ? b : a; }

double real(Index count) { return static_cast<double>(count); }

/// Tiles of pixels by some vectors of outputs, as StripTaps cuts whole images into them.
class OutputTiles {
 public:
  OutputTiles(const Problem& problem, int vectors, Index most_pixels)
      : problem_(problem),
        vectors_(vectors),
        most_pixels_(most_pixels),
        rows_(problem.rows, problem.padding_mode),
        columns_(problem.columns, problem.padding_mode) {}

  Work all() const {
    Work pieces = run(rows_.inner.size(), 1, problem_.rows.kernel);
    pieces += run(1, rows_.outer, rows_.outer_taps);
    return may_go_from_end_to_end() ? less_of(pieces, from_end_to_end()) : pieces;
  }

 private:
  /// Pixels in a line, each with so many loads.
  Work line(Index pixels, double loads = 1) const {
    const double tiles = real(divide_up(pixels, most_pixels_));
    const double wide = std::max(vectors_, 1);
    const double cycles =
        std::max({real(pixels) * wide / 2, (loads * real(pixels) + tiles * wide) / 2,
                  simd::weight_cycles * tiles * wide});
    return {cycles, tiles, tiles};
  }

  /// Pixels with the same taps, by lines along rows or down columns.
  Work patch(Index rows, Index columns) const {
    if (rows == 0 || columns == 0) {
      return {};
    }
    const Axis& axis = problem_.columns;
    const bool follow = axis.stride == 1 && axis.input == axis.output;
    if (columns_.outer == 0 && (follow || rows == 1)) {
      return line(rows * columns);
    }
    return less_of(real(rows) * line(columns), real(columns) * line(rows));
  }

  /// So many runs of `rows` rows, for which the kernel has `taps` rows that read, together.
  Work run(Index rows, Index runs, Index taps) const {
    const Work inner = patch(rows, columns_.inner.size());
    const Work outer = patch(rows, 1);
    const double inner_taps = real(taps) * real(problem_.columns.kernel);
    const double outer_taps = real(taps) * real(columns_.outer_taps);
    const Work patches = {inner_taps * inner.cycles + outer_taps * outer.cycles,
                          real(runs) * (inner.tiles + real(columns_.outer) * outer.tiles),
                          inner_taps * inner.tiles + outer_taps * outer.tiles};
    if (columns_.outer == 0 || rows == 0) {
      return patches;
    }
    const Index pixels = rows * problem_.columns.output;
    const Work scattered = line(pixels, 2);
    return less_of(patches, {inner_taps * scattered.cycles, real(runs) * scattered.tiles,
                             inner_taps * real(pixels)});
  }

  bool may_go_from_end_to_end() const {
    return vectors_ > 1 && problem_.columns.output > 2 && columns_.outer > 0 &&
           columns_.is_thin(problem_.columns);
  }

  Work from_end_to_end() const {
    const Axis& columns = problem_.columns;
    const double row_taps =
        real(rows_.inner.size()) * real(problem_.rows.kernel) + real(rows_.outer_taps);
    const double taps =
        real(columns_.inner.size()) * real(columns.kernel) + real(columns_.outer_taps);
    const Work row = line(columns.output);
    return {row_taps * taps / real(columns.output) * row.cycles,
            real(problem_.rows.output) * row.tiles, row_taps * real(columns.kernel) * row.tiles};
  }

  const Problem& problem_;
  int vectors_;
  Index most_pixels_;
  Border rows_;
  Border columns_;
};

Problem one_image(const Problem& problem) {
  Problem image = problem;
  image.batch = 1;
  return image;
}

template <class T>
double by_outputs(const Problem& problem) {
  // Nanoseconds each.
  constexpr double begun = 572;
  constexpr double cycle = 0.56;
  constexpr double half_cycle = 0.357;  // of tiles of half a vector
  constexpr double tile = 73;
  constexpr double pointer = 1.30;
  constexpr double copied_input = 0.186;
  const OutputBlocks<T> blocks(problem);
  double time = begun;
  for (const Block& block : blocks.blocks) {
    const auto pixels = static_cast<Index>(blocks.kernels.pixels[at(block.vectors)]);
    const Work work = OutputTiles(problem, block.vectors, pixels).all();
    const bool half = block.vectors == simd::half_vector;
    time += real(problem.in_channels) * work.cycles * (half ? half_cycle : cycle) +
            real(problem.groups) * (tile * work.tiles + pointer * work.pointers);
  }
  const Strides strides = packed_strides(problem.x_sizes(), problem.format);
  const bool copies = !InputRows<T>::reads_in_place(problem, strides);
  return copies ? time + copied_input * real(problem.x_sizes().numel().value_or(0)) : time;
}

/// The tiles of a group's pixels, for all of its outputs, and how many rows of results have to be
/// picked out of what lies between them.
struct PixelTiles {
  double cycles;  ///< for each input channel
  double tiles;
  double picked_rows;
};

template <class T>
PixelTiles pixel_tiles(const Problem& problem, bool in_place) {
  const Axis& columns = problem.columns;
  const Index rows = problem.rows.output;
  const planar::Lines<T> lines(problem, in_place);
  const planar::TileCost<T> cost = lines.tile_cost();
  const bool picks = lines.one_line && lines.pitch != columns.output &&
                     problem.format != MemoryFormat::channels_last;
  const auto blocks = static_cast<double>(lines.tiles.size());
  const Index tiles =
      lines.one_line ? cost.count(lines.line(problem, rows)) : rows * cost.count(columns.output);
  const Index taps = problem.rows.kernel * columns.kernel;
  return {blocks * real(taps) * lines.cost(problem, rows, lines.one_line), blocks * real(tiles),
          picks ? real(problem.out_channels_per_group() * rows) : 0};
}

/// Of channels turned in registers.
template <class T>
PixelTiles interleaved_tiles(const Problem& problem) {
  const Index outputs = problem.out_channels_per_group();
  const double vectors = real(problem.rows.output * problem.columns.output) /
                         static_cast<double>(simd::planar_kernels<T>().lanes);
  PixelTiles tiles = pixel_tiles<T>(problem, true);
  tiles.cycles = vectors * real(outputs) / 2 / planar::interleaved_efficiency<T>(outputs);
  return tiles;
}

template <class T>
double by_pixels(const Problem& problem) {
  // Nanoseconds each.
  constexpr double begun = 232;
  constexpr double group = 372;
  constexpr double cycle = 0.565;
  constexpr double tile = 11.4;
  constexpr double input = 0.162;
  constexpr double input_row = 2.78;
  constexpr double turned_result = 0.64;
  constexpr double picked_row = 9.65;
  const Strides strides = packed_strides(problem.x_sizes(), problem.format);
  const bool interleaved = planar::reads_interleaved<T>(problem, strides);
  const bool in_place = planar::reads_in_place<T>(problem, strides);
  const PixelTiles tiles =
      interleaved ? interleaved_tiles<T>(problem) : pixel_tiles<T>(problem, in_place);
  double time =
      begun + real(problem.groups) * (group + tile * tiles.tiles + picked_row * tiles.picked_rows) +
      real(problem.in_channels) * cycle * tiles.cycles;
  if (!in_place && !interleaved) {
    const Index rows = std::min(problem.rows.input, problem.rows.output * problem.rows.kernel);
    time += real(problem.in_channels * rows) * (input_row + input * real(problem.columns.input));
  }
  const bool turns = problem.format == MemoryFormat::channels_last;
  return turns ? time + turned_result * real(problem.y_sizes().numel().value_or(0)) : time;
}

}  // namespace

double time_by_outputs(const Problem& problem) {
  const Problem image = one_image(problem);
  return in_its_type(image, [&]<class T> { return by_outputs<T>(image); });
}

double time_by_pixels(const Problem& problem) {
  const Problem image = one_image(problem);
  return in_its_type(image, [&]<class T> { return by_pixels<T>(image); });
}

}  // namespace conv2d
