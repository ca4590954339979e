// The register tiles and the transposition, on every instruction set of this machine.
#include "simd/kernels.h"

#include <conv2d/tensor.h>

#include "simd/dispatch.h"
#include "simd/stream.h"
#include "support/instructions.h"
#include "support/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace conv2d {
namespace {

using testing::Instructions;
using testing::Random;

template <class T>
std::vector<T> random_numbers(Random& random, std::size_t count) {
  std::vector<T> numbers(count);
  for (T& value : numbers) {
    value = static_cast<T>(random.normal());
  }
  return numbers;
}

using ElementTypes = ::testing::Types<float, double>;

template <class T>
class OfVectors : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::vectors_hold(dtype_of<T>)) {
      GTEST_SKIP();
    }
  }
};

template <class T>
class Transpose : public OfVectors<T> {};
TYPED_TEST_SUITE(Transpose, ElementTypes);

template <class T>
class Tile : public OfVectors<T> {};
TYPED_TEST_SUITE(Tile, ElementTypes);

/// Into memory that begins where a line does; past the caches if it `streams`.
template <class T>
void check_transpose(Random& random, std::size_t rows, std::size_t columns, std::size_t from_stride,
                     std::size_t to_stride, bool streams = false) {
  const auto from = random_numbers<T>(random, columns * from_stride + 1);
  const std::size_t size = rows * to_stride + 1;
  Tensor result({static_cast<std::int64_t>(size)}, dtype_of<T>);
  T* const to = result.template data<T>();
  std::fill_n(to, size, T{-1});
  const simd::Kernels<T>& kernels = simd::kernels<T>();
  (streams ? kernels.stream_transpose : kernels.transpose)(
      from.data(), static_cast<std::int64_t>(from_stride), to, static_cast<std::int64_t>(to_stride),
      static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns));
  simd::flush_streams();
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t row = i / to_stride;
    const std::size_t column = i % to_stride;
    const bool inside = row < rows && column < columns;
    ASSERT_EQ(to[i], inside ? from[column * from_stride + row] : T{-1})
        << rows << "x" << columns << ", element " << i;
  }
}

TYPED_TEST(Transpose, PutsEveryElementInItsPlaceAndNoOther) {
  using T = TypeParam;
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    SCOPED_TRACE(name);
    for (std::size_t rows = 0; rows < 20; ++rows) {
      for (std::size_t columns = 0; columns < 20; ++columns) {
        check_transpose<T>(random, rows, columns, rows + 3, columns + 2);
      }
    }
  }
}

TYPED_TEST(Transpose, DealsWhatLiesSideBySide) {
  using T = TypeParam;
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    SCOPED_TRACE(name);
    for (std::size_t few = 1; few < 10; ++few) {
      for (std::size_t count = 0; count < 70; ++count) {
        const std::size_t whole = std::max<std::size_t>(count, 1);
        check_transpose<T>(random, few, count, few, count + 1);
        check_transpose<T>(random, count, few, count + 1, few);
        check_transpose<T>(random, few, count, few + 1, whole);
        check_transpose<T>(random, count, few, whole, few + 1);
        if (few > 1 && few <= static_cast<std::size_t>(simd::most_dealt)) {
          check_transpose<T>(random, count, few, whole, few, true);
        }
      }
    }
  }
}

TYPED_TEST(Tile, FollowsTileUntilALineEnds) {
  using T = TypeParam;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const simd::Kernels<T>& kernels = simd::kernels<T>();
    for (std::size_t v = 0; v <= simd::most_vectors; ++v) {
      for (std::size_t line = 1; line < 2 * kernels.pixels[v]; ++line) {
        std::size_t tiles = 0;
        for (std::size_t left = line; left > 0; ++tiles) {
          const std::size_t pixels = kernels.next[v][left];
          ASSERT_GT(pixels, 0U) << name << ", " << v << " vectors, " << left << " pixels";
          ASSERT_LE(pixels, left) << name << ", " << v << " vectors";
          ASSERT_NE(kernels.tile[v][pixels], nullptr) << name << ", " << v << " vectors";
          left -= pixels;
        }
        const bool is_one = line <= kernels.pixels[v] && kernels.tile[v][line] != nullptr;
        EXPECT_EQ(tiles == 1, is_one) << name << ", " << v << " vectors, " << line << " pixels";
      }
    }
  }
}

/// A tile's work one multiply-add after the other, fused where the processor's vectors are.
template <class T>
T plain_sum(const simd::TileArguments<T>& a, std::size_t pixels, std::size_t pixel,
            std::size_t wide, std::size_t k, T start, bool fused) {
  T sum = start;
  for (std::size_t c = 0; c < static_cast<std::size_t>(a.channels); ++c) {
    for (std::size_t t = 0; t < a.taps.size(); ++t) {
      const T x = a.pixels[t * pixels + pixel][static_cast<std::size_t>(a.first_channel) + c];
      const T w = a.weights[(c * a.all_taps + a.taps[t]) * wide + k];
      sum = fused ? std::fma(x, w, sum) : x * w + sum;
    }
  }
  return a.bias == nullptr ? sum : sum + a.bias[k];
}

/// What the sums of a tile are made of.
struct Products {
  std::size_t channels;
  std::size_t all_taps;
  std::vector<std::size_t> taps;
};

/// Of every kind of round (simd/round.h), and beside it what is one step too many or too few.
std::vector<Products> products_of_rounds() {
  return {{5, 4, {0, 1, 3}},
          {8, 1, {0}},
          {9, 1, {0}},
          {4, 3, {1}},
          {3, 9, {0, 1, 2, 3, 4, 5, 6, 7, 8}},
          {3, 9, {3, 4, 5}},
          {2, 25, {0, 1, 2, 3, 4, 10, 11, 12, 13, 14}},
          {2, 10, {0, 1, 2, 3, 5, 6, 7, 8, 9}},
          {3, 9, {1, 2, 4, 5, 7, 8}},
          {3, 9, {0, 1, 3, 4}},
          {2, 25, {0, 1, 2, 3, 4, 10, 11, 12, 13, 24}},
          {2, 7, {0, 1, 2, 3, 4, 5, 6}}};
}

/// Elements from each pixel of check_tile() to the next.
constexpr std::size_t pixels_apart = 3;

/// The tiles of a shape, over pixels that a step from one to the next says too. Taps may read as
/// far apart as pixels lie, and then share them.
template <class T>
void check_tile(Random& random, std::size_t vectors, std::size_t pixels, bool fused,
                const Products& products, std::size_t taps_apart) {
  const simd::Kernels<T>& kernels = simd::kernels<T>();
  const bool half = vectors == simd::half_vector;
  const auto lanes = static_cast<std::size_t>(half ? kernels.lanes / 2 : kernels.lanes);
  const std::size_t wide = half ? lanes : vectors * lanes;
  const auto& [channels, all_taps, taps] = products;
  constexpr std::size_t step = pixels_apart;
  const auto x =
      random_numbers<T>(random, step * simd::most_pixels + taps_apart * taps.size() + 20);
  const auto weights = random_numbers<T>(random, all_taps * channels * wide);
  const auto bias = random_numbers<T>(random, wide);
  std::vector<const T*> starts;
  std::vector<const T*> table;
  for (std::size_t t = 0; t < taps.size(); ++t) {
    starts.push_back(x.data() + taps_apart * t);
    for (std::size_t i = 0; i < pixels; ++i) {
      table.push_back(starts.back() + step * i);
    }
  }
  for (const bool begins : {true, false}) {
    const std::vector<T> before = random_numbers<T>(random, pixels * (wide + 1));
    std::vector<T> sums = before;
    simd::TileArguments<T> arguments{.pixels = table.data(),
                                     .pixel_step = 0,
                                     .taps = taps,
                                     .all_taps = all_taps,
                                     .weights = weights.data(),
                                     .first_channel = 2,
                                     .channels = static_cast<std::int64_t>(channels),
                                     .sums = sums.data(),
                                     .sum_stride = static_cast<std::int64_t>(wide) + 1,
                                     .begins = begins,
                                     .bias = begins ? bias.data() : nullptr};
    EXPECT_EQ(kernels.tile[vectors][pixels](arguments), 0U);
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t k = 0; k < wide; ++k) {
        const T start = begins ? T{0} : before[i * (wide + 1) + k];
        ASSERT_EQ(sums[i * (wide + 1) + k], plain_sum(arguments, pixels, i, wide, k, start, fused))
            << vectors << " vectors, " << pixels << " pixels, " << taps.size() << " taps";
      }
      ASSERT_EQ(sums[i * (wide + 1) + wide], before[i * (wide + 1) + wide]) << "beyond the tile";
    }
    std::vector<T> looking_ahead = before;
    arguments.sums = looking_ahead.data();
    arguments.ahead = weights;
    arguments.ahead_channels = arguments.channels;
    kernels.tile[vectors][pixels](arguments);
    ASSERT_EQ(looking_ahead, sums) << vectors << " vectors, " << pixels << " pixels";
    arguments.idle_lanes =
        begins ? static_cast<std::size_t>(random.between(0, static_cast<int>(lanes) - 1)) : 0;
    std::vector<T> even = before;
    // The same elements, counted from behind them.
    std::vector<const T*> ends;
    for (const T* start : starts) {
      ends.push_back(start + arguments.first_channel + arguments.channels);
    }
    arguments.first_channel = -arguments.channels;
    arguments.pixels = ends.data();
    arguments.pixel_step = step;
    arguments.sums = even.data();
    kernels.even_tile[vectors][pixels](arguments);
    for (std::size_t i = 0; i < even.size(); ++i) {
      const bool idle = i % (wide + 1) >= wide - arguments.idle_lanes;
      ASSERT_EQ(even[i], idle ? before[i] : sums[i])
          << vectors << " vectors, " << pixels << " pixels, " << arguments.idle_lanes << " idle";
    }
  }
}

/// Taps of rows of so many, of which the first one leaves out a tile's first pixel, and the last
/// one the last pixel.
struct RowTaps {
  std::size_t row;
  std::vector<std::size_t> taps;
};

/// Which ends of a row a tile has.
struct RowEnds {
  bool first;
  bool last;
};
const std::vector<RowEnds> all_row_ends = {{true, true}, {true, false}, {false, true}};

/// Of the t-th tap, where each row has so many.
simd::Reads reads_of(std::size_t t, std::size_t row, const RowEnds& ends) {
  return ends.first && t % row == 0        ? simd::Reads::all_but_first
         : ends.last && t % row == row - 1 ? simd::Reads::all_but_last
                                           : simd::Reads::all;
}

/// The row tile of a shape, whose taps leave out no pixel, the first one or the last one.
template <class T>
void check_row_tile(Random& random, std::size_t vectors, std::size_t pixels, bool fused,
                    const RowTaps& row_taps, const RowEnds& ends) {
  const simd::Kernels<T>& kernels = simd::kernels<T>();
  const auto lanes = static_cast<std::size_t>(kernels.lanes);
  const std::size_t wide = vectors == simd::half_vector ? lanes / 2 : vectors * lanes;
  constexpr std::size_t channels = 5;
  constexpr std::size_t step = 7;
  const auto& [row, taps] = row_taps;
  std::vector<simd::Reads> reads;
  for (std::size_t t = 0; t < taps.size(); ++t) {
    reads.push_back(reads_of(t, row, ends));
  }
  const std::size_t all_taps = taps.back() + 1;
  const auto x = random_numbers<T>(random, step * (pixels + taps.size()));
  const auto weights = random_numbers<T>(random, all_taps * channels * wide);
  const auto bias = random_numbers<T>(random, wide);
  std::vector<const T*> seconds;
  for (std::size_t t = 0; t < taps.size(); ++t) {
    seconds.push_back(x.data() + step * (t + 1));
  }
  std::vector<T> sums(pixels * wide);
  kernels.row_tile[vectors][pixels]({.pixels = seconds.data(),
                                     .reads = reads.data(),
                                     .pixel_step = step,
                                     .taps = taps,
                                     .all_taps = all_taps,
                                     .weights = weights.data(),
                                     .first_channel = 0,
                                     .channels = channels,
                                     .sums = sums.data(),
                                     .sum_stride = static_cast<std::int64_t>(wide),
                                     .begins = true,
                                     .bias = bias.data()});
  for (std::size_t i = 0; i < pixels; ++i) {
    // What is left of the taps for this pixel.
    std::vector<const T*> starts;
    std::vector<std::size_t> read;
    for (std::size_t t = 0; t < taps.size(); ++t) {
      if ((i > 0 || reads[t] != simd::Reads::all_but_first) &&
          (i + 1 < pixels || reads[t] != simd::Reads::all_but_last)) {
        starts.push_back(x.data() + step * (t + i));
        read.push_back(taps[t]);
      }
    }
    const simd::TileArguments<T> one{.pixels = starts.data(),
                                     .taps = read,
                                     .all_taps = all_taps,
                                     .weights = weights.data(),
                                     .first_channel = 0,
                                     .channels = channels,
                                     .bias = bias.data()};
    for (std::size_t k = 0; k < wide; ++k) {
      ASSERT_EQ(sums[i * wide + k], plain_sum(one, 1, 0, wide, k, T{0}, fused))
          << vectors << " vectors, pixel " << i << " of " << pixels;
    }
  }
}

/// Several tiles in one call are what they are in a call each, and what they ask for meanwhile
/// changes nothing. Returns how much that is.
template <class T>
std::size_t check_tiles(Random& random, std::size_t vectors, std::size_t pixels, simd::Tile<T> run,
                        const Products& products) {
  const simd::Kernels<T>& kernels = simd::kernels<T>();
  const bool half = vectors == simd::half_vector;
  const auto lanes = static_cast<std::size_t>(half ? kernels.lanes / 2 : kernels.lanes);
  const std::size_t wide = half ? lanes : vectors * lanes;
  const auto& [channels, all_taps, taps] = products;
  const RowEnds& ends = all_row_ends[static_cast<std::size_t>(random.between(0, 2))];
  constexpr std::size_t count = 5;
  constexpr std::size_t step = 8;
  const auto x = random_numbers<T>(random, step * (count * pixels + 1 + taps.size()));
  std::vector<const T*> starts;
  std::vector<simd::Reads> reads;
  for (std::size_t t = 0; t < taps.size(); ++t) {
    starts.push_back(x.data() + step * (t + 1));
    reads.push_back(reads_of(t, 3, ends));
  }
  const auto weights = random_numbers<T>(random, all_taps * channels * wide);
  const auto bias = random_numbers<T>(random, wide);
  std::size_t most_asked = 0;
  for (const std::size_t idle : {std::size_t{0}, lanes - 1}) {
    std::vector<T> together(count * pixels * wide, T{-1});
    std::vector<T> one_by_one = together;
    std::vector<T> looking_ahead = together;
    simd::TileArguments<T> arguments{.pixels = starts.data(),
                                     .reads = reads.data(),
                                     .pixel_step = step,
                                     .taps = taps,
                                     .all_taps = all_taps,
                                     .weights = weights.data(),
                                     .first_channel = 0,
                                     .channels = static_cast<std::int64_t>(channels),
                                     .sums = together.data(),
                                     .sum_stride = static_cast<std::int64_t>(wide),
                                     .begins = true,
                                     .bias = bias.data(),
                                     .idle_lanes = idle,
                                     .tiles = count,
                                     .tile_step = static_cast<std::int64_t>(pixels * step),
                                     .tile_sums = static_cast<std::int64_t>(pixels * wide)};
    EXPECT_EQ(run(arguments), 0U) << "asks for nothing where nothing is ahead";
    const auto of_three_tiles = static_cast<std::int64_t>(3 * channels);
    constexpr std::int64_t more_tiles_than_foreseen = -8;
    const std::vector<std::pair<std::size_t, std::int64_t>> sizes_and_channels = {
        {1, of_three_tiles},
        {weights.size(), of_three_tiles},
        {weights.size(), more_tiles_than_foreseen}};
    for (const auto& [size, ahead_channels] : sizes_and_channels) {
      arguments.sums = looking_ahead.data();
      arguments.ahead = std::span(weights.data(), size);
      arguments.ahead_channels = ahead_channels;
      most_asked = std::max(most_asked, run(arguments));
      EXPECT_EQ(looking_ahead, together)
          << vectors << " vectors, " << pixels << " pixels, " << taps.size() << " taps";
    }
    arguments.ahead = {};
    arguments.tiles = 1;
    arguments.sums = one_by_one.data();
    for (std::size_t i = 0; i < count; ++i) {
      run(arguments);
      arguments.first_channel += arguments.tile_step;
      arguments.sums += arguments.tile_sums;
    }
    EXPECT_EQ(together, one_by_one)
        << vectors << " vectors, " << pixels << " pixels, " << idle << " idle lanes";
  }
  return most_asked;
}

TYPED_TEST(Tile, IsOneOfSeveralInACall) {
  using T = TypeParam;
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const simd::Kernels<T>& kernels = simd::kernels<T>();
    std::size_t asked = 0;
    for (std::size_t vectors = simd::half_vector; vectors <= simd::most_vectors; ++vectors) {
      for (std::size_t pixels = 1; pixels <= simd::most_pixels; ++pixels) {
        for (const auto run :
             {kernels.even_tile[vectors][pixels], kernels.row_tile[vectors][pixels]}) {
          for (const Products& products : products_of_rounds()) {
            if (run != nullptr) {
              asked += check_tiles<T>(random, vectors, pixels, run, products);
            }
          }
        }
      }
    }
    EXPECT_EQ(asked > 0, sizeof(T) == sizeof(float)) << name << " asks for what is ahead";
  }
}

TYPED_TEST(Tile, LeavesOutAnEndOfARowForSomeTaps) {
  using T = TypeParam;
  Random random;
  const std::vector<RowTaps> rows_of_taps = {{3, {0, 1, 3}},
                                             {3, {0, 1, 2}},
                                             {3, {0, 1, 2, 6, 7, 8}},
                                             {5, {0, 1, 2, 3, 4}},
                                             {3, {0, 1, 2, 3, 4, 5, 6, 7, 8}},
                                             {2, {0, 1, 2, 3, 4, 5}},
                                             {1, {0, 1, 2}}};
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const bool fused = testing::has_fused_multiply_add(name);
    int found = 0;
    for (std::size_t vectors = simd::half_vector; vectors <= simd::most_vectors; ++vectors) {
      for (std::size_t pixels = 1; pixels <= simd::most_pixels; ++pixels) {
        if (simd::kernels<T>().row_tile[vectors][pixels] != nullptr) {
          for (const RowTaps& taps : rows_of_taps) {
            for (const RowEnds& ends : all_row_ends) {
              check_row_tile<T>(random, vectors, pixels, fused, taps, ends);
            }
          }
          ++found;
        }
      }
    }
    EXPECT_GT(found, 0) << name;
  }
}

TYPED_TEST(Tile, IsTheSumInItsOrderForEveryShape) {
  using T = TypeParam;
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const bool fused = testing::has_fused_multiply_add(name);
    for (std::size_t vectors = simd::half_vector; vectors <= simd::most_vectors; ++vectors) {
      for (std::size_t pixels = 1; pixels <= simd::most_pixels; ++pixels) {
        if (simd::kernels<T>().tile[vectors][pixels] != nullptr) {
          for (const Products& products : products_of_rounds()) {
            for (const std::size_t taps_apart : {pixels_apart, pixels_apart + 1}) {
              check_tile<T>(random, vectors, pixels, fused, products, taps_apart);
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(Tile, ExistsForOnePixelAndForAsManyAsTheTableSays) {
  using T = TypeParam;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const simd::Kernels<T>& kernels = simd::kernels<T>();
    EXPECT_GT(kernels.pixels[1], 0U);
    for (std::size_t vectors = simd::half_vector; vectors <= simd::most_vectors; ++vectors) {
      const std::size_t most = kernels.pixels[vectors];
      if (most > 0) {
        EXPECT_NE(kernels.tile[vectors][1], nullptr) << name << ' ' << vectors;
        EXPECT_NE(kernels.tile[vectors][most], nullptr) << name << ' ' << vectors;
      }
    }
  }
}

}  // namespace
}  // namespace conv2d
