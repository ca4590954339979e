// Vector instructions for the length of a scope.
#pragma once

#include <conv2d/dtype.h>

#include "simd/dispatch.h"
#include "simd/kernels.h"

#include <gtest/gtest.h>

#include <string_view>

namespace conv2d::testing {

/// Whether products and sums are rounded together, as the definition rounds them.
inline bool has_fused_multiply_add(std::string_view name) {
  return name != "SSE4" && name != "SSSE3" && name != "SSE2" && name != "EMU128" && name != "WASM";
}

/// Float64 is left to the reference where they do not (WebAssembly, in this version of Highway).
inline bool vectors_hold(DType dtype) {
  return dtype != DType::float64 || simd::kernels<double>().lanes > 0;
}

class Instructions {
 public:
  explicit Instructions(std::string_view name) : before_(simd::instructions_in_use()) {
    EXPECT_TRUE(simd::use_instructions(name)) << name;
  }
  ~Instructions() { simd::use_instructions(before_); }
  Instructions(const Instructions&) = delete;
  Instructions& operator=(const Instructions&) = delete;

 private:
  std::string_view before_;
};

}  // namespace conv2d::testing
