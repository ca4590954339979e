#include "run.h"

#include <conv2d/explain.h>
#include <conv2d/functional.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace conv2d::cli {
namespace {

// Bands begin at multiples of this, so that an algorithm that works in tiles of rows (of 2, 3, 4 or
// 6) cuts the same tiles in a band as in the whole.
constexpr std::int64_t band_rows = 48;

// explain resolves the padding of axes up to 2^24, padding included.
constexpr std::int64_t longest_axis = std::int64_t{1} << 23U;

// One band of output rows as a convolution of its own: the input rows that it reads, with only as
// much of the padding as it meets.
struct Band {
  std::int64_t input_begin;
  std::int64_t input_end;
  Padding padding;
};

Band band_of(const explain::SizeArithmetic& sizes, std::int64_t begin, std::int64_t end) {
  const explain::AxisSize& rows = sizes.rows;
  const std::int64_t first = begin * rows.stride - rows.pad_before;
  const std::int64_t last = (end - 1) * rows.stride - rows.pad_before + rows.extent;
  const std::int64_t input_begin = std::clamp<std::int64_t>(first, 0, rows.input);
  const std::int64_t input_end = std::clamp<std::int64_t>(last, 0, rows.input);
  return {input_begin, input_end,
          Padding(input_begin - first, last - input_end, sizes.columns.pad_before,
                  sizes.columns.pad_after)};
}

// Whether a layer can be run in bands. A border mode must find the rows that it reads in its band:
// circular never does, reflect and replicate do where the border is less than half of a band.
bool can_band(const Conv2d& layer, const explain::SizeArithmetic& sizes) {
  const explain::AxisSize& rows = sizes.rows;
  const std::int64_t border = std::max(rows.pad_before, rows.pad_after) + rows.extent;
  return layer.options().padding_mode != PaddingMode::circular && rows.output >= 2 * band_rows &&
         border < band_rows / 2;
}

functional::Conv2dArguments arguments_of(const Conv2dOptions& options, Padding padding) {
  return {options.stride, padding, options.dilation, options.groups, options.padding_mode};
}

std::optional<TensorView> view_of(const std::optional<Tensor>& tensor) {
  return tensor ? std::optional(tensor->view()) : std::nullopt;
}

// The rows of one image, band by band; nothing where a band would run another algorithm.
std::optional<Tensor> run_in_bands(const Conv2d& layer, TensorView image, Progress& progress) {
  if (image.size(-1) > longest_axis || image.size(-2) > longest_axis) {
    return std::nullopt;
  }
  const explain::Explanation explanation(layer.options(), image.sizes());
  const explain::SizeArithmetic sizes = explanation.sizes();
  if (!can_band(layer, sizes)) {
    return std::nullopt;
  }
  const std::int64_t rows = sizes.rows.output;
  const std::string_view algorithm = layer.plan(image.sizes()).algorithm();
  const Sizes whole = layer.output_sizes(image.sizes());
  Tensor output = Tensor::uninitialized(
      whole, is_integer(layer.options().dtype) ? DType::int32 : layer.options().dtype);
  const int row_dim = image.rank() - 2;
  for (std::int64_t begin = 0; begin < rows;) {
    // The last band takes what would be too short for a band of its own.
    const std::int64_t end = rows - begin < 2 * band_rows ? rows : begin + band_rows;
    const Band band = band_of(sizes, begin, end);
    const TensorView input = image.slice(row_dim, band.input_begin, band.input_end);
    const functional::Conv2dArguments arguments = arguments_of(layer.options(), band.padding);
    const Plan plan = Plan::conv2d(input.sizes(), layer.weight().sizes(), layer.bias().has_value(),
                                   layer.options().dtype, arguments);
    if (plan.algorithm() != algorithm) {
      return std::nullopt;
    }
    plan.run(input, layer.weight(), view_of(layer.bias()),
             output.mutable_view().slice(row_dim, begin, end));
    begin = end;
    progress.set(static_cast<double>(begin) / static_cast<double>(rows));
  }
  return output;
}

template <class Any>
Tensor run_batch(const Any& layer, TensorView input, Progress& progress) {
  const std::int64_t batch = input.size(0);
  std::optional<Tensor> output;
  for (std::int64_t n = 0; n < batch; ++n) {
    const Tensor one = layer(input.slice(0, n, n + 1));
    if (!output) {
      output = Tensor::uninitialized(layer.output_sizes(input.sizes()), one.dtype());
    }
    copy(one, output->mutable_view().slice(0, n, n + 1));
    progress.set(static_cast<double>(n + 1) / static_cast<double>(batch));
  }
  return *std::move(output);
}

}  // namespace

Tensor run(const Layer& layer, TensorView input, Progress& progress) {
  return std::visit(
      [&](const auto& any) {
        if (progress.visible() && input.rank() == 4 && input.size(0) > 1) {
          return run_batch(any, input, progress);
        }
        if constexpr (std::is_same_v<std::decay_t<decltype(any)>, Conv2d>) {
          const bool image = input.rank() == 3 || input.rank() == 4;
          if (progress.visible() && image && input.dtype() == any.options().dtype) {
            if (std::optional<Tensor> output = run_in_bands(any, input, progress)) {
              return *std::move(output);
            }
          }
        }
        return any(input);
      },
      layer.module);
}

}  // namespace conv2d::cli
