// The relationships in values and not in sizes alone: what a transposed and a dilated convolution
// are by the guide's pictures (Dumoulin and Visin, arXiv:1603.07285, chapters 4 and 5), for every
// small size.
#include <conv2d/functional.h>

#include "support/tensors.h"
#include "teaching/sizes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace conv2d::testing {
namespace {

namespace F = functional;

/// Rows and columns `step` apart, zeros between: (1, i, i) becomes (1, (i-1)*step + 1, ...).
Tensor with_zeros_between(const Tensor& picture, std::int64_t step) {
  const std::int64_t size = (picture.size(1) - 1) * step + 1;
  Tensor stuffed({1, size, size});
  copy(picture, stuffed.mutable_view().slice(1, 0, size, step).slice(2, 0, size, step));
  return stuffed;
}

/// `before` zero rows and columns above and to the left, `after` below and to the right; a negative
/// number crops as many instead.
Tensor padded_or_cropped(const Tensor& picture, std::int64_t before, std::int64_t after) {
  const auto more = [](std::int64_t n) { return std::max(n, std::int64_t{0}); };
  const Tensor wide =
      F::pad(picture, Padding(more(before), more(after), more(before), more(after)));
  const std::int64_t first = more(-before);
  const std::int64_t end = wide.size(1) - more(-after);
  return wide.view().slice(1, first, end).slice(2, first, end).clone();
}

Tensor turned(const Tensor& kernel) {
  Tensor result = kernel.clone();
  std::reverse(result.data<float>(), result.data<float>() + result.numel());
  return result;
}

/// Small whole numbers that differ from their neighbours: all results are exact.
Tensor uneven(const Sizes& sizes) {
  Tensor tensor(sizes);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data<float>()[i] = static_cast<float>(i * i % 11 - 5);
  }
  return tensor;
}

// R8 to R14: zeros between the inputs (s - 1 of them), a border of d(k-1) - p, a more at the bottom
// and right, then a convolution of stride 1 with the kernel turned by 180 degrees.
TEST(Relationship, R8ToR14TransposedValuesAreThoseOfTheStuffedConvolution) {
  int cropped = 0;
  for (std::int64_t i = 1; i <= 5; ++i) {
    for (std::int64_t k = 1; k <= 4; ++k) {
      for (std::int64_t s = 1; s <= 3; ++s) {
        for (std::int64_t d = 1; d <= 2; ++d) {
          for (std::int64_t p = 0; p <= 4; ++p) {
            for (std::int64_t a = 0; a < s; ++a) {
              if ((i - 1) * s - 2 * p + d * (k - 1) + a + 1 <= 0) {
                continue;  // the padding takes all
              }
              const Tensor x = uneven({1, i, i});
              const Tensor w = uneven({1, 1, k, k});
              const std::int64_t border = d * (k - 1) - p;
              cropped += border < 0 ? 1 : 0;
              const Tensor stuffed =
                  padded_or_cropped(with_zeros_between(x, s), border, border + a);
              ASSERT_TRUE(same_bits(F::conv_transpose2d(x, w, {}, s, p, a, 1, d),
                                    F::conv2d(stuffed, turned(w), {}, 1, 0, d)))
                  << "i " << i << " k " << k << " s " << s << " p " << p << " d " << d << " a "
                  << a;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(cropped, 0);
}

TEST(Relationship, R15DilatedValuesAreThoseOfTheKernelWithZerosBetween) {
  for (std::int64_t k = 1; k <= 4; ++k) {
    for (std::int64_t d = 1; d <= 3; ++d) {
      const Tensor x = uneven({1, 12, 12});
      const Tensor w = uneven({1, 1, k, k});
      const Tensor stuffed = with_zeros_between(w.view().squeeze(0).clone(), d);
      EXPECT_EQ(stuffed.size(1), k + (k - 1) * (d - 1));
      EXPECT_TRUE(same_bits(F::conv2d(x, w, {}, 2, 1, d),
                            F::conv2d(x, stuffed.view().unsqueeze(0), {}, 2, 1)))
          << "k " << k << " d " << d;
    }
  }
}

// Average pooling is a convolution of each channel alone with equal weights.
TEST(Relationship, R7PoolingIsADepthwiseConvolution) {
  const Tensor x = counting({2, 6, 6});
  const Tensor w = Tensor::full({2, 1, 2, 2}, 0.25);
  const Tensor y = F::conv2d(x, w, {}, 2, 0, 1, 2);
  ASSERT_EQ(y.sizes(), Sizes({2, 3, 3}));
  for (std::int64_t c = 0; c < 2; ++c) {
    for (std::int64_t p = 0; p < 3; ++p) {
      for (std::int64_t q = 0; q < 3; ++q) {
        // The mean of four neighbours of 0, 1, 2, ... in rows of 6: the first plus (0+1+6+7)/4.
        EXPECT_EQ(y.at<float>({c, p, q}), x.at<float>({c, 2 * p, 2 * q}) + 3.5F);
      }
    }
  }
}

}  // namespace
}  // namespace conv2d::testing
