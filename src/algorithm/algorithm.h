// What every algorithm says of itself. One algorithm a file; one line each in table.cc.
#pragma once

#include <conv2d/functional.h>
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
};

struct Algorithm {
  std::string_view name;
  /// One clause for Plan::explain: what it is good for.
  std::string_view purpose;
  /// Nothing where it can compute the problem, else the reason why not.
  std::optional<std::string_view> (*refuses)(const Problem& problem);
  /// Bytes of scratch memory that run() takes.
  std::size_t (*workspace_bytes)(const Problem& problem);
  void (*run)(const Problem& problem, const Operands& operands);
};

/// All of them, in the order in which a plan asks. The last one refuses nothing.
std::span<const Algorithm* const> algorithms() noexcept;

}  // namespace conv2d
