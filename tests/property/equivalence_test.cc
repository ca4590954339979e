// Arguments that can be had by other means: groups, dilation, padding and transposition are each a
// plain convolution of something rearranged.
#include "property/layers.h"

namespace conv2d::testing {
namespace {

namespace F = functional;

/// The elements `step` apart, zeros between, along dimensions 2 and 3.
Tensor stuffed(TensorView tensor, Pair step) {
  Sizes sizes = tensor.sizes();
  sizes[2] = (sizes[2] - 1) * step.h + 1;
  sizes[3] = (sizes[3] - 1) * step.w + 1;
  Tensor result(sizes, tensor.dtype());
  copy(tensor, result.mutable_view().slice(2, 0, sizes[2], step.h).slice(3, 0, sizes[3], step.w));
  return result;
}

/// Turned by 180 degrees along dimensions 2 and 3: the same memory read from its end.
TensorView turned(TensorView view) {
  Strides strides = view.strides();
  const std::int64_t last = (view.size(2) - 1) * strides[2] + (view.size(3) - 1) * strides[3];
  strides[2] = -strides[2];
  strides[3] = -strides[3];
  return TensorView(view.data<float>() + last, view.dtype(), view.sizes(), strides);
}

RC_GTEST_PROP(Equivalence, GroupsAreIndependentConvolutions, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const Tensor y = F::conv2d(x, w, {}, layer.arguments());
  F::Conv2dArguments alone = layer.arguments();
  alone.groups = 1;
  for (std::int64_t g = 0; g < layer.groups; ++g) {
    const auto cut = [g](const Tensor& tensor, int dim, std::int64_t count) {
      return tensor.view().slice(dim, g * count, (g + 1) * count);
    };
    require_same(
        F::conv2d(cut(x, 1, layer.in_per_group), cut(w, 0, layer.out_per_group), {}, alone),
        cut(y, 1, layer.out_per_group));
  }
}

RC_GTEST_PROP(Equivalence, DilationIsAKernelWithZerosBetween, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  F::Conv2dArguments dense = layer.arguments();
  dense.dilation = 1;
  require_same(F::conv2d(x, w, {}, layer.arguments()),
               F::conv2d(x, stuffed(w, layer.dilation()), {}, dense));
}

RC_GTEST_PROP(Equivalence, PaddingIsAWiderPictureWithoutPadding, ()) {
  const LayerDraw layer = draw_layer(draw_mode());
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  F::Conv2dArguments bare = layer.arguments();
  bare.padding = 0;
  bare.padding_mode = PaddingMode::zeros;
  require_same(F::conv2d(x, w, {}, layer.arguments()),
               F::conv2d(F::pad(x, layer.padding(), layer.mode), w, {}, bare));
}

// Zeros between the inputs, a border of dilation*(k-1) - padding (cropping where that is negative),
// output_padding more at the end, and a plain convolution with the kernel turned by 180 degrees.
RC_GTEST_PROP(Equivalence, ATransposedConvolutionIsTheStuffedOne, ()) {
  LayerDraw layer = draw_layer(PaddingMode::zeros);
  layer.groups = 1;
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.output());
  const Tensor w = draw_tensor(layer.weight());
  const Tensor y = F::conv_transpose2d(x, w, {}, layer.transposed());

  const std::int64_t rows = layer.rows.extent() - 1;
  const std::int64_t columns = layer.columns.extent() - 1;
  const Tensor wide = F::pad(
      stuffed(x, layer.stride()),
      Padding(rows, rows + layer.output_padding().h, columns, columns + layer.output_padding().w));
  const Tensor uncropped =
      F::conv2d(wide, turned(w.view().permute({1, 0, 2, 3})), {}, 1, 0, layer.dilation());
  const TensorView cropped =
      uncropped.view()
          .slice(2, layer.rows.before, uncropped.size(2) - layer.rows.after)
          .slice(3, layer.columns.before, uncropped.size(3) - layer.columns.after);
  require_same(y, cropped);
}

// Filters as the rows of a matrix, windows as the columns of another: their product is the layer.
RC_GTEST_PROP(Equivalence, UnfoldTimesWeightIsTheConvolution, ()) {
  LayerDraw layer = draw_layer(PaddingMode::zeros);
  layer.groups = 1;
  for (AxisDraw* axis : {&layer.rows, &layer.columns}) {
    axis->after = axis->before;  // unfold takes a pair
    axis->input = std::max(axis->input, axis->extent());
  }
  RC_LOG() << layer << '\n';
  const Tensor x = draw_tensor(layer.input());
  const Tensor w = draw_tensor(layer.weight());
  const Tensor columns =
      F::unfold(x, Pair(layer.rows.kernel, layer.columns.kernel), layer.dilation(),
                Pair(layer.rows.before, layer.columns.before), layer.stride());
  const std::int64_t taps = columns.size(1);
  Tensor product(layer.output());
  float* value = product.data<float>();
  for (std::int64_t n = 0; n < layer.batch; ++n) {
    for (std::int64_t k = 0; k < layer.out_channels(); ++k) {
      for (std::int64_t l = 0; l < columns.size(2); ++l, ++value) {
        for (std::int64_t t = 0; t < taps; ++t) {
          *value += w.data<float>()[k * taps + t] * columns.at<float>({n, t, l});
        }
      }
    }
  }
  require_same(F::conv2d(x, w, {}, layer.arguments()), product);
}

}  // namespace
}  // namespace conv2d::testing
