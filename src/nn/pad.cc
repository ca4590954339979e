// pad: the border made visible. Convolution reads through the same index map without the copy.
#include "base/checked.h"
#include "base/error.h"
#include "conv2d/functional.h"
#include "geometry/axis.h"
#include "tensor/convert.h"
#include "tensor/dispatch.h"

#include <algorithm>

namespace conv2d::functional {
namespace {

/// An axis whose every position is one output: kernel 1, stride 1.
Axis padded_axis(std::int64_t input, std::int64_t before, std::int64_t after, PaddingMode mode,
                 const char* extent_name) {
  const Axis axis =
      value_or_throw(forward_axis({input, 1, 1, 1, before, after}, Padding::Rule::sides));
  if (auto error = check_border(axis, mode, extent_name)) {
    throw_invalid(error->message);
  }
  return axis;
}

template <class T>
void pad_plane(const Axis& rows, const Axis& columns, PaddingMode mode, T fill, TensorView from,
               T* to) {
  const T* data = static_cast<const T*>(from.data());
  for (std::int64_t p = 0; p < rows.output; ++p) {
    const std::int64_t h = source_index(rows, mode, p, 0);
    for (std::int64_t q = 0; q < columns.output; ++q) {
      const std::int64_t w = source_index(columns, mode, q, 0);
      *to++ =
          h == nowhere || w == nowhere ? fill : data[h * from.strides()[0] + w * from.strides()[1]];
    }
  }
}

/// Visits the planes (H, W) of a view of any rank >= 2, first dimension slowest.
template <class Visitor>
void for_each_plane(TensorView view, Visitor&& visit) {
  if (view.rank() == 2) {
    visit(view);
    return;
  }
  for (std::int64_t i = 0; i < view.sizes()[0]; ++i) {
    for_each_plane(view.select(0, i), visit);
  }
}

}  // namespace

Tensor pad(TensorView input, Padding padding, PaddingMode mode, double value) {
  const int rank = input.rank();
  if (rank < 2 || padding.rule() != Padding::Rule::sides) {
    throw_invalid(
        concat("pad: needs an input of at least 2 dimensions and a padding in numbers, "
               "but got an input of size ",
               to_string(input.sizes()),
               padding.rule() == Padding::Rule::sides ? "" : " and a padding rule"));
  }
  if (std::min({padding.top(), padding.bottom(), padding.left(), padding.right()}) < 0) {
    throw_invalid("pad: negative padding is not supported; use slice to crop");
  }
  const Axis rows =
      padded_axis(input.sizes()[rank - 2], padding.top(), padding.bottom(), mode, "height");
  const Axis columns =
      padded_axis(input.sizes()[rank - 1], padding.left(), padding.right(), mode, "width");
  Sizes sizes = input.sizes();
  sizes[rank - 2] = rows.output;
  sizes[rank - 1] = columns.output;
  Tensor output = Tensor::uninitialized(sizes, input.dtype());
  if (output.empty()) {  // its outer dimensions may be longer than any loop should be
    return output;
  }
  dispatch(input.dtype(), [&]<class T>(std::type_identity<T>) {
    T* to = output.data<T>();
    for_each_plane(input, [&](TensorView plane) {
      pad_plane<T>(rows, columns, mode, convert<T>(value), plane, to);
      to += rows.output * columns.output;
    });
  });
  return output;
}

}  // namespace conv2d::functional
