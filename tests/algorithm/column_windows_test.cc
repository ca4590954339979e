// How long rows are cut into windows of columns. That windows change no bit is in exact_test.cc.
#include "algorithm/column_windows.h"

#include "algorithm/run.h"
#include "algorithm/run_items.h"
#include "algorithm/vector_types.h"
#include "geometry/problem.h"
#include "support/configurations.h"
#include "support/problems.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/threads.h"

#include <conv2d/machine.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::forward_problem;
using testing::Random;
using testing::Threads;

std::size_t nothing(const Problem& /*problem*/) { return 0; }

/// One for each, or four of what takes long; the last may be cut in two.
TEST(ColumnWindows, FewRowsArePiecesForAllThreads) {
  for (const bool is_long : {false, true}) {
    const std::int64_t channels = is_long ? 32 : 4;
    const Problem sound =
        forward_problem({1, channels, 1, 16000}, {channels, channels, 1, 9}, {.padding = {0, 4}});
    for (const int threads : {1, 2, 7}) {
      const Threads scope(threads);
      ASSERT_EQ(takes_long(sound), is_long);
      const int pieces = is_long ? 4 : 1;
      const auto windows = column_windows(sound, nothing);
      ASSERT_TRUE(windows);
      EXPECT_GE(windows->count, pieces * threads);
      EXPECT_LE(windows->count, (pieces + 1) * threads);
      EXPECT_GE(windows->first, 4);
      EXPECT_LE(windows->end(), 16000 - 4);
    }
  }
}

/// A run of its own for some columns would take longer than the alignment of windows gains.
TEST(ColumnWindows, ShortRowsLeaveNothingOver) {
  const Threads scope(2);
  for (const Index columns : {842, 1316, 2000}) {
    const Problem row = forward_problem({1, 32, 1, columns}, {32, 32, 1, 1});
    const auto windows = column_windows(row, nothing);
    ASSERT_TRUE(windows);
    EXPECT_EQ(windows->count % 2, 0) << columns;
    EXPECT_EQ(windows->count * windows->width, columns);
  }
}

/// Windows go to threads in turns, and one of them computes what is left over: the one that has
/// most has no more than its share, and for each of 5 windows a thread those columns by which a
/// window is shorter, so that it begins where vectors do.
TEST(ColumnWindows, ThreadsHaveTheSameShare) {
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Index step = format == MemoryFormat::channels_last ? 1 : 16;
    for (Index columns = 2000; columns < 20000; columns += 611) {
      Problem sound = forward_problem({1, 4, 1, columns}, {4, 4, 1, 9}, {.padding = {0, 4}});
      sound.format = format;
      for (const Index threads : {1, 2, 3, 7}) {
        const Threads scope(static_cast<int>(threads));
        const auto windows = column_windows(sound, nothing);
        ASSERT_TRUE(windows);
        const Index left = columns - windows->count * windows->width;
        const Index most = divide_up(windows->count, threads) * windows->width + left;
        EXPECT_LE(most, columns / threads + 5 * threads * step + 8 + step) << columns << " columns";
      }
    }
  }
}

TEST(ColumnWindows, EnoughRowsStayWhole) {
  const Threads scope(4);
  EXPECT_FALSE(column_windows(forward_problem({1, 4, 8, 16000}, {4, 4, 1, 9}), nothing));
  EXPECT_TRUE(column_windows(forward_problem({1, 4, 7, 16000}, {4, 4, 1, 9}), nothing));
  EXPECT_FALSE(column_windows(forward_problem({8, 4, 1, 16000}, {4, 4, 1, 9}), nothing));
}

TEST(ColumnWindows, ShortRowsStayWhole) {
  EXPECT_FALSE(column_windows(forward_problem({1, 4, 1, 500}, {4, 4, 1, 1}), nothing));
  EXPECT_FALSE(column_windows(forward_problem({1, 4, 1, 500}, {4, 4, 1, 1}, {.padding = {0, 100}}),
                              nothing));
  EXPECT_FALSE(column_windows(forward_problem({1, 4, 1, 9000}, {4, 4, 1, 8999}), nothing));
}

TEST(ColumnWindows, ScratchMemoryStaysInItsCaches) {
  const auto of_columns = [](const Problem& problem) {
    return static_cast<std::size_t>(problem.columns.input) * 1000;
  };
  const Problem wide = forward_problem({64, 1, 64, 1000000}, {1, 1, 3, 3}, {.padding = 1});
  const auto windows = column_windows(wide, of_columns);
  ASSERT_TRUE(windows);
  const std::size_t all = machine().l2_bytes * static_cast<std::size_t>(num_threads());
  EXPECT_LE(of_columns(batch_of(wide, *windows)), all);
  EXPECT_LE(workspace_by_columns(wide, of_columns), all);
}

void expect_little_workspace(const Problem& problem) {
  for (const int threads : {1, 2, 7}) {
    const Threads scope(threads);
    const std::size_t most = 4 * static_cast<std::size_t>(threads) * machine().l2_bytes;
    for (const Algorithm* algorithm : algorithms()) {
      if (!algorithm->refuses(problem) && algorithm->name != "reference") {
        EXPECT_LE(workspace_bytes(*algorithm, problem), most)
            << algorithm->name << " of " << to_string(problem.x_sizes()) << ", weight "
            << to_string(problem.w_sizes()) << ", " << threads << " threads";
      }
    }
  }
}

/// Of layers of one row, of one column, of both, and their transposes.
TEST(ColumnWindows, NoLayerTakesItsInputsSize) {
  const Sizes inputs[] = {
      {1, 64, 1, 480000}, {1, 64, 480000, 1}, {1, 64, 40, 40000}, {1, 8, 3, 2000000}};
  for (const Sizes& input : inputs) {
    for (const std::int64_t groups : {std::int64_t{1}, input[1] / 8, input[1]}) {
      const auto taps = [](std::int64_t size) { return std::int64_t{size < 9 ? 1 : 3}; };
      const Sizes weight = {64, input[1] / groups, taps(input[2]), taps(input[3])};
      for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
        Problem problem = forward_problem(input, weight, {.groups = groups});
        problem.format = format;
        expect_little_workspace(problem);
        expect_little_workspace(problem.with(Pass::backward_data, Conjugate::neither));
      }
    }
  }
}

/// Every output column is in one run, and no run reads beyond the border.
TEST(ColumnWindows, RunsTakeEachColumnOnce) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    Configuration c = testing::random_configuration(random);
    const std::int64_t longer = random.between(0, 3000);
    c.input[3] += longer * c.arguments.stride.w;
    c.output[3] += longer;
    const Problem problem = testing::problem_of(c, Types{}, false);
    const Tensor x = Tensor(c.input);
    const Tensor w = Tensor(c.weight);
    Tensor y(c.output);
    const Threads scope(static_cast<int>(random.between(1, 9)));
    bool whole = false;
    run_by_columns(problem, {x, w, {}, y}, nothing,
                   [&](const Problem& part, const Operands& views) {
                     whole = part == problem;
                     ASSERT_EQ(views.first.sizes(), part.x_sizes()) << c;
                     ASSERT_EQ(views.result.sizes(), part.y_sizes()) << c;
                     const auto& s = views.result.sizes();
                     for (std::int64_t n = 0; n < s[0]; ++n) {
                       for (std::int64_t q = 0; q < s[3]; ++q) {
                         for (std::int64_t p = 0; p < s[2]; ++p) {
                           views.result.at<float>({n, 0, p, q}) += 1;
                         }
                       }
                     }
                   });
    EXPECT_EQ(whole, !column_windows(problem, nothing)) << c;
    for (std::int64_t n = 0; n < c.output[0]; ++n) {
      for (std::int64_t p = 0; p < c.output[2]; ++p) {
        for (std::int64_t q = 0; q < c.output[3]; ++q) {
          ASSERT_EQ(y.at<float>({n, 0, p, q}), 1) << c << ", column " << q;
        }
      }
    }
  }
}

}  // namespace
}  // namespace conv2d
