// How the caller rounds, and whether tiny numbers count for it, is the caller's business: a run
// leaves that as it was.
#include <conv2d/plan.h>

#include <gtest/gtest.h>

#include <cfenv>
#include <cstdint>
#include <set>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace conv2d {
namespace {

/// By every algorithm that can; returns their names.
std::set<std::string_view> run_by_all(const Plan& plan) {
  const Tensor x = Tensor::full(plan.input_sizes(), 1e-40);
  const Tensor w = Tensor::full(plan.weight_sizes(), 1e-3);  // columns times rows too
  Tensor y(plan.output_sizes());
  std::set<std::string_view> names;
  for (const Candidate& candidate : plan.candidates()) {
    if (candidate.possible) {
      plan.with_algorithm(candidate.name).run(x, w, {}, y);
      names.insert(candidate.name);
    }
  }
  return names;
}

Plan plan_of(const Sizes& input, const Sizes& weight, std::int64_t groups = 1) {
  return Plan::conv2d(input, weight, false, DType::float32, {.groups = groups});
}

void run_every_algorithm() {
  std::set<std::string_view> run;
  run.merge(run_by_all(plan_of({1, 32, 12, 12}, {32, 32, 3, 3})));
  run.merge(run_by_all(plan_of({1, 32, 12, 12}, {32, 1, 3, 3}, 32)));
  run.merge(run_by_all(plan_of({1, 32, 12, 12}, {32, 4, 3, 3}, 8)));
  run.merge(run_by_all(plan_of({1, 1, 40, 40}, {1, 1, 5, 5})));
  const Plan transposed =
      Plan::conv_transpose2d({1, 32, 12, 12}, {32, 32, 3, 3}, false, DType::float32, {});
  run.merge(run_by_all(transposed));
  EXPECT_EQ(run.size(), transposed.candidates().size()) << ::testing::PrintToString(run);
}

TEST(FloatingPointState, TheRoundingStays) {
  const int before = std::fegetround();
  std::fesetround(FE_UPWARD);
  run_every_algorithm();
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(before);
}

#if defined(__x86_64__)
TEST(FloatingPointState, WhetherTinyNumbersCountStays) {
  constexpr unsigned flags = 0x3f;  // which exceptions have occurred
  const unsigned before = _mm_getcsr();
  for (const unsigned tiny : {0U, 0x8040U}) {  // flush to zero, denormals are zeros
    const unsigned set = (before & ~0x8040U) | tiny;
    _mm_setcsr(set);
    run_every_algorithm();
    EXPECT_EQ(_mm_getcsr() & ~flags, set & ~flags);
  }
  _mm_setcsr(before);
}
#endif

}  // namespace
}  // namespace conv2d
