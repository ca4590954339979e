// 1x1 layers of many channels, whose output tiles are one call (simd/pointwise_planes.h): how they
// are cut, and what only very many channels show. All others are in exact_test.cc.
#include "simd/pointwise_planes.h"

#include "algorithm/algorithm.h"
#include "algorithm/planar_cut.h"
#include "algorithm/subjects.h"
#include "plan/choose.h"
#include "reference/reference.h"
#include "simd/dispatch.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/tensors.h"

#include <conv2d/machine.h>
#include <conv2d/plan.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace conv2d {
namespace {

using testing::Instructions;
using testing::Random;
using testing::same_bits;

Problem single_tap(Index channels, Index outputs, Pair map) {
  return conv2d_problem({1, channels, map.h, map.w}, {outputs, channels, 1, 1}, true, {}, {})
      .value();
}

/// Of random numbers, where products are fused with sums.
void expect_the_references_bits(Random& random, const Problem& problem) {
  const Tensor x = random.values(problem.x_sizes(), DType::float32);
  const Tensor w = random.values({problem.out_channels, problem.in_channels, 1, 1}, DType::float32);
  const Tensor bias = random.values({problem.out_channels}, DType::float32);
  Tensor y(problem.y_sizes());
  Tensor wanted(problem.y_sizes());
  run(planar_algorithm, problem, {x, w, bias, y});
  run(reference_algorithm, problem, {x, w, bias, wanted});
  if (machine().fused_multiply_add) {
    EXPECT_TRUE(same_bits(y, wanted))
        << machine().instructions << ", " << problem.in_channels << " channels";
  }
}

/// Into tiles that there are kernels of.
template <class T>
void expect_tiles_for_all_outputs() {
  for (Index outputs = 9; outputs <= 130; ++outputs) {
    const Problem problem = single_tap(64, outputs, {4, 4});
    ASSERT_TRUE(planar::is_pointwise(problem));
    Index first = 0;
    for (const planar::OutputTile& tile : planar::output_tiles<T>(problem)) {
      EXPECT_EQ(tile.first, first);
      first += tile.count;
      for (std::size_t vectors = 1; vectors <= simd::most_pointwise_vectors; ++vectors) {
        EXPECT_NE(simd::pointwise_kernels<T>().tile[at(tile.count)][vectors], nullptr)
            << outputs << " outputs, a tile of " << tile.count;
      }
    }
    EXPECT_EQ(first, outputs);
  }
}

TEST(Pointwise, OutputsAreCutIntoTilesThatThereAre) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    expect_tiles_for_all_outputs<float>();
    if (testing::vectors_hold(DType::float64)) {
      expect_tiles_for_all_outputs<double>();
    }
  }
}

/// Of which L2 holds some at a time: sums wait in memory for the others.
TEST(Pointwise, SumsOfSeveralBlocksOfChannelsAreTheDefinitions) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const Pair map = {5, 29};
    const Index block = planar::Cut<float>(single_tap(1 << 20, 31, map), true)
                            .channel_block(single_tap(1 << 20, 31, map));
    const Index channels = 2 * block + 3;
    const Problem problem = single_tap(channels, 31, map);
    ASSERT_GT(channels, planar::Cut<float>(problem, true).channel_block(problem));
    expect_the_references_bits(random, problem);
  }
}

/// The same bits of a weight that was packed once.
TEST(Pointwise, PackedWeightsServeMapsOfEverySize) {
  if (!machine().fused_multiply_add) {
    GTEST_SKIP() << "other bits without fused multiply-adds";
  }
  Random random;
  for (const std::int64_t outputs : {32, 64, 96}) {
    const Tensor w = random.values({outputs, 64, 1, 1}, DType::float32);
    std::optional<PackedWeight> packed;
    for (const Pair map : {Pair{56, 56}, Pair{1, 1}, Pair{14, 14}, Pair{1, 2048}, Pair{28, 28}}) {
      const Plan plan = Plan::conv2d({1, 64, map.h, map.w}, w.sizes(), false, DType::float32, {})
                            .with_algorithm("planar");
      packed = packed ? packed : plan.pack(w);
      const Tensor x = random.values(plan.input_sizes(), DType::float32);
      Tensor y(plan.output_sizes());
      Tensor wanted(plan.output_sizes());
      plan.run(x, *packed, std::nullopt, y);
      plan.with_algorithm("reference").run(x, w, std::nullopt, wanted);
      EXPECT_TRUE(same_bits(y, wanted)) << outputs << " outputs of " << map.h << "x" << map.w;
    }
  }
}

/// Of such a result lines are asked for before they are written.
TEST(Pointwise, AResultThatNoNearCacheHoldsIsTheReference) {
  if (!machine().fused_multiply_add) {
    GTEST_SKIP() << "other bits without fused multiply-adds";
  }
  Random random;
  constexpr std::int64_t columns = 250;
  constexpr std::int64_t outputs = 31;
  const auto floats = static_cast<std::int64_t>(machine().l2_bytes);  // four times the bytes
  const Problem problem = single_tap(56, outputs, {floats / outputs / columns + 1, columns});
  expect_the_references_bits(random, problem);
}

}  // namespace
}  // namespace conv2d
