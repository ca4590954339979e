// Winograd convolution F(4x4, 3x3) and F(2x2, 3x3), forward and backward_data, float32: where
// precision is default.
//
// Math      each tile of 4x4 outputs from 6x6 inputs, or of 2x2 from 4x4:
//             y[k] = A^T [ sum over c of (G w[k,c] G^T) . (B^T x[c] B) ] A + bias[k]
//           with . element by element: 36 products for 16 outputs instead of 144, 16 for 4 instead
//           of 36. The matrices, and why it works, are in simd/winograd_matrices.h; what it does to
//           rounding, in docs/winograd.md
//           backward_data is the same with inputs and outputs exchanged (as_forward)
// Order     of the sum: c, each step one fused multiply-add. All else runs in an order that the
//           matrices alone decide, so the bits are the same for any threads, batch, memory layout
//           and width of vectors; but they are not the definition's
// Loops     blocks of tiles, groups: transform their inputs; then blocks of output channels:
//           as many matrix products (tiles x channels) * (channels x outputs) as a tile has; then
//           transform back
// Products  the register tile of the direct algorithm (simd/kernels.h), a tile of outputs as its
//           pixel
// Input     rows as channels-last ones (input_rows.h), those that have to be turned 16 channels at
//           a time; each tile's pixels by pointers: through the border's index map, or to zeros
// Epilogue  a row of a block's tiles at a time, of one block of output channels
// Weights   transformed once, in float64 (winograd_weights.h)
// Inf, NaN  a tile's transforms would spread them over all of its outputs, and large numbers may
//           overflow on the way. Every infinite or NaN output is computed once more by the
//           definition; a finite one has met neither, for all that enters it is multiplied and
//           added
// Not for   maps that fill their tiles badly; weights that outweigh a small map
// Source    S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin, S. Gray, Fast
//           Algorithms for Convolutional Neural Networks, CVPR 2015
#include "algorithm/algorithm.h"
#include "algorithm/buffer.h"
#include "algorithm/packed_header.h"
#include "algorithm/run_items.h"
#include "algorithm/streaming.h"
#include "algorithm/winograd_worker.h"
#include "base/quantity.h"
#include "simd/tile_cycles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace conv2d {
namespace {

constexpr winograd::Side large = {4};
constexpr winograd::Side small = {2};

/// Of an image.
Index tiles_of(const Problem& problem, winograd::Side side) {
  return side.tiles(problem.rows) * side.tiles(problem.columns);
}

Index pixels_of(const Problem& problem) { return problem.rows.output * problem.columns.output; }

/// What an input and an output channel take with so many weights, each used so often in an image,
/// in multiply-adds. A weight from behind L2 takes as long as 14, from memory as 30: measured on a
/// Xeon, 29 and 13 GB/s. Of many images only the first waits, but bits may depend neither on their
/// number nor on the machine: the geometric mean of one image's time and of one of many decides.
double time_of(const Problem& problem, double weights, double uses) {
  constexpr double second_cache = 0x1p20;
  constexpr double last_cache = 0x1p26;
  const double bytes = weights * sizeof(float) * static_cast<double>(problem.in_channels) *
                       static_cast<double>(problem.out_channels_per_group());
  const double wait = bytes >= last_cache ? 30 : bytes >= second_cache ? 14 : 0;
  return weights * std::sqrt(std::max(uses, wait) * uses);
}

double time_by_tiles(const Problem& problem, winograd::Side side) {
  return time_of(problem, static_cast<double>(side.products()),
                 static_cast<double>(tiles_of(problem, side)));
}

double time_by_definition(const Problem& problem) {
  constexpr Index weights = 9;
  const bool zeros = problem.padding_mode == PaddingMode::zeros;
  const Index taps = zeros ? taps_inside(problem.rows) * taps_inside(problem.columns)
                           : weights * pixels_of(problem);
  return time_of(problem, weights, static_cast<double>(taps) / weights);
}

/// How much longer tiles take with their transforms, which count more where fewer products share
/// them.
constexpr double with_many_channels = 1.25;
constexpr double with_few_channels = 1.5;

/// Whether products of 2x2 outputs outweigh their transforms: a tile has fewer than one of 4x4.
bool fills_small_tiles(const Problem& problem) {
  constexpr Index few = 64;
  return problem.in_channels_per_group() >= few && problem.out_channels_per_group() >= few;
}

/// Measured: where the products outweigh the transforms and the larger weights.
std::optional<std::string_view> large_tiles_yield(const Problem& given) {
  const Problem problem = winograd::as_forward(given);
  constexpr Index few = 16;
  const Index channels = problem.in_channels_per_group();
  const Index outputs = problem.out_channels_per_group();
  if (channels < few || outputs < few) {
    return "with fewer than 16 channels a group the transforms take as long as they save";
  }
  const Index pixels = pixels_of(problem);
  const Index tiles = tiles_of(problem, large);
  if (pixels < 8 * tiles) {
    return "half of its tiles of 4x4 outputs would lie beyond the output";
  }
  // Vectors of such groups are full in the direct algorithm too, forward.
  const bool full =
      given.pass == Pass::forward && given.groups > 1 && channels == few && outputs == few;
  constexpr Index tile_pixels = large.outputs * large.outputs;
  if (full && 6 * pixels < 5 * tile_pixels * tiles) {
    return "groups of 16 channels whose tiles of 4x4 outputs lie a sixth beyond the output";
  }
  constexpr Index small_map = 36;
  const double time = time_by_tiles(problem, large);
  if (pixels < small_map ||
      (!fills_small_tiles(problem) && time_by_definition(problem) < with_few_channels * time)) {
    return "the map is too small for weights that are four times as many when transformed";
  }
  if (fills_small_tiles(problem) && time_by_tiles(problem, small) < time) {
    return "tiles of 2x2 outputs should take less time, whose weights are less than half as many";
  }
  return std::nullopt;
}

/// Measured as well: 4x4 outputs are better wherever their weights are not too many.
std::optional<std::string_view> small_tiles_yield(const Problem& given) {
  const Problem problem = winograd::as_forward(given);
  if (!fills_small_tiles(problem)) {
    return "with fewer than 64 channels a group the transforms take as long as they save";
  }
  const double time = time_by_tiles(problem, small);
  if (time_by_tiles(problem, large) < time) {
    return "tiles of 4x4 outputs take fewer multiplications, and their weights are not too many";
  }
  if (time_by_definition(problem) <= with_many_channels * time) {
    return "the map is too small for weights that are twice as many when transformed";
  }
  return std::nullopt;
}

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass == Pass::backward_weight) {
    return "only the forward and the transposed pass";
  }
  if (problem.pass == Pass::backward_data && problem.padding_mode != PaddingMode::zeros) {
    return "the transposed pass only where zeros lie beyond the border";
  }
  if (problem.types != Types{DType::float32, DType::float32, DType::float32}) {
    return "only float32";
  }
  if (problem.precision == Precision::exact) {
    return "only where precision is default: its sums round otherwise than the definition's";
  }
  const auto plain = [](const Axis& axis) {
    return axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1;
  };
  if (!plain(problem.rows) || !plain(problem.columns)) {
    return "only 3x3 kernels of stride 1 and dilation 1";
  }
  return std::nullopt;
}

std::size_t packed_bytes(const Problem& given, winograd::Side side) {
  const Problem problem = winograd::as_forward(given);
  const winograd::PackedWeights weights(problem, OutputBlocks<float>(problem), side);
  return header_bytes + at(weights.elements()) * sizeof(float);
}

void pack(const Problem& problem, TensorView weight, winograd::Side side, std::byte* packed) {
  winograd::pack_weights(problem, weight, side, reinterpret_cast<float*>(packed + header_bytes));
  write_header({simd::kernels<float>().lanes, true}, packed);
}

/// The definition's multiply-adds against what is done instead: the products, and for each tile and
/// channel about as many loads and stores as the transforms' operations: with 4x4 outputs 12 times
/// 12 and 10 times 12, with 2x2 8 times 4 and 6 times 4.
double efficiency_of(const Problem& problem, const OutputBlocks<float>& outputs,
                     const winograd::Cut& cut, double product) {
  const auto channels = static_cast<double>(problem.in_channels_per_group());
  const auto wide = static_cast<double>(outputs.padded);
  const auto products = static_cast<double>(cut.side.products());
  const bool is_large = cut.side.outputs == large.outputs;
  const double transforms = is_large ? 144 * channels + 120 * wide : 32 * channels + 24 * wide;
  const double tile = products * channels * wide / product + 2 * transforms;
  const auto tiles = static_cast<double>(cut.tile_rows * cut.tile_columns);
  const auto pixels = static_cast<double>(pixels_of(problem));
  return 9 * pixels * channels * static_cast<double>(outputs.outputs) / (tiles * tile);
}

Pieces describe(const Problem& given, winograd::Side side) {
  const Problem problem = winograd::as_forward(given);
  const OutputBlocks<float> outputs(problem);
  const winograd::Cut cut(problem, outputs, side);
  const bool half = outputs.widest().vectors == simd::half_vector;
  const int vectors = registers_of(outputs.widest());
  const auto most = static_cast<Index>(outputs.kernels.pixels[at(outputs.widest().vectors)]);
  const Index tile = divide_up(cut.most_tiles(), divide_up(cut.most_tiles(), most));
  return {
      .tile = concat(counted(tile, "tile"), " of ", side.outputs, "x", side.outputs, " outputs x ",
                     counted(vectors, "vector"), " of ", half ? outputs.lanes / 2 : outputs.lanes,
                     " output channels, for each of ", side.products(), " products"),
      .blocking =
          concat(counted(cut.blocks(), "block"), " of ", counted(cut.most_tiles(), "tile"),
                 " for the batch; ", counted(outputs.count(), "block"), " of output channels"),
      .efficiency = efficiency_of(problem, outputs, cut,
                                  simd::tile_efficiency(static_cast<double>(tile), vectors)),
  };
}

std::size_t workspace_bytes(const Problem& given, winograd::Side side) {
  const Problem problem = winograd::as_forward(given);
  const OutputBlocks<float> outputs(problem);
  const winograd::Cut cut(problem, outputs, side);
  const Index sources = (cut.tile_rows + cut.tile_columns) * side.inputs();
  const Index shared = problem.in_channels_per_group() + problem.groups * outputs.padded;
  return at(num_threads()) * winograd::Scratch(problem, outputs, cut).bytes() +
         at(sources) * sizeof(Index) + at(shared) * sizeof(float);
}

/// Whether a large result is stored by whole vectors of channels, or by whole lines of pixels. A
/// tile's outputs come all at once, and where they are pixels they are as many pieces of
/// memory: measured in chains of layers, each of which reads what the one before wrote, results of
/// 3 to 8 MB gain 4 to 9% where the last cache holds 32 MiB, planes of 6 MB 5%, smaller ones none.
bool streams_result(const Problem& problem, const Operands& operands,
                    const OutputBlocks<float>& outputs, const winograd::Cut& cut) {
  constexpr Index line = 16;
  const bool lines = cut.pieces == 1 || cut.piece_columns * cut.side.outputs % line == 0;
  const std::size_t share = operands.result.strides()[1] == 1 ? 16 : 8;
  return crowds_caches(problem, operands.epilogue, operands.result, share) &&
         (pixels_are_aligned(operands.result, outputs.outputs, outputs.lanes) ||
          (lines && planes_are_aligned(operands.result)));
}

/// Whether weights are gone from L2 when the next block of tiles reads them again. Measured on a
/// Xeon whose L3 gives 29 GB/s to a thread: 128 to 512 channels gain 4 to 44% where they are asked
/// for meanwhile.
bool weights_come_late(const winograd::PackedWeights& weights, const winograd::Scratch& scratch) {
  return at(weights.elements() + scratch.floats()) * sizeof(float) > winograd::Cut::machine_l2();
}

void run(const Problem& given, const Operands& operands, winograd::Side side) {
  const Problem problem = winograd::as_forward(given);
  const OutputBlocks<float> outputs(problem);
  read_header(operands.packed, outputs.lanes);
  const winograd::Cut cut(problem, outputs, side);
  const winograd::Scratch scratch(problem, outputs, cut);
  const winograd::PackedWeights layout(problem, outputs, side);
  const winograd::Run shared{
      .problem = problem,
      .operands = operands,
      .outputs = outputs,
      .cut = cut,
      .layout = layout,
      .weights = reinterpret_cast<const float*>(operands.packed + header_bytes),
      .streams = streams_result(problem, operands, outputs, cut),
      .fetches_input = is_far(operands.first),
      .fetches_result = machine().fused_multiply_add && operands.result.strides()[1] == 1 &&
                        is_far(operands.result),
      .fetches_weights = weights_come_late(layout, scratch),
      .zeros = std::vector<float>(at(problem.in_channels_per_group()), 0.0F),
      .bias = packed_bias(problem, outputs, operands.bias),
      .source_rows = winograd::sources(problem.rows, problem.padding_mode, side),
      .source_columns = winograd::sources(problem.columns, problem.padding_mode, side),
  };
  const Index items = shared.cut.items();
  const Index one = scratch.floats();
  Buffer<float> memory(threads_for(items) * one);
  run_items(items, [&](int t) { return winograd::Worker(shared, memory.data() + t * one); });
}

/// The most that (|G| |g| |G^T|) . (|B^T| |d| |B|) between |A^T| and |A| makes of g and d that are
/// 1: along each axis the same, so the square of one axis.
template <class Matrices>
double amplification() {
  double largest = 0;
  for (const auto& row : Matrices::output) {
    double sum = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto size = [](const auto& entries) {
        return std::accumulate(entries.begin(), entries.end(), 0.0,
                               [](double all, double entry) { return all + std::abs(entry); });
      };
      sum += std::abs(row[i]) * size(Matrices::kernel[i]) * size(Matrices::input[i]);
    }
    largest = std::max(largest, sum);
  }
  return largest * largest;
}

/// As docs/winograd.md derives it, from the roundings beside those of the sum over channels.
double error_bound(const Problem& problem, int fused, int unfused, double amplification) {
  constexpr double products = 9;  // of each channel, by the definition
  constexpr double unit = 0x1p-24;
  const double roundings = static_cast<double>(problem.in_channels_per_group()) +
                           (machine().fused_multiply_add ? fused : unfused);
  return roundings * unit / (1 - roundings * unit) * amplification / products;
}

double large_error_bound(const Problem& problem) {
  return error_bound(problem, 13, 20, amplification<simd::winograd::Matrices<4>>());
}

double small_error_bound(const Problem& problem) {
  return error_bound(problem, 9, 10, amplification<simd::winograd::Matrices<2>>());
}

/// What both sizes of tiles share.
template <Index Outputs>
constexpr Algorithm with_tiles_of() {
  Algorithm made{};
  made.refuses = refuses;
  made.workspace_bytes = [](const Problem& problem) { return workspace_bytes(problem, {Outputs}); };
  made.packed_bytes = [](const Problem& problem) { return packed_bytes(problem, {Outputs}); };
  made.pack = [](const Problem& problem, TensorView weight, std::byte* packed) {
    pack(problem, weight, {Outputs}, packed);
  };
  made.run = [](const Problem& problem, const Operands& operands) {
    run(problem, operands, {Outputs});
  };
  made.finishes = true;
  made.describe = [](const Problem& problem) { return describe(problem, {Outputs}); };
  return made;
}

constexpr Algorithm with_large_tiles() {
  Algorithm made = with_tiles_of<large.outputs>();
  made.name = "winograd";
  made.purpose = "3x3 kernels by a quarter of the multiplications, on tiles of 4x4 outputs";
  made.yields = large_tiles_yield;
  made.error_bound = large_error_bound;
  return made;
}

constexpr Algorithm with_small_tiles() {
  Algorithm made = with_tiles_of<small.outputs>();
  made.name = "winograd_2x2";
  made.purpose =
      "3x3 kernels of small maps by four ninths of the multiplications, on tiles of 2x2 outputs";
  made.yields = small_tiles_yield;
  made.error_bound = small_error_bound;
  return made;
}

}  // namespace

extern const Algorithm winograd_algorithm;
constexpr Algorithm winograd_algorithm = with_large_tiles();

extern const Algorithm winograd_2x2_algorithm;
constexpr Algorithm winograd_2x2_algorithm = with_small_tiles();

}  // namespace conv2d
