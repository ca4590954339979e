#include "reference/arithmetic.h"
#include "reference/reference.h"
#include "tensor/parallel.h"

namespace conv2d::reference {
namespace {

template <class X, class W, class Y>
void forward_typed(const Problem& problem, TensorView x_view, TensorView w_view, const Y* bias,
                   std::int64_t bias_stride, MutableTensorView y_view) {
  using S = Sum<X, Y>;
  const Array4<const X> x(x_view);
  const Array4<const W> w(w_view);
  const Array4<Y> y(y_view);
  const Axis& rows = problem.rows;
  const Axis& columns = problem.columns;
  const std::int64_t channels = problem.in_channels_per_group();
  const std::int64_t filters = problem.out_channels_per_group();
  const bool conj_x = problem.conjugate == Conjugate::first;
  const bool conj_w = problem.conjugate == Conjugate::second;

  const auto output = [&](std::int64_t n, std::int64_t k, std::int64_t p, std::int64_t q) {
    const std::int64_t first_channel = k / filters * channels;
    S sum{};
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t r = 0; r < rows.kernel; ++r) {
        const std::int64_t h = source_index(rows, problem.padding_mode, p, r);
        if (h == nowhere) {
          continue;
        }
        for (std::int64_t s = 0; s < columns.kernel; ++s) {
          const std::int64_t v = source_index(columns, problem.padding_mode, q, s);
          if (v != nowhere) {
            sum = multiply_add(conjugate_if(conj_x, operand<S>(x(n, first_channel + c, h, v))),
                               conjugate_if(conj_w, operand<S>(w(k, c, r, s))), sum);
          }
        }
      }
    }
    if (bias != nullptr) {
      sum += operand<S>(bias[k * bias_stride]);
    }
    return result<Y>(sum);
  };

  const std::int64_t output_rows = problem.batch * problem.out_channels * rows.output;
  parallel_for(output_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t p = row % rows.output;
      const std::int64_t k = row / rows.output % problem.out_channels;
      const std::int64_t n = row / rows.output / problem.out_channels;
      for (std::int64_t q = 0; q < columns.output; ++q) {
        y(n, k, p, q) = output(n, k, p, q);
      }
    }
  });
}

}  // namespace

void forward(const Problem& problem, TensorView x, TensorView w, functional::OptionalView bias,
             MutableTensorView y) {
  dispatch_types(x.dtype(), w.dtype(), y.dtype(),
                 [&]<class X, class W, class Y>(std::type_identity<X>, std::type_identity<W>,
                                                std::type_identity<Y>) {
                   forward_typed<X, W, Y>(problem, x, w,
                                          bias ? static_cast<const Y*>(bias->data()) : nullptr,
                                          bias ? bias->strides()[0] : 0, y);
                 });
}

}  // namespace conv2d::reference
