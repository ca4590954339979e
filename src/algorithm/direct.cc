// Direct convolution, forward, float32.
//
// Math      y[n,k,p,q] = bias[k] + sum over c, r, s of w[k,c,r,s] * x[n, c, p*sh + r*dh - top, ...]
// Order     of a sum: c, r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Loops     strips of output rows, blocks of output channels, blocks of input channels, tiles of
//           pixels (outermost first); then the register tile (simd/kernels.h): c, r, s
// Input     the register tile reads a pixel's channels one after the other. A channels-last tensor
//           has them so, and is read where it lies; of any other, a strip's rows are turned into
//           channels-last ones first, as many as stay in half of L2. Never a whole tensor.
// Border    through a table of pointers, one for each pixel and tap: into the input by the border's
//           index map, or to zeros. So a tile may also span rows, which fills it on small maps.
//           Where a weight is infinite or NaN, which must not meet the padding's zeros, a tile has
//           one pixel and leaves such taps out.
// Weights   packed as [c][r][s][output channels of the tile]; read in order
// Not for   fewer output channels than half a vector; see refuses()
// Source    J. Zhang, F. Franchetti, T. M. Low, High Performance Zero-Memory Overhead Direct
//           Convolutions, ICML 2018; M. Dukhan, The Indirect Convolution Algorithm, 2019
#include "algorithm/algorithm.h"

#include "base/error.h"
#include "conv2d/machine.h"
#include "conv2d/threads.h"
#include "simd/kernels.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

namespace conv2d {
namespace {

using Index = std::int64_t;

std::size_t at(Index index) noexcept { return static_cast<std::size_t>(index); }

Index divide_up(Index a, Index b) noexcept { return (a + b - 1) / b; }

/// Input channels whose weights for a tile of 64 output channels, 576 * 64 floats at most for
/// kernels up to 6 x 6, stay in L2 while a strip of pixels passes by. Sums wait in memory between
/// blocks, which changes no bit of them.
Index channel_block(Index taps) noexcept { return std::max<Index>(16, 576 / taps / 16 * 16); }

/// Vectors of output channels that one tile computes.
struct Block {
  Index first_vector;
  int vectors;
};

/// What follows from the problem and the instructions in use.
struct Layout {
  explicit Layout(const Problem& problem)
      : kernels(simd::kernels()),
        channels(problem.in_channels_per_group()),
        outputs(problem.out_channels_per_group()),
        taps(problem.rows.kernel * problem.columns.kernel),
        channel_step(channel_block(taps)),
        vectors(divide_up(outputs, kernels.lanes)) {
    auto widest_tile = simd::most_vectors;
    while (kernels.pixels[widest_tile] == 0) {
      --widest_tile;
    }
    const Index count = divide_up(vectors, static_cast<Index>(widest_tile));
    for (Index i = 0, first = 0; i < count; ++i) {
      const auto wide = static_cast<int>(vectors / count + (i < vectors % count ? 1 : 0));
      blocks.push_back({first, wide});
      first += wide;
    }
  }

  /// Of one group.
  Index packed_floats() const noexcept { return vectors * kernels.lanes * channels * taps; }

  int widest() const noexcept { return blocks.empty() ? 0 : blocks.front().vectors; }

  const simd::Kernels& kernels;
  Index channels;
  Index outputs;
  Index taps;
  Index channel_step;
  Index vectors;
  std::vector<Block> blocks;
};

/// What stands before packed weights.
struct PackedHeader {
  Index lanes;
  bool finite;
};
constexpr std::size_t header_bytes = 64;

bool is_float32(const Types& types) {
  return types == Types{DType::float32, DType::float32, DType::float32};
}

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::forward) {
    return "only the forward pass";
  }
  if (!is_float32(problem.types)) {
    return "only float32";
  }
  if (problem.out_channels_per_group() < 8) {
    return "fewer than 8 output channels a group would leave most of a vector idle";
  }
  return std::nullopt;
}

std::size_t packed_bytes(const Problem& problem) {
  const Layout layout(problem);
  return header_bytes + at(problem.groups * layout.packed_floats()) * sizeof(float);
}

bool all_finite(const float* values, Index count) noexcept {
  constexpr std::uint32_t exponent = 0x7f800000;
  std::uint32_t found = 0;  // no early end: the loop is made of vector instructions so
  for (Index i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    found |= static_cast<std::uint32_t>((bits & exponent) == exponent);
  }
  return found == 0;
}

/// One thread's part of packing: the weights of one group and one block of output channels, a block
/// of input channels at a time.
class Packer {
 public:
  Packer(const Layout& layout, TensorView weight)
      : layout_(layout),
        from_(static_cast<const float*>(weight.data())),
        strides_(weight.strides()),
        columns_(weight.sizes()[3]),
        filters_are_whole_(strides_[3] == 1 && strides_[2] == columns_ &&
                           strides_[1] == layout.taps) {
    // Nothing may throw on a thread.
    turned_.resize(at(std::min(layout.channels, layout.channel_step) * layout.taps *
                      layout.widest() * layout.kernels.lanes));
  }

  /// Returns whether all weights are finite.
  bool pack(const Block& block, Index first_output, float* packed) {
    const Index wide = block.vectors * layout_.kernels.lanes;
    const Index real = std::min(wide, layout_.outputs - block.first_vector * layout_.kernels.lanes);
    const float* from = from_ + first_output * strides_[0];
    float* to = packed;
    for (Index c = 0; c < layout_.channels; c += layout_.channel_step) {
      const Index count = std::min(layout_.channels - c, layout_.channel_step);
      turn(from + c * strides_[1], count, real, wide);
      for (Index i = 0; i < count * layout_.taps; ++i, to += wide) {
        const float* row = turned_.data() + i * wide;
        std::copy(row, row + real, to);
        std::fill(to + real, to + wide, 0.0F);
      }
    }
    return all_finite(packed, to - packed);
  }

 private:
  /// From [output channel][c][tap] to [c][tap][output channel].
  void turn(const float* from, Index channels, Index outputs, Index wide) {
    if (filters_are_whole_) {
      layout_.kernels.transpose(from, strides_[0], turned_.data(), wide, channels * layout_.taps,
                                outputs);
      return;
    }
    for (Index c = 0; c < channels; ++c) {
      for (Index t = 0; t < layout_.taps; ++t) {
        const float* tap =
            from + c * strides_[1] + t / columns_ * strides_[2] + t % columns_ * strides_[3];
        for (Index k = 0; k < outputs; ++k) {
          turned_[at((c * layout_.taps + t) * wide + k)] = tap[k * strides_[0]];
        }
      }
    }
  }

  const Layout& layout_;
  const float* from_;
  Strides strides_;
  Index columns_;
  bool filters_are_whole_;  ///< the taps of all channels lie one after the other
  std::vector<float> turned_;
};

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  const Layout layout(problem);
  auto* floats = reinterpret_cast<float*>(packed + header_bytes);
  const auto blocks = static_cast<Index>(layout.blocks.size());
  const Index items = problem.groups * blocks;
  const auto threads = static_cast<int>(std::min<Index>(num_threads(), items));
  std::vector<Packer> packers(at(threads), Packer(layout, weight));
  std::vector<char> finite(at(items), 1);
  run_on_threads(threads, [&](int thread) {
    for (Index i = items * thread / threads; i < items * (thread + 1) / threads; ++i) {
      const Block& block = layout.blocks[at(i % blocks)];
      const Index first = block.first_vector * layout.kernels.lanes;
      float* to =
          floats + i / blocks * layout.packed_floats() + first * layout.channels * layout.taps;
      finite[at(i)] = packers[at(thread)].pack(block, i / blocks * layout.outputs + first, to);
    }
  });
  const bool all = std::find(finite.begin(), finite.end(), 0) == finite.end();
  const PackedHeader header{layout.kernels.lanes, all};
  std::memcpy(packed, &header, sizeof header);
}

/// How the output rows of the whole batch, N*P of them, are cut into strips.
struct Strips {
  Strips(const Problem& problem, const Layout& layout)
      : total(problem.batch * problem.rows.output) {
    const Index row_bytes =
        problem.columns.input * layout.channels * static_cast<Index>(sizeof(float));
    const Index half_l2 = static_cast<Index>(machine_l2()) / 2;
    const Index overlap = problem.rows.extent() - problem.rows.stride;
    const Index fit = (half_l2 / std::max<Index>(row_bytes, 1) - overlap) / problem.rows.stride;
    // The sums of a thousand pixels for 64 output channels are 256 KiB, which L2 has to hold too.
    const Index most = 1024 / std::max<Index>(problem.columns.output, 1);
    rows = std::clamp<Index>(std::min(fit, most), 1, std::max<Index>(total, 1));
    // Enough pieces for every thread to have its share.
    const Index others = problem.groups * static_cast<Index>(layout.blocks.size());
    const Index wanted = divide_up(Index{4} * num_threads(), others);
    if (divide_up(total, rows) < wanted) {
      rows = std::max<Index>(1, total / wanted);
    }
    count = divide_up(total, rows);
  }

  static std::size_t machine_l2() {
    static const std::size_t bytes = machine().l2_bytes;
    return bytes;
  }

  Index total;
  Index rows = 1;
  Index count = 0;
};

/// Pixels of a strip that one register tile computes.
struct PixelTile {
  Index first;
  int pixels;
  std::size_t table;  ///< where its pointers begin
  std::size_t taps;   ///< where its taps begin, and how many there are
  std::size_t tap_count;
};

/// Rows of the input that a strip can need.
Index slots(const Problem& problem, const Strips& strips) {
  return std::min(strips.rows * problem.rows.kernel, problem.batch * problem.rows.input);
}

bool reads_in_place(const Problem& problem, const Strides& strides) {
  return strides[1] == 1 || problem.in_channels_per_group() <= 1;
}

/// What the tensors of one thread hold at most.
struct Scratch {
  Scratch(const Problem& problem, const Layout& layout, const Strips& strips)
      : pixels(strips.rows * problem.columns.output),
        source_rows(strips.rows * problem.rows.kernel),
        packed(slots(problem, strips) * problem.columns.input * layout.channels),
        pointers(pixels * layout.taps),
        sums(pixels * layout.widest() * layout.kernels.lanes) {}

  std::size_t bytes() const noexcept {
    return at(packed + sums) * sizeof(float) + at(2 * source_rows) * sizeof(Index) +
           at(pointers) * (sizeof(float*) + sizeof(std::size_t)) + at(pixels) * sizeof(PixelTile);
  }

  Index pixels;
  Index source_rows;
  Index packed;
  Index pointers;
  Index sums;
};

/// Everything that one run shares between threads.
struct Run {
  const Problem& problem;
  const Operands& operands;
  Layout layout;
  Strips strips;
  const float* weights;
  bool finite;
  bool in_place;
  std::vector<float> zeros;           ///< as many as a group has input channels
  std::vector<float> bias;            ///< [group][vectors][lanes]
  std::vector<Index> source_columns;  ///< [q][s]
};

/// One thread's part: a strip of output rows at a time.
class Worker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit Worker(const Run& run)
      : run_(run),
        x_(static_cast<const float*>(run.operands.first.data())),
        y_(static_cast<float*>(run.operands.result.data())) {
    const Scratch scratch(run.problem, run.layout, run.strips);
    source_rows_.reserve(at(scratch.source_rows));
    needed_.reserve(at(scratch.source_rows));
    packed_.resize(run.in_place ? 0 : at(scratch.packed));
    tiles_.reserve(at(scratch.pixels));
    table_.reserve(at(scratch.pointers));
    taps_.reserve(at(scratch.pointers));
    sums_.resize(at(scratch.sums));
  }

  /// Item i is a strip, a group and a block of output channels; blocks change fastest.
  void compute(Index item) {
    const auto blocks = static_cast<Index>(run_.layout.blocks.size());
    const Block& block = run_.layout.blocks[at(item % blocks)];
    load(item / blocks / run_.problem.groups, item / blocks % run_.problem.groups);
    arrange(block.vectors);
    const Target target = target_of(block);
    for (const PixelTile& tile : tiles_) {
      multiply(block, tile, target);
    }
    if (target.scratch) {
      copy_out(block);
    }
  }

 private:
  /// Where sums go: into the output itself where its channels lie side by side.
  struct Target {
    float* sums;
    Index stride;
    bool scratch;
  };

  /// Makes a strip of a group the current one.
  void load(Index strip, Index group) {
    if (strip == strip_ && group == group_) {
      return;
    }
    strip_ = strip;
    group_ = group;
    arranged_ = 0;
    first_row_ = strip * run_.strips.rows;
    rows_ = std::min(run_.strips.rows, run_.strips.total - first_row_);
    find_rows();
    if (!run_.in_place) {
      pack_rows();
    }
  }

  /// Which input row, n*H + h, each tap of each output row of the strip reads.
  void find_rows() {
    const Problem& problem = run_.problem;
    source_rows_.clear();
    for (Index row = first_row_; row < first_row_ + rows_; ++row) {
      const Index n = row / problem.rows.output;
      for (Index r = 0; r < problem.rows.kernel; ++r) {
        const Index h =
            source_index(problem.rows, problem.padding_mode, row % problem.rows.output, r);
        source_rows_.push_back(h == nowhere ? nowhere : n * problem.rows.input + h);
      }
    }
  }

  /// Turns the input rows that the strip reads into channels-last ones.
  void pack_rows() {
    needed_ = source_rows_;
    std::sort(needed_.begin(), needed_.end());
    needed_.erase(std::unique(needed_.begin(), needed_.end()), needed_.end());
    std::erase(needed_, nowhere);
    const Index width = run_.problem.columns.input;
    const Index channels = run_.layout.channels;
    const Strides& strides = run_.operands.first.strides();
    float* to = packed_.data();
    for (const Index row : needed_) {
      const float* from = row_in_place(row);
      if (strides[3] == 1) {
        run_.layout.kernels.transpose(from, strides[1], to, channels, width, channels);
      } else {
        for (Index w = 0; w < width; ++w) {
          for (Index c = 0; c < channels; ++c) {
            to[w * channels + c] = from[c * strides[1] + w * strides[3]];
          }
        }
      }
      to += width * channels;
    }
  }

  const float* row_in_place(Index row) const {
    const Strides& strides = run_.operands.first.strides();
    const Index height = run_.problem.rows.input;
    return x_ + row / height * strides[0] + row % height * strides[2] +
           group_ * run_.layout.channels * strides[1];
  }

  const float* row_of(Index row) const {
    if (run_.in_place) {
      return row_in_place(row);
    }
    const auto slot = std::lower_bound(needed_.begin(), needed_.end(), row) - needed_.begin();
    return packed_.data() + slot * run_.problem.columns.input * run_.layout.channels;
  }

  /// Cuts the strip's pixels into tiles for that many vectors, and finds where each tap of each
  /// pixel reads.
  void arrange(int vectors) {
    if (vectors == arranged_) {
      return;
    }
    arranged_ = vectors;
    tiles_.clear();
    table_.clear();
    taps_.clear();
    const auto& tile = run_.layout.kernels.tile[at(vectors)];
    const Index most =
        run_.finite ? static_cast<Index>(run_.layout.kernels.pixels[at(vectors)]) : 1;
    const Index pixels = rows_ * run_.problem.columns.output;
    for (Index first = 0; first < pixels;) {
      const Index left = pixels - first;
      Index size = divide_up(left, divide_up(left, most));
      while (tile[at(size)] == nullptr) {
        --size;
      }
      tiles_.push_back({first, static_cast<int>(size), table_.size(), taps_.size(), 0});
      add_pointers(first, size);
      tiles_.back().tap_count = taps_.size() - tiles_.back().taps;
      first += size;
    }
  }

  /// For each tap that reads an element for one of these pixels.
  void add_pointers(Index first, Index size) {
    const Problem& problem = run_.problem;
    for (Index r = 0; r < problem.rows.kernel; ++r) {
      for (Index s = 0; s < problem.columns.kernel; ++s) {
        const std::size_t before = table_.size();
        bool reads = false;
        for (Index pixel = first; pixel < first + size; ++pixel) {
          const float* source = source_of(pixel, r, s);
          reads = reads || source != nullptr;
          table_.push_back(source == nullptr ? run_.zeros.data() : source);
        }
        if (reads) {
          taps_.push_back(at(r * problem.columns.kernel + s));
        } else {
          table_.resize(before);
        }
      }
    }
  }

  /// The channels that a tap of a pixel reads, or nullptr in the padding.
  const float* source_of(Index pixel, Index r, Index s) const {
    const Problem& problem = run_.problem;
    const Index p = pixel / problem.columns.output;
    const Index q = pixel % problem.columns.output;
    const Index row = source_rows_[at(p * problem.rows.kernel + r)];
    const Index w = run_.source_columns[at(q * problem.columns.kernel + s)];
    const Index step = run_.in_place ? run_.operands.first.strides()[3] : run_.layout.channels;
    return row == nowhere || w == nowhere ? nullptr : row_of(row) + w * step;
  }

  Target target_of(const Block& block) {
    const Strides& strides = run_.operands.result.strides();
    const Problem& problem = run_.problem;
    const Index wide = block.vectors * run_.layout.kernels.lanes;
    const Index first = block.first_vector * run_.layout.kernels.lanes;
    const bool dense = strides[1] == 1 && strides[3] > 0 &&
                       strides[2] == problem.columns.output * strides[3] &&
                       (problem.batch == 1 || strides[0] == problem.rows.output * strides[2]);
    if (dense && first + wide <= run_.layout.outputs) {
      float* sums = y_ + first_row_ * strides[2] + group_ * run_.layout.outputs + first;
      return {sums, strides[3], false};
    }
    return {sums_.data(), wide, true};
  }

  void multiply(const Block& block, const PixelTile& tile, const Target& target) {
    const Layout& layout = run_.layout;
    const Index lanes = layout.kernels.lanes;
    const Index first = block.first_vector * lanes;
    const float* weights =
        run_.weights + group_ * layout.packed_floats() + first * layout.channels * layout.taps;
    simd::TileArguments arguments{};
    arguments.pixels = table_.data() + tile.table;
    arguments.taps = {taps_.data() + tile.taps, tile.tap_count};
    arguments.all_taps = at(layout.taps);
    arguments.sums = target.sums + tile.first * target.stride;
    arguments.sum_stride = target.stride;
    Index c = 0;
    do {
      arguments.weights = weights + c * layout.taps * block.vectors * lanes;
      arguments.first_channel = c;
      arguments.channels = std::min(layout.channels - c, layout.channel_step);
      arguments.begins = c == 0;
      c += arguments.channels;
      arguments.bias = c < layout.channels
                           ? nullptr
                           : run_.bias.data() + (group_ * layout.vectors * lanes + first);
      layout.kernels.tile[at(block.vectors)][at(tile.pixels)](arguments);
    } while (c < layout.channels);
  }

  /// From the scratch memory, channels side by side, to wherever the output's strides say.
  void copy_out(const Block& block) {
    const Strides& strides = run_.operands.result.strides();
    const Index width = run_.problem.columns.output;
    const Index wide = block.vectors * run_.layout.kernels.lanes;
    const Index first = block.first_vector * run_.layout.kernels.lanes;
    const Index real = std::min(wide, run_.layout.outputs - first);
    for (Index row = 0; row < rows_; ++row) {
      const float* from = sums_.data() + row * width * wide;
      const Index n = (first_row_ + row) / run_.problem.rows.output;
      const Index p = (first_row_ + row) % run_.problem.rows.output;
      float* to = y_ + n * strides[0] + (group_ * run_.layout.outputs + first) * strides[1] +
                  p * strides[2];
      if (strides[3] == 1) {
        run_.layout.kernels.transpose(from, wide, to, strides[1], real, width);
      } else {
        for (Index q = 0; q < width; ++q) {
          for (Index k = 0; k < real; ++k) {
            to[k * strides[1] + q * strides[3]] = from[q * wide + k];
          }
        }
      }
    }
  }

  const Run& run_;
  const float* x_;
  float* y_;
  Index strip_ = -1;
  Index group_ = -1;
  int arranged_ = 0;  ///< for how many vectors tiles_ and table_ are made; 0 for none
  Index first_row_ = 0;
  Index rows_ = 0;
  std::vector<Index> source_rows_;  ///< [row of the strip][r]
  std::vector<Index> needed_;       ///< the rows in packed_
  std::vector<float> packed_;       ///< [row][w][c]
  std::vector<PixelTile> tiles_;
  std::vector<const float*> table_;  ///< [tile][tap][pixel]
  std::vector<std::size_t> taps_;    ///< [tile][tap]
  std::vector<float> sums_;          ///< [pixel][wide]
};

std::vector<float> packed_bias(const Problem& problem, const Layout& layout,
                               const functional::OptionalView& bias) {
  const Index wide = layout.vectors * layout.kernels.lanes;
  std::vector<float> packed(at(problem.groups * wide), 0.0F);
  for (Index k = 0; bias && k < problem.out_channels; ++k) {
    // + 0: a sum that underflowed may be -0 or 0, for taps in the padding add 0 or are left out.
    packed[at(k / layout.outputs * wide + k % layout.outputs)] =
        static_cast<const float*>(bias->data())[k * bias->strides()[0]] + 0.0F;
  }
  return packed;
}

std::vector<Index> source_columns(const Problem& problem) {
  std::vector<Index> columns;
  for (Index q = 0; q < problem.columns.output; ++q) {
    for (Index s = 0; s < problem.columns.kernel; ++s) {
      columns.push_back(source_index(problem.columns, problem.padding_mode, q, s));
    }
  }
  return columns;
}

std::size_t workspace_bytes(const Problem& problem) {
  const Layout layout(problem);
  const Strips strips(problem, layout);
  const Index columns = problem.columns.output * problem.columns.kernel;
  const Index floats = layout.channels + problem.groups * layout.vectors * layout.kernels.lanes;
  return at(num_threads()) * Scratch(problem, layout, strips).bytes() +
         at(columns) * sizeof(Index) + at(floats) * sizeof(float);
}

void run(const Problem& problem, const Operands& operands) {
  PackedHeader header{};
  std::memcpy(&header, operands.packed, sizeof header);
  const Layout layout(problem);
  if (header.lanes != layout.kernels.lanes) {
    throw_invalid("the weight was packed for other vector instructions than those in use now");
  }
  const Strips strips(problem, layout);
  const Run shared{
      .problem = problem,
      .operands = operands,
      .layout = layout,
      .strips = strips,
      .weights = reinterpret_cast<const float*>(operands.packed + header_bytes),
      .finite = header.finite,
      .in_place = reads_in_place(problem, operands.first.strides()),
      .zeros = std::vector<float>(at(std::max<Index>(layout.channels, 1)), 0.0F),
      .bias = packed_bias(problem, layout, operands.bias),
      .source_columns = source_columns(problem),
  };
  const auto blocks = static_cast<Index>(layout.blocks.size());
  const Index items = strips.count * problem.groups * blocks;
  const auto threads = static_cast<int>(std::min<Index>(num_threads(), items));
  std::vector<Worker> workers;
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
};

}  // namespace conv2d
