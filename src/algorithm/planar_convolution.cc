#include "algorithm/planar_convolution.h"

#include "algorithm/bias.h"
#include "algorithm/packed_header.h"
#include "algorithm/planar_cut.h"
#include "algorithm/planar_worker.h"
#include "algorithm/run_items.h"
#include "algorithm/streaming.h"
#include "base/error.h"
#include "base/quantity.h"
#include "conv2d/machine.h"
#include "tensor/layout.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <vector>

namespace conv2d::planar {
namespace {

/// The filters of one tile: from [k][c][r][s] of any strides to [c][r][s][k].
template <class T>
void pack_tile(const T* from, const Strides& strides, const Sizes& sizes, Index count, T* to) {
  for (Index c = 0; c < sizes[1]; ++c) {
    for (Index r = 0; r < sizes[2]; ++r) {
      for (Index s = 0; s < sizes[3]; ++s, to += count) {
        const T* tap = from + c * strides[1] + r * strides[2] + s * strides[3];
        for (Index k = 0; k < count; ++k) {
          to[k] = tap[k * strides[0]];
        }
      }
    }
  }
}

/// Whether no tap reads beyond the border.
bool stays_inside(const Axis& axis) {
  return axis.pad_before == 0 && axis.position(axis.output - 1, axis.kernel - 1) < axis.input;
}

/// Whether a tile of pixels reads each of its inputs once, so that no cache has to keep them.
template <class T>
bool reads_once(const Problem& problem) {
  return problem.rows.kernel * problem.columns.kernel == 1 && count_output_tiles<T>(problem) == 1;
}

/// Whether the input's rows lie one after the other without padding, so that output pixels do too.
bool rows_follow(const Problem& problem, const Strides& strides) {
  return strides[2] == problem.columns.input * strides[3] && problem.columns.stride == 1 &&
         stays_inside(problem.rows) && stays_inside(problem.columns);
}

/// Whether lines of pixels, which an input read where it lies makes, are long enough for a tile.
template <class T>
bool lines_fill_tiles(const Problem& problem) {
  const bool whole = problem.columns.output == problem.columns.input && problem.rows.stride == 1;
  const Index line = problem.columns.output * (whole ? problem.rows.output : 1);
  return line >= static_cast<Index>(simd::planar_kernels<T>().lanes * simd::most_planar_vectors);
}

/// Whether a tile's pixels lie side by side in the output too.
template <class T>
bool stores_in_place(const Problem& problem, const Cut<T>& cut, const Strides& strides) {
  return strides[3] == 1 && (!cut.one_line || (cut.pitch == problem.columns.output &&
                                               strides[2] == problem.columns.output));
}

/// Whether few planes should be written at a time: where all of them outgrow L2, stores to many
/// wait for memory and, where the planes lie a power of two apart, for the same sets of the cache.
/// Input channels must be few, for the strip's are read again for each tile of output channels.
template <class T>
bool writes_plane_by_plane(const Problem& problem, const Strides& strides) {
  constexpr Index few_channels = 4;
  const Index pixels = problem.rows.output * problem.columns.output;
  const Index bytes = problem.out_channels_per_group() * pixels * static_cast<Index>(sizeof(T));
  return strides[3] == 1 && problem.in_channels_per_group() <= few_channels &&
         bytes > 4 * static_cast<Index>(machine().l2_bytes);
}

/// Whether a processor would not guess which lines of the result come next: pieces of many planes
/// are written in turns. Worth it where the caches that are near hold too little of the result, and
/// sums are so long that the fetches do not wait for each other.
template <class T>
bool leaps_through_result(const Problem& problem, const Cut<T>& cut, const Strides& strides) {
  constexpr Index short_sum = 40;
  const Index pixels = problem.batch * problem.rows.output * problem.columns.output;
  const Index bytes = problem.out_channels * pixels * static_cast<Index>(sizeof(T));
  return cut.tiles.size() > 1 && cut.channels * cut.taps > short_sum &&
         !writes_plane_by_plane<T>(problem, strides) &&
         bytes > 4 * static_cast<Index>(machine().l2_bytes) && machine().fused_multiply_add;
}

/// Whether each strip is made of whole vectors that lie where vectors of memory do.
template <class T>
bool strips_are_aligned(const Problem& problem, const Cut<T>& cut, MutableTensorView output) {
  if (!cut.one_line) {
    return rows_are_aligned(output, cut.lanes) && problem.columns.output % cut.lanes == 0;
  }
  if (!planes_begin_aligned(output, cut.lanes)) {
    return false;
  }
  for (Index strip = 0; strip <= cut.strips; ++strip) {
    if (cut.first_row(problem, strip) * cut.pitch % cut.lanes != 0) {
      return false;
    }
  }
  return true;
}

/// Whether sums are finished in scratch memory, where they are vectors: in the result neither
/// pixels lie side by side nor enough output channels.
template <class T>
bool finishes_sums(const Cut<T>& cut, const Task<T>& task) {
  const Strides& strides = task.operands.result.strides();
  return changes_results(task.operands.epilogue) && strides[3] != 1 &&
         (strides[1] != 1 || cut.outputs < cut.lanes);
}

/// Tiles of pixels that a register tile goes through at a time, which sums of few products are too
/// short to do one by one: as many as have their inputs in half of L1, where their sums need not
/// wait.
template <class T>
Index tiles_at_once(const Problem& problem, const Cut<T>& cut) {
  const Index phases = std::min(problem.columns.kernel, problem.columns.stride);
  const Index inputs = cut.channels * problem.rows.kernel * phases;
  const Index tile_bytes = inputs * cut.most_vectors * cut.lanes * static_cast<Index>(sizeof(T));
  return std::max<Index>(
      1, static_cast<Index>(machine().l1_bytes / 2) / std::max<Index>(tile_bytes, 1));
}

/// Where taps lie in the input itself.
std::vector<std::ptrdiff_t> input_offsets(const Problem& problem, const Strides& strides) {
  std::vector<std::ptrdiff_t> offsets;
  for (Index r = 0; r < problem.rows.kernel; ++r) {
    for (Index s = 0; s < problem.columns.kernel; ++s) {
      offsets.push_back(r * problem.rows.dilation * strides[2] + s * problem.columns.dilation);
    }
  }
  return offsets;
}

/// What all threads share.
template <class T>
Run<T> shared_by_threads(const Task<T>& task) {
  const Problem& problem = task.problem;
  const Strides& strides = task.operands.first.strides();
  const bool interleaved = reads_interleaved<T>(problem, strides);
  const Cut<T> cut(problem, interleaved || reads_in_place<T>(problem, strides));
  const PlaneLayout layout = cut.layout(problem);
  Run<T> run{
      .problem = problem,
      .input = task.operands.first,
      .output = task.operands.result,
      .epilogue = task.operands.epilogue,
      .backwards = task.backwards,
      .cut = cut,
      .interleaved = interleaved,
      .layout = layout,
      .offsets = cut.in_place ? input_offsets(problem, strides) : layout.offsets(),
      .channel_step = cut.in_place ? strides[1] : layout.channel_step(),
      .row_step = cut.in_place ? strides[2] * problem.rows.stride : layout.pitch(),
      .channel_block = cut.channel_block(problem),
      .tiles_at_once = 1,
      .weights = task.packed,
      .plain = !task.finite && !interleaved && problem.padding_mode == PaddingMode::zeros,
      .stores_in_place =
          task.finite && stores_in_place(problem, cut, task.operands.result.strides()),
      .finishes_sums = finishes_sums(cut, task),
      .plane_by_plane = false,
      .streams = false,
      .fetches_result = false,
      .bias = bias_or_zeros<T>(problem, task.operands.bias, problem.out_channels),
  };
  run.streams = run.stores_in_place && !interleaved &&
                crowds_caches(problem, task.operands.epilogue, task.operands.result) &&
                strips_are_aligned(problem, cut, task.operands.result);
  run.plane_by_plane =
      !run.streams && writes_plane_by_plane<T>(problem, task.operands.result.strides());
  run.fetches_result =
      !run.streams && leaps_through_result(problem, cut, task.operands.result.strides());
  // Pointwise calls go through outputs instead, and have one tile of pixels.
  if (run.stores_in_place && !interleaved && !cut.pointwise && run.channel_block >= cut.channels) {
    run.tiles_at_once = tiles_at_once(problem, cut);
  }
  if (task.backwards) {
    std::reverse(run.offsets.begin(), run.offsets.end());
  }
  return run;
}

}  // namespace

template <class T>
bool reads_in_place(const Problem& problem, const Strides& strides) {
  if (strides[3] != 1 || !rows_follow(problem, strides) || !lines_fill_tiles<T>(problem)) {
    return false;
  }
  // A set of L1 is chosen by 6 bits above those of a line on processors with 4 KiB pages.
  constexpr Index page = 4096;
  constexpr Index least = 256;
  constexpr Index few_channels = 8;
  const Index apart = strides[1] * static_cast<Index>(sizeof(T)) % page;
  const bool spread = apart >= least && apart <= page - least;
  return problem.in_channels_per_group() <= few_channels || reads_once<T>(problem) || spread;
}

template <class T>
bool reads_interleaved(const Problem& problem, const Strides& strides) {
  return strides[1] == 1 && strides[3] != 1 && reads_once<T>(problem) &&
         problem.out_channels_per_group() <= static_cast<Index>(simd::most_interleaved_outputs) &&
         rows_follow(problem, strides) && lines_fill_tiles<T>(problem);
}

std::size_t packed_elements(const Problem& problem) {
  return at(problem.out_channels * problem.in_channels_per_group() * problem.rows.kernel *
            problem.columns.kernel);
}

template <class T>
bool pack(const Problem& problem, const Filters& filters, T* packed) {
  const Index outputs = problem.out_channels_per_group();
  const std::vector<OutputTile> tiles = output_tiles<T>(problem);
  const Sizes& sizes = filters.group.sizes();
  const Strides& strides = filters.group.strides();
  const Index filter = sizes[1] * sizes[2] * sizes[3];
  const auto count = static_cast<Index>(tiles.size());
  parallel_for(problem.groups * count, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const OutputTile& tile = tiles[at(i % count)];
      const Index group = i / count;
      const T* from = static_cast<const T*>(filters.group.data()) + group * filters.group_step +
                      tile.first * strides[0];
      pack_tile(from, strides, sizes, tile.count, packed + (group * outputs + tile.first) * filter);
    }
  });
  return all_finite(packed, problem.out_channels * filter);
}

template <class T>
std::size_t workspace_bytes(const Problem& problem) {
  const Cut<T> cut(problem, false);
  const PlaneLayout layout = cut.layout(problem);
  const Index taps = 2 * cut.taps + problem.rows.kernel;
  return at(num_threads()) *
             (Worker<T>::elements(cut, layout) * sizeof(T) + PlaneFiller<T>::bytes(layout)) +
         at(taps) * sizeof(Index) + at(problem.out_channels) * sizeof(T);
}

template <class T>
Pieces describe(const Problem& problem) {
  const Strides strides = packed_strides(problem.x_sizes(), problem.format);
  const bool interleaved = reads_interleaved<T>(problem, strides);
  const Cut<T> cut(problem, interleaved || reads_in_place<T>(problem, strides));
  const Index line =
      cut.one_line ? (cut.rows - 1) * cut.pitch + problem.columns.output : problem.columns.output;
  const Index vectors = divide_up(line, cut.lanes);
  const Index tile = divide_up(vectors, divide_up(vectors, cut.most_vectors));
  return {
      .tile = concat(counted(cut.tiles.front().count, "output channel"), " x ",
                     counted(tile, "vector"), " of ", cut.lanes, " pixels"),
      .blocking = concat(
          counted(cut.strips, "strip"), " of ", counted(cut.rows, "output row"), " an image, ",
          cut.in_place ? "read where they lie" : "laid out in L2",
          interleaved ? ", turned in registers" : "",
          cut.one_line ? " and computed as one line of pixels; " : " and computed row by row; ",
          part_of(interleaved ? cut.channels : cut.channel_block(problem), cut.channels,
                  "input channels"),
          " at a time"),
      .efficiency = interleaved ? interleaved_efficiency<T>(cut.outputs) : cut.efficiency(problem),
  };
}

template <class T>
void run(const Task<T>& task) {
  const Run<T> shared = shared_by_threads(task);
  run_items(shared.cut.items(task.problem), [&](int) { return Worker<T>(shared); });
}

template bool reads_in_place<float>(const Problem& problem, const Strides& strides);
template bool reads_in_place<double>(const Problem& problem, const Strides& strides);
template bool reads_interleaved<float>(const Problem& problem, const Strides& strides);
template bool reads_interleaved<double>(const Problem& problem, const Strides& strides);
template bool pack(const Problem& problem, const Filters& filters, float* packed);
template bool pack(const Problem& problem, const Filters& filters, double* packed);
template std::size_t workspace_bytes<float>(const Problem& problem);
template std::size_t workspace_bytes<double>(const Problem& problem);
template Pieces describe<float>(const Problem& problem);
template Pieces describe<double>(const Problem& problem);
template void run(const Task<float>& task);
template void run(const Task<double>& task);

}  // namespace conv2d::planar
