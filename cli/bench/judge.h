// How far a result is from the truth: the definition once more, written out in float64, for a
// sample of the outputs. All outputs would take the definition longer than the layer takes by
// thousands of times.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <vector>

namespace conv2d::cli {

/// Which of `count` outputs are judged: the first and the last, and others that are spread evenly
/// over all of them in steps that fall on every channel, row and column alike. The same every time.
std::vector<std::int64_t> judged_outputs(std::int64_t count);

/// The largest |y - y'| / n over the judged outputs y, where y' is the definition in float64 and n
/// the number of its products, (C/G)*R*S: what Plan::error_bound() bounds, for numbers from -1
/// to 1. Infinite where an output is no number. float32 tensors of rank 4 and any strides, zeros
/// beyond the border, no bias.
double largest_error(TensorView input, TensorView weight,
                     const functional::Conv2dArguments& arguments, TensorView output);
/// The same of a transposed layer, with n = (C/G)*R*S of its own C, whatever the strides.
double largest_transposed_error(TensorView input, TensorView weight,
                                const functional::ConvTranspose2dArguments& arguments,
                                TensorView output);

}  // namespace conv2d::cli
