// A second opinion on what a convolution is, written without the library's index arithmetic: it
// makes the padded copy of the input, walks over it with nested loops, and computes gradients by
// scattering each product to where its factors came from.
#pragma once

#include <conv2d/functional.h>

#include "tensor/convert.h"
#include "tensor/dispatch.h"

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace conv2d::testing {

/// Four-dimensional numbers of type S.
template <class S>
struct Volume {
  Volume(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w)
      : sizes{n, c, h, w}, data(static_cast<std::size_t>(n * c * h * w)) {}
  /// From a tensor of rank 4 and any dtype, each element converted to S without rounding.
  explicit Volume(TensorView view)
      : Volume(view.size(0), view.size(1), view.size(2), view.size(3)) {
    dispatch(view.dtype(), [&]<class T>(std::type_identity<T>) {
      const Tensor packed = view.clone(MemoryFormat::contiguous);
      for (std::size_t i = 0; i < data.size(); ++i) {
        const T element = packed.data<T>()[i];
        if constexpr (std::is_integral_v<S>) {
          data[i] = static_cast<S>(convert<std::int32_t>(element));
        } else {
          data[i] = convert<S>(element);
        }
      }
    });
  }

  S& operator()(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
    return data[index(n, c, h, w)];
  }
  S operator()(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    return data[index(n, c, h, w)];
  }

  Sizes sizes;
  std::vector<S> data;

 private:
  std::size_t index(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    return static_cast<std::size_t>(((n * sizes[1] + c) * sizes[2] + h) * sizes[3] + w);
  }
};

/// Rounds to dtype once; whole numbers modulo 2^32 become int32.
template <class S>
Tensor tensor_of(const Volume<S>& volume, DType dtype) {
  Tensor tensor(volume.sizes, dtype);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < volume.data.size(); ++i) {
      if constexpr (std::is_integral_v<S>) {
        tensor.data<T>()[i] = convert<T>(static_cast<std::int32_t>(volume.data[i]));
      } else {
        tensor.data<T>()[i] = convert<T>(volume.data[i]);
      }
    }
  });
  return tensor;
}

/// Which input index each position of a padded axis shows; -1 shows zero.
inline std::vector<std::int64_t> padded_indices(PaddingMode mode, std::int64_t size,
                                                std::int64_t before, std::int64_t after) {
  std::vector<std::int64_t> indices;
  for (std::int64_t distance = before; distance >= 1; --distance) {  // 1 is next to the input
    indices.push_back(mode == PaddingMode::reflect     ? distance
                      : mode == PaddingMode::circular  ? size - distance
                      : mode == PaddingMode::replicate ? 0
                                                       : -1);
  }
  for (std::int64_t i = 0; i < size; ++i) {
    indices.push_back(i);
  }
  for (std::int64_t distance = 1; distance <= after; ++distance) {
    indices.push_back(mode == PaddingMode::reflect     ? size - 1 - distance
                      : mode == PaddingMode::circular  ? distance - 1
                      : mode == PaddingMode::replicate ? size - 1
                                                       : -1);
  }
  return indices;
}

/// A convolution with four sides of padding in numbers.
struct Naive {
  functional::Conv2dArguments arguments;

  std::vector<std::int64_t> rows(std::int64_t height) const {
    return padded_indices(arguments.padding_mode, height, arguments.padding.top(),
                          arguments.padding.bottom());
  }
  std::vector<std::int64_t> columns(std::int64_t width) const {
    return padded_indices(arguments.padding_mode, width, arguments.padding.left(),
                          arguments.padding.right());
  }

  template <class S>
  Volume<S> padded(const Volume<S>& x) const {
    const auto from_row = rows(x.sizes[2]);
    const auto from_column = columns(x.sizes[3]);
    Volume<S> copy(x.sizes[0], x.sizes[1], std::ssize(from_row), std::ssize(from_column));
    for_each(copy, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const std::int64_t row = from_row[static_cast<std::size_t>(h)];
      const std::int64_t column = from_column[static_cast<std::size_t>(w)];
      copy(n, c, h, w) = row < 0 || column < 0 ? S{} : x(n, c, row, column);
    });
    return copy;
  }

  /// The gradient of padded(): each padded position gives back to where it was read from.
  template <class S>
  Volume<S> unpadded(const Volume<S>& padded_gradient, const Sizes& input) const {
    const auto from_row = rows(input[2]);
    const auto from_column = columns(input[3]);
    Volume<S> gradient(input[0], input[1], input[2], input[3]);
    for_each(padded_gradient, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const std::int64_t row = from_row[static_cast<std::size_t>(h)];
      const std::int64_t column = from_column[static_cast<std::size_t>(w)];
      if (row >= 0 && column >= 0) {
        gradient(n, c, row, column) += padded_gradient(n, c, h, w);
      }
    });
    return gradient;
  }

  /// Calls visit(n, k, p, q, c, h, w, r, s) for every product of the definition; c, h, w address
  /// the padded input, and the channel within the weight is c % (C/groups).
  template <class Visitor>
  void for_each_product(const Sizes& padded, const Sizes& weight, Visitor&& visit) const {
    const auto [stride, dilation] = std::pair(arguments.stride, arguments.dilation);
    const std::int64_t filters = weight[0] / arguments.groups;
    for (std::int64_t n = 0; n < padded[0]; ++n) {
      for (std::int64_t k = 0; k < weight[0]; ++k) {
        for (std::int64_t p = 0; p * stride.h + (weight[2] - 1) * dilation.h < padded[2]; ++p) {
          for (std::int64_t q = 0; q * stride.w + (weight[3] - 1) * dilation.w < padded[3]; ++q) {
            for (std::int64_t c = k / filters * weight[1]; c < (k / filters + 1) * weight[1]; ++c) {
              for (std::int64_t r = 0; r < weight[2]; ++r) {
                for (std::int64_t s = 0; s < weight[3]; ++s) {
                  visit(n, k, p, q, c, p * stride.h + r * dilation.h, q * stride.w + s * dilation.w,
                        r, s);
                }
              }
            }
          }
        }
      }
    }
  }

  /// Sums in the order c, r, s, the bias last.
  template <class S>
  Volume<S> forward(const Volume<S>& x, const Volume<S>& weight, const Volume<S>* bias,
                    const Sizes& output) const {
    const Volume<S> input = padded(x);
    Volume<S> y(output[0], output[1], output[2], output[3]);
    for_each_product(input.sizes, weight.sizes,
                     [&](auto n, auto k, auto p, auto q, auto c, auto h, auto w, auto r, auto s) {
                       add_product(y(n, k, p, q), input(n, c, h, w),
                                   weight(k, c % weight.sizes[1], r, s));
                     });
    if (bias != nullptr) {
      for_each(y, [&](auto n, auto k, auto p, auto q) { y(n, k, p, q) += (*bias)(0, k, 0, 0); });
    }
    return y;
  }

  template <class S>
  Volume<S> backward_data(const Volume<S>& dy, const Volume<S>& weight, const Sizes& input) const {
    Volume<S> gradient(input[0], input[1], std::ssize(rows(input[2])),
                       std::ssize(columns(input[3])));
    for_each_product(gradient.sizes, weight.sizes,
                     [&](auto n, auto k, auto p, auto q, auto c, auto h, auto w, auto r, auto s) {
                       add_product(gradient(n, c, h, w), dy(n, k, p, q),
                                   weight(k, c % weight.sizes[1], r, s));
                     });
    return unpadded(gradient, input);
  }

  /// Each weight's sum runs over n, p, q in this order.
  template <class S>
  Volume<S> backward_weight(const Volume<S>& x, const Volume<S>& dy, const Sizes& weight) const {
    const Volume<S> input = padded(x);
    Volume<S> gradient(weight[0], weight[1], weight[2], weight[3]);
    for_each_product(input.sizes, weight,
                     [&](auto n, auto k, auto p, auto q, auto c, auto h, auto w, auto r, auto s) {
                       add_product(gradient(k, c % weight[1], r, s), input(n, c, h, w),
                                   dy(n, k, p, q));
                     });
    return gradient;
  }

 private:
  /// Real numbers: the product unrounded, the sum rounded once.
  template <class S>
  static void add_product(S& sum, S a, S b) {
    if constexpr (std::is_floating_point_v<S>) {
      sum = std::fma(a, b, sum);
    } else {
      sum += a * b;
    }
  }

  template <class S, class Visitor>
  static void for_each(const Volume<S>& volume, Visitor&& visit) {
    for (std::int64_t n = 0; n < volume.sizes[0]; ++n) {
      for (std::int64_t c = 0; c < volume.sizes[1]; ++c) {
        for (std::int64_t h = 0; h < volume.sizes[2]; ++h) {
          for (std::int64_t w = 0; w < volume.sizes[3]; ++w) {
            visit(n, c, h, w);
          }
        }
      }
    }
  }
};

}  // namespace conv2d::testing
