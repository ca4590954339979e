// Direct convolution, forward, float32 and float64.
//
// Math      y[n,k,p,q] = bias[k] + sum over c, r, s of w[k,c,r,s] * x[n, c, p*sh + r*dh - top, ...]
// Order     of a sum: c, r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Loops     strips of output rows, blocks of output channels, tiles of pixels, blocks of input
//           channels (outermost first); then the register tile (simd/kernels.h): c, r, s. Where L2
//           does not hold a strip's input beside the weights of two blocks of outputs all tiles
//           take a block of input channels before the next one
// Input     the register tile reads a pixel's channels one after the other: input_rows.h, for as
//           many rows at a time as stay in half of L2. Never a whole tensor.
// Border    through tables of pointers (strip_taps.h) into the input by the border's index map.
//           Pixels with the same taps in the padding share tiles, which leave these out; only the
//           smallest maps read zeros instead, unless a weight is infinite or NaN and must not.
// Output    straight to where channels lie side by side; else through scratch memory.
//           Large results go past the caches (streaming.h)
// Weights   packed as [c][r][s][output channels of the tile]; read in order. Where they do not stay
//           in L2 tiles ask for those that are next
// Not for   few output channels on large maps (planar.cc is asked before)
// Source    J. Zhang, F. Franchetti, T. M. Low, High Performance Zero-Memory Overhead Direct
//           Convolutions, ICML 2018; M. Dukhan, The Indirect Convolution Algorithm, 2019
#include "algorithm/algorithm.h"
#include "algorithm/buffer.h"
#include "algorithm/cache_sets.h"
#include "algorithm/direct_strips.h"
#include "algorithm/epilogue.h"
#include "algorithm/output_blocks.h"
#include "algorithm/packed_header.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/run_items.h"
#include "algorithm/streaming.h"
#include "algorithm/strip_taps.h"
#include "algorithm/turned_weights.h"
#include "algorithm/vector_types.h"
#include "base/error.h"
#include "base/quantity.h"
#include "conv2d/machine.h"
#include "conv2d/threads.h"
#include "simd/fetch.h"
#include "simd/stream.h"
#include "simd/tile_cycles.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace conv2d {
namespace {

/// Input channels that a register tile takes at a time: their weights for 64 output channels are
/// 147 KiB at most for kernels up to 6 x 6. Sums wait in memory between blocks, which changes no
/// bit of them.
Index channel_block(Index taps) noexcept { return std::max<Index>(16, 576 / taps / 16 * 16); }

/// What follows from the problem and the instructions in use.
template <class T>
struct Layout {
  explicit Layout(const Problem& problem)
      : outputs(problem),
        channels(problem.in_channels_per_group()),
        taps(problem.rows.kernel * problem.columns.kernel),
        channel_step(channel_block(taps)) {}

  /// Elements of one group.
  Index packed() const noexcept { return outputs.padded * channels * taps; }
  /// Weights from one input channel to the next.
  Index weight_step(const Block& block) const noexcept { return taps * outputs.wide(block); }

  OutputBlocks<T> outputs;
  Index channels;
  Index taps;
  Index channel_step;
};

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::forward) {
    return "only the forward pass";
  }
  return refuses_types(problem.types);
}

std::size_t packed_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T> {
    return header_bytes + at(problem.groups * Layout<T>(problem).packed()) * sizeof(T);
  });
}

template <class T>
void pack_as(const Problem& problem, TensorView weight, std::byte* packed) {
  const Layout<T> layout(problem);
  auto* elements = reinterpret_cast<T*>(packed + header_bytes);
  const Index blocks = layout.outputs.count();
  const Index items = problem.groups * blocks;
  std::vector<char> finite(at(items), 1);
  parallel_for(items, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Block& block = layout.outputs.blocks[at(i % blocks)];
      const Index first = layout.outputs.first(block);
      T* to = elements + i / blocks * layout.packed() + first * layout.channels * layout.taps;
      turn_weights(layout.outputs, block, weight, i / blocks, 0, layout.channels, to);
      finite[at(i)] =
          all_finite(to, layout.outputs.wide(block) * layout.channels * layout.taps) ? 1 : 0;
    }
  });
  const bool all = std::find(finite.begin(), finite.end(), 0) == finite.end();
  write_header({layout.outputs.lanes, all}, packed);
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  in_its_type(problem, [&]<class T> { pack_as<T>(problem, weight, packed); });
}

/// Sums of one thread that wait in scratch memory, at most.
template <class T>
Index most_sums(const Problem& problem, const Layout<T>& layout, const DirectStrips& strips) {
  return strips.rows * problem.columns.output * layout.outputs.wide(layout.outputs.widest());
}

/// What L2 holds of the weights beside a strip's input.
struct WeightsInL2 {
  template <class T>
  WeightsInL2(const Problem& problem, const Layout<T>& layout, const DirectStrips& strips) {
    constexpr auto size = static_cast<Index>(sizeof(T));
    const auto l2 = static_cast<Index>(machine().l2_bytes);
    const Index input =
        rows_read(problem.rows, strips.rows) * problem.columns.input * layout.channels * size;
    // If L2 does not keep a block's weights for so many input channels, and those that are next,
    // they wait for each other's lines to come from further away.
    const auto with_weights = [&](Index channels) {
      return input + 2 * channels * layout.weight_step(layout.outputs.widest()) * size;
    };
    stay = with_weights(layout.channels) <= l2 / 2;
    // Threads have a part each where strips are fewer than they.
    const Index threads = num_threads();
    const Index all = problem.groups * layout.packed() * size;
    const Index of_thread = all * std::min(strips.count, threads) / threads;
    const Index most = l2 / 4 * 3;
    come_late = input + of_thread > most &&
                with_weights(std::min(layout.channels, layout.channel_step)) <= most;
  }

  bool stay;  ///< a block's for all input channels
  /// They are gone when a strip, or the next run, reads them again, and can be asked for in time.
  bool come_late;

 private:
  /// Input rows that so many output rows read.
  static Index rows_read(const Axis& axis, Index rows) {
    return rows > axis.output ? divide_up(rows * axis.input, axis.output)
                              : std::min(axis.input, (rows - 1) * axis.stride + axis.extent());
  }
};

/// Everything that one run shares between threads.
template <class T>
struct Run {
  const Problem& problem;
  const Operands& operands;
  const Layout<T>& layout;
  const DirectStrips& strips;
  const T* weights;
  WeightsInL2 weights_in_l2;
  bool finite;
  std::vector<T> zeros;  ///< as many as there are input channels
  std::vector<T> bias;   ///< [group][padded]
  SourceColumns columns;
};

/// One thread's part: a strip of output rows at a time.
template <class T>
class Worker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit Worker(const Run<T>& run)
      : run_(run),
        y_(static_cast<T*>(run.operands.result.data())),
        direct_(writes_in_place(run)),
        streams_(direct_ && streams_result()),
        fetches_(direct_ && !streams_ && leaps_through_result()),
        taps_(run.problem, run.columns, run.zeros.data(), run.operands.first, run.strips.rows),
        fetches_input_(input_comes_late()),
        sums_(direct_ ? 0 : most_sums(run.problem, run.layout, run.strips)) {}

  /// Item i is a strip, a group and a block of output channels; blocks change fastest.
  void compute(Index item) {
    const Index blocks = run_.layout.outputs.count();
    const Block& block = run_.layout.outputs.blocks[at(item % blocks)];
    load(item / blocks / run_.problem.groups, item / blocks % run_.problem.groups);
    arrange(block.vectors);
    multiply(block);
    if (!direct_) {
      copy_out(block);
    }
    if (streams_) {
      simd::flush_streams();
    }
    finish(run_.operands.result, run_.operands.epilogue,
           {first_output(block), run_.layout.outputs.real(block), first_row_, rows_});
  }

 private:
  /// Where sums go: into the output itself where its channels lie side by side and its pixels
  /// evenly. The last vector's idle part is left out there, unless sums have to be loaded again.
  struct Target {
    T* sums;
    Index stride;
    std::size_t idle_lanes;
  };

  static bool writes_in_place(const Run<T>& run) {
    const Strides& strides = run.operands.result.strides();
    const Problem& problem = run.problem;
    const Layout<T>& layout = run.layout;
    return strides[1] == 1 && strides[3] > 0 && strides[2] == problem.columns.output * strides[3] &&
           (problem.batch == 1 || strides[0] == problem.rows.output * strides[2]) &&
           (layout.outputs.outputs == layout.outputs.padded ||
            layout.channels <= layout.channel_step);
  }

  /// Makes a strip of a group the current one.
  void load(Index strip, Index group) {
    if (strip == strip_ && group == group_) {
      return;
    }
    strip_ = strip;
    group_ = group;
    first_row_ = run_.strips.first_row(strip);
    rows_ = run_.strips.first_row(strip + 1) - first_row_;
    if (taps_.load(group, first_row_, rows_)) {
      arranged_ = -1;
    }
  }

  /// Cuts the strip's pixels into tiles for that many vectors.
  void arrange(int vectors) {
    if (vectors == arranged_) {
      return;
    }
    arranged_ = vectors;
    taps_.cut(TileSizes<T>(run_.layout.outputs, vectors, run_.layout.channels), run_.finite);
  }

  Target target_of(const Block& block) {
    const Index wide = run_.layout.outputs.wide(block);
    if (!direct_) {
      return {sums_.data(), wide, 0};
    }
    const Strides& strides = run_.operands.result.strides();
    return {y_ + first_row_ * strides[2] + first_output(block), strides[3],
            at(wide - run_.layout.outputs.real(block))};
  }

  /// Whether a large result is stored in place by whole vectors, each once.
  bool streams_result() const {
    const Layout<T>& layout = run_.layout;
    const MutableTensorView result = run_.operands.result;
    return layout.channels <= layout.channel_step &&
           crowds_caches(run_.problem, run_.operands.epilogue, result) &&
           pixels_are_aligned(result, layout.outputs.outputs, layout.outputs.lanes);
  }

  /// Whether a processor would not guess which lines of the result come next: each pixel's outputs
  /// are written block by block, in steps of all outputs. Worth it where the caches that are near
  /// hold too little of the result.
  bool leaps_through_result() const {
    const Problem& problem = run_.problem;
    const Index pixels = problem.batch * problem.rows.output * problem.columns.output;
    const Index bytes = pixels * problem.out_channels * static_cast<Index>(sizeof(T));
    return run_.layout.outputs.count() > 1 && bytes > 4 * static_cast<Index>(machine().l2_bytes) &&
           machine().fused_multiply_add;
  }

  /// Whether the input comes from behind L2, and the lines that are next late: measured, where
  /// several rows are read in turns that share sets of the first cache. Elsewhere a processor
  /// foresees them, and asking takes 1 to 4% of the time, as it does where sums are so short that
  /// several tiles a call are worth more.
  bool input_comes_late() const {
    const TensorView input = run_.operands.first;
    return taps_.is_in_place() && run_.problem.rows.kernel > 1 && is_far(input) &&
           share_a_set(input.strides()[2] * static_cast<Index>(sizeof(T))) &&
           run_.layout.channels * run_.layout.taps >= 256;
  }

  /// Before a call for the tiles from `begin` on until `end`: the results of the next call's first
  /// tiles. The call fetches those of its own tiles itself.
  void fetch_results(std::size_t begin, std::size_t end, const Target& target,
                     Index outputs) const {
    const std::span<const PixelTile> all = taps_.tiles();
    const std::size_t last = std::min(end + simd::fetched_tiles, all.size());
    for (std::size_t t = std::max(end, begin + simd::fetched_tiles); t < last; ++t) {
      fetch_result(all[t], target, outputs);
    }
  }

  static void fetch_result(const PixelTile& tile, const Target& target, Index outputs) {
    constexpr auto line = static_cast<Index>(64 / sizeof(T));
    const T* to = target.sums + tile.first * target.stride;
    for (int i = 0; i < tile.pixels; ++i, to += tile.step * target.stride) {
      for (Index k = 0; k < outputs; k += line) {
        simd::fetch_for_writing(to + k);
      }
    }
  }

  /// By their kinds.
  auto tiles_of(const Block& block) const {
    const simd::Kernels<T>& kernels = run_.layout.outputs.kernels;
    const auto v = at(block.vectors);
    return std::array{kernels.even_tile[v].data(), kernels.row_tile[v].data(),
                      kernels.tile[v].data()};
  }

  /// All tiles of the strip.
  void multiply(const Block& block) {
    const Layout<T>& layout = run_.layout;
    const Index most = run_.weights_in_l2.stay ? layout.channels : layout.channel_step;
    Index c = 0;
    do {  // once without channels, too
      const Index channels = std::min(layout.channels - c, most);
      multiply(block, c, channels);
      c += channels;
    } while (c < layout.channels);
  }

  /// The weights of a block, counted from the first ones.
  Index first_weight(const Block& block) const {
    const Layout<T>& layout = run_.layout;
    return group_ * layout.packed() + layout.outputs.first(block) * layout.channels * layout.taps;
  }

  /// So many input channels from the one that is `begin`, of all tiles; meanwhile the weights that
  /// are next may be fetched, and the input of the next tile by the first block of outputs. Tiles
  /// that lie evenly are one call where each is done at once and no input is fetched.
  void multiply(const Block& block, Index begin, Index channels) {
    const Layout<T>& layout = run_.layout;
    const Target target = target_of(block);
    const auto tiles = tiles_of(block);
    const bool fetches_next_tile = fetches_input_ && block.first_vector == 0;
    const bool at_once = !fetches_next_tile && channels == layout.channels &&
                         layout.channels <= layout.channel_step && target.idle_lanes == 0;
    const std::span<const PixelTile> all = taps_.tiles();
    simd::TileArguments<T> arguments{};
    arguments.all_taps = at(layout.taps);
    arguments.idle_lanes = target.idle_lanes;
    arguments.streams = streams_;
    arguments.fetches = fetches_;
    if (run_.weights_in_l2.come_late) {
      arguments.ahead = weights_after(block, begin + channels, channels);
      arguments.ahead_channels = static_cast<Index>(all.size()) * channels;
    }
    for (std::size_t i = 0, next = 0; i < all.size(); i = next) {
      const PixelTile& tile = all[i];
      next = i + (at_once ? tile.alike : 1);
      if (fetches_ && begin == 0) {
        fetch_results(i, next, target, layout.outputs.real(block));
      }
      if (fetches_next_tile && next < all.size()) {
        fetch_input(all[next], begin, channels);
      }
      set_tiles(i, next, target, arguments);
      multiply(block, begin, channels, taps_.first_channel() + tile.offset, arguments,
               tiles[static_cast<std::size_t>(tile.kind)][at(tile.pixels)]);
    }
  }

  /// Tells a register tile of the tiles from one on until another. In place: copies of what has
  /// just been written in other pieces take a processor long.
  void set_tiles(std::size_t begin, std::size_t end, const Target& target,
                 simd::TileArguments<T>& arguments) const {
    const PixelTile& tile = taps_.tiles()[begin];
    arguments.pixels = taps_.pointers(tile);
    arguments.reads = taps_.reads(tile);
    arguments.pixel_step = tile.source_step;
    arguments.taps = taps_.taps(tile);
    arguments.sums = target.sums + tile.first * target.stride;
    arguments.sum_stride = tile.step * target.stride;
    arguments.tiles = end - begin;
    if (end > begin + 1) {
      const PixelTile& second = taps_.tiles()[begin + 1];
      arguments.tile_step = second.offset - tile.offset;
      arguments.tile_sums = (second.first - tile.first) * target.stride;
    }
  }

  /// So many input channels of one call's tiles. Sums wait in memory between blocks of them.
  void multiply(const Block& block, Index begin, Index channels, Index first_channel,
                simd::TileArguments<T>& arguments, simd::Tile<T> run) const {
    const Layout<T>& layout = run_.layout;
    const T* const weights = run_.weights + first_weight(block);
    const T* const bias =
        run_.bias.data() + (group_ * layout.outputs.padded + layout.outputs.first(block));
    Index c = begin;
    do {
      arguments.weights = weights + c * layout.weight_step(block);
      arguments.first_channel = first_channel + c;
      arguments.channels = std::min(begin + channels - c, layout.channel_step);
      arguments.begins = c == 0;
      c += arguments.channels;
      arguments.bias = c < layout.channels ? nullptr : bias;
      arguments.move_ahead(run(arguments));
    } while (c < begin + channels);
  }

  /// As many weights as a block has for so many input channels, from those on that are read after
  /// the block's for the channels before `end`.
  std::span<const T> weights_after(const Block& block, Index end, Index channels) const {
    const Index all = run_.problem.groups * run_.layout.packed();
    Index next = first_weight(block) + end * run_.layout.weight_step(block);
    if (next == all && strip_ + 1 < run_.strips.count) {
      next = 0;
    }
    return {run_.weights + next,
            at(std::min(channels * run_.layout.weight_step(block), all - next))};
  }

  /// Asks for so many input channels, from the one that is `begin`, of what a tile reads first.
  void fetch_input(const PixelTile& tile, Index begin, Index channels) const {
    taps_.each_new_pixel(tile, [&](const T* pixel) {
      simd::fetch_for_reading(pixel + taps_.first_channel() + begin, channels);
    });
  }

  /// From the scratch memory, channels side by side, to wherever the output's strides say.
  void copy_out(const Block& block) {
    const Strides& strides = run_.operands.result.strides();
    const Index width = run_.problem.columns.output;
    const Index wide = run_.layout.outputs.wide(block);
    const Index high = run_.problem.rows.output;
    const bool one_line = rows_follow(strides, width);
    for (Index row = 0, rows = 0; row < rows_; row += rows) {
      const Index n = (first_row_ + row) / high;
      const Index p = (first_row_ + row) % high;
      rows = one_line ? std::min(rows_ - row, high - p) : 1;
      T* to = y_ + n * strides[0] + first_output(block) * strides[1] + p * strides[2];
      store_row(sums_.data() + row * width * wide, wide, to, strides,
                run_.layout.outputs.real(block), rows * width);
    }
  }

  /// Of all groups.
  Index first_output(const Block& block) const {
    return group_ * run_.layout.outputs.outputs + run_.layout.outputs.first(block);
  }

  const Run<T>& run_;
  T* y_;
  bool direct_;   ///< sums need no scratch memory
  bool streams_;  ///< results go past the caches
  bool fetches_;  ///< lines of the result before they are written
  StripTaps<T> taps_;
  bool fetches_input_;  ///< lines of the input before they are read
  Index strip_ = -1;
  Index group_ = -1;
  int arranged_ = -1;  ///< for how many vectors taps_ is cut into tiles; -1 for none
  Index first_row_ = 0;
  Index rows_ = 0;
  Buffer<T> sums_;  ///< [pixel][wide]
};

template <class T>
Pieces describe_as(const Problem& problem) {
  const Layout<T> layout(problem);
  const OutputBlocks<T>& outputs = layout.outputs;
  const DirectStrips strips(problem, layout.outputs);
  const bool half = outputs.widest().vectors == simd::half_vector;
  const int vectors = registers_of(outputs.widest());
  const Index pixels = strips.rows * problem.columns.output;
  const auto most = static_cast<Index>(outputs.kernels.pixels[at(outputs.widest().vectors)]);
  const Index tile = divide_up(pixels, divide_up(pixels, most));
  const Index channels = std::min(layout.channels, layout.channel_step);
  return {
      .tile = concat(counted(tile, "pixel"), " x ", counted(vectors, "vector"), " of ",
                     half ? outputs.lanes / 2 : outputs.lanes, " output channels"),
      .blocking = concat(counted(strips.count, "strip"), " of ", counted(strips.rows, "output row"),
                         " for the batch; ", part_of(channels, layout.channels, "input channels"),
                         " at a time; ", counted(outputs.count(), "block"), " of output channels"),
      .efficiency = simd::tile_efficiency(static_cast<double>(tile), vectors) *
                    static_cast<double>(outputs.outputs) / static_cast<double>(outputs.padded),
  };
}

Pieces describe(const Problem& problem) {
  return in_its_type(problem, [&]<class T> { return describe_as<T>(problem); });
}

std::size_t workspace_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T> {
    const Layout<T> layout(problem);
    const DirectStrips strips(problem, layout.outputs);
    const Index shared = problem.in_channels + problem.groups * layout.outputs.padded;
    const std::size_t sums = at(most_sums(problem, layout, strips)) * sizeof(T);
    return at(num_threads()) * (StripTaps<T>::bytes(problem, strips.rows) + sums) +
           SourceColumns::bytes(problem) + at(shared) * sizeof(T);
  });
}

template <class T>
void run_as(const Problem& problem, const Operands& operands) {
  const Layout<T> layout(problem);
  const PackedHeader header = read_header(operands.packed, layout.outputs.lanes);
  const DirectStrips strips(problem, layout.outputs);
  const Run<T> shared{
      .problem = problem,
      .operands = operands,
      .layout = layout,
      .strips = strips,
      .weights = reinterpret_cast<const T*>(operands.packed + header_bytes),
      .weights_in_l2 = WeightsInL2(problem, layout, strips),
      .finite = header.finite,
      .zeros = std::vector<T>(at(std::max<Index>(problem.in_channels, 1)), T{0}),
      .bias = packed_bias(problem, layout.outputs, operands.bias),
      .columns = SourceColumns(problem),
  };
  run_items(strips.count * problem.groups * layout.outputs.count(),
            [&](int) { return Worker<T>(shared); });
}

void run(const Problem& problem, const Operands& operands) {
  in_its_type(problem, [&]<class T> { run_as<T>(problem, operands); });
}

}  // namespace

extern const Algorithm direct_algorithm;
constexpr Algorithm direct_algorithm = {
    .name = "direct",
    .purpose = "sums in vector registers over output channels, straight from the input's rows",
    .refuses = refuses,
    .workspace_bytes = workspace_bytes,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
    .finishes = true,
    .takes_columns = true,
    .describe = describe,
};

}  // namespace conv2d
