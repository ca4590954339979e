// Depthwise convolution of small planes, whose rows are one vector or a few, and whose kernels and
// strides are the usual ones: nothing is copied for the border and every tap comes out of one load.
// A part of depthwise_rows.cc, for processors whose vectors have masks (simd/depthwise_planes.h).
//
// Columns   in blocks of at most a vector's lanes; within a plane some lanes at a block's sides
//           hold nothing but what their neighbours read
// Planes    that stay in L1 together go through one call, whose setting up they share
// Not for   planes of at most half a vector's columns: two of them in a vector need weights of
//           their own for each half, and loading these takes as long as turning the planes into
//           channels (grouped_channels.cc)
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/epilogue.h"
#include "algorithm/vector_types.h"
#include "base/quantity.h"
#include "conv2d/threads.h"
#include "simd/depthwise_planes.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace conv2d::depthwise_planes {

inline constexpr auto lanes = static_cast<Index>(simd::plane_lanes);
inline constexpr Index half = lanes / 2;

/// Output columns that one vector computes.
struct Block {
  Index first;  ///< column
  Index count;
  Index lead;  ///< lanes before them
};

/// From the tap in the middle, the column that an output's own lane holds, to the first tap, in
/// lanes; and to the last one.
inline Index lanes_before(const Axis& axis) { return divide_up(axis.kernel / 2, axis.stride); }
inline Index lanes_behind(const Axis& axis) { return axis.kernel / 2 / axis.stride; }

/// The column that the lane of an output reads itself.
inline Index own_column(const Axis& axis, Index output) {
  return axis.position(output, axis.kernel / 2);
}

/// The most outputs from `first` on that a vector computes.
inline Block block_at(const Axis& axis, Index first) {
  const Index lead = own_column(axis, first) <= 0 ? 0 : lanes_before(axis);
  const bool ends = own_column(axis, first - lead + lanes) >= axis.input;
  const Index most = lanes - lead - (ends ? 0 : lanes_behind(axis));
  return {first, std::min(most, axis.output - first), lead};
}

inline std::vector<Block> blocks_of(const Axis& axis) {
  std::vector<Block> blocks;
  for (Index first = 0; first < axis.output; first += blocks.back().count) {
    blocks.push_back(block_at(axis, first));
  }
  return blocks;
}

/// Whether all of it is as these loops want it, however the tensors in hand lie. Larger planes are
/// cut into strips (depthwise_rows_cut.h).
inline bool takes(const Problem& problem) {
  constexpr Index most = 128;
  constexpr Index least = lanes / 2 + 1;
  const Axis& rows = problem.rows;
  const Axis& columns = problem.columns;
  const bool usual = (rows.kernel == 3 || rows.kernel == 5) && columns.kernel == rows.kernel &&
                     (rows.stride == 1 || rows.stride == 2) && columns.stride == rows.stride &&
                     rows.dilation == 1 && columns.dilation == 1 &&
                     problem.padding_mode == PaddingMode::zeros;
  return usual && problem.types.y == DType::float32 && problem.in_channels_per_group() == 1 &&
         rows.output >= divide_up(rows.kernel, rows.stride) &&
         std::max(rows.output, columns.output) <= most && columns.output >= least &&
         simd::depthwise_planes_kernels().exist;
}

/// Which lane holds which column of a block.
class LaneMap {
 public:
  LaneMap(const Axis& axis, const Block& block)
      : axis_(axis), begin_(own_column(axis, block.first - block.lead)) {
    found_.begin = begin_;
    const unsigned stored = ((1U << static_cast<unsigned>(block.count)) - 1U)
                            << static_cast<unsigned>(block.lead);
    found_.store_mask = static_cast<std::uint16_t>(stored);
    for (Index lane = 0; lane < lanes; ++lane) {
      set(found_.first_mask, lane, is_column(lane));
      set(found_.second_mask, lane, is_column(lane + lanes));
      for (Index s = 0; s < axis.kernel; ++s) {
        place_tap(s, lane);
      }
    }
  }

  const simd::PlaneLanes& found() const { return found_; }

 private:
  static void set(std::uint16_t& mask, Index lane, bool on) {
    mask = static_cast<std::uint16_t>(mask | (on ? 1U << static_cast<unsigned>(lane) : 0U));
  }

  /// Whether an element of the vectors is a column of the input.
  bool is_column(Index element) const {
    return begin_ + element >= 0 && begin_ + element < axis_.input;
  }

  void place_tap(Index s, Index lane) {
    const Index output = axis_.stride == 1 ? lane : lane / 4 * 2 + lane % 2 + lane / 2 % 2 * half;
    const Index element = output * axis_.stride + s - axis_.kernel / 2;
    if (element < 0 || element >= lanes * axis_.stride || !is_column(element)) {
      return;
    }
    set(found_.mask[at(s)], lane, true);
    const Index i = element / axis_.stride;  // among those of its kind
    found_.source[at(s)][at(lane)] =
        static_cast<std::int32_t>(axis_.stride == 1 ? i : i % half / 2 * 4 + i / half * 2 + i % 2);
  }

  const Axis& axis_;
  Index begin_;
  simd::PlaneLanes found_{};
};

/// Planes that one call computes: few enough to stay in L1 with their results, and for each thread
/// some.
inline Index planes_together(const Problem& problem) {
  constexpr Index most_bytes = 16384;
  constexpr Index most = 16;
  if (problem.out_channels_per_group() > 1) {
    return 1;
  }
  const Index elements =
      problem.rows.input * problem.columns.input + problem.rows.output * problem.columns.output;
  const Index each = problem.batch * problem.in_channels / (Index{4} * num_threads());
  const Index fit = most_bytes / static_cast<Index>(sizeof(float)) / elements;
  return std::clamp<Index>(std::min(fit, each), 1, most);
}

/// Everything that one run shares between threads.
struct Run {
  Run(const Problem& all, const Operands& tensors, const float* weights_of_taps)
      : problem(all),
        operands(tensors),
        together(planes_together(all)),
        weights(weights_of_taps),
        bias(bias_or_zeros<float>(all, tensors.bias, all.out_channels)),
        blocks(blocks_of(all.columns)) {
    for (const Block& block : blocks) {
      maps.push_back(LaneMap(problem.columns, block).found());
    }
    const Axis& axis = problem.rows;
    const Index count = (axis.output - 1 + divide_up(axis.kernel, axis.stride)) * axis.stride;
    for (Index i = 0; i < count; ++i) {
      const Index row = i - axis.pad_before;
      rows.push_back(row >= 0 && row < axis.input ? row * operands.first.strides()[2]
                                                  : simd::no_row);
    }
  }

  /// Items of an image.
  Index groups() const { return divide_up(problem.in_channels, together); }
  Index items() const { return problem.batch * groups(); }

  const Problem& problem;
  const Operands& operands;
  Index together;        ///< channels of an item
  const float* weights;  ///< [k][s][r]
  std::vector<float> bias;
  std::vector<Block> blocks;
  std::vector<simd::PlaneLanes> maps;  ///< of each block
  std::vector<std::ptrdiff_t> rows;    ///< that a plane's outputs read
};

/// Bytes that a run takes at most.
inline std::size_t bytes(const Problem& problem) {
  if (!takes(problem)) {
    return 0;
  }
  const std::size_t blocks = blocks_of(problem.columns).size();
  const Index rows = (problem.rows.output + problem.rows.kernel) * problem.rows.stride;
  return blocks * (sizeof(Block) + sizeof(simd::PlaneLanes)) + at(rows) * sizeof(Index) +
         at(problem.out_channels) * sizeof(float);
}

inline Pieces describe(const Problem& problem) {
  const auto blocks = static_cast<Index>(blocks_of(problem.columns).size());
  const Index stride = problem.rows.stride;
  const Index columns = problem.columns.kernel;
  const auto products = static_cast<double>(columns * columns);
  // Of each row the taps but the middle one are permuted; then there is the store.
  const auto other = static_cast<double>(stride * (columns - 1) + (stride == 1 ? 1 : 4));
  const auto full =
      static_cast<double>(problem.columns.output) / static_cast<double>(blocks * lanes);
  return {.tile = concat(counted(divide_up(problem.rows.kernel, stride), "output row"),
                         " x 1 vector of ", lanes, " pixels"),
          .blocking =
              concat("whole planes where they lie, in ", counted(blocks, "block"), " of columns"),
          .efficiency = full * products / (products + other)};
}

/// One thread's part: some planes at a time.
class Worker {
 public:
  explicit Worker(const Run& run)
      : run_(run),
        loop_(simd::depthwise_planes_kernels()
                  .run[at(run.problem.rows.kernel / 2 - 1)][at(run.problem.rows.stride - 1)]) {}

  /// Item i is an image and some channels.
  void compute(Index item) const {
    const Problem& problem = run_.problem;
    const Index image = item / run_.groups();
    const Index channel = item % run_.groups() * run_.together;
    const Index channels = std::min(run_.together, problem.in_channels - channel);
    const Index outputs = problem.out_channels_per_group();
    for (Index k = channel * outputs; k < channel * outputs + outputs; ++k) {
      compute_planes(image, channel, k, channels);
    }
    finish(
        run_.operands.result, run_.operands.epilogue,
        {channel * outputs, channels * outputs, image * problem.rows.output, problem.rows.output});
  }

 private:
  void compute_planes(Index image, Index channel, Index k, Index channels) const {
    const Problem& problem = run_.problem;
    const Strides& from = run_.operands.first.strides();
    const Strides& to = run_.operands.result.strides();
    const auto* const plane =
        static_cast<const float*>(run_.operands.first.data()) + image * from[0] + channel * from[1];
    auto* const result =
        static_cast<float*>(run_.operands.result.data()) + image * to[0] + k * to[1];
    for (std::size_t i = 0; i < run_.blocks.size(); ++i) {
      loop_({.lanes = run_.maps[i],
             .planes = at(channels),
             .plane = plane,
             .plane_step = from[1],
             .rows = run_.rows.data(),
             .weights = run_.weights + k * problem.rows.kernel * problem.columns.kernel,
             .bias = run_.bias.data() + k,
             .to = result + (run_.blocks[i].first - run_.blocks[i].lead),
             .to_plane_step = to[1],
             .to_step = to[2],
             .count = at(problem.rows.output)});
    }
  }

  const Run& run_;
  simd::RunDepthwisePlane loop_;
};

}  // namespace conv2d::depthwise_planes
