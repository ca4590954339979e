// How strips are cut into tiles, and where the taps of their pixels read.
#include "algorithm/strip_taps.h"

#include "support/configurations.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::Random;

/// A strip of an input whose elements are all different, cut into tiles of one vector each.
class Strip {
 public:
  Strip(const Configuration& configuration, MemoryFormat format)
      : problem_(testing::problem_of(configuration, Types{})),
        x_(testing::numbered(configuration.input).clone(format)),
        columns_(problem_),
        zeros_(at(problem_.in_channels), 0.0F),
        outputs_(problem_) {}

  void cut(Index group, Index first_row, Index rows, int vectors, bool may_meet_zeros) {
    group_ = group;
    first_row_ = first_row;
    rows_ = rows;
    taps_ = std::make_unique<StripTaps<float>>(problem_, columns_, zeros_.data(), x_, rows);
    taps_->load(group, first_row, rows);
    taps_->cut(TileSizes<float>(outputs_, vectors, problem_.in_channels_per_group()),
               may_meet_zeros);
  }

  /// As many rows further on, cut again only where that is asked for.
  void move_on(int vectors, bool may_meet_zeros) {
    first_row_ += rows_;
    if (taps_->load(group_, first_row_, rows_)) {
      taps_->cut(TileSizes<float>(outputs_, vectors, problem_.in_channels_per_group()),
                 may_meet_zeros);
    }
  }

  const Problem& problem() const { return problem_; }
  std::span<const PixelTile> tiles() const { return taps_->tiles(); }

  /// Of the pixels with their taps, those that are computed.
  std::size_t products() const {
    std::size_t products = 0;
    for (const PixelTile& tile : tiles()) {
      for (std::size_t t = 0; t < tile.tap_count; ++t) {
        for (int i = 0; i < tile.pixels; ++i) {
          const bool out =
              tile.kind == TileKind::row && left_out(taps_->reads(tile)[t], i, tile.pixels);
          products += out ? 0 : 1;
        }
      }
    }
    return products;
  }

  /// Every pixel of the strip is in one tile.
  void expect_all_pixels() const {
    std::vector<int> found(at(rows_ * problem_.columns.output), 0);
    for (const PixelTile& tile : tiles()) {
      for (int i = 0; i < tile.pixels; ++i) {
        ++found.at(at(tile.first + i * tile.step));
      }
    }
    EXPECT_EQ(found, std::vector<int>(found.size(), 1));
  }

  /// Each tap of each pixel of a tile reads its element, or a zero; taps that are left out, of all
  /// of them or of one at an end, read nothing.
  void expect_what_is_read(const PixelTile& tile, bool may_meet_zeros) const {
    const auto taps = taps_->taps(tile);
    const float* const* pointers = taps_->pointers(tile);
    for (int i = 0; i < tile.pixels; ++i) {
      std::size_t next = 0;
      for (Index t = 0; t < problem_.rows.kernel * problem_.columns.kernel; ++t) {
        const float* const element = expected(tile.first + i * tile.step, t);
        if (next == taps.size() || taps[next] != at(t)) {
          ASSERT_EQ(element, nullptr);
          continue;
        }
        const auto reads = taps_->reads(tile)[next];
        const float* const start =
            scattered(tile) ? pointers[next * at(tile.pixels) + at(i)] : pointers[next];
        ++next;
        if (tile.kind == TileKind::row && left_out(reads, i, tile.pixels)) {
          ASSERT_EQ(element, nullptr);
          continue;
        }
        const Index steps = tile.kind == TileKind::row ? i - 1 : i;
        const float* const read =
            scattered(tile) ? start : start + tile.offset + steps * tile.source_step;
        if (element == nullptr) {
          ASSERT_TRUE(may_meet_zeros);
          ASSERT_EQ(read, zeros_.data());
        } else {
          ASSERT_EQ(read[taps_->first_channel()], *element);  // where the channels of a pixel begin
        }
      }
      ASSERT_EQ(next, taps.size());
    }
  }

  /// Of each pixel of the input, how many tiles it is new to.
  std::vector<int> new_pixels() const {
    std::vector<int> found(at(problem_.rows.input * problem_.columns.input), 0);
    for (const PixelTile& tile : tiles()) {
      taps_->each_new_pixel(tile, [&](const float* pixel) {
        ++found.at(at((pixel - x_.data<float>()) / x_.strides()[3]));
      });
    }
    return found;
  }

  static bool scattered(const PixelTile& tile) { return tile.kind == TileKind::scattered; }

 private:
  static bool left_out(simd::Reads reads, int pixel, int pixels) {
    return (reads == simd::Reads::all_but_first && pixel == 0) ||
           (reads == simd::Reads::all_but_last && pixel + 1 == pixels);
  }

  /// The group's first channel of what a tap of a pixel of the strip reads, or nullptr.
  const float* expected(Index pixel, Index tap) const {
    const Index row = first_row_ + pixel / problem_.columns.output;
    const Index h = source_index(problem_.rows, problem_.padding_mode, row % problem_.rows.output,
                                 tap / problem_.columns.kernel);
    const Index w = source_index(problem_.columns, problem_.padding_mode,
                                 pixel % problem_.columns.output, tap % problem_.columns.kernel);
    if (h == nowhere || w == nowhere) {
      return nullptr;
    }
    const auto& s = x_.strides();
    return x_.data<float>() + row / problem_.rows.output * s[0] +
           group_ * problem_.in_channels_per_group() * s[1] + h * s[2] + w * s[3];
  }

  Problem problem_;
  Tensor x_;
  SourceColumns columns_;
  std::vector<float> zeros_;
  OutputBlocks<float> outputs_;
  std::unique_ptr<StripTaps<float>> taps_;
  Index group_ = 0;
  Index first_row_ = 0;
  Index rows_ = 0;
};

TEST(StripTaps, EveryPixelIsInOneTileAndReadsItsElements) {
  Random random;
  for (int run = 0; run < 200; ++run) {
    const Configuration c = testing::random_configuration(random);
    SCOPED_TRACE(::testing::PrintToString(c));
    Strip strip(c, random.coin() ? MemoryFormat::channels_last : MemoryFormat::contiguous);
    const Index total = strip.problem().batch * strip.problem().rows.output;
    if (total == 0 || strip.problem().columns.output == 0) {
      continue;
    }
    const Index first = random.between(0, total - 1);
    const bool may_meet_zeros = random.coin();
    const Index rows = random.between(1, random.coin() ? total - first : 1);
    const int vectors = static_cast<int>(random.between(1, 2));
    strip.cut(random.between(0, strip.problem().groups - 1), first, rows, vectors, may_meet_zeros);
    for (Index end = first + rows;; end += rows) {
      strip.expect_all_pixels();
      for (const PixelTile& tile : strip.tiles()) {
        ASSERT_NO_FATAL_FAILURE(strip.expect_what_is_read(tile, may_meet_zeros));
        EXPECT_TRUE(may_meet_zeros || !Strip::scattered(tile));
      }
      if (end + rows > total) {
        break;
      }
      strip.move_on(vectors, may_meet_zeros);
    }
  }
}

/// Of 7x7 pixels with 3x3 taps each, (3*7 - 2)^2 = 361 of 441 are not in the padding; no more are
/// computed, and by tiles of whole rows or of their halves.
TEST(StripTaps, TapsInThePaddingAreLeftOut) {
  const Configuration c{.input = {1, 64, 7, 7},
                        .weight = {64, 64, 3, 3},
                        .output = {1, 64, 7, 7},
                        .arguments = {.padding = 1}};
  Strip strip(c, MemoryFormat::channels_last);
  for (const bool may_meet_zeros : {false, true}) {
    strip.cut(0, 0, 7, 2, may_meet_zeros);
    EXPECT_EQ(strip.products(), 361U);
    EXPECT_LE(strip.tiles().size(), 14U);
  }
}

/// Where there are tiles of one vector that end a row: only there do taps that share pixels make
/// them fast.
TEST(StripTaps, TilesOfOneVectorTakeRowsWhereTapsSharePixels) {
  const auto tiles_of_rows = [](Index kernel, Index stride) {
    const Index outputs = 14;
    const Index inputs = (outputs - 1) * stride + kernel - 2;
    const Configuration c{.input = {1, 64, inputs, inputs},
                          .weight = {16, 64, kernel, kernel},
                          .output = {1, 16, outputs, outputs},
                          .arguments = {.stride = stride, .padding = 1}};
    Strip strip(c, MemoryFormat::channels_last);
    strip.cut(0, 0, outputs, 1, false);
    strip.expect_all_pixels();
    return std::count_if(strip.tiles().begin(), strip.tiles().end(),
                         [](const PixelTile& tile) { return tile.kind == TileKind::row; });
  };
  const bool exist = simd::kernels<float>().row_tile[1][14] != nullptr;
  EXPECT_EQ(tiles_of_rows(3, 1), exist ? 14 : 0);
  EXPECT_EQ(tiles_of_rows(5, 1), exist ? 14 : 0);
  EXPECT_EQ(tiles_of_rows(3, 2), 0);
  EXPECT_EQ(tiles_of_rows(7, 1), 0);
}

/// The pixels of the input, counted row by row, that tiles read before others do: all but those
/// that only the other taps of the first row and column of the output reach.
TEST(StripTaps, EachPixelIsNewToOneTile) {
  for (const Index stride : {1, 2, 3}) {
    const Index outputs = (41 - 3) / stride + 1;
    const Configuration c{.input = {1, 5, 41, 41},
                          .weight = {16, 5, 3, 3},
                          .output = {1, 16, outputs, outputs},
                          .arguments = {.stride = stride}};
    Strip strip(c, MemoryFormat::channels_last);
    strip.cut(0, 0, outputs, 1, false);
    const Index first = 3 - std::min<Index>(stride, 3);
    const Index end = first + outputs * stride;
    std::vector<int> expected(41 * 41, 0);
    for (Index h = first; h < end; ++h) {
      std::fill_n(expected.begin() + h * 41 + first, end - first, 1);
    }
    EXPECT_EQ(strip.new_pixels(), expected) << "stride " << stride;
  }
}

/// The first rows of images read in step, and so do their corners: no tile has fewer pixels than
/// there are images.
TEST(StripTaps, RowsAtTheBorderAreTakenTogetherWithThoseOfOtherImages) {
  for (const auto format : {MemoryFormat::channels_last, MemoryFormat::contiguous}) {
    const Configuration c{.input = {5, 64, 7, 7},
                          .weight = {64, 64, 3, 3},
                          .output = {5, 64, 7, 7},
                          .arguments = {.padding = 1}};
    Strip strip(c, format);
    strip.cut(0, 0, 35, 2, false);
    strip.expect_all_pixels();
    EXPECT_EQ(strip.products(), 5U * 361U);
    for (const PixelTile& tile : strip.tiles()) {
      EXPECT_GE(tile.pixels, 5);
      EXPECT_NO_FATAL_FAILURE(strip.expect_what_is_read(tile, false));
    }
  }
}

/// Where a tile of one pixel would be the rule, tiles span rows and images.
TEST(StripTaps, TilesOfTheSmallestMapsSpanImages) {
  const Configuration c{.input = {8, 64, 2, 2},
                        .weight = {64, 64, 3, 3},
                        .output = {8, 64, 2, 2},
                        .arguments = {.padding = 1}};
  Strip strip(c, MemoryFormat::channels_last);
  strip.cut(0, 0, 16, 2, true);
  EXPECT_LT(strip.tiles().size(), 16U);
  strip.cut(0, 0, 16, 2, false);
  EXPECT_LT(strip.tiles().size(), 16U);
  EXPECT_EQ(strip.products(), 8U * 16U);
  strip.cut(0, 0, 2, 2, false);
  EXPECT_EQ(strip.tiles().size(), 4U);
}

}  // namespace
}  // namespace conv2d
