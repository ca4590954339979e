// How the caller rounds, and whether tiny numbers count for it, is the caller's business: a run
// leaves that as it was.
#include <conv2d/plan.h>

#include <gtest/gtest.h>

#include <cfenv>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace conv2d {
namespace {

void run_a_layer_of_each_kind() {
  for (const std::int64_t groups : {1, 32}) {
    for (const auto precision : {Precision::exact, Precision::standard}) {
      const Tensor x = Tensor::full({1, 32, 12, 12}, 1e-40);
      const Tensor w = Tensor::full({32, 32 / groups, 3, 3}, 1e-3);
      const Plan plan = Plan::conv2d(x.sizes(), w.sizes(), false, DType::float32,
                                     {.groups = groups, .precision = precision});
      Tensor y(plan.output_sizes());
      plan.run(x, w, {}, y);
    }
  }
}

TEST(FloatingPointState, TheRoundingStays) {
  const int before = std::fegetround();
  std::fesetround(FE_UPWARD);
  run_a_layer_of_each_kind();
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
    run_a_layer_of_each_kind();
    EXPECT_EQ(_mm_getcsr() & ~flags, set & ~flags);
  }
  _mm_setcsr(before);
}
#endif

}  // namespace
}  // namespace conv2d
