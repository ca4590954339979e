// Element-by-element copies between views of any strides and dtypes.
#include "tensor/convert.h"

#include "base/error.h"
#include "conv2d/tensor.h"
#include "tensor/dispatch.h"

#include <cstring>

namespace conv2d {
namespace {

/// Copies dimension `dim` and all inside it.
template <class To, class From>
void copy_from_dim(int dim, const From* from, const Strides& from_strides, To* to,
                   const Strides& to_strides, const Sizes& sizes) {
  if (dim == sizes.rank()) {
    *to = convert<To>(*from);
    return;
  }
  const std::int64_t from_stride = from_strides[dim];
  const std::int64_t to_stride = to_strides[dim];
  for (std::int64_t i = 0; i < sizes[dim]; ++i) {
    if (dim + 1 == sizes.rank()) {  // the innermost loop, without a call per element
      to[i * to_stride] = convert<To>(from[i * from_stride]);
    } else {
      copy_from_dim(dim + 1, from + i * from_stride, from_strides, to + i * to_stride, to_strides,
                    sizes);
    }
  }
}

}  // namespace

void copy(TensorView from, MutableTensorView to) {
  if (from.sizes() != to.sizes()) {
    throw_invalid(concat("copy: both tensors must have the same sizes, but got ",
                         to_string(from.sizes()), " and ", to_string(to.sizes())));
  }
  if (from.empty()) {
    return;
  }
  dispatch(from.dtype(), [&]<class From>(std::type_identity<From>) {
    dispatch(to.dtype(), [&]<class To>(std::type_identity<To>) {
      copy_from_dim(0, static_cast<const From*>(from.data()), from.strides(),
                    static_cast<To*>(to.data()), to.strides(), from.sizes());
    });
  });
}

}  // namespace conv2d
