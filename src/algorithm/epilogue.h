// What is done to results after the last product and the bias: functional::Epilogue, checked, and
// applied to a part of the result at a time, while that is still in a cache.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/tensor.h>

#include "base/error.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace conv2d {

/// Why it does not fit a result of these sizes and this type, or nothing.
std::optional<Error> check(const functional::Epilogue& epilogue, const Sizes& result, DType dtype);

/// Whether there is one, and anything in it.
bool changes_results(const functional::Epilogue* epilogue) noexcept;

/// With a batch dimension before the residual's three, where it has no more.
functional::Epilogue with_batch(functional::Epilogue epilogue);

/// What is done to some of the results: `some` makes their view of one of all. Nothing where
/// nothing is done to any.
template <class Some>
functional::Epilogue part_of(const functional::Epilogue* all, const Some& some) {
  functional::Epilogue part = all == nullptr ? functional::Epilogue{} : *all;
  if (part.residual) {
    part.residual = some(*part.residual);
  }
  return part;
}

/// A part of a result. Rows of all images are counted in one sequence: N times as many as one has.
struct ResultPart {
  std::int64_t first_channel;
  std::int64_t channels;
  std::int64_t first_row;
  std::int64_t rows;
  std::int64_t first_column = 0;
  std::int64_t columns = std::numeric_limits<std::int64_t>::max();  ///< up to a row's end at most
};

/// An element of a result.
struct ResultPlace {
  std::int64_t n, k, p, q;

  std::int64_t offset(const Strides& strides) const {
    return n * strides[0] + k * strides[1] + p * strides[2] + q * strides[3];
  }
};

/// Applies the epilogue, where there is one, to a part of the result whose sums are complete. To
/// each element once, or the residual is added twice. Does not throw.
void finish(const MutableTensorView& result, const functional::Epilogue* epilogue,
            const ResultPart& part);

/// The same to complete sums that are still in scratch memory, side by side: those of `count`
/// pixels of a row, from `first` on. T is float or double.
template <class T>
void finish_sums(T* sums, std::int64_t count, const functional::Epilogue* epilogue,
                 const ResultPlace& first);

/// To all of the result, on all threads.
void finish_all(const MutableTensorView& result, const functional::Epilogue* epilogue);

}  // namespace conv2d
