// What every algorithm says of itself. One algorithm a file; one line each in table.cc.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/plan.h>
#include <conv2d/tensor.h>

#include "geometry/problem.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace conv2d {

/// The tensors of one run, all of rank 4 (bias: 1) and checked against the problem.
///   pass              first   second   result
///   forward           x       w        y
///   backward_data     dy      w        dx
///   backward_weight   x       dy       dw
struct Operands {
  TensorView first;
  TensorView second;
  functional::OptionalView bias;
  MutableTensorView result;
  /// `second` as the algorithm's pack() left it, where it has one.
  const std::byte* packed = nullptr;
  /// What else is done to each result; nullptr, or an empty one, where nothing is.
  const functional::Epilogue* epilogue = nullptr;
};

struct Algorithm {
  std::string_view name;
  /// One clause for Plan::explain: what it is good for.
  std::string_view purpose;
  /// Nothing where it can compute the problem, else the reason why not.
  std::optional<std::string_view> (*refuses)(const Problem& problem);
  /// Of a problem that it can compute: nothing where it would, else the reason why an algorithm
  /// after it in the table should be faster. A plan that is told to, by name or by a tuning, takes
  /// it all the same. nullptr where it yields nothing.
  std::optional<std::string_view> (*yields)(const Problem& problem) = nullptr;
  /// Bytes of scratch memory that run() takes with the threads that there are, at most and whatever
  /// strides its tensors have.
  std::size_t (*workspace_bytes)(const Problem& problem);
  /// An algorithm that wants the weight in another order says how many bytes that takes, and makes
  /// it; nullptr where it reads the weight as it is. What is packed serves every batch and size of
  /// the input, windows of it too, until the instructions in use change.
  std::size_t (*packed_bytes)(const Problem& problem) = nullptr;
  void (*pack)(const Problem& problem, TensorView weight, std::byte* packed) = nullptr;
  void (*run)(const Problem& problem, const Operands& operands) = nullptr;
  /// Whether run() finishes its results itself (epilogue.h), part by part while they are in a
  /// cache.
  bool finishes = false;
  /// Whether an output column has the same bits whatever others are computed in a run: then rows
  /// that are too wide for it are cut (column_windows.h).
  bool takes_columns = false;
  /// How far a forward result without bias may be from the truth, as Plan::error_bound() says;
  /// nullptr where the bound of the definition's sums holds.
  double (*error_bound)(const Problem& problem) = nullptr;
  /// How it cuts a problem into pieces, from the problem alone: a plan asks when it is asked.
  /// nullptr where there is nothing to tell.
  Pieces (*describe)(const Problem& problem) = nullptr;

  /// Whether a plan that asks it first takes it.
  bool takes(const Problem& problem) const {
    return !refuses(problem) && (yields == nullptr || !yields(problem));
  }
};

/// All of them, in the order in which a plan asks. The last one takes everything.
std::span<const Algorithm* const> algorithms() noexcept;

}  // namespace conv2d
