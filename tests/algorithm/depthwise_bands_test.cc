// Depthwise layers, channels-last, of tensors that L2 does not hold: a few rows at a time.
#include "algorithm/depthwise_channels_cut.h"

#include "algorithm/tall_layer.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace conv2d {

namespace {

using depthwise_channels::Cut;
using testing::Random;
using testing::TallLayer;
using testing::Threads;

Cut<float> cut_of(const TallLayer& layer, std::int64_t rows) {
  return {layer.problem(rows), {.channels_last = true, .meets = false}};
}

TEST(DepthwiseBands, AreWholeStripsWhereL2HoldsThem) {
  const Threads scope(1);
  EXPECT_EQ(cut_of({16, 1, 3}, 20).band, 20);
}

TEST(DepthwiseBands, AreFewRowsWhereItDoesNot) {
  const Threads scope(1);
  for (const std::int64_t channels : {16, 64, 192}) {
    const TallLayer layer{channels, 1, 3};
    const Cut<float> cut = cut_of(layer, layer.input()[2]);
    EXPECT_LE(cut.band, 8) << channels;
    EXPECT_GE(cut.band, 3) << channels;
  }
}

/// Fewer where pixels are long: a tile reads a row of them from several pages.
TEST(DepthwiseBands, AreFewerRowsOfLongPixels) {
  const Threads scope(1);
  const TallLayer narrow{16, 1, 3};
  const TallLayer wide{400, 1, 3};
  EXPECT_LT(cut_of(wide, wide.input()[2]).band, cut_of(narrow, narrow.input()[2]).band);
}

const std::vector<TallLayer> tall_layers = {
    {36, 1, 3}, {32, 1, 5, 1, 2}, {256, 1, 3, 2, 1, PaddingMode::reflect}};

TEST(DepthwiseBands, AreTheReferenceAndReadNothingElse) {
  Random random;
  const Threads scope(1);
  for (const TallLayer& layer : tall_layers) {
    const Tensor x = testing::guarded(
        random.values(layer.input(), DType::float32, MemoryFormat::channels_last), true);
    layer.expect_reference("depthwise_channels", x, random);
  }
}

}  // namespace
}  // namespace conv2d
