// What the machine says of itself.
#include <conv2d/machine.h>

#include "simd/caches.h"
#include "simd/dispatch.h"
#include "support/instructions.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace conv2d {
namespace {

using testing::Instructions;
using testing::refused;

TEST(Machine, CachesGrowWithTheirDistance) {
  const Machine found = machine();
  EXPECT_GT(found.l1_bytes, 0U);
  EXPECT_GE(found.l2_bytes, found.l1_bytes);
  EXPECT_GE(found.l3_bytes, found.l2_bytes);
}

TEST(Machine, CachesThatNobodyKnowsHaveUsualSizes) {
  const auto sizes = [](long l1, long l2, long l3) {
    const simd::Caches found = simd::plausible_caches(l1, l2, l3);
    return std::array{found.l1 / 1024, found.l2 / 1024, found.l3 / 1024};
  };
  using Sizes = std::array<std::size_t, 3>;
  constexpr long kib = 1024;
  EXPECT_EQ(sizes(0, 0, 0), (Sizes{32, 512, 4096}));
  EXPECT_EQ(sizes(-1, -1, -1), (Sizes{32, 512, 4096}));
  EXPECT_EQ(sizes(48 * kib, 2048 * kib, 0), (Sizes{48, 2048, 4096}));
  EXPECT_EQ(sizes(64 * kib, 8192 * kib, 0), (Sizes{64, 8192, 8192}));
  EXPECT_EQ(sizes(1024 * kib, 0, 1), (Sizes{1024, 1024, 4096}));
}

TEST(Machine, WiderInstructionsHaveWiderVectors) {
  int wider = 1024;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    EXPECT_LE(machine().vector_bytes, wider) << name;
    EXPECT_GE(machine().vector_bytes, 16) << name;
    wider = machine().vector_bytes;
  }
}

TEST(Machine, RatesArePositiveForEveryInstructionSet) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    EXPECT_GT(measure_peak_flops(2, 0.001), 0) << name;
    EXPECT_GT(measure_read_bandwidth(2, 0.001), 0) << name;
  }
}

TEST(Machine, RefusesNumbersOfThreadsThatThereCannotBe) {
  EXPECT_TRUE(refused([] { measure_peak_flops(0, 0.1); }, "from 1 to 1024, but got 0"));
  EXPECT_TRUE(refused([] { measure_read_bandwidth(1025, 0.1); }, "from 1 to 1024, but got 1025"));
}

}  // namespace
}  // namespace conv2d
