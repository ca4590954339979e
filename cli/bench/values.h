// What the numbers of a timed layer's input are. Processors differ in what subnormal numbers cost
// them, so that there is more than one kind.
#pragma once

#include <conv2d/random.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <string_view>

namespace conv2d::cli {

enum class Values : std::uint8_t {
  uniform,    ///< uniform in -1..1
  subnormal,  ///< uniform in all that is too small for float32's full precision
};

std::string_view name(Values values) noexcept;

/// What no number of the kind exceeds in magnitude. Errors divided by it are within the bound that
/// Plan::error_bound() says for numbers from -1 to 1. Of subnormal inputs too: a step may be off by
/// half of the spacing of such numbers, 2^-150, but that is u * 2^-126, and theory counts for no
/// fused step less than u times the largest input times the largest weight (for the products of
/// Winograd's sums 3.9 times that, by the matrices in src/simd/winograd_matrices.h). Where steps
/// are not fused it is the product alone that is rounded: sums of subnormal numbers are exact.
double scale_of(Values values) noexcept;

/// Fills a float32 tensor with numbers of the kind.
void fill(MutableTensorView tensor, Values values, Generator& generator);

}  // namespace conv2d::cli
