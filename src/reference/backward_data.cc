#include "reference/arithmetic.h"
#include "reference/reference.h"
#include "tensor/parallel.h"

namespace conv2d::reference {
namespace {

template <class Y, class W, class X>
void backward_data_typed(const Problem& problem, TensorView dy_view, TensorView w_view,
                         const X* bias, std::int64_t bias_stride, MutableTensorView dx_view) {
  if (dx_view.empty()) {  // without a batch the axes may be longer than any table of them
    return;
  }
  using S = Sum<Y, X>;
  const Array4<const Y> dy(dy_view);
  const Array4<const W> w(w_view);
  const Array4<X> dx(dx_view);
  const Touches row_touches(problem.rows, problem.padding_mode);
  const Touches column_touches(problem.columns, problem.padding_mode);
  const std::int64_t channels = problem.in_channels_per_group();
  const std::int64_t filters = problem.out_channels_per_group();
  const bool conj_dy = problem.conjugate == Conjugate::first;
  const bool conj_w = problem.conjugate == Conjugate::second;

  const auto input = [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t v) {
    const std::int64_t first_filter = c / channels * filters;
    S sum{};
    for (std::int64_t k = first_filter; k < first_filter + filters; ++k) {
      for (const Touch* row = row_touches.begin(h); row != row_touches.end(h); ++row) {
        for (const Touch* column = column_touches.begin(v); column != column_touches.end(v);
             ++column) {
          const S weight = operand<S>(w(k, c % channels, row->tap, column->tap));
          sum =
              multiply_add(conjugate_if(conj_dy, operand<S>(dy(n, k, row->output, column->output))),
                           conjugate_if(conj_w, weight), sum);
        }
      }
    }
    if (bias != nullptr) {
      sum += operand<S>(bias[c * bias_stride]);
    }
    return result<X>(sum);
  };

  const std::int64_t input_rows = problem.batch * problem.in_channels * problem.rows.input;
  parallel_for(input_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t h = row % problem.rows.input;
      const std::int64_t c = row / problem.rows.input % problem.in_channels;
      const std::int64_t n = row / problem.rows.input / problem.in_channels;
      for (std::int64_t v = 0; v < problem.columns.input; ++v) {
        dx(n, c, h, v) = input(n, c, h, v);
      }
    }
  });
}

}  // namespace

void backward_data(const Problem& problem, TensorView dy, TensorView w,
                   functional::OptionalView bias, MutableTensorView dx) {
  dispatch_types(dy.dtype(), w.dtype(), dx.dtype(),
                 [&]<class Y, class W, class X>(std::type_identity<Y>, std::type_identity<W>,
                                                std::type_identity<X>) {
                   backward_data_typed<Y, W, X>(
                       problem, dy, w, bias ? static_cast<const X*>(bias->data()) : nullptr,
                       bias ? bias->strides()[0] : 0, dx);
                 });
}

}  // namespace conv2d::reference
