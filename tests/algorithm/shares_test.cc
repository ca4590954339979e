// How evenly algorithms share layers of few rows between threads.
#include "algorithm/direct_strips.h"
#include "algorithm/planar_cut.h"
#include "algorithm/run_items.h"
#include "geometry/problem.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace conv2d {
namespace {

using testing::Threads;

Problem problem_of(const Sizes& input, const Sizes& weight,
                   const functional::Conv2dArguments& arguments = {}) {
  return value_or_throw(conv2d_problem(input, weight, false, Types{}, arguments));
}

/// Products of the thread that has most, as a part of all. Threads have contiguous items: strips,
/// and of each the blocks of output channels.
double busiest_share(const DirectStrips& strips, const OutputBlocks<float>& outputs) {
  const Index threads = num_threads();
  const Index items = strips.count * outputs.count();
  Index most = 0;
  Index all = 0;
  for (Index t = 0; t < threads; ++t) {
    Index products = 0;
    for (Index item = items * t / threads; item < items * (t + 1) / threads; ++item) {
      const Index strip = item / outputs.count();
      products += (strips.first_row(strip + 1) - strips.first_row(strip)) *
                  outputs.real(outputs.blocks[static_cast<std::size_t>(item % outputs.count())]);
    }
    most = std::max(most, products);
    all += products;
  }
  EXPECT_EQ(all, strips.total * outputs.outputs);
  return static_cast<double>(most) / static_cast<double>(all);
}

TEST(Shares, OfFewRowsAreBlocksOfOutputs) {
  const Threads scope(2);
  const Problem problem = problem_of({1, 128, 7, 7}, {128, 128, 3, 3}, {.padding = 1});
  const OutputBlocks<float> outputs(problem);
  const DirectStrips strips(problem, outputs);
  ASSERT_EQ(outputs.count() % 2, 0);
  EXPECT_EQ(busiest_share(strips, outputs), 0.5);
}

/// However outputs and rows divide, nobody waits for more than a fifth of everything.
TEST(Shares, OfRowsAndOutputsThatDoNotDivideAreNearlyEven) {
  for (const int threads : {2, 3, 4}) {
    const Threads scope(threads);
    for (const Index rows : {5, 7, 13, 14, 28}) {
      for (const Index channels : {160, 153, 256, 960}) {
        const Problem problem = problem_of({1, 64, rows, rows}, {channels, 64, 1, 1});
        const OutputBlocks<float> outputs(problem);
        const DirectStrips strips(problem, outputs);
        EXPECT_LE(busiest_share(strips, outputs), 1.2 / threads + 0.06)
            << rows << " rows, " << channels << " outputs, " << threads << " threads";
      }
    }
  }
}

TEST(Shares, OfOneThreadAreWholeImages) {
  const Threads scope(1);
  const Problem problem = problem_of({1, 16, 20, 20}, {40, 16, 3, 3});
  EXPECT_EQ(DirectStrips(problem, OutputBlocks<float>(problem)).count, 1);
}

/// Whether what takes long is more pieces than there are threads, so that others can help.
TEST(Shares, OfWhatTakesLongAreSeveralPieces) {
  const Threads scope(2);
  const Problem small = problem_of({1, 32, 28, 28}, {32, 32, 3, 3}, {.padding = 1});
  const Problem large = problem_of({1, 32, 280, 280}, {32, 32, 3, 3}, {.padding = 1});
  EXPECT_EQ(DirectStrips(small, OutputBlocks<float>(small)).count, 2);
  EXPECT_GE(DirectStrips(large, OutputBlocks<float>(large)).count, 8);
}

/// Tiles of output channels times pixels of the planar item that has most, of all.
double busiest_share(const planar::Cut<float>& cut, const Problem& problem) {
  const auto tiles = static_cast<Index>(cut.tiles.size());
  const Index pieces = divide_up(cut.items(problem), Index{num_threads()});
  const Index most = pieces * divide_up(tiles, cut.parts) * cut.rows;
  return static_cast<double>(most) /
         static_cast<double>(problem.batch * problem.groups * tiles * problem.rows.output);
}

/// Pixels that are read in place are shared by output channels, whose parts need no more rows.
TEST(Shares, OfPlanesInPlaceArePartsOfTheOutputs) {
  const Threads scope(2);
  for (const Index rows : {13, 14, 28}) {
    const Problem problem = problem_of({1, 256, rows, rows}, {64, 256, 1, 1});
    EXPECT_EQ(busiest_share(planar::Cut<float>(problem, true), problem), 0.5) << rows << " rows";
  }
}

TEST(Shares, OfPlanesThatAreCopiedAreStrips) {
  const Threads scope(2);
  const Problem problem = problem_of({1, 3, 28, 28}, {8, 3, 3, 3}, {.padding = 1});
  const planar::Cut<float> cut(problem, false);
  EXPECT_EQ(cut.parts, 1);
  EXPECT_EQ(busiest_share(cut, problem), 0.5);
}

}  // namespace
}  // namespace conv2d
