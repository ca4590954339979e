// conv2d and conv_transpose2d as functions.
#include "conv2d/functional.h"

#include "nn/layer_maps.h"

namespace conv2d::functional {

Tensor conv2d(TensorView input, TensorView weight, OptionalView bias, Pair stride, Padding padding,
              Pair dilation, std::int64_t groups) {
  return conv2d(input, weight, bias, Conv2dArguments{stride, padding, dilation, groups});
}

Tensor conv2d(TensorView input, TensorView weight, OptionalView bias,
              const Conv2dArguments& arguments, const Epilogue& epilogue) {
  const LayerMaps maps = LayerMaps::conv2d(input, weight, arguments, bias.has_value());
  check_bias(maps, bias, input.dtype());
  return maps.apply(input, weight, bias, epilogue);
}

Tensor conv_transpose2d(TensorView input, TensorView weight, OptionalView bias, Pair stride,
                        Padding padding, Pair output_padding, std::int64_t groups, Pair dilation) {
  return conv_transpose2d(
      input, weight, bias,
      ConvTranspose2dArguments{stride, padding, output_padding, groups, dilation});
}

Tensor conv_transpose2d(TensorView input, TensorView weight, OptionalView bias,
                        const ConvTranspose2dArguments& arguments, const Epilogue& epilogue) {
  const LayerMaps maps = LayerMaps::conv_transpose2d(input, weight, arguments, bias.has_value());
  check_bias(maps, bias, input.dtype());
  return maps.apply(input, weight, bias, epilogue);
}

}  // namespace conv2d::functional
