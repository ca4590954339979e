// The fifteen relationships of "A guide to convolution arithmetic for deep learning" (Dumoulin and
// Visin, arXiv:1603.07285), each for every small size it speaks of. i is the input, o the output, k
// the kernel, s the stride, p the padding, d the dilation, a the output_padding.
#include "teaching/sizes.h"

#include <gtest/gtest.h>

namespace conv2d::testing {
namespace {

constexpr std::int64_t most_input = 9;
constexpr std::int64_t most_kernel = 5;
constexpr std::int64_t most_stride = 4;

/// Calls check(i, k, s, p) wherever the kernel fits, p < k.
template <class Check>
void for_each_convolution(Check&& check) {
  for (std::int64_t i = 1; i <= most_input; ++i) {
    for (std::int64_t k = 1; k <= most_kernel; ++k) {
      for (std::int64_t p = 0; p < k; ++p) {
        for (std::int64_t s = 1; i + 2 * p >= k && s <= most_stride; ++s) {
          check(i, k, s, p);
        }
      }
    }
  }
}

TEST(Relationship, R1WithoutPaddingAtUnitStride) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    if (s == 1 && p == 0) {
      EXPECT_EQ(conv_size(i, k), i - k + 1);
    }
  });
}

TEST(Relationship, R2WithPaddingAtUnitStride) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    if (s == 1) {
      EXPECT_EQ(conv_size(i, k, 1, p), i - k + 2 * p + 1);
    }
  });
}

TEST(Relationship, R3HalfPaddingKeepsTheSize) {
  for (std::int64_t n = 0; n <= 3; ++n) {
    for (std::int64_t i = 1; i <= most_input; ++i) {
      EXPECT_EQ(conv_size(i, 2 * n + 1, 1, n), i);
    }
  }
}

TEST(Relationship, R4FullPaddingMakesItLarger) {
  for (std::int64_t k = 1; k <= most_kernel; ++k) {
    for (std::int64_t i = 1; i <= most_input; ++i) {
      EXPECT_EQ(conv_size(i, k, 1, k - 1), i + k - 1);
    }
  }
}

TEST(Relationship, R5AndR7StrideWithoutPaddingAsPoolingHasIt) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    if (p == 0) {
      EXPECT_EQ(conv_size(i, k, s), (i - k) / s + 1);
    }
  });
}

TEST(Relationship, R6StrideAndPadding) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    EXPECT_EQ(conv_size(i, k, s, p), (i + 2 * p - k) / s + 1);
  });
}

TEST(Relationship, R8TransposedWithoutPadding) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    if (s == 1 && p == 0) {
      EXPECT_EQ(transposed_size(conv_size(i, k), k), i);
      EXPECT_EQ(transposed_size(i, k), i + k - 1);
    }
  });
}

TEST(Relationship, R9TransposedWithPadding) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    const std::int64_t expected = i + k - 1 - 2 * p;
    if (s == 1 && expected > 0) {
      EXPECT_EQ(transposed_size(i, k, 1, p), expected);
    }
  });
}

TEST(Relationship, R10TransposedHalfPaddingKeepsTheSize) {
  for (std::int64_t n = 0; n <= 3; ++n) {
    for (std::int64_t i = 1; i <= most_input; ++i) {
      EXPECT_EQ(transposed_size(i, 2 * n + 1, 1, n), i);
    }
  }
}

TEST(Relationship, R11TransposedFullPaddingMakesItSmaller) {
  for (std::int64_t k = 1; k <= most_kernel; ++k) {
    for (std::int64_t i = k; i <= most_input; ++i) {
      EXPECT_EQ(transposed_size(i, k, 1, k - 1), i - (k - 1));
    }
  }
}

TEST(Relationship, R12TransposedStrideWhereItDivides) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    if (p == 0 && (i - k) % s == 0) {
      const std::int64_t o = conv_size(i, k, s);
      EXPECT_EQ(transposed_size(o, k, s), s * (o - 1) + k);
      EXPECT_EQ(transposed_size(o, k, s), i);
    }
  });
}

TEST(Relationship, R13TransposedStrideAndPaddingWhereItDivides) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    if ((i + 2 * p - k) % s == 0) {
      const std::int64_t o = conv_size(i, k, s, p);
      EXPECT_EQ(transposed_size(o, k, s, p), s * (o - 1) + k - 2 * p);
      EXPECT_EQ(transposed_size(o, k, s, p), i);
    }
  });
}

TEST(Relationship, R14OutputPaddingChoosesAmongTheSizesThatShareAnOutput) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    const std::int64_t a = (i + 2 * p - k) % s;
    const std::int64_t o = conv_size(i, k, s, p);
    EXPECT_EQ(transposed_size(o, k, s, p, a), s * (o - 1) + a + k - 2 * p);
    EXPECT_EQ(transposed_size(o, k, s, p, a), i);
  });
}

TEST(Relationship, R15Dilation) {
  for_each_convolution([](auto i, auto k, auto s, auto p) {
    for (std::int64_t d = 1; d <= 3; ++d) {
      const std::int64_t room = i + 2 * p - k - (k - 1) * (d - 1);
      if (room >= 0) {
        EXPECT_EQ(conv_size(i, k, s, p, d), room / s + 1);
      }
    }
  });
}

}  // namespace
}  // namespace conv2d::testing
