// The inner loops that convolutions share, for float and double, compiled once for every
// instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace conv2d::simd {

/// Which pixels of a tile at a row's ends a tap reads an element for; the others do without it.
enum class Reads : std::uint8_t { all, all_but_first, all_but_last };

/// What one register tile computes: for P pixels and V vectors of output channels,
///
///   sum[i][v] (+)= over c, t:  pixels[t][i][c] * weights[c][taps[t]][v]
///
/// with c over a block of input channels and t over the taps (r, s) of the kernel, each step one
/// fused multiply-add where the processor has it. Every sum runs in that order whatever P and V
/// are, so that the shape of a tile changes no bit of a result.
template <class T>
struct TileArguments {
  /// [t][P]: where tap t of pixel i begins, channels contiguous. Even tiles read [t] alone: where
  /// the first pixel begins; row tiles, where the second one does.
  const T* const* pixels;
  const Reads* reads;                 ///< [t], of row tiles
  std::int64_t pixel_step;            ///< of even and row tiles: from each pixel to the next
  std::span<const std::size_t> taps;  ///< which taps there are; those in the padding are left out
  std::size_t all_taps;               ///< R*S
  const T* weights;                   ///< [channels][all_taps][V][lanes]
  std::int64_t first_channel;  ///< the first input channel, counted from there; may lie before
  std::int64_t channels;
  T* sums;  ///< [P][V][lanes], rows `sum_stride` elements apart
  std::int64_t sum_stride;
  bool begins;    ///< sums start at zero instead of at what is there
  const T* bias;  ///< [V][lanes], added last; nullptr where more is to come
  /// Elements at the end of the last vector that are not stored. Only where sums begin and the bias
  /// is added: in between they would have to be loaded.
  std::size_t idle_lanes = 0;
  /// Sums that are complete are stored past the caches (stream.h): no lanes are idle, and `sums`
  /// and `sum_stride` are multiples of a vector.
  bool streams = false;
  /// More than one tile only of even or row pixels whose sums begin and are complete. Each begins
  /// so many elements of the input, and of the sums, behind the one before.
  std::size_t tiles = 1;
  std::int64_t tile_step = 0;
  std::int64_t tile_sums = 0;
  bool fetches =
      false;  ///< lines of sums are asked for `fetched_tiles` tiles before they are written
  /// What is read after this call, and lies behind the second cache: some tiles ask for as much of
  /// it as comes while they multiply.
  std::span<const T> ahead = {};
  /// Channels during which there is time for it: of these tiles, and of others before it is read.
  std::int64_t ahead_channels = 0;

  /// After a call that asked for so many elements of what is ahead.
  void move_ahead(std::size_t asked) {
    ahead = ahead.subspan(asked < ahead.size() ? asked : ahead.size());
    ahead_channels -= static_cast<std::int64_t>(tiles) * channels;
  }
};

inline constexpr std::size_t fetched_tiles = 2;

/// Returns how many elements of `ahead` it has asked for, or a few more than there are.
template <class T>
using Tile = std::size_t (*)(const TileArguments<T>&);

inline constexpr std::size_t most_vectors = 4;
inline constexpr std::size_t most_pixels = 28;

/// In place of a number of vectors: one vector of half as many lanes. Where a processor splits its
/// widest vectors in two, as Zen 4 does those of 64 bytes, a half takes half the time; elsewhere it
/// takes the time of a whole one.
inline constexpr std::size_t half_vector = 0;

/// As many channels of pixels that follow each other without a gap are put between each other, or
/// dealt to their planes, in one go.
inline constexpr std::int64_t most_dealt = 4;

/// [v][p]: for v vectors, or half a one, and p pixels; nullptr where p pixels are taken in two
/// tiles.
template <class T>
using TileTable = std::array<std::array<Tile<T>, most_pixels + 1>, most_vectors + 1>;

template <class T>
struct Kernels {
  std::int64_t lanes;  ///< elements of a vector; 0 where the instructions have no such vectors
  /// How many pixels a tile of v vectors may have at most; 0 where v is too wide for the registers,
  /// or where no vector is worth halving.
  std::array<std::size_t, most_vectors + 1> pixels;
  /// Vectors of the widest tile that there is.
  std::size_t widest_tile() const {
    std::size_t vectors = most_vectors;
    while (vectors > 1 && pixels[vectors] == 0) {
      --vectors;
    }
    return vectors;
  }
  /// [v][left]: pixels of the next tile where so many are left of a line, fewer than twice the most
  /// that a tile may have: those of the tiles that take the least time together.
  std::array<std::array<std::uint8_t, 2 * most_pixels>, most_vectors + 1> next;
  TileTable<T> tile;
  TileTable<T> even_tile;  ///< of the same sizes, for pixels that lie evenly in memory
  /// Likewise, with taps that leave out an end of the tile; not of few pixels.
  TileTable<T> row_tile;
  /// to[i * to_stride + j] = from[j * from_stride + i] for i < rows, j < columns. Few elements that
  /// lie side by side, up to most_dealt of them without a gap, by whole vectors.
  void (*transpose)(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride,
                    std::int64_t rows, std::int64_t columns);
  /// The same past the caches (stream.h): rows of whole lines, 64 bytes each, that begin where
  /// lines of memory do; or few columns side by side, of which the first begins where a vector
  /// does.
  void (*stream_transpose)(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride,
                           std::int64_t rows, std::int64_t columns);
};

/// Of the instructions in use now.
template <class T>
const Kernels<T>& kernels() noexcept;
template <>
const Kernels<float>& kernels<float>() noexcept;
template <>
const Kernels<double>& kernels<double>() noexcept;

}  // namespace conv2d::simd
