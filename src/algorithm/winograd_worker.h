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
  bool fetches_input;                 ///< what is read next, meanwhile
  bool fetches_result;                ///< its lines before they are written
  bool fetches_weights;               ///< of the next product, meanwhile
  std::vector<float> zeros;           ///< as many as a group has input channels
  std::vector<float> bias;            ///< [group][padded]
  std::vector<Index> source_rows;     ///< [tile row][input]
  std::vector<Index> source_columns;  ///< [tile column][input]
};

/// What one thread's memory holds at most.
struct Scratch {
  Scratch(const Problem& problem, const OutputBlocks<float>& outputs, const Cut& cut)
      : products(cut.side.products()),
        tiles(cut.most_tiles()),
        source_rows(cut.strip_rows * cut.side.inputs()),
        factor_row(padded(problem.in_channels_per_group())),
        product_row(outputs.wide(outputs.widest())),
        factors(products * factor_step()),
        sums(products * product_step()),
        results(cut.side.outputs * cut.piece_columns * cut.side.outputs * product_row),
        window(products * factor_row),
        columns(most_columns(problem, cut)),
        input(InputRows<float>::bytes(problem, source_rows, columns, line)) {}

  Index floats() const noexcept { return factors + sums + results + window + product_row; }

  std::size_t bytes() const noexcept {
    return input + at(floats()) * sizeof(float) +
           at(source_rows) * (2 * sizeof(Index) + sizeof(float*)) +
           at((2 * tiles + 1) * products) * sizeof(float*);
  }

  /// Input columns from the first that a block of tiles reads to the last: the whole row where it
  /// may read both ends.
  static Index most_columns(const Problem& problem, const Cut& cut) noexcept {
    const Index beside = cut.side.inputs() - cut.side.outputs;
    const Index read = cut.piece_columns * cut.side.outputs + beside;
    const bool both_ends = problem.padding_mode == PaddingMode::circular;
    return both_ends ? problem.columns.input : std::min(read, problem.columns.input);
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
  Index products;  ///< of a tile
  Index tiles;
  Index source_rows;
  Index factor_row;   ///< from one tile's factors to the next's
  Index product_row;  ///< from one tile's products to the next's
  Index factors;
  Index sums;
  Index results;
  Index window;       ///< a tile's pixels, all their channels
  Index columns;      ///< of the input
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
        input_(run.problem, run.operands.first, scratch_.source_rows, scratch_.columns,
               Scratch::line),
        factors_(memory),
        sums_(factors_ + scratch_.factors),
        results_(sums_ + scratch_.sums),
        window_(results_ + scratch_.results),
        defined_(window_ + scratch_.window),
        pixels_(at(products_ * scratch_.tiles)),
        whole_(at(products_)),
        table_(at(products_ * scratch_.tiles)) {
    rows_.reserve(at(scratch_.source_rows));
    next_rows_.reserve(at(scratch_.source_rows));
    row_starts_.reserve(at(scratch_.source_rows));
    for (Index i = 0; i < products_ * scratch_.tiles; ++i) {
      table_[at(i)] = factors_ + i / scratch_.tiles * scratch_.factor_step() +
                      i % scratch_.tiles * scratch_.factor_row;
    }
  }

  /// Item i is a block of tiles, a group and a part of the blocks of output channels.
  void compute(Index item) {
    const Index parts = run_.cut.output_parts;
    const auto [tiles, group, part] = run_.cut.item(item);
    load(tiles, group);
    const Index blocks = run_.outputs.count();
    for (Index i = blocks * part / parts; i < blocks * (part + 1) / parts; ++i) {
      multiply(run_.outputs.blocks[at(i)]);
      if (i + 1 == blocks * (part + 1) / parts) {
        begin_fetch_of(item + 1);
      }
      store(run_.outputs.blocks[at(i)]);
    }
    if (run_.streams) {
      simd::flush_streams();
    }
  }

 private:
  /// Makes a block of tiles of a group the current one: its factors are in factors_. What has to be
  /// turned is turned a line of channels at a time, so that it stays in L2 whatever passes.
  void load(Index tiles, Index group) {
    if (tiles == loaded_ && group == group_) {
      return;
    }
    loaded_ = tiles;
    group_ = group;
    tiles_ = run_.cut.block(tiles);
    choose(tiles_, rows_);
    if (input_.is_in_place()) {
      input_.load_group(group_);
      find_pixels();
      transform_inputs(0, channels_);
      return;
    }
    for (Index first = 0; first < channels_; first += Scratch::line) {
      input_.load_channels(group_, first, line_from(first));
      if (first == 0) {
        find_pixels();  // where all others come, too
      }
      begin_fetch(group_, first + Scratch::line);
      transform_inputs(first, line_from(first));
    }
  }

  /// Chooses those rows and columns that a block of tiles reads.
  void choose(const TileBlock& tiles, std::vector<Index>& rows) {
    rows.clear();
    for (Index row = tiles.first_row; row < tiles.first_row + tiles.rows; ++row) {
      const Index n = row / run_.cut.tile_rows;
      for (Index i = 0; i < inputs_; ++i) {
        const Index h = run_.source_rows[at(row % run_.cut.tile_rows * inputs_ + i)];
        rows.push_back(h == nowhere ? nowhere : n * run_.problem.rows.input + h);
      }
    }
    Index first = run_.problem.columns.input;
    Index end = 0;
    const Index begin = tiles.first_column * inputs_;
    for (Index i = begin; i < begin + tiles.columns * inputs_; ++i) {
      const Index w = run_.source_columns[at(i)];
      if (w != nowhere) {
        first = std::min(first, w);
        end = std::max(end, w + 1);
      }
    }
    first_column_ = first;
    input_.choose(rows, first, std::max<Index>(end - first, 0));
  }

  /// Channels that are turned at a time, from channel `first` on.
  Index line_from(Index first) const { return std::min(Scratch::line, channels_ - first); }

  /// From here on each tile asks for a share of the channels that are turned next, if any.
  void begin_fetch(Index group, Index first) {
    lines_a_tile_ = 0;
    if (fetches_planes() && first < channels_) {
      lines_a_tile_ = divide_up(input_.begin_fetch(group, first, line_from(first)), tiles_.tiles());
    }
  }

  /// The same for the first ones of the next item.
  void begin_fetch_of(Index item) {
    lines_a_tile_ = 0;
    const auto [tiles, group, part] = run_.cut.item(item);
    if (fetches_planes() && part == 0 && item < run_.cut.items()) {
      choose(run_.cut.block(tiles), next_rows_);
      begin_fetch(group, 0);
    }
  }

  bool fetches_planes() const { return run_.fetches_input && !input_.is_in_place(); }

  /// So many channels of the current tiles, from channel `first` on.
  void transform_inputs(Index first, Index channels) {
    simd::WinogradInput tile{};
    tile.channels = at(channels);
    tile.step = at(scratch_.factor_step());
    const bool fetches = run_.fetches_input && input_.is_in_place();
    for (Index t = 0; t < tiles_.tiles(); ++t) {
      tile.pixels = pixels_of(t);
      tile.next = fetches && t + 1 < tiles_.tiles() ? pixels_of(t + 1) : nullptr;
      tile.factors = factors_ + t * scratch_.factor_row + first;
      kernels_.input(tile);
      input_.fetch(lines_a_tile_);
    }
  }

  /// Where the tiles of the current block read; zeros in the padding.
  void find_pixels() {
    row_starts_.clear();
    for (const Index row : rows_) {
      row_starts_.push_back(row == nowhere ? nullptr : input_.pixel(row, first_column_));
    }
    for (Index row = 0, t = 0; row < tiles_.rows; ++row) {
      for (Index column = 0; column < tiles_.columns; ++column, ++t) {
        find_pixels(row_starts_.data() + row * inputs_, columns_of(column), pixels_of(t));
      }
    }
  }

  /// Of a tile, from where its rows begin and which columns it reads.
  void find_pixels(const float* const* starts, const Index* columns, const float** pixels) const {
    for (Index i = 0; i < inputs_; ++i) {
      for (Index j = 0; j < inputs_; ++j) {
        const bool padding = starts[i] == nullptr || columns[j] == nowhere;
        pixels[i * inputs_ + j] =
            padding ? run_.zeros.data()
                    : starts[i] + (columns[j] - first_column_) * input_.pixel_step();
      }
    }
  }

  /// Where a tile's pixels are.
  const float** pixels_of(Index tile) { return pixels_.data() + tile * products_; }

  /// Which input columns the tiles of one of the current columns read.
  const Index* columns_of(Index column) const {
    return run_.source_columns.data() + (tiles_.first_column + column) * inputs_;
  }

  /// The matrix products of the current tiles with the weights of a block.
  void multiply(const Block& block) {
    const OutputBlocks<float>& outputs = run_.outputs;
    const float* weights = run_.weights + run_.layout.transformed(group_, index_of(block));
    const auto& kernels = outputs.kernels.tile[at(block.vectors)];
    const auto most = static_cast<Index>(outputs.kernels.pixels[at(block.vectors)]);
    const std::size_t only[] = {0};
    simd::TileArguments<float> arguments{};
    arguments.taps = only;
    arguments.all_taps = 1;
    arguments.channels = channels_;
    arguments.sum_stride = scratch_.product_row;
    arguments.begins = true;
    for (Index i = 0; i < products_; ++i) {
      arguments.weights = weights + i * run_.layout.step();
      if (run_.fetches_weights) {
        const Index next = run_.layout.after(group_, index_of(block), i);
        arguments.ahead = {run_.weights + next, at(run_.layout.step())};
        arguments.ahead_channels = channels_ * divide_up(tiles_.tiles(), most);
      }
      for (Index first = 0; first < tiles_.tiles();) {
        const Index size = outputs.next_tile(block.vectors, tiles_.tiles() - first);
        arguments.pixels = table_.data() + i * scratch_.tiles + first;
        arguments.sums = sums_ + i * scratch_.product_step() + first * scratch_.product_row;
        arguments.move_ahead(kernels[at(size)](arguments));
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
    const Index row_pixels = tiles_.columns * outputs_;
    tile.row_step = direct ? strides_[2] : row_pixels * scratch_.product_row;
    tile.column_step = direct ? strides_[3] : scratch_.product_row;
    for (Index row = 0; row < tiles_.rows; ++row) {
      const Index p = (tiles_.first_row + row) % run_.cut.tile_rows * outputs_;
      tile.rows = at(std::min(outputs_, run_.problem.rows.output - p));
      for (Index column = 0; column < tiles_.columns; ++column) {
        const Index q = (tiles_.first_column + column) * outputs_;
        tile.columns = at(std::min(outputs_, run_.problem.columns.output - q));
        tile.fetches = direct && run_.fetches_result && column + 1 < tiles_.columns;
        tile.products = sums_ + (row * tiles_.columns + column) * scratch_.product_row;
        tile.to =
            direct ? target(block, row, q) : results_ + column * outputs_ * scratch_.product_row;
        if (!transform(tile)) {
          repair(block, row, column, tile);
        }
        input_.fetch(lines_a_tile_);
      }
      if (!direct) {
        copy_out(block, row, static_cast<Index>(tile.rows));
      }
      finish(run_.operands.result, run_.operands.epilogue,
             {first_output(block), real, image_row(row), static_cast<Index>(tile.rows),
              tiles_.first_column * outputs_, row_pixels});
    }
  }

  /// Where a tile row's first pixel in column q goes.
  float* target(const Block& block, Index row, Index q) const {
    const Index n = (tiles_.first_row + row) / run_.cut.tile_rows;
    const Index p = (tiles_.first_row + row) % run_.cut.tile_rows * outputs_;
    return y_ + n * strides_[0] + first_output(block) * strides_[1] + p * strides_[2] +
           q * strides_[3];
  }

  /// The row of the batch's outputs with which a row of tiles begins.
  Index image_row(Index row) const {
    const Index all = tiles_.first_row + row;
    return all / run_.cut.tile_rows * run_.problem.rows.output +
           all % run_.cut.tile_rows * outputs_;
  }

  /// Of all groups.
  Index first_output(const Block& block) const {
    return group_ * run_.outputs.outputs + run_.outputs.first(block);
  }

  void copy_out(const Block& block, Index row, Index rows) const {
    const Index q = tiles_.first_column * outputs_;
    const Index pixels = std::min(tiles_.columns * outputs_, run_.problem.columns.output - q);
    const Index real = run_.outputs.real(block);
    for (Index i = 0; i < rows; ++i) {
      const float* const from = results_ + i * tiles_.columns * outputs_ * scratch_.product_row;
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
    const float* const* const pixels = whole_pixels(row, column);
    for (Index i = 0; i < static_cast<Index>(tile.rows); ++i) {
      for (Index j = 0; j < static_cast<Index>(tile.columns); ++j) {
        float* to = tile.to + i * tile.row_step + j * tile.column_step;
        define(block, pixels + i * inputs_ + j, to);
      }
    }
  }

  /// Where all channels of a tile's pixels are; zeros in the padding. They are brought there first
  /// unless they are in place.
  const float* const* whole_pixels(Index row, Index column) {
    const float** const pixels = pixels_of(row * tiles_.columns + column);
    if (input_.is_in_place()) {
      return pixels;
    }
    for (Index i = 0; i < products_; ++i) {
      whole_[at(i)] = pixels[i];
      if (pixels[i] != run_.zeros.data()) {
        float* const to = window_ + i * scratch_.factor_row;
        input_.copy_pixel(group_, rows_[at(row * inputs_ + i / inputs_)],
                          columns_of(column)[i % inputs_], to);
        whole_[at(i)] = to;
      }
    }
    return whole_.data();
  }

  /// Replaces the infinite and NaN ones of a pixel's outputs; the window begins at `pixels`.
  void define(const Block& block, const float* const* pixels, float* to) {
    std::array<const float*, 9> window{};
    std::array<std::size_t, 9> taps{};
    std::size_t count = 0;
    for (Index t = 0; t < 9; ++t) {
      const float* pixel = pixels[t / 3 * inputs_ + t % 3];
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
    arguments.channels = channels_;
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
  const Index channels_ = run_.problem.in_channels_per_group();
  const Index outputs_ = run_.cut.side.outputs;  ///< of a tile along an axis
  const Index inputs_ = run_.cut.side.inputs();  ///< the same
  const Index products_ = run_.cut.side.products();
  const simd::WinogradKernels& kernels_ = simd::winograd_kernels(at(outputs_));
  float* y_;
  Strides strides_;
  InputRows<float> input_;
  float* factors_;                    ///< [product][tile][c]
  float* sums_;                       ///< [product][tile][output channel]
  float* results_;                    ///< [row][pixel][output channel] of a row of tiles
  float* window_;                     ///< [product][c]: a tile's pixels that are not in place
  float* defined_;                    ///< one pixel's outputs by the definition
  std::vector<const float*> pixels_;  ///< [tile][product]: where its pixels are
  std::vector<const float*> whole_;   ///< of one tile: where all their channels are
  std::vector<const float*> table_;   ///< [product][tile]: where its factors begin
  std::vector<Index> rows_;           ///< which input row, n*H + h, each of the tiles' rows reads
  std::vector<Index> next_rows_;      ///< the same of the next item
  std::vector<const float*> row_starts_;  ///< where they begin, nullptr in the padding
  Index first_column_ = 0;                ///< with which column
  Index lines_a_tile_ = 0;                ///< that are asked for meanwhile
  TileBlock tiles_{};
  Index loaded_ = -1;
  Index group_ = -1;
};

}  // namespace conv2d::winograd
