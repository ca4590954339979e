// Random numbers of the tests: a seed that is printed, and can be given, and one stream a test.
#pragma once

#include <conv2d/tensor.h>

#include "tensor/convert.h"
#include "tensor/dispatch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <string>

namespace conv2d::testing {

/// CONV2D_TEST_SEED where it is set, else another one each run; printed where it is first used.
inline std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("CONV2D_TEST_SEED");
    const std::uint64_t chosen =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "CONV2D_TEST_SEED=" << chosen << '\n' << std::flush;  // before a crash
    return chosen;
  }();
  return seed;
}

/// The random numbers of the test that is running: they depend on the seed and on the test's name,
/// not on which other tests run.
class Random {
 public:
  Random() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::uint64_t seed = test_seed();
    const std::uint64_t stream = std::hash<std::string>{}(test != nullptr ? test->name() : "");
    std::seed_seq mixed{seed, seed >> 32U, stream, stream >> 32U};
    engine_.seed(mixed);
  }

  std::int64_t between(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(engine_);
  }
  bool coin() { return between(0, 1) == 1; }
  double normal() { return std::normal_distribution<double>()(engine_); }

  /// Small whole numbers, of which products and sums are exact in every floating dtype.
  Tensor integers(const Sizes& sizes, DType dtype, std::int64_t least = -4, std::int64_t most = 4,
                  MemoryFormat format = MemoryFormat::contiguous) {
    return filled(sizes, dtype, format, [&] { return static_cast<double>(between(least, most)); });
  }

  /// Normally distributed numbers (integers: over the whole range of the dtype).
  Tensor values(const Sizes& sizes, DType dtype, MemoryFormat format = MemoryFormat::contiguous) {
    if (dtype == DType::int32) {
      return filled(sizes, dtype, format,
                    [&] { return static_cast<double>(between(INT32_MIN, INT32_MAX)); });
    }
    if (is_integer(dtype)) {
      return filled(sizes, dtype, format, [&] {
        return static_cast<double>(dtype == DType::int8 ? between(-128, 127) : between(0, 255));
      });
    }
    return filled(sizes, dtype, format, [&] { return normal(); });
  }

 private:
  template <class Draw>
  static Tensor filled(const Sizes& sizes, DType dtype, MemoryFormat format, Draw&& draw) {
    Tensor tensor = Tensor::uninitialized(sizes, dtype, format);
    dispatch(dtype, [&]<class T>(std::type_identity<T>) {
      T* element = tensor.data<T>();
      for (std::int64_t i = 0; i < tensor.numel(); ++i) {
        if constexpr (is_complex_type<T>) {
          using Part = typename T::value_type;
          const auto real = static_cast<Part>(draw());
          element[i] = T(real, static_cast<Part>(draw()));
        } else {
          element[i] = convert<T>(draw());
        }
      }
    });
    return tensor;
  }

  std::mt19937_64 engine_;
};

}  // namespace conv2d::testing
