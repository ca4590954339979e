// Where the columns of a depthwise convolution of planes are read: in the input itself, or in a
// buffer, the border's columns around them and strides resolved into phases (phases.h).
//
// A row of a buffer has, for each column phase, the elements that outputs of the region read. Those
// that are columns of the input begin at a multiple of a vector: they are stored by whole vectors,
// and a store that crosses a cache line costs two.
#pragma once

#include "algorithm/phases.h"
#include "algorithm/vector_types.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace conv2d::depthwise_rows {

/// Columns that one call of an inner loop computes: so many vectors, or half a one where `vectors`
/// is 0.
struct Block {
  Index first;
  Index vectors;
  Index wide;                        ///< columns that are computed
  Index last;                        ///< columns of the last vector that there are
  Index phase;                       ///< which weights it has, where channels are interleaved
  std::vector<std::ptrdiff_t> taps;  ///< where the first column's taps lie in a row
};

/// Elements `inner` .. `inner` + `count` - 1 of a row's part are input columns a stride apart from
/// `from` on; what lies around them is the border's.
struct ColumnPhase {
  Index elements;
  Index begin;  ///< where element 0 lies in a row
  Index inner;
  Index count;
  Index from;
  std::vector<std::pair<Index, Index>> border;  ///< element, input column; none in zeros
};

/// Blocks side by side that are all read where they lie, or all from one buffer.
struct Region {
  bool inside;  ///< their taps, the last vector's idle ones too, read real columns alone
  Index first;  ///< column
  Index wide;
  std::vector<Block> blocks;
  std::vector<ColumnPhase> phases;  ///< of the buffer
  Index row_step = 0;               ///< from a row of the buffer to the next
  Index buffer = 0;                 ///< where that begins in a thread's memory
};

/// The columns of a problem: pixels of a plane, or where the channels of a pixel lie side by side
/// their elements, which a pixel's neighbours follow `channels` further.
struct ColumnAxis {
  ColumnAxis(const Problem& problem, bool interleaved)
      : axis(problem.columns),
        channels(interleaved ? problem.in_channels : 1),
        mode(problem.padding_mode),
        pixels(axis.input) {
    axis.input *= channels;
    axis.output *= channels;
    axis.dilation *= channels;
    axis.pad_before *= channels;
    axis.pad_after *= channels;
  }

  /// border_index() of the pixel that an element belongs to.
  Index source(Index position) const {
    const Index pixel = position >= 0 ? position / channels : -divide_up(-position, channels);
    const Index from = border_index(mode, pixel, pixels);
    return from == nowhere ? nowhere : from * channels + position - pixel * channels;
  }

  Axis axis;  ///< of a stride other than 1 where channels are not interleaved
  Index channels;
  PaddingMode mode;
  Index pixels;
};

/// The part of a column phase that `outputs` columns from `first` on read.
inline ColumnPhase column_phase(const ColumnAxis& columns, Index phase, Index first,
                                Index outputs) {
  const Axis& axis = columns.axis;
  const auto position = [&](Index u) {
    return (first + u) * axis.stride + phase - axis.pad_before;
  };
  const Index last = axis.extent() - 1 - phase;
  const Index elements = last < 0 ? 0 : outputs + last / axis.stride;
  const auto before = [&](Index column) {
    return std::clamp<Index>(divide_up(std::max<Index>(column - position(0), 0), axis.stride), 0,
                             elements);
  };
  const Index inner = before(0);
  const Index inner_end = before(axis.input);
  ColumnPhase found{elements, 0, inner, inner_end - inner, {}, {}};
  found.from = found.count > 0 ? position(inner) : 0;
  for (Index u = 0; u < elements; ++u) {
    if (u >= inner && u < inner_end) {
      continue;
    }
    const Index column = columns.source(position(u));
    if (column != nowhere) {
      found.border.emplace_back(u, column);
    }
  }
  return found;
}

/// Gives a region that is not read where it lies its row in a buffer: one phase after the other.
/// What lies before the first one's columns of the input is the end of the row before.
inline void lay_out(const ColumnAxis& columns, Index lanes, Region& region) {
  const Index outputs = std::min(region.wide, columns.axis.output - region.first);
  Index used = 0;
  for (const Index phase : phases_of(columns.axis)) {
    ColumnPhase part = column_phase(columns, phase, region.first, outputs);
    part.begin = divide_up(used + part.inner, lanes) * lanes - part.inner;
    used = part.begin + part.elements;
    region.phases.push_back(std::move(part));
  }
  region.row_step = divide_up(used - region.phases.front().begin, lanes) * lanes;
}

/// Where taps lie in the input or in a row of the buffer.
inline void place_taps(const Axis& axis, Region& region) {
  const std::vector<Index> phases = phases_of(axis);
  for (Block& block : region.blocks) {
    block.taps.reserve(at(axis.kernel));
    for (Index s = 0; s < axis.kernel; ++s) {
      if (region.inside) {
        block.taps.push_back(axis.position(block.first, s));
        continue;
      }
      const PhasedTap tap = phased(axis, s);
      const auto phase = std::lower_bound(phases.begin(), phases.end(), tap.phase) - phases.begin();
      block.taps.push_back(region.phases[at(phase)].begin + tap.shift + block.first - region.first);
    }
  }
}

/// Bytes of what a region's blocks and phases say.
inline std::size_t bytes_of(const Region& region) {
  std::size_t bytes = sizeof(Region);
  for (const Block& block : region.blocks) {
    bytes += sizeof(Block) + block.taps.size() * sizeof(std::ptrdiff_t);
  }
  for (const ColumnPhase& phase : region.phases) {
    bytes += sizeof(ColumnPhase) + phase.border.size() * sizeof(phase.border.front());
  }
  return bytes;
}

}  // namespace conv2d::depthwise_rows
