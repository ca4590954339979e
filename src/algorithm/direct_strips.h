// How the output rows of a direct convolution are cut into strips, and so for threads.
#pragma once

#include "algorithm/output_blocks.h"
#include "algorithm/run_items.h"
#include "algorithm/vector_types.h"
#include "conv2d/machine.h"
#include "conv2d/threads.h"
#include "geometry/problem.h"

#include <algorithm>
#include <vector>

namespace conv2d {

/// How the output rows of the whole batch, N*P of them, are cut into strips.
struct DirectStrips {
  template <class T>
  DirectStrips(const Problem& problem, const OutputBlocks<T>& outputs)
      : total(problem.batch * problem.rows.output) {
    const Index row_bytes =
        problem.columns.input * problem.in_channels_per_group() * static_cast<Index>(sizeof(T));
    const auto half_l2 = static_cast<Index>(machine().l2_bytes / 2);
    const Index fit = strip_of(problem.rows, half_l2 / std::max<Index>(row_bytes, 1));
    // The sums of a thousand pixels for 64 floats of output channels are 256 KiB, which L2 has to
    // hold too.
    const Index most = 1024 / std::max<Index>(problem.columns.output, 1);
    rows = std::clamp<Index>(std::min(fit, most), 1, std::max<Index>(total, 1));
    if (total > 0) {
      count = divide_up(total, rows);
      share(problem, outputs);
      rows = divide_up(total, count);
    }
  }

  /// Where a strip begins; all are as even as can be.
  Index first_row(Index strip) const { return first_row(strip, count); }

  Index total;
  Index rows = 1;  ///< of a strip at most
  Index count = 0;

 private:
  /// Output rows that read no more than so many input rows: those that they span, or where taps are
  /// far from each other, as many as there are taps for each.
  static Index strip_of(const Axis& axis, Index input_rows) {
    const Index overlap = axis.extent() - axis.stride;
    return std::max((input_rows - overlap) / axis.stride,
                    input_rows / std::max<Index>(axis.kernel, 1));
  }

  Index first_row(Index strip, Index strips) const { return total * strip / strips; }

  /// Pieces for all threads: one for each, or four where they take long, and more where all end
  /// earlier by it; but each costs time, and is to fill a register tile. One thread gains by whole
  /// images. Where each strip brings all weights from behind L2, threads rather share the outputs.
  template <class T>
  void share(const Problem& problem, const OutputBlocks<T>& outputs) {
    const Index threads = num_threads();
    if (threads == 1) {
      return;
    }
    const auto tile = static_cast<Index>(outputs.kernels.pixels[at(outputs.widest().vectors)]);
    const bool again = weights_come_again(problem, outputs);
    const Index items = problem.groups * outputs.count();
    const Index wanted = divide_up(takes_long(problem) ? 4 * threads : threads, items);
    const Index enough = std::min(divide_up(2 * threads, items), total);
    const auto of_pixels = [&](Index pixels) {
      return total / divide_up(pixels, std::max<Index>(problem.columns.output, 1));
    };
    const Index fewest = count;
    count = std::max(count, std::min(wanted, again ? of_pixels(many_pixels) : total));
    double least = lateness(problem.groups, outputs, count);
    const auto consider = [&](Index some) {
      constexpr double clearly = 0.985;
      const double late = lateness(problem.groups, outputs, some);
      if (late < clearly * least) {
        count = some;
        least = late;
      }
    };
    if (again) {
      consider(fewest);
    }
    const Index filled = again ? std::max(of_pixels(few_pixels), enough) : of_pixels(tile);
    const Index most = std::min(filled, divide_up(16 * threads, items));
    for (Index some = count; some < most;) {
      some = std::min(2 * some, most);
      consider(some);
    }
  }

  /// Pixels of a strip, where a weight takes as long as 14 multiply-adds to come (measured on a
  /// Xeon, 29 GB/s): so few that the wait shows, and so many that it does not.
  static constexpr Index few_pixels = 28;
  static constexpr Index many_pixels = 96;

  /// Whether L2 does not keep the weights from one strip to the next.
  template <class T>
  static bool weights_come_again(const Problem& problem, const OutputBlocks<T>& outputs) {
    const Index weights = problem.groups * outputs.padded * problem.in_channels_per_group() *
                          problem.rows.kernel * problem.columns.kernel;
    const auto l2 = static_cast<Index>(machine().l2_bytes);
    return weights * static_cast<Index>(sizeof(T)) > l2 / 4 * 3;
  }

  /// How much later than if all shares were even the last of so many strips is done. Processors
  /// differ in whether half a vector takes as long as a whole one: neither may make it late.
  template <class T>
  double lateness(Index groups, const OutputBlocks<T>& outputs, Index strips) const {
    const bool halves = outputs.blocks.back().vectors == simd::half_vector;
    const double late = lateness({outputs.blocks, groups, strips, whole_work});
    return halves ? std::max(late, lateness({outputs.blocks, groups, strips, whole_work / 2}))
                  : late;
  }

  /// Items: strips, of each the groups, and of each the blocks of output channels.
  struct Items {
    const std::vector<Block>& blocks;
    Index groups;
    Index strips;
    Index half_work;  ///< of half a vector

    Index of_strip() const { return groups * static_cast<Index>(blocks.size()); }
  };

  /// Threads have contiguous items and help each other with theirs: the last is done as shares say,
  /// or where they are not even when half of an item after all would be.
  double lateness(const Items& items) const {
    const Index threads = num_threads();
    const Index count_of_items = items.strips * items.of_strip();
    Index busiest = 0;
    Index before = 0;
    for (Index t = 1; t <= threads; ++t) {
      const Index work = work_until(items, count_of_items * t / threads);
      busiest = std::max(busiest, work - before);
      before = work;
    }
    const auto even = static_cast<double>(before) / static_cast<double>(threads);
    const auto longest =
        static_cast<double>(divide_up(total, items.strips) * work_of(items, items.blocks.front()));
    return std::min(static_cast<double>(busiest), even + longest / 2) / even;
  }

  /// Of the items before one of them.
  Index work_until(const Items& items, Index item) const {
    const auto blocks = static_cast<Index>(items.blocks.size());
    const Index of_group = work_before(items, blocks - 1) + work_of(items, items.blocks.back());
    const Index strip = item / items.of_strip();
    const Index group = item / blocks % items.groups;
    const Index first = first_row(strip, items.strips);
    return first * items.groups * of_group +
           (first_row(strip + 1, items.strips) - first) *
               (group * of_group + work_before(items, item % blocks));
  }

  /// Of a row of the blocks before one of them, none of which is half a vector.
  static Index work_before(const Items& items, Index block) {
    return vector_work * items.blocks[at(block)].first_vector + tile_work * block;
  }

  /// Of a row of a block, by the vectors in the registers of a tile, and what each tile takes
  /// besides. Counting tiles would take a small layer longer than it gains.
  static Index work_of(const Items& items, const Block& block) {
    return block.vectors == simd::half_vector ? items.half_work
                                              : vector_work * block.vectors + tile_work;
  }

  static constexpr Index vector_work = 4;
  static constexpr Index tile_work = 2;
  static constexpr Index whole_work = vector_work + tile_work;  ///< of one vector
};

}  // namespace conv2d
