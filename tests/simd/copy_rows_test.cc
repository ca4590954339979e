// Rows copied and split, on every instruction set of this machine.
#include "simd/copy_rows.h"

#include "simd/dispatch.h"
#include "support/instructions.h"
#include "support/random.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace conv2d {
namespace {

using testing::Instructions;
using testing::Random;

template <class T>
class CopiedRows : public ::testing::Test {
 protected:
  static constexpr std::size_t rows = 2;

  void SetUp() override {
    if (!testing::vectors_hold(dtype_of<T>)) {
      GTEST_SKIP();
    }
  }

  /// Two rows that end where the memory does, so that a sanitizer sees what is read beyond.
  std::vector<T> two_rows(std::size_t length) {
    std::vector<T> numbers(rows * length);
    for (T& number : numbers) {
      number = static_cast<T>(random_.normal());
    }
    return numbers;
  }

  Random random_;
};
using ElementTypesOfRows = ::testing::Types<float, double>;
TYPED_TEST_SUITE(CopiedRows, ElementTypesOfRows);

TYPED_TEST(CopiedRows, AreTheElementsAStrideApartAndNoOther) {
  using T = TypeParam;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (std::size_t stride = 1; stride <= 5; ++stride) {
      for (std::size_t count = 1; count <= 70; ++count) {
        const std::size_t length = (count - 1) * stride + 1;
        const std::vector<T> from = this->two_rows(length);
        const std::size_t step = count + 1;
        std::vector<T> to(this->rows * step, T{-9});
        simd::row_copies<T>().copy({from.data(), static_cast<std::ptrdiff_t>(length),
                                    static_cast<std::ptrdiff_t>(stride), to.data(),
                                    static_cast<std::ptrdiff_t>(step), this->rows, count});
        for (std::size_t i = 0; i < to.size(); ++i) {
          const T expected =
              i % step == count ? T{-9} : from[i / step * length + i % step * stride];
          ASSERT_EQ(to[i], expected) << name << ", stride " << stride << ", element " << i;
        }
      }
    }
  }
}

TYPED_TEST(CopiedRows, AreDealtInTurns) {
  using T = TypeParam;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (const std::size_t ways : {2U, 4U}) {
      for (std::size_t count = 1; count <= 50; ++count) {
        const std::size_t length = ways * count;
        const std::vector<T> from = this->two_rows(length);
        const std::size_t step = count + 1;
        std::vector<T> to(ways * this->rows * step, T{-9});
        simd::row_copies<T>().deal({from.data(), static_cast<std::ptrdiff_t>(length), ways,
                                    to.data(), static_cast<std::ptrdiff_t>(this->rows * step),
                                    static_cast<std::ptrdiff_t>(step), this->rows, count});
        for (std::size_t i = 0; i < to.size(); ++i) {
          const std::size_t way = i / step / this->rows;
          const std::size_t row = i / step % this->rows;
          const T expected = i % step == count ? T{-9} : from[row * length + i % step * ways + way];
          ASSERT_EQ(to[i], expected) << name << ", " << ways << " ways, element " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace conv2d
