// How evenly direct sums are shared between threads, of layers of few rows above all.
#include "algorithm/direct_strips.h"
#include "support/problems.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace conv2d {
namespace {

using testing::forward_problem;
using testing::Threads;

/// Strips, and of each the blocks of output channels.
struct Items {
  const DirectStrips& strips;
  const OutputBlocks<float>& outputs;

  Index count() const { return strips.count * outputs.count(); }
  Index products(Index item) const {
    const Index strip = item / outputs.count();
    return (strips.first_row(strip + 1) - strips.first_row(strip)) *
           outputs.real(outputs.blocks[at(item % outputs.count())]);
  }
};

/// When the last item is done, as a part of what one thread would take, where a product takes as
/// long as another: threads take their own items, and then what others have not begun.
double last_end(const Items& items) {
  const Index threads = num_threads();
  std::vector<Index> next;
  std::vector<Index> ends;
  for (Index t = 0; t < threads; ++t) {
    next.push_back(items.count() * t / threads);
    ends.push_back(items.count() * (t + 1) / threads);
  }
  std::vector<Index> times(at(threads), 0);
  Index all = 0;
  for (Index done = 0; done < items.count(); ++done) {
    const Index thread = std::min_element(times.begin(), times.end()) - times.begin();
    Index range = thread;
    while (next[at(range)] == ends[at(range)]) {
      range = (range + 1) % threads;
    }
    const Index products = items.products(next[at(range)]++);
    times[at(thread)] += products;
    all += products;
  }
  EXPECT_EQ(all, items.strips.total * items.outputs.outputs);
  return static_cast<double>(*std::max_element(times.begin(), times.end())) /
         static_cast<double>(all);
}

double last_end(const Problem& problem) {
  const OutputBlocks<float> outputs(problem);
  return last_end({DirectStrips(problem, outputs), outputs});
}

TEST(DirectStrips, OfTapsFarFromEachOtherReadAsManyRowsAsTheyHaveTaps) {
  const Threads one(1);
  const auto half_l2 = static_cast<Index>(machine().l2_bytes / 2);
  constexpr Index size = 99;
  for (const Index dilation : {1, 6, 12, 18, 48}) {
    // 24 rows of the input fill half of L2.
    const Index channels = half_l2 / 24 / (size * static_cast<Index>(sizeof(float)));
    const Problem problem = forward_problem({1, channels, size, size}, {64, channels, 3, 3},
                                            {.padding = dilation, .dilation = dilation});
    const OutputBlocks<float> outputs(problem);
    const DirectStrips strips(problem, outputs);
    // Weights come by once for a strip, so that a row by itself would read all of them.
    EXPECT_GE(strips.rows, 7) << "dilation " << dilation;
    EXPECT_LE(std::min(3 * strips.rows, strips.rows + 2 * dilation), 25) << "dilation " << dilation;
  }
}

/// Rows alone would be four for one thread and three for the other.
TEST(DirectStrips, OfFewRowsAreSharedByOutputs) {
  const Threads scope(2);
  EXPECT_LE(last_end(forward_problem({1, 128, 7, 7}, {128, 128, 3, 3}, {.padding = 1})), 0.54);
}

/// However outputs and rows divide, the last item is done soon after it could be.
TEST(DirectStrips, OfWhatDoesNotDivideAreNearlyEven) {
  for (const int threads : {2, 3, 4}) {
    const Threads scope(threads);
    for (const Index rows : {5, 7, 13, 14, 28}) {
      for (const Index channels : {160, 153, 256, 960}) {
        EXPECT_LE(last_end(forward_problem({1, 64, rows, rows}, {channels, 64, 1, 1})),
                  1.4 / threads)
            << rows << " rows, " << channels << " outputs, " << threads << " threads";
      }
    }
  }
}

/// 3x3 sums of as many channels as make weights larger than L2.
Problem of_many_weights(Index size, Index inputs_for_each_output) {
  constexpr Index block = 256;
  const auto floats = static_cast<Index>(machine().l2_bytes / sizeof(float));
  Index channels = block;
  while (9 * channels * channels < floats * inputs_for_each_output) {
    channels += block;
  }
  return forward_problem({1, channels, size, size},
                         {channels / inputs_for_each_output, channels, 3, 3}, {.padding = 1});
}

/// As many as L2 wants.
Index strips_of_one_thread(const Problem& problem) {
  const Threads one(1);
  return DirectStrips(problem, OutputBlocks<float>(problem)).count;
}

/// Each strip would bring all of them again, seven rows as often: then two threads were slower than
/// one.
TEST(DirectStrips, OfMoreWeightsThanL2HoldsAreFewOnSmallMaps) {
  const Threads two(2);
  for (const Index size : {5, 7, 9, 11, 13}) {
    const Problem problem = of_many_weights(size, 1);
    const DirectStrips strips(problem, OutputBlocks<float>(problem));
    const Index few = std::max<Index>(size * size / 28, strips_of_one_thread(problem));
    EXPECT_LE(strips.count, few) << size;
    EXPECT_LE(last_end(problem), 0.58) << size;
  }
  for (const Index size : {14, 18, 24}) {
    const Problem problem = of_many_weights(size, 1);
    const DirectStrips strips(problem, OutputBlocks<float>(problem));
    const Index few = std::max<Index>(size / divide_up(96, size), strips_of_one_thread(problem));
    EXPECT_LE(strips.count, few) << size;
  }
}

/// Else some had nothing to do.
TEST(DirectStrips, OfManyWeightsAreEnoughForAllThreads) {
  for (const int count : {2, 3, 5}) {
    const Threads threads(count);
    for (const Index inputs_for_each_output : {1, 16, 64}) {
      const Problem problem = of_many_weights(7, inputs_for_each_output);
      EXPECT_LE(last_end(problem), 1.5 / count) << count << ' ' << inputs_for_each_output;
    }
  }
}

TEST(DirectStrips, OfOneThreadAreWholeImages) {
  const Threads scope(1);
  const Problem problem = forward_problem({1, 16, 20, 20}, {40, 16, 3, 3});
  EXPECT_EQ(DirectStrips(problem, OutputBlocks<float>(problem)).count, 1);
}

/// Whether what takes long is more pieces than there are threads, so that others can help.
TEST(DirectStrips, OfWhatTakesLongAreSeveralPieces) {
  const Threads scope(2);
  const Problem small = forward_problem({1, 32, 28, 28}, {32, 32, 3, 3}, {.padding = 1});
  const Problem large = forward_problem({1, 32, 280, 280}, {32, 32, 3, 3}, {.padding = 1});
  const OutputBlocks<float> outputs(small);
  EXPECT_LE(DirectStrips(small, outputs).count * outputs.count(), 6);
  EXPECT_GE(DirectStrips(large, outputs).count * outputs.count(), 8);
}

}  // namespace
}  // namespace conv2d
