// unfold (im2col) and fold (col2im): a convolution's windows made visible, and their transpose.
#include "base/checked.h"
#include "base/error.h"
#include "conv2d/functional.h"
#include "conv2d/nn.h"
#include "geometry/axis.h"
#include "geometry/options.h"
#include "reference/arithmetic.h"
#include "tensor/dispatch.h"

#include <utility>

namespace conv2d {
namespace {

/// The windows of both axes, and what their columns are made of.
struct Windows {
  Axis rows;
  Axis columns;
  std::int64_t channels = 0;

  std::int64_t per_channel() const { return rows.kernel * columns.kernel; }
  std::int64_t count() const { return rows.output * columns.output; }
};

std::string in_parentheses(Pair pair) { return concat("(", pair.h, ", ", pair.w, ")"); }

std::string describe(const UnfoldOptions& options) {
  return concat("kernel_size=", in_parentheses(options.kernel_size),
                ", dilation=", in_parentheses(options.dilation),
                ", padding=", in_parentheses(options.padding),
                ", stride=", in_parentheses(options.stride));
}

Windows windows_of(Pair size, std::int64_t channels, const UnfoldOptions& options) {
  const Pair kernel = options.kernel_size;
  const auto rows =
      value_or_throw(forward_axis({size.h, kernel.h, options.stride.h, options.dilation.h,
                                   options.padding.h, options.padding.h},
                                  Padding::Rule::sides));
  const auto columns =
      value_or_throw(forward_axis({size.w, kernel.w, options.stride.w, options.dilation.w,
                                   options.padding.w, options.padding.w},
                                  Padding::Rule::sides));
  return {rows, columns, channels};
}

void check_or_throw(const std::optional<Error>& error) {
  if (error) {
    throw_invalid(error->message);
  }
}

/// The windows of an input (N, C, H, W) or (C, H, W). Throws as unfold does.
Windows unfold_windows(const Sizes& input, const UnfoldOptions& options) {
  check_or_throw(check(options));
  const int rank = input.rank();
  bool shaped = rank == 3 || rank == 4;
  for (int dim = rank - 3; shaped && dim < rank; ++dim) {
    shaped = input[dim] > 0;
  }
  if (!shaped || (rank == 4 && input[0] < 0)) {
    throw_invalid(
        concat("Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and "
               "other non-zero dimensions for input, but got: ",
               to_string(input)));
  }
  const Windows windows =
      windows_of(Pair(input[rank - 2], input[rank - 1]), input[rank - 3], options);
  if (windows.rows.output <= 0 || windows.columns.output <= 0) {
    throw_invalid(concat("Given input with spatial size (", input[rank - 2], ", ", input[rank - 1],
                         "), ", describe(options),
                         ", calculated shape of the array of sliding blocks as (",
                         windows.rows.output, ", ", windows.columns.output,
                         "), but its components must be at least one."));
  }
  return windows;
}

/// The windows that an input (N, C*R*S, L) or (C*R*S, L) holds. Throws as fold does.
Windows fold_windows(const Sizes& input, const FoldOptions& options) {
  check_or_throw(check(options));
  const int rank = input.rank();
  const bool shaped = (rank == 2 || rank == 3) && input[rank - 2] > 0 && input[rank - 1] > 0;
  if (!shaped || (rank == 3 && input[0] < 0)) {
    throw_invalid(
        concat("Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch "
               "size and non-zero dimensions for input, but got: ",
               to_string(input)));
  }
  const UnfoldOptions unfold{options.kernel_size, options.dilation, options.padding,
                             options.stride};
  Windows windows = windows_of(options.output_size, 0, unfold);
  const std::int64_t rows = input[rank - 2];
  if (rows % options.kernel_size.h != 0 ||
      rows / options.kernel_size.h % options.kernel_size.w != 0) {
    throw_invalid(concat("Expected size of input's dimension ", rank - 2,
                         " to be divisible by the product of kernel_size, but got input.size(",
                         rank - 2, ")=", rows,
                         " and kernel_size=", in_parentheses(options.kernel_size), "."));
  }
  windows.channels = rows / options.kernel_size.h / options.kernel_size.w;
  // Quotients, not the product, which may not fit 63 bits for a hostile output_size.
  const bool fits = windows.rows.output > 0 && windows.columns.output > 0 &&
                    input[rank - 1] % windows.rows.output == 0 &&
                    input[rank - 1] / windows.rows.output == windows.columns.output;
  if (!fits) {
    throw_invalid(concat("Given output_size=", in_parentheses(options.output_size), ", ",
                         describe(unfold), ", expected size of input's dimension ", rank - 1,
                         " to match the calculated number of sliding blocks ", windows.rows.output,
                         " * ", windows.columns.output, ", but got input.size(", rank - 1,
                         ")=", input[rank - 1], "."));
  }
  return windows;
}

Sizes unfolded_sizes(const Sizes& input, const Windows& windows) {
  const Checked rows = Checked(windows.channels) * windows.rows.kernel * windows.columns.kernel;
  const Checked blocks = Checked(windows.rows.output) * windows.columns.output;
  if (!rows.ok() || !blocks.ok()) {
    throw_invalid(concat("unfold of ", to_string(input), " has more than 2^63 - 1 elements"));
  }
  return input.rank() == 4 ? Sizes{input[0], rows.value(), blocks.value()}
                           : Sizes{rows.value(), blocks.value()};
}

Sizes folded_sizes(const Sizes& input, const Windows& windows) {
  return input.rank() == 3
             ? Sizes{input[0], windows.channels, windows.rows.input, windows.columns.input}
             : Sizes{windows.channels, windows.rows.input, windows.columns.input};
}

/// A view of columns (N, C*R*S, L) as Array4 indices (n, (c*R + r)*S + s, p*Q + q, 0).
TensorView columns_view(TensorView view) {
  return (view.rank() == 2 ? view.unsqueeze(0) : view).unsqueeze(3);
}

template <class T>
void unfold_typed(const Windows& windows, TensorView input, MutableTensorView output) {
  const reference::Array4<const T> x(input);
  T* column = static_cast<T*>(output.data());  // packed: filled from front to back
  for (std::int64_t n = 0; n < input.sizes()[0]; ++n) {
    for (std::int64_t c = 0; c < windows.channels; ++c) {
      for (std::int64_t tap = 0; tap < windows.per_channel(); ++tap) {
        const std::int64_t r = tap / windows.columns.kernel;
        const std::int64_t s = tap % windows.columns.kernel;
        for (std::int64_t p = 0; p < windows.rows.output; ++p) {
          const std::int64_t h = source_index(windows.rows, PaddingMode::zeros, p, r);
          for (std::int64_t q = 0; q < windows.columns.output; ++q) {
            const std::int64_t w = source_index(windows.columns, PaddingMode::zeros, q, s);
            *column++ = h == nowhere || w == nowhere ? T{} : x(n, c, h, w);
          }
        }
      }
    }
  }
}

/// Each output element is one sum over r, p, s, q.
template <class T>
void fold_typed(const Windows& windows, TensorView input, MutableTensorView output) {
  using S = reference::Sum<T, T>;
  const reference::Array4<const T> columns(input);
  const Touches row_touches(windows.rows, PaddingMode::zeros);
  const Touches column_touches(windows.columns, PaddingMode::zeros);
  T* element = static_cast<T*>(output.data());  // packed: filled from front to back
  const auto sum_at = [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
    S sum{};
    for (const Touch* row = row_touches.begin(h); row != row_touches.end(h); ++row) {
      for (const Touch* column = column_touches.begin(w); column != column_touches.end(w);
           ++column) {
        const std::int64_t tap = row->tap * windows.columns.kernel + column->tap;
        const std::int64_t block = row->output * windows.columns.output + column->output;
        sum += reference::operand<S>(columns(n, c * windows.per_channel() + tap, block, 0));
      }
    }
    return reference::result<T>(sum);
  };
  for (std::int64_t n = 0; n < input.sizes()[0]; ++n) {
    for (std::int64_t c = 0; c < windows.channels; ++c) {
      for (std::int64_t h = 0; h < windows.rows.input; ++h) {
        for (std::int64_t w = 0; w < windows.columns.input; ++w) {
          *element++ = sum_at(n, c, h, w);
        }
      }
    }
  }
}

}  // namespace

namespace functional {

Tensor unfold(TensorView input, Pair kernel_size, Pair dilation, Pair padding, Pair stride) {
  const Windows windows =
      unfold_windows(input.sizes(), UnfoldOptions{kernel_size, dilation, padding, stride});
  Tensor output = Tensor::uninitialized(unfolded_sizes(input.sizes(), windows), input.dtype());
  dispatch(input.dtype(), [&]<class T>(std::type_identity<T>) {
    unfold_typed<T>(windows, input.rank() == 3 ? input.unsqueeze(0) : input, output);
  });
  return output;
}

Tensor fold(TensorView input, Pair output_size, Pair kernel_size, Pair dilation, Pair padding,
            Pair stride) {
  const Windows windows =
      fold_windows(input.sizes(), FoldOptions{output_size, kernel_size, dilation, padding, stride});
  Tensor output = Tensor::uninitialized(folded_sizes(input.sizes(), windows), input.dtype());
  if (output.empty()) {  // without a batch the axes may be longer than any table of them
    return output;
  }
  dispatch(input.dtype(), [&]<class T>(std::type_identity<T>) {
    fold_typed<T>(windows, columns_view(input), output);
  });
  return output;
}

}  // namespace functional

Tensor Unfold::operator()(TensorView input) const {
  return functional::unfold(input, options_.kernel_size, options_.dilation, options_.padding,
                            options_.stride);
}

Tensor Unfold::backward(TensorView grad_output, const Sizes& input) const {
  const Sizes expected = output_sizes(input);
  if (grad_output.sizes() != expected) {
    throw_invalid(concat("grad_output should have size ", to_string(expected), ", but got ",
                         to_string(grad_output.sizes())));
  }
  const Pair size(input[input.rank() - 2], input[input.rank() - 1]);
  return functional::fold(grad_output, size, options_.kernel_size, options_.dilation,
                          options_.padding, options_.stride);
}

Sizes Unfold::output_sizes(const Sizes& input) const {
  return unfolded_sizes(input, unfold_windows(input, options_));
}

Tensor Fold::operator()(TensorView input) const {
  return functional::fold(input, options_.output_size, options_.kernel_size, options_.dilation,
                          options_.padding, options_.stride);
}

Tensor Fold::backward(TensorView grad_output) const {
  const int rank = grad_output.rank();
  if ((rank != 3 && rank != 4) || grad_output.sizes()[rank - 2] != options_.output_size.h ||
      grad_output.sizes()[rank - 1] != options_.output_size.w) {
    throw_invalid(concat("grad_output should end in the output_size ",
                         in_parentheses(options_.output_size), ", but got ",
                         to_string(grad_output.sizes())));
  }
  return functional::unfold(grad_output, options_.kernel_size, options_.dilation, options_.padding,
                            options_.stride);
}

Sizes Fold::output_sizes(const Sizes& input) const {
  return folded_sizes(input, fold_windows(input, options_));
}

}  // namespace conv2d
