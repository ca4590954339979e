// Neither threads nor batch size nor memory format change a bit of any result.
#include "support/configurations.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::Random;
using testing::random_configuration;
using testing::same_bits;
using testing::Threads;

constexpr int same_bits_runs = 60;

struct Results {
  Tensor y, dx, dw;
};

Results all_passes(const Configuration& c, TensorView x, TensorView w, TensorView dy) {
  return {testing::reference_forward(c, x, w, std::nullopt, DType::float32),
          testing::reference_backward_data(c, dy, w, DType::float32),
          testing::reference_backward_weight(c, x, dy, DType::float32)};
}

TEST(SameBits, ForEveryNumberOfThreads) {
  Random random;
  for (int i = 0; i < same_bits_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = random.values(c.input, DType::float32);
    const Tensor w = random.values(c.weight, DType::float32);
    const Tensor dy = random.values(c.output, DType::float32);
    const auto with = [&](int threads) {
      const Threads scope(threads);
      return all_passes(c, x, w, dy);
    };
    const Results one = with(1);
    for (const int threads : {2, 3, 7}) {
      const Results more = with(threads);
      ASSERT_TRUE(same_bits(more.y, one.y)) << c;
      ASSERT_TRUE(same_bits(more.dx, one.dx)) << c;
      ASSERT_TRUE(same_bits(more.dw, one.dw)) << c;
    }
  }
}

TEST(SameBits, ForAnImageAloneAndInABatch) {
  Random random;
  for (int i = 0; i < same_bits_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = random.values(c.input, DType::float32);
    const Tensor w = random.values(c.weight, DType::float32);
    const Tensor dy = random.values(c.output, DType::float32);
    const Results batch = all_passes(c, x, w, dy);
    Configuration one = c;
    one.input[0] = one.output[0] = 1;
    for (std::int64_t n = 0; n < c.input[0]; ++n) {
      const auto image = [n](TensorView view) { return view.slice(0, n, n + 1); };
      const Results alone = all_passes(one, image(x), w, image(dy));
      ASSERT_TRUE(same_bits(alone.y, image(batch.y))) << c;
      ASSERT_TRUE(same_bits(alone.dx, image(batch.dx))) << c;
    }
  }
}

TEST(SameBits, ForBothMemoryFormats) {
  Random random;
  for (int i = 0; i < same_bits_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = random.values(c.input, DType::float32);
    const Tensor w = random.values(c.weight, DType::float32);
    const Tensor dy = random.values(c.output, DType::float32);
    constexpr auto last = MemoryFormat::channels_last;
    const Results plain = all_passes(c, x, w, dy);
    const Results turned = all_passes(c, x.clone(last), w.clone(last), dy.clone(last));
    ASSERT_TRUE(same_bits(turned.y, plain.y)) << c;
    ASSERT_TRUE(same_bits(turned.dx, plain.dx)) << c;
    ASSERT_TRUE(same_bits(turned.dw, plain.dw)) << c;
  }
}

}  // namespace
}  // namespace conv2d
