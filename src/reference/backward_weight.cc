#include "reference/arithmetic.h"
#include "reference/reference.h"
#include "tensor/parallel.h"

namespace conv2d::reference {
namespace {

template <class X, class Y, class W>
void backward_weight_typed(const Problem& problem, TensorView x_view, TensorView dy_view,
                           MutableTensorView dw_view) {
  using S = Sum<X, W>;
  const Array4<const X> x(x_view);
  const Array4<const Y> dy(dy_view);
  const Array4<W> dw(dw_view);
  const Axis& rows = problem.rows;
  const Axis& columns = problem.columns;
  const std::int64_t channels = problem.in_channels_per_group();
  const std::int64_t filters = problem.out_channels_per_group();
  const bool conj_x = problem.conjugate == Conjugate::first;
  const bool conj_dy = problem.conjugate == Conjugate::second;

  const auto weight = [&](std::int64_t k, std::int64_t c, std::int64_t r, std::int64_t s) {
    const std::int64_t channel = k / filters * channels + c;
    S sum{};
    for (std::int64_t n = 0; n < problem.batch; ++n) {
      for (std::int64_t p = 0; p < rows.output; ++p) {
        const std::int64_t h = source_index(rows, problem.padding_mode, p, r);
        if (h == nowhere) {
          continue;
        }
        for (std::int64_t q = 0; q < columns.output; ++q) {
          const std::int64_t v = source_index(columns, problem.padding_mode, q, s);
          if (v != nowhere) {
            sum = multiply_add(conjugate_if(conj_x, operand<S>(x(n, channel, h, v))),
                               conjugate_if(conj_dy, operand<S>(dy(n, k, p, q))), sum);
          }
        }
      }
    }
    return result<W>(sum);
  };

  parallel_for(problem.out_channels * channels, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const std::int64_t k = plane / channels;
      const std::int64_t c = plane % channels;
      for (std::int64_t r = 0; r < rows.kernel; ++r) {
        for (std::int64_t s = 0; s < columns.kernel; ++s) {
          dw(k, c, r, s) = weight(k, c, r, s);
        }
      }
    }
  });
}

}  // namespace

void backward_weight(const Problem& problem, TensorView x, TensorView dy, MutableTensorView dw) {
  dispatch_types(x.dtype(), dy.dtype(), dw.dtype(),
                 [&]<class X, class Y, class W>(std::type_identity<X>, std::type_identity<Y>,
                                                std::type_identity<W>) {
                   backward_weight_typed<X, Y, W>(problem, x, dy, dw);
                 });
}

}  // namespace conv2d::reference
