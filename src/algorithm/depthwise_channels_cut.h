// How a depthwise convolution with vectors along channels is cut into pieces.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/cache_sets.h"
#include "algorithm/strip_rows.h"
#include "algorithm/tap_classes.h"
#include "algorithm/vector_types.h"
#include "conv2d/threads.h"
#include "simd/caches.h"
#include "simd/depthwise_channels.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace conv2d::depthwise_channels {

/// Of so many products for each pixel that turning it does not matter.
inline bool has_wide_kernel(const Problem& problem) {
  constexpr Index many_taps = 81;
  return problem.types.y == DType::float32 && problem.columns.stride == 1 &&
         problem.rows.kernel * problem.columns.kernel >= many_taps;
}

/// How a run's tensors lie.
struct Memory {
  bool channels_last;
  bool meets;  ///< as Cut::meets() says
};

/// How a problem is cut into pieces: depends on the instructions in use, on the tensors' strides
/// and, without a change of any bit, on the number of threads and on where the tensors lie.
template <class T>
struct Cut {
  Cut(const Problem& problem, const Memory& memory)
      : kernels(simd::depthwise_channels_kernels<T>()),
        lanes(static_cast<Index>(kernels.lanes)),
        channels(problem.in_channels),
        padded(divide_up(channels, lanes) * lanes),
        kernel_taps(problem.rows.kernel * problem.columns.kernel),
        classes(problem.columns),
        in_place(memory.channels_last &&
                 (channels >= lanes || part_tiles(problem.columns.kernel)) &&
                 !is_faster_copied(problem, memory.meets)),
        writes_in_place(in_place || (memory.channels_last && channels >= lanes)),
        keeps_weights(weight_bytes() <= quarter_l2()),
        tiles(tiles_for(problem.columns.kernel)) {
    if (in_place) {
      cut_in_place(problem);
    } else {
      cut_turned(problem);
    }
    rows = divide_up(std::max<Index>(problem.rows.output, 1), strips);
    cut_bands(problem, memory.meets);
  }

  /// Whether depthwise results are stored at an address from which inputs are read soon but for
  /// whole pages: a processor that compares no more than that waits. So it is, where the tensors
  /// begin alike, with pixels a large part of a page apart. Measured: 256 channels with 3x3 taps
  /// take 1.9 times as long, 512 more than three times.
  static bool meets(const Problem& problem, const void* from, const void* to) {
    const Index apart = std::gcd(problem.in_channels * static_cast<Index>(sizeof(T)), way_bytes);
    const auto distance =
        reinterpret_cast<std::intptr_t>(to) - reinterpret_cast<std::intptr_t>(from);
    return apart >= way_bytes / 4 && distance % apart == 0;
  }

  /// Of a strip at most.
  Index positions(const Problem& problem) const { return strip_positions(problem.rows, rows); }
  Index turned_input(const Problem& problem) const {
    return in_place ? 0 : positions(problem) * problem.columns.input * block;
  }
  Index turned_output(const Problem& problem) const {
    return writes_in_place ? 0 : rows * problem.columns.output * block;
  }
  /// Loads of pixels for a kernel row of that many taps and a tile of outputs: one for each pixel
  /// that a piece of the row reads.
  Index loads(Index outputs, Index taps) const {
    const Index piece = columns_at_once(taps);
    if (piece == 0 || tiles == &kernels.any) {
      return outputs * taps;
    }
    return taps / piece * ((outputs - 1) * classes.stride + piece) + taps % piece * outputs;
  }
  Index items(const Problem& problem) const { return problem.batch * strips * blocks; }
  /// The image and the first channel of an item: blocks of channels change faster, or images where
  /// weights would not stay.
  struct Place {
    Index image, channel;
  };
  Place place(const Problem& problem, Index item) const {
    const Index piece = item / strips;
    return keeps_weights ? Place{piece / blocks, piece % blocks * block}
                         : Place{piece % problem.batch, piece / problem.batch * block};
  }
  /// A processor's part of the last cache, about.
  static Index last_cache() { return 8 * l2_bytes(); }
  Index first_row(const Problem& problem, Index strip) const {
    return problem.rows.output * strip / strips;
  }

  const simd::DepthwiseChannelsKernels<T>& kernels;
  Index lanes;
  Index channels;
  Index padded;       ///< channels up to whole vectors
  Index kernel_taps;  ///< of an output
  TapClasses classes;
  bool in_place;         ///< the input is read as it lies, and the output is written so
  bool writes_in_place;  ///< the output is, even if the input is copied
  bool keeps_weights;    ///< L2 holds all of them until the next image
  const typename simd::DepthwiseChannelsKernels<T>::Tiles* tiles;  ///< for all of the above
  Index block = 0;   ///< channels that are computed at once
  Index blocks = 1;  ///< of an image
  Index rows = 1;    ///< output rows of a strip at most
  Index strips = 1;  ///< of an image
  Index band = 1;    ///< rows that are computed at once

 private:
  /// Pixels a multiple of 4 KiB apart, or nearly, all meet in one set of the first cache, and in a
  /// few of the second. Measured with 1023 to 1025 channels, copies of blocks of channels pay where
  /// taps read them again: 3x3 taps take half to four fifths of the time, unless the tensor is far
  /// away, more taps less than half. In two sets, 2 KiB apart, they pay for many taps of what is
  /// near, and where loads meet stores: 512 channels with 3x3 taps take a third of the time.
  bool is_faster_copied(const Problem& problem, bool meets_stores) const {
    constexpr Index some_taps = 9;
    constexpr Index many_taps = 25;
    const Index pixels = problem.rows.input * problem.columns.input;
    const Index bytes = problem.batch * pixels * pixel_bytes();
    if (kernel_taps < some_taps) {
      return false;
    }
    const bool many = kernel_taps >= many_taps;
    if (nearly_share_a_set(pixel_bytes())) {
      return many || bytes <= last_cache();
    }
    return pixel_bytes() % (way_bytes / 2) == 0 &&
           ((many && bytes <= 2 * l2_bytes()) || (meets_stores && bytes <= last_cache()));
  }

  bool pixels_share_a_set() const { return share_a_set(pixel_bytes()); }

  /// Tiles of less than a vector of channels; nullptr where such pixels are copied first.
  const typename simd::DepthwiseChannelsKernels<T>::Tiles* part_tiles(Index width) const {
    const bool known = width == 3 || width == 5 || width == 7;
    if (!known || classes.stride > 2) {
      return nullptr;
    }
    const auto& ones = kernels.part[at((width - 3) / 2)][at(classes.stride - 1)];
    return ones[1] != nullptr ? &ones : nullptr;
  }

  static Index l2_bytes() { return static_cast<Index>(simd::caches().l2); }
  static Index quarter_l2() { return l2_bytes() / 4; }
  /// Of all channels.
  Index pixel_bytes() const { return channels * static_cast<Index>(sizeof(T)); }
  Index weight_bytes() const { return kernel_taps * padded * static_cast<Index>(sizeof(T)); }

  const typename simd::DepthwiseChannelsKernels<T>::Tiles* tiles_for(Index width) const {
    if (in_place && channels < lanes) {
      return part_tiles(width);
    }
    const Index known = columns_at_once(width);
    if (classes.stride > 2 || known == 0) {
      return &kernels.any;
    }
    // Not every type has unrolled ones.
    const auto& unrolled_ones = known < width
                                    ? kernels.wider[at((known - 5) / 2)]
                                    : kernels.unrolled[at((known - 3) / 2)][at(classes.stride - 1)];
    return unrolled_ones[1] != nullptr ? &unrolled_ones : &kernels.any;
  }

  /// Of a kernel row of that many in all; 0 where no loop knows them.
  Index columns_at_once(Index width) const {
    if (width == 3 || width == 5 || width == 7) {
      return width;
    }
    if (width < 7 || classes.stride != 1) {
      return 0;
    }
    return width % 5 < width % 7 ? 5 : 7;  // leaves fewer to the other loop
  }

  /// Whole rows of all channels, or of as many as have weights that stay in L2 beside pixels; and
  /// for threads such pieces that the busiest one has least to do. Pieces of pixels are not made
  /// small: their lines would be read from memory one by one.
  void cut_in_place(const Problem& problem) {
    constexpr Index least_vectors = 4;
    const Index vectors = padded / lanes;
    const Index fewest = std::min(divide_up(weight_bytes(), quarter_l2()),
                                  std::max<Index>(1, vectors / least_vectors));
    blocks = fewest;
    const Index threads = num_threads();
    Index least = 0;
    for (const Index some : {fewest, divide_up(fewest, threads) * threads}) {
      for (const Index some_strips : {Index{1}, threads, 4 * threads}) {
        const bool small = some > fewest && vectors < least_vectors * some;
        if (threads == 1 || small || some_strips > problem.rows.output) {
          continue;
        }
        const Index work = busiest_work(problem, vectors, some, some_strips);
        if (least == 0 || work < least) {
          least = work;
          blocks = some;
          strips = some_strips;
        }
      }
    }
    strips = std::max(strips, least_strips(problem.rows));
    block = divide_up(divide_up(padded, blocks), lanes) * lanes;
    leave_a_vector();
  }

  /// So many that addresses of a strip's rows take little of L2 too, however many rows there are.
  static Index least_strips(const Axis& rows) {
    const Index most_positions = quarter_l2() / Index{2 * sizeof(Index)};
    return divide_up(rows.output * rows.stride, most_positions);
  }

  /// To the last block: what is left over after whole vectors is computed with what is before it.
  void leave_a_vector() {
    while (blocks > 1 && channels - (blocks - 1) * block < lanes) {
      --blocks;
      block = divide_up(divide_up(channels, blocks), lanes) * lanes;
    }
  }

  /// Of the busiest thread: rows, twice, of a vector of channels. What a strip reads of its
  /// neighbours' rows counts half, as loads beside multiply-adds do; reading pieces of pixels
  /// counts a sixteenth of everything.
  static Index busiest_work(const Problem& problem, Index vectors, Index some_blocks,
                            Index some_strips) {
    const Axis& axis = problem.rows;
    const Index items = divide_up(problem.batch * some_blocks * some_strips, num_threads());
    const Index halo = some_strips > 1 ? (axis.kernel - 1) * axis.dilation / axis.stride : 0;
    const Index work =
        items * divide_up(vectors, some_blocks) * (2 * divide_up(axis.output, some_strips) + halo);
    return some_blocks > 1 ? work + work / 16 : work;
  }

  /// As many channels, of as many rows, as let a strip's input and output stay in 96 KiB, 64
  /// channels if they can: well within L2. Strips of high kernels would read most rows several
  /// times: before they have fewer rows they may take half of L2. Copies of pixels take a quarter
  /// and 128 channels: shorter pieces of what lies so far apart would come late.
  void cut_turned(const Problem& problem) {
    constexpr Index size = sizeof(T);
    constexpr Index most = 98304 / size;
    const Index output = std::max<Index>(problem.rows.output, 1);
    const Index most_of_strip = has_wide_kernel(problem) ? l2_bytes() / 2 / size
                                : writes_in_place        ? l2_bytes() / 4 / size
                                                         : most;
    const auto used = [&] { return turned_input(problem) + turned_output(problem); };
    rows = output;
    block = std::min(padded, std::max<Index>(writes_in_place ? 128 : 64, lanes));
    while (block > lanes && used() > most && !writes_in_place) {
      block -= lanes;
    }
    while (rows > 1 && used() > most_of_strip) {
      rows = divide_up(rows, 2);
    }
    blocks = divide_up(channels, block);
    if (writes_in_place) {
      leave_a_vector();
    }
    strips = divide_up(output, rows);
    const Index wanted = Index{4} * num_threads();
    if (num_threads() > 1 && problem.batch * strips * blocks < wanted) {
      strips = std::min(output, divide_up(wanted, std::max<Index>(1, problem.batch * blocks)));
    }
  }

  /// Rows that go through one call, all channels of some columns of them. Where L2 holds the
  /// tensors, all: weights are read once then. Else so many that their pieces lie in as many pages
  /// as a processor sees streams of at once, which it then fetches ahead: 32. Fewer than four, and
  /// rows that their outputs share are read too often; more than eight gain nothing. Measured on a
  /// Xeon, 32 channels with 3x3 taps on 112x112 pixels take 1.3 times as long by whole columns.
  /// Long pixels are read from memory fastest one after the other, if few products wait for them
  /// and the rows that a kernel spans stay in L2.
  void cut_bands(const Problem& problem, bool meets_stores) {
    constexpr Index long_pixel = 2048;
    constexpr Index few_taps = 9;
    band = rows;
    if (in_place && (meets_stores || (pixels_share_a_set() && kernel_taps <= few_taps))) {
      band = 1;  // else the next row would read what meets stores, or what no cache holds any more
      return;
    }
    const Index pixel = block * static_cast<Index>(sizeof(T));
    const Index input = problem.columns.input * pixel;
    const Index row = input * problem.rows.stride + problem.columns.output * pixel;
    const Index bytes = problem.batch * blocks * problem.rows.output * row;
    if (!in_place || bytes <= num_threads() * l2_bytes()) {
      return;
    }
    if (bytes > last_cache() && pixel >= long_pixel && kernel_taps <= few_taps &&
        problem.rows.extent() * input <= l2_bytes() / 4) {
      band = 1;
      return;
    }
    band = divide_up(rows, divide_up(rows, std::clamp<Index>(foreseen_rows(problem), 4, 8)));
  }

  /// Output rows of which a tile reads no more pages than a processor sees streams of.
  Index foreseen_rows(const Problem& problem) const {
    constexpr Index streams = 32;
    constexpr Index page = 4096;
    const Index columns =
        (Index{simd::most_channel_pixels} - 1) * classes.stride + problem.columns.kernel;
    const Index pages = 1 + columns * pixel_bytes() / page;
    return (streams / pages - problem.rows.kernel) / problem.rows.stride + 1;
  }
};

}  // namespace conv2d::depthwise_channels
