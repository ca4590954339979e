// One thread's part of a Winograd convolution: a block of tiles and of output channels at a time.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/epilogue.h"
#include "algorithm/input_rows.h"
#include "algorithm/output_blocks.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/winograd_cut.h"
#include "algorithm/winograd_weights.h"
#include "simd/stream.h"
#include "simd/winograd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace conv2d::winograd {

/// What threads share.
struct Run {
  const Problem& problem;
  const Operands& operands;
  OutputBlocks<float> outputs;
  Cut cut;
  PackedWeights layout;
  const float* weights;
  bool streams;                       ///< results go past the caches
  bool fetches_input;                 ///< the next tile's meanwhile, unless it was copied
  bool fetches_result;                ///< its lines before they are written
  std::vector<float> zeros;           ///< as many as a group has input channels
  std::vector<float> bias;            ///< [group][padded]
  std::vector<Index> source_rows;     ///< [tile row][6]
  std::vector<Index> source_columns;  ///< [tile column][6]
};

/// What one thread's memory holds at most.
struct Scratch {
  Scratch(const Problem& problem, const OutputBlocks<float>& outputs, const Cut& cut)
      : tiles(cut.most_tiles()),
        source_rows(cut.strip_rows * tile_inputs),
        factor_row(padded(problem.in_channels_per_group())),
        product_row(outputs.wide(outputs.widest())),
        factors(tile_products * factor_step()),
        sums(tile_products * product_step()),
        results(tile_outputs * cut.piece_columns * tile_outputs * product_row),
        input(InputRows<float>::bytes(problem, source_rows, problem.columns.input)) {}

  Index floats() const noexcept { return factors + sums + results + product_row; }

  std::size_t bytes() const noexcept {
    return input + at(floats()) * sizeof(float) +
           at(source_rows) * (sizeof(Index) + sizeof(float*)) +
           at(tile_products * tiles) * sizeof(float*);
  }

  /// Tiles begin with a cache line; a multiple of 1 KiB apart they would meet in a few sets of the
  /// first cache, and so would the products of a tile.
  static Index padded(Index channels) noexcept {
    const Index whole = divide_up(channels, line) * line;
    return whole % 256 == 0 ? whole + line : whole;
  }
  Index factor_step() const noexcept { return tiles * factor_row + line; }
  Index product_step() const noexcept { return tiles * product_row + line; }

  static constexpr Index line = 16;
  Index tiles;
  Index source_rows;
  Index factor_row;   ///< from one tile's factors to the next's
  Index product_row;  ///< from one tile's products to the next's
  Index factors;
  Index sums;
  Index results;
  std::size_t input;  ///< bytes
};

class Worker {
 public:
  /// Takes all the memory that it will need, for nothing may throw on a thread; the most of it, of
  /// Scratch::floats() elements, from where one allocation serves all threads: what the C library
  /// gives back to the system between two runs would fault page by page in the next.
  Worker(const Run& run, float* memory)
      : run_(run),
        scratch_(run.problem, run.outputs, run.cut),
        y_(static_cast<float*>(run.operands.result.data())),
        strides_(run.operands.result.strides()),
        input_(run.problem, run.operands.first, scratch_.source_rows, run.problem.columns.input),
        factors_(memory),
        sums_(factors_ + scratch_.factors),
        results_(sums_ + scratch_.sums),
        defined_(results_ + scratch_.results),
        table_(at(tile_products * scratch_.tiles)) {
    rows_.reserve(at(scratch_.source_rows));
    row_starts_.reserve(at(scratch_.source_rows));
    for (Index i = 0; i < tile_products * scratch_.tiles; ++i) {
      table_[at(i)] = factors_ + i / scratch_.tiles * scratch_.factor_step() +
                      i % scratch_.tiles * scratch_.factor_row;
    }
  }

  /// Item i is a block of tiles, a group and a part of the blocks of output channels; these change
  /// fastest.
  void compute(Index item) {
    const Index parts = run_.cut.output_parts;
    const Index part = item % parts;
    load(item / parts / run_.problem.groups, item / parts % run_.problem.groups);
    const Index blocks = run_.outputs.count();
    for (Index i = blocks * part / parts; i < blocks * (part + 1) / parts; ++i) {
      multiply(run_.outputs.blocks[at(i)]);
      store(run_.outputs.blocks[at(i)]);
    }
    if (run_.streams) {
      simd::flush_streams();
    }
  }

 private:
  using Pixels = std::array<const float*, simd::winograd_products>;

  /// Makes a block of tiles of a group the current one: its factors are in factors_.
  void load(Index tiles, Index group) {
    if (tiles == loaded_ && group == group_) {
      return;
    }
    loaded_ = tiles;
    group_ = group;
    tiles_ = run_.cut.block(tiles);
    rows_.clear();
    for (Index row = tiles_.first_row; row < tiles_.first_row + tiles_.rows; ++row) {
      const Index n = row / run_.cut.tile_rows;
      for (Index i = 0; i < tile_inputs; ++i) {
        const Index h = run_.source_rows[at(row % run_.cut.tile_rows * tile_inputs + i)];
        rows_.push_back(h == nowhere ? nowhere : n * run_.problem.rows.input + h);
      }
    }
    load_columns();
    transform_inputs();
  }

  void transform_inputs() {
    simd::WinogradInput tile{};
    tile.channels = at(run_.problem.in_channels_per_group());
    tile.step = at(scratch_.factor_step());
    const bool fetches = run_.fetches_input && input_.is_in_place();
    Pixels pixels = pixels_of(0, 0);
    for (Index t = 0, next = 1; t < tiles_.tiles(); t = next++) {
      const bool last = next == tiles_.tiles();
      const Pixels after = last ? pixels : pixels_of(next / tiles_.columns, next % tiles_.columns);
      tile.pixels = pixels.data();
      tile.next = fetches && !last ? after.data() : nullptr;
      tile.factors = factors_ + t * scratch_.factor_row;
      kernels_.input(tile);
      pixels = after;
    }
  }

  /// Gets those columns of rows_ that the tiles read in hand.
  void load_columns() {
    Index first = run_.problem.columns.input;
    Index end = 0;
    const Index begin = tiles_.first_column * tile_inputs;
    for (Index i = begin; i < begin + tiles_.columns * tile_inputs; ++i) {
      const Index w = run_.source_columns[at(i)];
      if (w != nowhere) {
        first = std::min(first, w);
        end = std::max(end, w + 1);
      }
    }
    input_.load(group_, rows_, first, std::max<Index>(end - first, 0));
    first_column_ = first;
    row_starts_.clear();
    for (const Index row : rows_) {
      row_starts_.push_back(row == nowhere ? nullptr : input_.pixel(row, first));
    }
  }

  /// Where a tile of the current block reads; zeros in the padding.
  Pixels pixels_of(Index row, Index column) const {
    Pixels pixels;
    const Index* columns =
        run_.source_columns.data() + (tiles_.first_column + column) * tile_inputs;
    for (Index i = 0; i < tile_inputs; ++i) {
      const float* const start = row_starts_[at(row * tile_inputs + i)];
      for (Index j = 0; j < tile_inputs; ++j) {
        const bool padding = start == nullptr || columns[j] == nowhere;
        pixels[at(i * tile_inputs + j)] =
            padding ? run_.zeros.data()
                    : start + (columns[j] - first_column_) * input_.pixel_step();
      }
    }
    return pixels;
  }

  /// The 36 matrix products of the current tiles with the weights of a block.
  void multiply(const Block& block) {
    const OutputBlocks<float>& outputs = run_.outputs;
    const Index channels = run_.problem.in_channels_per_group();
    const float* weights = run_.weights + run_.layout.transformed(group_, index_of(block));
    const auto& kernels = outputs.kernels.tile[at(block.vectors)];
    const std::size_t only[] = {0};
    simd::TileArguments<float> arguments{};
    arguments.taps = only;
    arguments.all_taps = 1;
    arguments.channels = channels;
    arguments.sum_stride = scratch_.product_row;
    arguments.begins = true;
    for (Index i = 0; i < tile_products; ++i) {
      arguments.weights = weights + i * run_.layout.step();
      for (Index first = 0; first < tiles_.tiles();) {
        const Index size = outputs.next_tile(block.vectors, tiles_.tiles() - first);
        arguments.pixels = table_.data() + i * scratch_.tiles + first;
        arguments.sums = sums_ + i * scratch_.product_step() + first * scratch_.product_row;
        kernels[at(size)](arguments);
        first += size;
      }
    }
  }

  void store(const Block& block) {
    const Index real = run_.outputs.real(block);
    const bool direct = strides_[1] == 1;
    simd::WinogradOutput tile{};
    tile.step = at(scratch_.product_step());
    tile.channels = at(real);
    tile.bias = run_.bias.data() + bias_at(block);
    const auto transform = run_.streams && direct ? kernels_.stream_output : kernels_.output;
    const Index row_pixels = tiles_.columns * tile_outputs;
    tile.row_step = direct ? strides_[2] : row_pixels * scratch_.product_row;
    tile.column_step = direct ? strides_[3] : scratch_.product_row;
    for (Index row = 0; row < tiles_.rows; ++row) {
      const Index p = (tiles_.first_row + row) % run_.cut.tile_rows * tile_outputs;
      tile.rows = at(std::min(tile_outputs, run_.problem.rows.output - p));
      for (Index column = 0; column < tiles_.columns; ++column) {
        const Index q = (tiles_.first_column + column) * tile_outputs;
        tile.columns = at(std::min(tile_outputs, run_.problem.columns.output - q));
        tile.fetches = direct && run_.fetches_result && column + 1 < tiles_.columns;
        tile.products = sums_ + (row * tiles_.columns + column) * scratch_.product_row;
        tile.to = direct ? target(block, row, q)
                         : results_ + column * tile_outputs * scratch_.product_row;
        if (!transform(tile)) {
          repair(block, row, column, tile);
        }
      }
      if (!direct) {
        copy_out(block, row, static_cast<Index>(tile.rows));
      }
      if (run_.cut.finishes()) {
        finish(run_.operands.result, run_.operands.epilogue,
               {first_output(block), real, image_row(row), static_cast<Index>(tile.rows)});
      }
    }
  }

  /// Where a tile row's first pixel in column q goes.
  float* target(const Block& block, Index row, Index q) const {
    const Index n = (tiles_.first_row + row) / run_.cut.tile_rows;
    const Index p = (tiles_.first_row + row) % run_.cut.tile_rows * tile_outputs;
    return y_ + n * strides_[0] + first_output(block) * strides_[1] + p * strides_[2] +
           q * strides_[3];
  }

  /// The row of the batch's outputs with which a row of tiles begins.
  Index image_row(Index row) const {
    const Index all = tiles_.first_row + row;
    return all / run_.cut.tile_rows * run_.problem.rows.output +
           all % run_.cut.tile_rows * tile_outputs;
  }

  /// Of all groups.
  Index first_output(const Block& block) const {
    return group_ * run_.outputs.outputs + run_.outputs.first(block);
  }

  void copy_out(const Block& block, Index row, Index rows) const {
    const Index q = tiles_.first_column * tile_outputs;
    const Index pixels = std::min(tiles_.columns * tile_outputs, run_.problem.columns.output - q);
    const Index real = run_.outputs.real(block);
    for (Index i = 0; i < rows; ++i) {
      const float* const from = results_ + i * tiles_.columns * tile_outputs * scratch_.product_row;
      float* const to = target(block, row, q) + i * strides_[2];
      if (run_.streams) {
        run_.outputs.kernels.stream_transpose(from, scratch_.product_row, to, strides_[1], real,
                                              pixels);
      } else {
        store_row(from, scratch_.product_row, to, strides_, real, pixels);
      }
    }
  }

  /// Infinite and NaN outputs once more by the definition: sums of infinities that the definition
  /// does not add are NaN, and the transform of large numbers may overflow.
  void repair(const Block& block, Index row, Index column, const simd::WinogradOutput& tile) {
    const Pixels pixels = pixels_of(row, column);
    for (Index i = 0; i < static_cast<Index>(tile.rows); ++i) {
      for (Index j = 0; j < static_cast<Index>(tile.columns); ++j) {
        float* to = tile.to + i * tile.row_step + j * tile.column_step;
        define(block, pixels.data() + i * tile_inputs + j, to);
      }
    }
  }

  /// Replaces the infinite and NaN ones of a pixel's outputs; the window begins at `pixels`.
  void define(const Block& block, const float* const* pixels, float* to) {
    std::array<const float*, 9> window{};
    std::array<std::size_t, 9> taps{};
    std::size_t count = 0;
    for (Index t = 0; t < 9; ++t) {
      const float* pixel = pixels[t / 3 * tile_inputs + t % 3];
      if (pixel != run_.zeros.data()) {
        window[count] = pixel;
        taps[count++] = at(t);
      }
    }
    simd::TileArguments<float> arguments{};
    arguments.pixels = window.data();
    arguments.taps = {taps.data(), count};
    arguments.all_taps = 9;
    arguments.weights = run_.weights + run_.layout.plain(group_, index_of(block));
    arguments.channels = run_.problem.in_channels_per_group();
    arguments.sums = defined_;
    arguments.begins = true;
    arguments.bias = run_.bias.data() + bias_at(block);
    run_.outputs.kernels.tile[at(block.vectors)][1](arguments);
    for (Index k = 0; k < run_.outputs.real(block); ++k) {
      to[k] = std::isfinite(to[k]) ? to[k] : defined_[k];
    }
  }

  Index index_of(const Block& block) const { return &block - run_.outputs.blocks.data(); }

  Index bias_at(const Block& block) const {
    return group_ * run_.outputs.padded + run_.outputs.first(block);
  }

  const Run& run_;
  Scratch scratch_;
  const simd::WinogradKernels& kernels_ = simd::winograd_kernels();
  float* y_;
  Strides strides_;
  InputRows<float> input_;
  float* factors_;                   ///< [6*6][tile][c]
  float* sums_;                      ///< [6*6][tile][output channel]
  float* results_;                   ///< [4][pixel][output channel] of a row of tiles
  float* defined_;                   ///< one pixel's outputs by the definition
  std::vector<const float*> table_;  ///< [6*6][tile]: where its factors begin
  std::vector<Index> rows_;          ///< which input row, n*H + h, each of the tiles' rows reads
  std::vector<const float*> row_starts_;  ///< where they begin, nullptr in the padding
  Index first_column_ = 0;                ///< with which column
  TileBlock tiles_{};
  Index loaded_ = -1;
  Index group_ = -1;
};

}  // namespace conv2d::winograd
