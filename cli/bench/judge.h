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

/// The largest |y - y'| / sum of |x w| over the judged outputs y, where y' and the sum are those of
/// the definition in float64: 0 where every term is zero and y is too. A sum of n products, added
/// in any order in float32, stays below n u / (1 - n u) with u = 2^-24 (Higham 2002, section 3.1).
/// float32 tensors of rank 4 and any strides, zeros beyond the border, no bias.
double largest_error(TensorView input, TensorView weight,
                     const functional::Conv2dArguments& arguments, TensorView output);

}  // namespace conv2d::cli
