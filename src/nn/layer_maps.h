// A convolution and a transposed convolution as one thing: a map of (x, w) that is linear in each,
// and its two adjoints. Gradients of both layers, of first and second order, are written once in
// terms of these three.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/tensor.h>

#include "geometry/problem.h"

namespace conv2d {

class KeptWeight;

/// The tensors of a call after its checks: rank 4, dtypes that go together, and the problem.
class LayerMaps {
 public:
  /// Both throw std::invalid_argument where functional::conv2d (conv_transpose2d) would.
  static LayerMaps conv2d(TensorView input, TensorView weight,
                          const functional::Conv2dArguments& arguments, bool bias);
  static LayerMaps conv_transpose2d(TensorView input, TensorView weight,
                                    const functional::ConvTranspose2dArguments& arguments,
                                    bool bias);

  /// y = layer(x, w) + bias, and the epilogue. `kept`, where there is one, holds this w packed for
  /// the next call. Throws std::invalid_argument where the epilogue does not fit.
  Tensor apply(TensorView x, TensorView w, functional::OptionalView bias,
               const functional::Epilogue& epilogue = {}, KeptWeight* kept = nullptr) const;
  /// The adjoint of x -> apply(x, w), at dy.
  Tensor pull_input(TensorView dy, TensorView w) const;
  /// The adjoint of w -> apply(x, w), at dy.
  Tensor pull_weight(TensorView x, TensorView dy) const;

  /// Sizes as the caller counts them: without a batch where the input has none.
  Sizes input_sizes() const { return unbatched(layer_input()); }
  Sizes weight_sizes() const { return problem_.w_sizes(); }
  Sizes output_sizes() const { return unbatched(layer_output()); }
  std::int64_t out_channels() const { return layer_output()[1]; }
  DType input_dtype() const { return transposed() ? problem_.types.y : problem_.types.x; }
  DType output_dtype() const { return transposed() ? problem_.types.x : problem_.types.y; }

 private:
  LayerMaps(const Problem& problem, bool batched, MemoryFormat input_format,
            MemoryFormat weight_format)
      : problem_(problem),
        batched_(batched),
        input_format_(input_format),
        weight_format_(weight_format) {}

  bool transposed() const { return problem_.pass == Pass::backward_data; }
  Sizes layer_input() const { return transposed() ? problem_.y_sizes() : problem_.x_sizes(); }
  Sizes layer_output() const { return transposed() ? problem_.x_sizes() : problem_.y_sizes(); }
  Sizes unbatched(const Sizes& sizes) const {
    return batched_ ? sizes : Sizes{sizes[1], sizes[2], sizes[3]};
  }
  Tensor run(const Problem& problem, TensorView first, TensorView second,
             functional::OptionalView bias, Tensor result,
             const functional::Epilogue* epilogue = nullptr, KeptWeight* kept = nullptr) const;

  Problem problem_;  // the layer's own pass
  bool batched_;
  MemoryFormat input_format_;
  MemoryFormat weight_format_;
};

/// Throws std::invalid_argument, in torch's words, where the bias does not fit.
void check_bias(const LayerMaps& maps, const functional::OptionalView& bias, DType input_dtype);

}  // namespace conv2d
