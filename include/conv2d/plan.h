// A plan: which algorithm runs a given convolution, what it costs, and why it was chosen.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/machine.h>
#include <conv2d/options.h>
#include <conv2d/tensor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d {

class Tuning;

/// One line of the algorithm table, as the plan saw it.
struct Candidate {
  std::string_view name;
  bool taken = false;
  std::string reason;     ///< why it was taken, or why not
  bool possible = false;  ///< it could compute the layer: Plan::with_algorithm takes it
};

/// How an algorithm cuts the work into pieces.
struct Pieces {
  std::string tile;      ///< what is summed in registers at once
  std::string blocking;  ///< what stays in the caches meanwhile
  /// The share of the machine's rate at which the layer's multiply-adds should be done, by the
  /// algorithm's own arithmetic; above 1 where it needs fewer. 0 where it does not say.
  double efficiency = 0;
};

/// What a run reads, writes and holds.
struct PlanBytes {
  std::int64_t input = 0;
  std::int64_t weight = 0;
  std::int64_t output = 0;
  std::size_t packed_weight = 0;  ///< 0 where the algorithm reads the weight as it is
  std::size_t workspace = 0;      ///< with the threads that there are
};

/// How long a run should take by a model of the machine. Arithmetic and memory work at the same
/// time, so it takes as long as the slower of the two.
struct ExpectedTime {
  double arithmetic = 0;  ///< seconds for the multiply-adds
  double memory = 0;      ///< seconds for reading the input and the weight and writing the output
  bool in_cache = false;  ///< these stay in the last cache from one run to the next

  double seconds() const noexcept { return arithmetic > memory ? arithmetic : memory; }
  bool bound_by_arithmetic() const noexcept { return arithmetic >= memory; }
};

/// A layer's weight in the order in which a plan's algorithm reads it: packed once, run often.
class PackedWeight {
 public:
  std::size_t bytes() const noexcept;

 private:
  friend class Plan;
  struct State;
  explicit PackedWeight(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Made once for a shape, used for any number of runs. Small, cheap to copy, never changes; the
/// choice depends on neither the batch size nor the number of threads.
class Plan {
 public:
  /// For conv2d of an input and a weight of these sizes. Any strides may be run; it is made for
  /// tensors in `format`. Throws as functional::conv2d does.
  static Plan conv2d(const Sizes& input, const Sizes& weight, bool bias, DType dtype,
                     const functional::Conv2dArguments& arguments,
                     MemoryFormat format = MemoryFormat::contiguous);
  /// For conv_transpose2d of an input and a weight of these sizes.
  static Plan conv_transpose2d(const Sizes& input, const Sizes& weight, bool bias, DType dtype,
                               const functional::ConvTranspose2dArguments& arguments,
                               MemoryFormat format = MemoryFormat::contiguous);

  /// The same layer run by the algorithm of that name, whatever the choice would have been: for
  /// comparing. Throws std::invalid_argument where there is none, and where it refuses the layer.
  Plan with_algorithm(std::string_view name) const;
  /// The same layer run as the tuning says, or where it says nothing as the plan's own reasons do.
  /// The functions above do so with default_tuning().
  Plan with_tuning(const Tuning& tuning) const;

  std::string_view algorithm() const noexcept;
  const Sizes& input_sizes() const noexcept;
  const Sizes& weight_sizes() const noexcept;
  const Sizes& output_sizes() const noexcept;
  /// Multiply-adds of the definition: N*K*P*Q*(C/G)*R*S, terms in the padding counted too.
  std::int64_t multiply_adds() const noexcept;
  /// Bytes of scratch memory that run() takes besides its tensors, at most; lists of a few KiB are
  /// not counted. Up to 32 MiB of it, of all threads together, are kept for later runs, in pieces
  /// that are up to an eighth larger: a system takes long to hand them out anew.
  std::size_t workspace_bytes() const noexcept;
  /// No output of a run without bias is further from the truth than this times the number of its
  /// products, (C/G)*R*S, times the largest magnitude in the input, times that in the weight; as
  /// long as nothing overflows or underflows. Nothing where that is not known: for transposed
  /// layers, and for dtypes other than float32 and float64.
  /// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1.
  std::optional<double> error_bound() const noexcept;
  PlanBytes bytes() const;
  Pieces pieces() const;
  /// Operations for a byte of input, weight and output, each moved once; 0 where there is none.
  double arithmetic_intensity() const;
  /// By what the machine does with the threads that `rates` are for. A lower bound where the
  /// algorithm does not say its efficiency.
  ExpectedTime expected_time(const Rates& rates) const;
  /// The whole table in the order in which it was asked.
  const std::vector<Candidate>& candidates() const noexcept;
  DType dtype() const noexcept;
  MemoryFormat format() const noexcept;
  /// All of the above in plain words, one line a fact.
  std::string explain(const Rates& rates) const;
  /// With estimate_rates(num_threads()).
  std::string explain() const;

  /// Computes into `output`, which may have any strides, but must overlap neither the others, the
  /// epilogue's residual among them, nor itself.
  /// Throws std::invalid_argument where a tensor is not what the plan was made for.
  void run(TensorView input, TensorView weight, std::optional<TensorView> bias,
           MutableTensorView output, const functional::Epilogue& epilogue = {}) const;

  /// The weight for any number of runs of this plan, or of one for the same layer and other input
  /// sizes, whose sums are then those of this plan's algorithm. Throws as run() does.
  PackedWeight pack(TensorView weight) const;
  /// As above, without the time that packing takes.
  void run(TensorView input, const PackedWeight& weight, std::optional<TensorView> bias,
           MutableTensorView output, const functional::Epilogue& epilogue = {}) const;

 private:
  void check(TensorView input, std::optional<TensorView> bias, MutableTensorView output,
             const functional::Epilogue& epilogue) const;
  struct State;
  explicit Plan(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace conv2d
