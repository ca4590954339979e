// What a run takes is what its plan says: Plan::workspace_bytes().
#include "algorithm/run.h"
#include "algorithm/run_items.h"
#include "algorithm/scratch_memory.h"
#include "algorithm/subjects.h"
#include "plan/choose.h"
#include "simd/dispatch.h"
#include "support/counted_memory.h"
#include "support/instructions.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <vector>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::Instructions;
using testing::Operand;
using testing::Random;
using testing::Subject;
using testing::Threads;

#if defined(__SANITIZE_THREAD__) || defined(CONV2D_TEST_EMULATED) || !defined(__OPTIMIZE__)
constexpr int workspace_runs = 8;
#else
constexpr int workspace_runs = 20;
#endif

/// Elements in a memory format, or in strides that are none.
struct Placed {
  Tensor memory;
  MutableTensorView view;

  Placed(Random& random, const Sizes& s, DType dtype)
      : memory(random.coin() ? Tensor({s[3], s[1], s[0], s[2]}, dtype)
                             : Tensor({s[0], s[1], s[2], s[3]}, dtype,
                                      random.coin() ? MemoryFormat::channels_last
                                                    : MemoryFormat::contiguous)),
        view(memory) {
    if (memory.sizes() != s) {
      view = view.permute({2, 1, 3, 0});
    }
  }
};

void expect_no_more_than_stated(const Algorithm& algorithm, const Problem& problem,
                                Operands operands) {
  const Tensor packed = pack(algorithm, problem, operands.second);
  const Tensor residual(operands.result.sizes(), operands.result.dtype());
  const functional::Epilogue epilogue{.residual = residual, .low = 0};
  operands.epilogue = &epilogue;
  keep_scratch(false);
  testing::forget_most_held();
  const std::size_t before = testing::held_bytes().now;
  const std::size_t scratch_before = testing::held_aligned_bytes().now;
  run_packed(algorithm, problem, operands, packed);
  const std::size_t scratch = testing::held_aligned_bytes().most - scratch_before;
  const std::size_t all = testing::held_bytes().most - before;
  keep_scratch(true);
  const std::size_t stated = workspace_bytes(algorithm, problem);
  EXPECT_LE(scratch, stated + sizeof(ItemRange) * at(num_threads()));
  // What a cut lists and the workers themselves are: nobody adds all of that up, and it grows with
  // no tensor. 13 KiB were the most before lists were reserved, in some thousand layers like these,
  // and less than 6 are now.
  constexpr std::size_t lists = 16384;
  EXPECT_LE(all, stated + lists);
}

class Workspace : public ::testing::TestWithParam<Subject> {
 protected:
  void SetUp() override {
    if (!testing::vectors_hold(GetParam().dtype)) {
      GTEST_SKIP();
    }
  }

  void expect_no_more_than_stated_of(const Configuration& c) {
    const Subject& subject = GetParam();
    const Problem problem = subject.problem(c);
    ASSERT_FALSE(subject.algorithm->refuses(problem)) << c;
    const Operand o(random_, c, subject);
    const Placed x(random_, subject.first(c), subject.dtype);
    const Placed y(random_, subject.result(c), subject.dtype);
    copy(o.x, x.view);
    for (const int threads : {1, 2, 5}) {
      const Threads scope(threads);
      expect_no_more_than_stated(*subject.algorithm, problem, {x.view, o.w, o.bias, y.view});
      ASSERT_FALSE(HasFailure()) << c << ", threads " << threads;
    }
  }

  Random random_;
};

TEST_P(Workspace, IsNoMoreThanStated) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const int runs = GetParam().long_rows ? workspace_runs / 4 : workspace_runs;
    for (int i = 0; i < runs && !HasFailure(); ++i) {
      expect_no_more_than_stated_of(GetParam().draw(random_));
    }
  }
}

/// Where only columns at the border are copied, more rows of them fit into the buffer.
TEST(WorkspaceOfImageFilters, CountsTheTallestStrips) {
  const Types floats{};
  const Problem problem = conv2d_problem({1, 2, 224, 224}, {2, 1, 3, 3}, false, floats,
                                         {.stride = Pair(2, 1), .padding = 1, .groups = 2})
                              .value();
  const Tensor x(problem.x_sizes());
  const Tensor w(problem.w_sizes());
  Tensor y(problem.y_sizes(), DType::float32, MemoryFormat::channels_last);
  for (const int threads : {1, 8}) {
    const Threads scope(threads);
    expect_no_more_than_stated(depthwise_rows_algorithm, problem, {x, w, std::nullopt, y});
  }
}

std::vector<Subject> all_subjects() {
  std::vector<Subject> all = testing::exact_subjects();
  for (const Subject& subject : testing::other_subjects()) {
    all.push_back(subject);
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Workspace, ::testing::ValuesIn(all_subjects()),
                         testing::name_of);

}  // namespace
}  // namespace conv2d
