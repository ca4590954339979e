// Making an Explanation: the checks that a call of the layer makes, and what is asked of indices.
#include "base/error.h"
#include "explain/layer.h"
#include "explain/state.h"
#include "geometry/options.h"

#include <algorithm>
#include <utility>

namespace conv2d::explain {
namespace {

/// Every question about an axis takes time and memory in proportion to its length at most.
constexpr std::int64_t longest_axis = std::int64_t{1} << 24U;

void require_short(const Axis& axis, const char* name) {
  const std::int64_t padded = axis.pad_before + axis.input + axis.pad_after;
  const std::int64_t longest = std::max({padded, axis.extent(), axis.output});
  if (longest > longest_axis) {
    throw_invalid(concat("an explanation takes at most ", longest_axis, " ", name,
                         ", padding included, but got ", longest));
  }
}

Sizes without_batch(const Sizes& four, const Sizes& like) {
  return like.rank() == 4 ? four : Sizes{four[1], four[2], four[3]};
}

void require_valid(const std::optional<Error>& error) {
  if (error) {
    throw_invalid(error->message);
  }
}

functional::Conv2dArguments arguments_of(const Conv2dOptions& options) {
  return {options.stride, options.padding, options.dilation, options.groups, options.padding_mode};
}

functional::ConvTranspose2dArguments arguments_of(const ConvTranspose2dOptions& options) {
  return {options.stride, options.padding, options.output_padding, options.groups,
          options.dilation};
}

Layer with_sizes(const Problem& problem, const Sizes& input) {
  require_short(problem.rows, "rows");
  require_short(problem.columns, "columns");
  Layer layer;
  layer.problem = problem;
  layer.input = input;
  layer.weight = problem.w_sizes();
  layer.output = without_batch(layer.transposed() ? problem.x_sizes() : problem.y_sizes(), input);
  layer.input_dtype = layer.transposed() ? problem.types.y : problem.types.x;
  layer.weight_dtype = problem.types.w;
  layer.output_dtype = layer.transposed() ? problem.types.x : problem.types.y;
  return layer;
}

Layer layer_of(const Conv2dOptions& options, const Sizes& input, DType input_dtype) {
  require_valid(check(options));
  const Sizes weight{options.out_channels, options.in_channels / options.groups,
                     options.kernel_size.h, options.kernel_size.w};
  const Types types{.x = input_dtype,
                    .w = options.dtype,
                    .y = value_or_throw(result_dtype(input_dtype, options.dtype))};
  return with_sizes(
      value_or_throw(conv2d_problem(input, weight, options.bias, types, arguments_of(options))),
      input);
}

Layer layer_of(const ConvTranspose2dOptions& options, const Sizes& input, DType input_dtype) {
  require_valid(check(options));
  const Sizes weight{options.in_channels, options.out_channels / options.groups,
                     options.kernel_size.h, options.kernel_size.w};
  const Types types{.x = value_or_throw(result_dtype(input_dtype, options.dtype)),
                    .w = options.dtype,
                    .y = input_dtype};
  Layer layer = with_sizes(value_or_throw(conv_transpose2d_problem(input, weight, options.bias,
                                                                   types, arguments_of(options))),
                           input);
  layer.output_padding = options.output_padding;
  return layer;
}

template <class Module>
Layer layer_with_values(const Module& module, TensorView input) {
  Layer layer = layer_of(module.options(), input.sizes(), input.dtype());
  layer.input_values = input.rank() == 3 ? input.unsqueeze(0) : input;
  layer.weight_values = module.weight().view();
  if (module.bias()) {
    layer.bias_values = module.bias()->view();
  }
  return layer;
}

void require_inside(const char* what, const Index& index, std::int64_t batch, std::int64_t channels,
                    std::int64_t rows, std::int64_t columns) {
  const auto inside = [](std::int64_t i, std::int64_t size) { return i >= 0 && i < size; };
  if (!inside(index.batch, batch) || !inside(index.channel, channels) || !inside(index.row, rows) ||
      !inside(index.column, columns)) {
    throw_invalid(concat("there is no ", what, " (", index.channel, ", ", index.row, ", ",
                         index.column, ") in image ", index.batch, ": counted from 0, the ", what,
                         " has ", channels, " channels of ", rows, " rows and ", columns,
                         " columns in ", batch, batch == 1 ? " image" : " images"));
  }
}

}  // namespace

void Layer::require_input(const Index& index) const {
  require_inside("input", index, problem.batch, in_channels(), rows().inputs(), columns().inputs());
}

void Layer::require_output(const Index& index) const {
  require_inside("output", index, problem.batch, out_channels(), rows().outputs(),
                 columns().outputs());
}

void Layer::require_weight(const WeightIndex& index) const {
  const Sizes given{index.first, index.second, index.r, index.s};
  for (int dim = 0; dim < given.rank(); ++dim) {
    if (given[dim] < 0 || given[dim] >= weight[dim]) {
      throw_invalid(concat("there is no weight ", to_string(given), ": counted from 0, the weight ",
                           "has the sizes ", to_string(weight)));
    }
  }
}

void Layer::require_image(std::int64_t batch) const {
  if (batch < 0 || batch >= problem.batch) {
    throw_invalid(concat("there is no image ", batch, ": counted from 0, the input has ",
                         problem.batch, problem.batch == 1 ? " image" : " images"));
  }
}

void require_within(std::int64_t limit, const Checked& count, const char* what) {
  if (!count.ok() || count.value() > limit) {
    throw_invalid(concat("that would be ", count.ok() ? concat(count.value()) : "2^63 or more", " ",
                         what, ", but at most ", limit, " were asked for"));
  }
}

Explanation::Explanation(const Conv2dOptions& options, const Sizes& input)
    : state_(std::make_shared<const State>(State{layer_of(options, input, options.dtype)})) {}
Explanation::Explanation(const ConvTranspose2dOptions& options, const Sizes& input)
    : state_(std::make_shared<const State>(State{layer_of(options, input, options.dtype)})) {}
Explanation::Explanation(const Conv2d& layer, TensorView input)
    : state_(std::make_shared<const State>(State{layer_with_values(layer, input)})) {}
Explanation::Explanation(const ConvTranspose2d& layer, TensorView input)
    : state_(std::make_shared<const State>(State{layer_with_values(layer, input)})) {}

bool Explanation::transposed() const noexcept { return state_->layer.transposed(); }
bool Explanation::has_values() const noexcept { return state_->layer.has_values(); }
const Sizes& Explanation::input_sizes() const noexcept { return state_->layer.input; }
const Sizes& Explanation::weight_sizes() const noexcept { return state_->layer.weight; }
const Sizes& Explanation::output_sizes() const noexcept { return state_->layer.output; }

}  // namespace conv2d::explain
