// What one thread of a planar convolution does.
#pragma once

#include "algorithm/buffer.h"
#include "algorithm/epilogue.h"
#include "algorithm/planar_cut.h"
#include "algorithm/plane_buffer.h"
#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"
#include "simd/fetch.h"
#include "simd/interleaved_planar.h"
#include "simd/kernels.h"
#include "simd/planar.h"
#include "simd/stream.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace conv2d::planar {

/// Everything that one run shares between threads.
template <class T>
struct Run {
  const Problem& problem;
  TensorView input;
  MutableTensorView output;
  const functional::Epilogue* epilogue;
  /// Tap (r, s) of the sum's order is the kernel's (R-1-r, S-1-s): sums run from the last tap.
  bool backwards;
  Cut<T> cut;
  bool interleaved;                     ///< channels that lie side by side are read where they do
  PlaneLayout layout;                   ///< of the buffers, where there are any
  std::vector<std::ptrdiff_t> offsets;  ///< of taps, in the buffer or in the input
  Index channel_step;
  Index row_step;  ///< from a row of the strip to the next
  Index channel_block;
  Index tiles_at_once;  ///< tiles of pixels that a register tile goes through in one call
  const T* weights;
  bool plain;  ///< weights are not finite and there are zeros beyond the border
  bool stores_in_place;
  bool finishes_sums;  ///< before they are stored (epilogue.h)
  /// Whether a strip is done with some output channels before the next ones are begun.
  bool plane_by_plane;
  bool streams;         ///< results go past the caches
  bool fetches_result;  ///< lines of it before they are written
  std::vector<T> bias;  ///< of every output channel, zero where there is none
};

/// One thread's part: a strip of a group's output rows at a time.
template <class T>
class Worker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit Worker(const Run<T>& run)
      : run_(run),
        filler_(run.problem, run.input, run.layout),
        buffer_(buffer_elements(run)),
        sums_(run.cut.outputs * tile_pixels()) {}

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
    if (run_.plane_by_plane) {
      const Index first = first_tile_;
      const Index last = last_tile_;
      for (Index t = first; t < last; ++t) {
        first_tile_ = t;
        last_tile_ = t + 1;
        compute_lines();
      }
      first_tile_ = first;
    } else {
      compute_lines();
    }
    if (run_.streams) {
      simd::flush_streams();
    }
    if (!run_.finishes_sums) {
      finish_part();
    }
  }

 private:
  /// The current output channels of the current strip.
  void compute_lines() {
    const Index lines = run_.cut.one_line ? 1 : rows_;
    for (Index row = 0; row < lines; ++row) {
      compute_line(row, line_pixels());
    }
  }

  /// From the first one of a line to its last one.
  Index line_pixels() const {
    const Index columns = run_.problem.columns.output;
    return run_.cut.one_line ? (rows_ - 1) * run_.cut.pitch + columns : columns;
  }

  static Index buffer_elements(const Run<T>& run) {
    return run.cut.in_place ? 0 : run.cut.channels * run.layout.channel_step();
  }

  Index tile_pixels() const { return run_.cut.most_vectors * run_.cut.lanes; }

  void finish_part() const {
    const OutputTile& first = run_.cut.tiles[at(first_tile_)];
    const OutputTile& last = run_.cut.tiles[at(last_tile_ - 1)];
    finish(run_.output, run_.epilogue,
           {group_ * run_.cut.outputs + first.first, last.first + last.count - first.first,
            image_ * run_.problem.rows.output + first_row_, rows_});
  }

  /// Makes a strip of a group of an image the current one.
  void load(Index strip) {
    if (strip == strip_) {
      return;
    }
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    if (strip_ < 0) {
      // What lies between rows is computed and not stored. Here, not where the memory was taken:
      // another thread's cache would have it.
      std::fill_n(buffer_.data(), buffer_elements(run_), T{});
    }
    strip_ = strip;
    first_row_ = cut.first_row(problem, strip % cut.strips);
    group_ = strip / cut.strips % problem.groups;
    image_ = strip / cut.strips / problem.groups;
    rows_ = cut.first_row(problem, strip % cut.strips + 1) - first_row_;
    if (cut.in_place) {
      const Strides& strides = run_.input.strides();
      input_ = static_cast<const T*>(run_.input.data()) + image_ * strides[0] +
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
    const Index wider = vectors % tiles;
    const Index whole = count % lanes == 0 ? tiles : tiles - 1;
    for (Index i = 0, begin = 0, next = 0; i < tiles; i = next) {
      const Index wide = vectors / tiles + (i < wider ? 1 : 0);
      const Index alike = std::min(i < wider ? wider : tiles, whole) - i;
      next = i + std::clamp<Index>(alike, 1, run_.tiles_at_once);
      const Index all = (next - i) * wide * lanes;
      const Index first = std::max<Index>(0, std::min(begin, count - all));
      compute_pixels({row, first, wide, next - i, std::min(all, count - first)});
      begin += all;
    }
  }

  /// Tiles of pixels: `count` of them from the one that is `first` in the line of `row`.
  struct Pixels {
    Index row;
    Index first;
    Index vectors;  ///< of each tile
    Index tiles;
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
    if (run_.interleaved) {
      multiply_interleaved(pixels);
    } else {
      for (Index c = 0; c == 0 || c < cut.channels; c += std::max<Index>(1, run_.channel_block)) {
        const Index channels = std::min(cut.channels - c, run_.channel_block);
        if (cut.pointwise) {
          multiply_pointwise(c, channels, pixels);
        } else {
          multiply(c, channels, pixels);
        }
      }
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
    tile.tiles = at(pixels.tiles);
    tile.channel_step = run_.channel_step;
    tile.channels = at(channels);
    tile.taps = run_.offsets;
    tile.before_step = tile_pixels();
    tile.after_step = stores ? run_.output.strides()[1] : tile_pixels();
    tile.last =
        at(stores ? pixels.count - (pixels.tiles * pixels.vectors - 1) * cut.lanes : cut.lanes);
    T* const to = output(0, pixels, 0);
    for (Index i = first_tile_; i < last_tile_; ++i) {
      const OutputTile& outputs = cut.tiles[at(i)];
      const Index k = group_ * cut.outputs + outputs.first;
      T* sums = sums_.data() + outputs.first * tile_pixels();
      tile.weights = run_.weights + (k * cut.channels + c * outputs.count) * cut.taps;
      tile.before = c == 0 ? nullptr : sums;
      tile.after = stores ? to + outputs.first * tile.after_step : sums;
      tile.bias = ends ? run_.bias.data() + k : nullptr;
      tile.streams = stores && run_.streams;
      if (stores && run_.fetches_result) {
        fetch_after(i, to, pixels);
      }
      cut.kernels.tile[at(outputs.count)][at(pixels.vectors)](tile);
    }
  }

  /// Asks for the lines of the result that are written after those of output tile i.
  void fetch_after(Index i, const T* to, const Pixels& pixels) const {
    constexpr auto line = static_cast<Index>(64 / sizeof(T));
    const T* plane = written_after(i, to, pixels);
    if (plane == nullptr) {
      return;
    }
    const OutputTile& next = run_.cut.tiles[at(i + 1 < last_tile_ ? i + 1 : first_tile_)];
    for (Index k = 0; k < next.count; ++k, plane += run_.output.strides()[1]) {
      for (Index pixel = 0; pixel < pixels.count; pixel += line) {
        simd::fetch_for_writing(plane + pixel);
      }
    }
  }

  /// Where results are written after output tile i, if those of some pixels begin at `to`: the next
  /// tile's of the same pixels, or as many pixels that follow. nullptr if the line has no more.
  const T* written_after(Index i, const T* to, const Pixels& pixels) const {
    const Index step = run_.output.strides()[1];
    if (i + 1 < last_tile_) {
      return to + run_.cut.tiles[at(i + 1)].first * step;
    }
    return has_more(pixels) ? to + run_.cut.tiles[at(first_tile_)].first * step + pixels.count
                            : nullptr;
  }

  /// Whether as many pixels follow in the line.
  bool has_more(const Pixels& pixels) const {
    return pixels.first + 2 * pixels.count <= line_pixels();
  }

  /// multiply() of one tap and many channels: output tiles of one size are one call.
  void multiply_pointwise(Index c, Index channels, const Pixels& pixels) {
    const Cut<T>& cut = run_.cut;
    const bool ends = c + channels == cut.channels;
    simd::PointwisePlanes<T> tile = pointwise_tile(c, channels, pixels);
    T* const to = ends && run_.stores_in_place ? output(0, pixels, 0) : sums_.data();
    for (Index i = first_tile_, last = 0; i < last_tile_; i = last + 1) {
      const OutputTile& first = cut.tiles[at(i)];
      last = i;
      while (last + 1 < last_tile_ && cut.tiles[at(last + 1)].count == first.count) {
        ++last;
      }
      const Index k = group_ * cut.outputs + first.first;
      tile.output_tiles = at(last + 1 - i);
      tile.weights = run_.weights + k * cut.channels + c * first.count;
      tile.weight_step = first.count * cut.channels;
      tile.before = c == 0 ? nullptr : sums_.data() + first.first * tile_pixels();
      tile.after = to + first.first * tile.after_step;
      tile.after_then = tile.asks_for_results ? written_after(last, to, pixels) : nullptr;
      tile.bias = ends ? run_.bias.data() + k : nullptr;
      cut.pointwise_kernels.tile[at(first.count)][at(pixels.vectors)](tile);
      tile.channels_then = 0;  // the first call has asked for them
    }
  }

  /// What all its calls have in common.
  simd::PointwisePlanes<T> pointwise_tile(Index c, Index channels, const Pixels& pixels) const {
    const Cut<T>& cut = run_.cut;
    const bool stores = c + channels == cut.channels && run_.stores_in_place;
    const T* const line = input_ + pixels.row * run_.row_step + run_.offsets.front() + pixels.first;
    simd::PointwisePlanes<T> tile{};
    tile.pixels = line + c * run_.channel_step;
    tile.channel_step = run_.channel_step;
    tile.channels = at(channels);
    tile.before_step = tile_pixels();
    tile.after_step = stores ? run_.output.strides()[1] : tile_pixels();
    tile.last = at(stores ? pixels.count - (pixels.vectors - 1) * cut.lanes : cut.lanes);
    tile.streams = stores && run_.streams;
    tile.asks_for_results = stores && run_.fetches_result;
    if (!cut.in_place) {  // what has just been copied is near
      return tile;
    }
    if (const Index left = cut.channels - c - channels; left > 0) {
      tile.pixels_then = tile.pixels + channels * run_.channel_step;
      tile.channels_then = at(std::min(left, run_.channel_block));
    } else if (has_more(pixels)) {
      tile.pixels_then = line + pixels.count;
      tile.channels_then = at(run_.channel_block);
    }
    return tile;
  }

  /// All products of whole vectors of pixels.
  void multiply_interleaved(const Pixels& pixels) {
    const Cut<T>& cut = run_.cut;
    const Index step = run_.input.strides()[3];
    const Index k = group_ * cut.outputs;
    const bool stores = run_.stores_in_place;
    simd::interleaved_planar_kernels<T>()[at(cut.outputs)](
        {.pixels = input_ + pixels.row * run_.row_step + pixels.first * step,
         .pixel_step = step,
         .channels = at(cut.channels),
         .weights = run_.weights + k * cut.channels,
         .bias = run_.bias.data() + k,
         .after = stores ? output(0, pixels, 0) : sums_.data(),
         .after_step = stores ? run_.output.strides()[1] : tile_pixels(),
         .vectors = at(pixels.vectors),
         .line = at(line_pixels() - pixels.first)});
  }

  /// Where pixel i of a tile belongs.
  T* output(Index k, const Pixels& pixels, Index i) const {
    const Strides& strides = run_.output.strides();
    const auto [row, column] = place(pixels, i);
    return static_cast<T*>(run_.output.data()) + image_ * strides[0] +
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
        T* const sums = sums_.data() + begin * tile_pixels() + i;
        if (run_.finishes_sums) {
          finish_row(sums, outputs, real,
                     {image_, group_ * run_.cut.outputs + begin, first_row_ + place(pixels, i).row,
                      column});
        }
        copy_row(sums, outputs, real, output(begin, pixels, i));
      }
      i += next;
    }
  }

  /// Sums of `count` pixels of several output channels, from the first one's place on.
  void finish_row(T* sums, Index outputs, Index count, ResultPlace first) const {
    for (Index k = 0; k < outputs; ++k, ++first.k, sums += tile_pixels()) {
      finish_sums(sums, count, run_.epilogue, first);
    }
  }

  void copy_row(const T* from, Index outputs, Index count, T* to) const {
    const Strides& strides = run_.output.strides();
    if (strides[1] == 1 && outputs > 1) {
      simd::kernels<T>().transpose(from, tile_pixels(), to, strides[3], count, outputs);
      return;
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
          sums_.data()[k * tile_pixels() + pixel] =
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
        const Index tap = run_.backwards ? cut.taps - 1 - t : t;
        const Index r = tap / problem.columns.kernel;
        const Index s = tap % problem.columns.kernel;
        if (source_index(problem.rows, problem.padding_mode, first_row_ + row, r) != nowhere &&
            source_index(problem.columns, problem.padding_mode, column, s) != nowhere) {
          sum = std::fma(weights[(c * cut.taps + t) * tile.count],
                         x[c * run_.channel_step + run_.offsets[at(t)]], sum);
        }
      }
    }
    return sum;
  }

  const Run<T>& run_;
  PlaneFiller<T> filler_;
  Buffer<T> buffer_;
  Buffer<T> sums_;            ///< [output channel][pixel of the tile]
  const T* input_ = nullptr;  ///< the strip's first pixel
  Index strip_ = -1;
  Index image_ = 0;
  Index group_ = 0;
  Index first_row_ = 0;
  Index rows_ = 0;
  Index first_tile_ = 0;
  Index last_tile_ = 0;
};

}  // namespace conv2d::planar
