#include "reference/arithmetic.h"
#include "reference/reference.h"

namespace conv2d::reference {

void backward_bias(TensorView dy_view, MutableTensorView db) {
  const Sizes& sizes = dy_view.sizes();
  dispatch_types(dy_view.dtype(), dy_view.dtype(), db.dtype(),
                 [&]<class Y, class B>(std::type_identity<Y>, auto, std::type_identity<B>) {
                   using S = Sum<Y, B>;
                   const Array4<const Y> dy(dy_view);
                   for (std::int64_t k = 0; k < sizes[1]; ++k) {
                     S sum{};
                     for (std::int64_t n = 0; n < sizes[0]; ++n) {
                       for (std::int64_t p = 0; p < sizes[2]; ++p) {
                         for (std::int64_t q = 0; q < sizes[3]; ++q) {
                           sum += operand<S>(dy(n, k, p, q));
                         }
                       }
                     }
                     static_cast<B*>(db.data())[k * db.strides()[0]] = result<B>(sum);
                   }
                 });
}

}  // namespace conv2d::reference
