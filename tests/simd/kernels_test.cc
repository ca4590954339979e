// The register tiles and the transposition, on every instruction set of this machine.
#include "simd/kernels.h"

#include "simd/dispatch.h"
#include "support/instructions.h"
#include "support/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace conv2d {
namespace {

using testing::Instructions;
using testing::Random;

std::vector<float> random_floats(Random& random, std::size_t count) {
  std::vector<float> floats(count);
  for (float& value : floats) {
    value = static_cast<float>(random.normal());
  }
  return floats;
}

TEST(Transpose, PutsEveryElementInItsPlaceAndNoOther) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (std::size_t rows = 0; rows < 10; ++rows) {
      for (std::size_t columns = 0; columns < 10; ++columns) {
        const std::size_t from_stride = rows + 3;
        const std::size_t to_stride = columns + 2;
        const auto from = random_floats(random, 10 * from_stride);
        std::vector<float> to(10 * to_stride, -1);
        simd::kernels().transpose(from.data(), static_cast<std::int64_t>(from_stride), to.data(),
                                  static_cast<std::int64_t>(to_stride),
                                  static_cast<std::int64_t>(rows),
                                  static_cast<std::int64_t>(columns));
        for (std::size_t i = 0; i < to.size(); ++i) {
          const std::size_t row = i / to_stride;
          const std::size_t column = i % to_stride;
          const bool inside = row < rows && column < columns;
          ASSERT_EQ(to[i], inside ? from[column * from_stride + row] : -1.0F) << name;
        }
      }
    }
  }
}

/// A tile's work one multiply-add after the other, fused where the processor's vectors are.
float plain_sum(const simd::TileArguments& a, std::size_t pixels, std::size_t pixel,
                std::size_t wide, std::size_t k, float start, bool fused) {
  float sum = start;
  for (std::size_t c = 0; c < static_cast<std::size_t>(a.channels); ++c) {
    for (std::size_t t = 0; t < a.taps.size(); ++t) {
      const float x = a.pixels[t * pixels + pixel][static_cast<std::size_t>(a.first_channel) + c];
      const float w = a.weights[(c * a.all_taps + a.taps[t]) * wide + k];
      sum = fused ? std::fma(x, w, sum) : x * w + sum;
    }
  }
  return a.bias == nullptr ? sum : sum + a.bias[k];
}

void check_tile(Random& random, std::size_t vectors, std::size_t pixels, bool fused) {
  const simd::Kernels& kernels = simd::kernels();
  const std::size_t wide = vectors * static_cast<std::size_t>(kernels.lanes);
  constexpr std::size_t all_taps = 4;
  constexpr std::size_t channels = 5;
  const std::vector<std::size_t> taps = {0, 1, 3};
  const auto x = random_floats(random, 40);
  const auto weights = random_floats(random, all_taps * channels * wide);
  const auto bias = random_floats(random, wide);
  std::vector<const float*> table(taps.size() * pixels);
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = x.data() + i % 30;
  }
  for (const bool begins : {true, false}) {
    const std::vector<float> before = random_floats(random, pixels * (wide + 1));
    std::vector<float> sums = before;
    const simd::TileArguments arguments{.pixels = table.data(),
                                        .taps = taps,
                                        .all_taps = all_taps,
                                        .weights = weights.data(),
                                        .first_channel = 2,
                                        .channels = channels,
                                        .sums = sums.data(),
                                        .sum_stride = static_cast<std::int64_t>(wide) + 1,
                                        .begins = begins,
                                        .bias = begins ? bias.data() : nullptr};
    kernels.tile[vectors][pixels](arguments);
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t k = 0; k < wide; ++k) {
        const float start = begins ? 0.0F : before[i * (wide + 1) + k];
        ASSERT_EQ(sums[i * (wide + 1) + k], plain_sum(arguments, pixels, i, wide, k, start, fused))
            << vectors << " vectors, " << pixels << " pixels";
      }
      ASSERT_EQ(sums[i * (wide + 1) + wide], before[i * (wide + 1) + wide]) << "beyond the tile";
    }
  }
}

TEST(Tile, IsTheSumInItsOrderForEveryShape) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const bool fused = name != "SSE4" && name != "SSSE3";
    for (std::size_t vectors = 1; vectors <= simd::most_vectors; ++vectors) {
      for (std::size_t pixels = 1; pixels <= simd::most_pixels; ++pixels) {
        if (simd::kernels().tile[vectors][pixels] != nullptr) {
          check_tile(random, vectors, pixels, fused);
        }
      }
    }
  }
}

TEST(Tile, ExistsForOnePixelAndForAsManyAsTheTableSays) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    const simd::Kernels& kernels = simd::kernels();
    EXPECT_GT(kernels.pixels[1], 0U);
    for (std::size_t vectors = 1; vectors <= simd::most_vectors; ++vectors) {
      const std::size_t most = kernels.pixels[vectors];
      if (most > 0) {
        EXPECT_NE(kernels.tile[vectors][1], nullptr) << name << ' ' << vectors;
        EXPECT_NE(kernels.tile[vectors][most], nullptr) << name << ' ' << vectors;
      }
    }
  }
}

}  // namespace
}  // namespace conv2d
