// How planar sums are cut into lines of pixels, and into pieces for threads. That no cut changes a
// bit is in exact_test.cc.
#include "algorithm/planar_cut.h"

#include "support/problems.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace conv2d {
namespace {

using PlanarCut = planar::Cut<float>;
using testing::forward_problem;
using testing::Threads;

/// Of 3x3 taps, as many output columns as input columns.
Problem padded(Index channels, Index outputs, Index columns) {
  return forward_problem({1, channels, columns, columns}, {outputs, channels, 3, 3},
                         {.padding = 1});
}

Index lanes() { return static_cast<Index>(simd::planar_kernels<float>().lanes); }

TEST(PlanarPieces, RowsOfWholeTilesStayRows) {
  const Index tile = PlanarCut(padded(64, 8, 9), false).most_vectors * lanes();
  EXPECT_FALSE(PlanarCut(padded(64, 8, 2 * tile), false).one_line);
  EXPECT_FALSE(PlanarCut(padded(1, 8, 2 * tile), false).one_line);
}

TEST(PlanarPieces, RowsThatWouldWasteTheirLastVectorAreOneLine) {
  EXPECT_TRUE(PlanarCut(padded(64, 8, lanes() + 1), false).one_line);
}

/// Copying results from the line to rows takes longer than what is left of a vector.
TEST(PlanarPieces, RowsOfShortSumsStayRows) {
  const Problem problem = padded(1, 32, 2 * lanes() - lanes() / 4);
  EXPECT_FALSE(PlanarCut(problem, false).one_line);
}

/// Tiles of output channels times rows of the thread that has most, of all.
double busiest_share(const PlanarCut& cut, const Problem& problem) {
  const auto tiles = static_cast<Index>(cut.tiles.size());
  const Index pieces = divide_up(cut.items(problem), Index{num_threads()});
  const Index most = pieces * divide_up(tiles, cut.parts) * cut.rows;
  return static_cast<double>(most) /
         static_cast<double>(problem.batch * problem.groups * tiles * problem.rows.output);
}

/// Bytes of a strip's buffer as a part of L2, where an image is as large as L2.
double buffer_share(Index channels, Index stride) {
  const Threads one(1);
  const auto l2 = static_cast<double>(machine().l2_bytes);
  const auto size =
      static_cast<Index>(std::sqrt(l2 / sizeof(float) / static_cast<double>(channels)));
  const Problem problem = forward_problem({1, channels, size, size}, {32, channels, 3, 3},
                                          {.stride = stride, .padding = 1});
  const PlanarCut cut(problem, false);
  const Index floats = channels * cut.layout(problem).channel_step();
  return static_cast<double>(floats) * sizeof(float) / l2;
}

/// Results pass through L2 meanwhile.
TEST(PlanarPieces, OfFewChannelsAreSmallWhereColumnsAreDealt) {
  EXPECT_LE(buffer_share(3, 2), 1.0 / 8);
  EXPECT_GT(buffer_share(3, 2), 1.0 / 32);
  for (const double share : {buffer_share(3, 1), buffer_share(16, 2)}) {
    EXPECT_LE(share, 1.0 / 2);
    EXPECT_GT(share, 1.0 / 5);
  }
}

/// Pixels that are read in place are shared by output channels, whose parts need no more rows.
TEST(PlanarPieces, SharesOfPlanesInPlaceArePartsOfTheOutputs) {
  const Threads scope(2);
  for (const Index rows : {13, 14, 28}) {
    const Problem problem = forward_problem({1, 256, rows, rows}, {64, 256, 1, 1});
    EXPECT_LE(busiest_share(PlanarCut(problem, true), problem), 0.54) << rows << " rows";
  }
}

TEST(PlanarPieces, SharesOfPlanesThatAreCopiedAreStrips) {
  const Threads scope(2);
  const Problem problem = forward_problem({1, 3, 28, 28}, {8, 3, 3, 3}, {.padding = 1});
  const PlanarCut cut(problem, false);
  EXPECT_EQ(cut.parts, 1);
  EXPECT_EQ(busiest_share(cut, problem), 0.5);
}

}  // namespace
}  // namespace conv2d
