// How a convolution in groups that share vectors is cut into pieces.
#pragma once

#include "algorithm/run_items.h"
#include "algorithm/tap_classes.h"
#include "algorithm/vector_types.h"
#include "conv2d/threads.h"
#include "simd/caches.h"
#include "simd/joined_groups.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace conv2d::joined_groups {

/// Groups whose outputs fill a vector together, and how their channels take turns in it: a block of
/// groups, a power of two. Where vectors are too short for two groups it is one of them, or as many
/// outputs of one as a vector holds.
template <class T>
struct Joint {
  explicit Joint(const Problem& problem)
      : kernels(simd::joined_groups_kernels<T>()),
        lanes(static_cast<Index>(kernels.lanes)),
        inputs(problem.in_channels_per_group()),
        outputs(problem.out_channels_per_group()),
        block(block_of(problem)),
        vectors(divide_up(block * outputs, lanes)),
        pixel(divide_up(std::max<Index>(block * inputs, 1), lanes) * lanes),
        count(divide_up(problem.groups, block) * vectors) {}

  /// The channels and the outputs of a joint.
  struct Part {
    Index first_input, inputs, first_output, outputs;
  };
  Part part(const Problem& problem, Index joint) const {
    const Index group = joint / vectors * block;
    const Index groups = std::min(block, problem.groups - group);
    const Index before = joint % vectors * lanes;
    return {group * inputs, groups * inputs, group * outputs + before,
            std::min(lanes, groups * outputs - before)};
  }

  /// Which output of a joint each lane of the sums is; nowhere for none.
  Index output_of(Index lane) const {
    const Index output = lane / block;
    return output < outputs ? lane % block * outputs + output : nowhere;
  }

  /// Which lane of a pixel's channels each place takes: input i of the b-th group is i * block + b.
  /// What is no input's gets the last lane.
  std::vector<simd::LaneIndex<T>> order_of_inputs() const {
    std::vector<simd::LaneIndex<T>> order(at(lanes));
    for (Index lane = 0; lane < lanes; ++lane) {
      const bool there = block == 1 || lane / block < inputs;
      const Index from = block == 1 ? lane : lane % block * inputs + lane / block;
      order[at(lane)] = static_cast<simd::LaneIndex<T>>(there ? from : lanes - 1);
    }
    return order;
  }

  /// Which lane of the sums each output is.
  std::vector<simd::LaneIndex<T>> order_of_outputs() const {
    std::vector<simd::LaneIndex<T>> order(at(lanes), static_cast<simd::LaneIndex<T>>(lanes - 1));
    for (Index lane = 0; lane < lanes; ++lane) {
      if (const Index output = output_of(lane); output != nowhere) {
        order[at(output)] = static_cast<simd::LaneIndex<T>>(lane);
      }
    }
    return order;
  }

  const simd::JoinedGroupsKernels<T>& kernels;
  Index lanes;
  Index inputs;   ///< of a group
  Index outputs;  ///< of a group
  Index block;    ///< groups that share a vector
  Index vectors;  ///< of a block's outputs; more than one only of a group by itself
  Index pixel;    ///< elements of a joint's pixel, whole vectors
  Index count;    ///< of joints: each a vector of a block of groups

 private:
  Index block_of(const Problem& problem) const {
    const Index most = std::min(lanes / std::max<Index>({inputs, outputs, 1}), problem.groups);
    return static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(std::max<Index>(most, 1))));
  }
};

/// How a problem is cut: depends on the instructions in use, on whether channels lie side by side
/// and, without a change of any bit, on the number of threads.
template <class T>
struct Cut {
  using Tiles = typename simd::JoinedGroupsKernels<T>::Tiles;

  Cut(const Problem& problem, bool channels_last)
      : joint(problem), classes(problem.columns), tiles(tiles_for(problem.columns.kernel)) {
    cut_windows(problem);
    cut_strips(problem, channels_last);
    const Index row_bytes = row_elements(problem) * static_cast<Index>(sizeof(T));
    keeps_rows = problem.rows.dilation == 1 ||
                 problem.rows.extent() <= static_cast<Index>(simd::caches().l2) / 4 / row_bytes;
  }

  Index items(const Problem& problem) const { return problem.batch * strips * joint.count; }
  Index first_row(const Problem& problem, Index strip) const {
    return problem.rows.output * strip / strips;
  }
  Index first_column(const Problem& problem, Index which) const {
    return problem.columns.output * which / windows;
  }
  /// Input columns that so many outputs span.
  static Index span(const Axis& columns, Index outputs) {
    return (outputs - 1) * columns.stride + columns.extent();
  }
  /// Elements of an input row in a thread's memory.
  Index row_elements(const Problem& problem) const {
    return span(problem.columns, window) * joint.pixel;
  }
  /// Input rows in a thread's memory.
  Index slots(const Problem& problem) const {
    return keeps_rows ? problem.rows.extent() : problem.rows.kernel;
  }
  /// Elements of all of them.
  Index ring(const Problem& problem) const { return slots(problem) * row_elements(problem); }
  /// Rows of planes that are turned into channels, and back, at a time: pieces of some vectors.
  Index turned_rows(const Problem& problem) const { return rows_of(problem.columns.input); }
  Index stored_rows(const Problem& problem) const { return rows_of(problem.columns.output); }
  /// Elements of whole rows that are turned before they are joined; 0 where a row is by itself.
  Index turned(const Problem& problem) const {
    const Index some = turned_rows(problem);
    return some > 1 ? some * problem.columns.input * joint.pixel : 0;
  }
  /// Elements of sums that wait to be stored.
  Index sums(const Problem& problem) const { return stored_rows(problem) * window * joint.lanes; }
  /// Pixels of the next tile where so many are left.
  Index next_tile(Index left) const {
    const auto most = static_cast<Index>(joint.kernels.most_pixels);
    return left >= 2 * most ? most : joint.kernels.next[at(left)];
  }
  /// Of a row.
  Index count_tiles(const Problem& problem) const {
    Index tiles_of_row = 0;
    for (Index w = 0; w < windows; ++w) {
      const Index outputs = first_column(problem, w + 1) - first_column(problem, w);
      for (Index first = 0; first < std::min(classes.apart, outputs); ++first) {
        for (Index left = divide_up(outputs - first, classes.apart); left > 0;) {
          left -= next_tile(left);
          ++tiles_of_row;
        }
      }
    }
    return tiles_of_row;
  }

  /// Tiles of kernels of any width.
  const Tiles& any() const { return of_block().any; }

  Joint<T> joint;
  TapClasses classes;
  const Tiles* tiles;
  Index window = 1;   ///< output columns at a time, at most
  Index windows = 1;  ///< of a row
  Index strips = 1;   ///< of an image
  Index rows = 1;     ///< of a strip at most
  /// Input rows stay until all outputs that read them are done: all between a kernel's first and
  /// last one have a place. Else, where taps lie far apart, each row of the kernel has one.
  bool keeps_rows = false;
  /// What the next strip reads comes from behind L2, and is asked for while one is computed.
  bool looks_ahead = false;

 private:
  const auto& of_block() const {
    return joint.kernels.blocks[at(std::countr_zero(at(joint.block)))];
  }

  const Tiles* tiles_for(Index width) const {
    if ((width != 3 && width != 5) || classes.stride > 2) {
      return &any();
    }
    const Tiles& unrolled = of_block().unrolled[at((width - 3) / 2)][at(classes.stride - 1)];
    return unrolled[1] != nullptr ? &unrolled : &any();
  }

  /// Measured: where rows are longer, two at a time gain nothing. Windows go row by row.
  Index rows_of(Index columns) const {
    constexpr Index pixels = 64;
    const bool one = windows > 1 || columns > pixels / 2;
    return one ? 1 : divide_up(pixels, std::max<Index>(columns, 1));
  }

  /// As many columns as leave the input rows that a row of outputs reads in half of L1.
  void cut_windows(const Problem& problem) {
    const Axis& columns = problem.columns;
    const Index row_bytes = static_cast<Index>(simd::caches().l1) / 2 / problem.rows.extent();
    const Index pixels = row_bytes / (joint.pixel * static_cast<Index>(sizeof(T)));
    const Index least = static_cast<Index>(2 * simd::most_joined_pixels) * classes.apart;
    const Index most = std::max((pixels - columns.extent()) / columns.stride + 1, least);
    windows = divide_up(std::max<Index>(columns.output, 1), most);
    window = divide_up(std::max<Index>(columns.output, 1), windows);
  }

  /// Where a pixel's channels lie side by side, all groups of a strip before the next one: so few
  /// rows that L2 holds what they read, all channels of it, beside what is asked for meanwhile.
  void cut_strips(const Problem& problem, bool channels_last) {
    constexpr auto size = static_cast<Index>(sizeof(T));
    const auto l2 = static_cast<Index>(simd::caches().l2);
    const Axis& axis = problem.rows;
    const Index input_row = problem.columns.input * problem.in_channels * size;
    const Index output_row = problem.columns.output * problem.out_channels * size;
    const Index bytes = problem.batch * (axis.input * input_row + axis.output * output_row);
    if (channels_last) {
      const Index most = (l2 / 8 / std::max<Index>(input_row, 1) - axis.extent()) / axis.stride + 1;
      strips = divide_up(std::max<Index>(axis.output, 1), std::max<Index>(most, 1));
      looks_ahead = bytes > num_threads() * l2;
    }
    if (num_threads() > 1 && problem.batch > 0) {
      // Threads get whole rows where a pixel's channels lie side by side.
      const Index pieces = problem.batch * (channels_last ? 1 : joint.count);
      const Index each = takes_long(problem) && !channels_last ? 4 : 1;
      const Index fewest = std::max(strips, divide_up(each * num_threads(), pieces));
      strips = std::min(even_strips(pieces, fewest, axis.output), std::max<Index>(axis.output, 1));
    }
    rows = divide_up(std::max<Index>(axis.output, 1), strips);
  }
};

}  // namespace conv2d::joined_groups
