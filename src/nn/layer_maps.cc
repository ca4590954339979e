#include "nn/layer_maps.h"

#include "algorithm/epilogue.h"
#include "base/error.h"
#include "plan/choose.h"

#include <utility>

namespace conv2d {
namespace {

TensorView as_batch(TensorView view) { return view.rank() == 3 ? view.unsqueeze(0) : view; }

}  // namespace

LayerMaps LayerMaps::conv2d(TensorView input, TensorView weight,
                            const functional::Conv2dArguments& arguments, bool bias) {
  const DType out = value_or_throw(result_dtype(input.dtype(), weight.dtype()));
  const Types types{.x = input.dtype(), .w = weight.dtype(), .y = out};
  const Problem problem =
      value_or_throw(conv2d_problem(input.sizes(), weight.sizes(), bias, types, arguments));
  return LayerMaps(problem, input.rank() == 4, as_batch(input).memory_format(),
                   weight.memory_format());
}

LayerMaps LayerMaps::conv_transpose2d(TensorView input, TensorView weight,
                                      const functional::ConvTranspose2dArguments& arguments,
                                      bool bias) {
  const DType out = value_or_throw(result_dtype(input.dtype(), weight.dtype()));
  const Types types{.x = out, .w = weight.dtype(), .y = input.dtype()};
  const Problem problem = value_or_throw(
      conv_transpose2d_problem(input.sizes(), weight.sizes(), bias, types, arguments));
  return LayerMaps(problem, input.rank() == 4, as_batch(input).memory_format(),
                   weight.memory_format());
}

Tensor LayerMaps::apply(TensorView x, TensorView w, functional::OptionalView bias,
                        const functional::Epilogue& epilogue, KeptWeight* kept) const {
  if (const auto error = check(epilogue, output_sizes(), output_dtype())) {
    throw_invalid(error->message);
  }
  const functional::Epilogue batch = with_batch(epilogue);
  Problem problem = problem_;
  problem.bias = bias.has_value();
  const bool channels_last =
      input_format_ == MemoryFormat::channels_last || weight_format_ == MemoryFormat::channels_last;
  const auto format = channels_last ? MemoryFormat::channels_last : MemoryFormat::contiguous;
  return run(problem, x, w, bias, Tensor::uninitialized(layer_output(), output_dtype(), format),
             &batch, kept);
}

Tensor LayerMaps::pull_input(TensorView dy, TensorView w) const {
  const Pass pass = transposed() ? Pass::forward : Pass::backward_data;
  return run(problem_.with(pass, Conjugate::second), dy, w, std::nullopt,
             Tensor::uninitialized(layer_input(), input_dtype(), input_format_));
}

Tensor LayerMaps::pull_weight(TensorView x, TensorView dy) const {
  // backward_weight takes the convolution's x, then its y: for a transposed layer dy, then x.
  const Problem problem =
      problem_.with(Pass::backward_weight, transposed() ? Conjugate::second : Conjugate::first);
  Tensor dw = Tensor::uninitialized(problem_.w_sizes(), problem_.types.w, weight_format_);
  execute(problem,
          {as_batch(transposed() ? dy : x), as_batch(transposed() ? x : dy), std::nullopt, dw});
  return dw;
}

Tensor LayerMaps::run(const Problem& problem, TensorView first, TensorView second,
                      functional::OptionalView bias, Tensor result,
                      const functional::Epilogue* epilogue, KeptWeight* kept) const {
  execute(problem, {as_batch(first), second, bias, result, nullptr, epilogue}, kept);
  return batched_ ? std::move(result) : std::move(result).squeeze(0);
}

void check_bias(const LayerMaps& maps, const functional::OptionalView& bias, DType input_dtype) {
  if (!bias) {
    return;
  }
  if (bias->rank() != 1 || bias->sizes()[0] != maps.out_channels()) {
    throw_invalid(concat("Given weight of size ", to_string(maps.weight_sizes()),
                         ", expected bias to be 1-dimensional with ", maps.out_channels(),
                         " elements, but got bias of size ", to_string(bias->sizes()), " instead"));
  }
  if (bias->dtype() != maps.output_dtype()) {
    throw_invalid(concat("Input type (", name(input_dtype), ") and bias type (",
                         name(bias->dtype()), ") should be the same",
                         is_integer(input_dtype) ? "; the bias of integers is int32" : ""));
  }
}

}  // namespace conv2d
