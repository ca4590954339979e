// The sum behind one output: which products, in which order, rounded how. The arithmetic is the
// reference's own (reference/arithmetic.h), so the value at the end is the layer's.
#include "base/error.h"
#include "explain/layer.h"
#include "explain/state.h"
#include "explain/terms.h"
#include "reference/arithmetic.h"

#include <array>
#include <type_traits>
#include <utility>

namespace conv2d::explain {
namespace {

/// An element or a sum as a Scalar: exactly. Integer sums are kept modulo 2^64, but only their
/// residue modulo 2^32 reaches the output, so that is what is shown, as an int32.
template <class T>
Scalar widen(T value) {
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    return static_cast<double>(reference::result<std::int32_t>(value));
  } else {
    return convert<Scalar>(value);
  }
}

/// Stands in for the sum where there are no values.
struct NoValues {
  void add(Term&) {}
  void end_channel(ChannelSum&) {}
  void finish(OutputSum&) const {}
};

/// The sum of one output as the reference makes it.
template <class A, class W, class Out>
class RunningSum {
  using S = reference::Sum<A, Out>;

 public:
  explicit RunningSum(const Layer& layer)
      : layer_(layer), input_(*layer.input_values), weight_(*layer.weight_values) {}

  void add(Term& term) {
    const WeightIndex& at = term.weight;
    const W weight = weight_(at.first, at.second, at.r, at.s);
    term.weight_value = widen(weight);
    if (term.counts()) {
      const Index& from = term.input;
      const A input = input_(from.batch, from.channel, from.row, from.column);
      const S a = reference::operand<S>(input);
      const S b = reference::operand<S>(weight);
      sum_ = reference::multiply_add(a, b, sum_);
      channel_ = reference::multiply_add(a, b, channel_);
      term.input_value = widen(input);
      term.product = widen(reference::product(a, b));
    }
    term.running = widen(sum_);
  }

  void end_channel(ChannelSum& channel) {
    channel.sum = widen(std::exchange(channel_, S{}));
    channel.running = widen(sum_);
  }

  void finish(OutputSum& result) const {
    S total = sum_;
    if (layer_.bias_values) {
      const TensorView& bias = *layer_.bias_values;
      const Out value =
          static_cast<const Out*>(bias.data())[result.output.channel * bias.strides()[0]];
      total += reference::operand<S>(value);
      result.bias = widen(value);
    }
    result.has_values = true;
    result.sum = widen(sum_);
    result.total = widen(total);
    result.value = widen(reference::result<Out>(total));
  }

 private:
  const Layer& layer_;
  reference::Array4<const A> input_;
  reference::Array4<const W> weight_;
  S sum_{};
  S channel_{};
};

/// Calls visit with the sum that fits the layer's dtypes.
template <class Visitor>
void with_sum(const Layer& layer, Visitor&& visit) {
  if (!layer.has_values()) {
    visit(NoValues{});
    return;
  }
  reference::dispatch_types(layer.input_dtype, layer.weight_dtype, layer.output_dtype,
                            [&]<class A, class W, class Out>(
                                std::type_identity<A>, std::type_identity<W>,
                                std::type_identity<Out>) { visit(RunningSum<A, W, Out>(layer)); });
}

DType sum_dtype(DType output) {
  return output == DType::bfloat16 || output == DType::float16 ? DType::float32 : output;
}

template <class Sum>
void fill(const Layer& layer, Sum sum, OutputSum& result) {
  walk_terms(layer, result.output, [&](Term& term) {
    if (result.channels.empty() || result.channels.back().channel != term.channel) {
      if (!result.channels.empty()) {
        sum.end_channel(result.channels.back());
      }
      result.channels.push_back({.channel = term.channel});
    }
    sum.add(term);
    if (term.counts()) {
      ++result.counting;
      ++result.channels.back().terms;
    }
    result.terms.push_back(term);
    return true;
  });
  if (!result.channels.empty()) {
    sum.end_channel(result.channels.back());
  }
  sum.finish(result);
}

}  // namespace

std::string_view name(TermKind kind) noexcept {
  constexpr std::array<std::string_view, 4> names = {"input", "border", "padding", "gap"};
  return names[static_cast<std::size_t>(kind)];
}

OutputSum Explanation::output(const Index& output, std::int64_t limit) const {
  const Layer& layer = state_->layer;
  layer.require_output(output);
  const std::int64_t terms =
      layer.in_channels_per_group() * layer.rows().taps() * layer.columns().taps();
  require_within(limit, terms, "terms");
  OutputSum result;
  result.transposed = layer.transposed();
  result.has_bias = layer.problem.bias;
  result.dtype = layer.output_dtype;
  result.sum_dtype = sum_dtype(layer.output_dtype);
  result.output = output;
  result.group = output.channel / layer.out_channels_per_group();
  result.terms.reserve(static_cast<std::size_t>(terms));
  with_sum(layer, [&](auto sum) { fill(layer, std::move(sum), result); });
  return result;
}

void Explanation::for_each_term(const Index& output,
                                const std::function<bool(const Term&)>& visit) const {
  const Layer& layer = state_->layer;
  layer.require_output(output);
  with_sum(layer, [&](auto sum) {
    walk_terms(layer, output, [&](Term& term) {
      sum.add(term);
      return visit(term);
    });
  });
}

}  // namespace conv2d::explain
