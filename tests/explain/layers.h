// Random layers of both kinds with random parameters and inputs, small enough to explain whole.
#pragma once

#include <conv2d/explain.h>
#include <conv2d/nn.h>

#include "support/configurations.h"
#include "support/random.h"

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <ostream>

namespace conv2d::explain {

inline std::ostream& operator<<(std::ostream& out, const Index& i) {
  return out << "channel " << i.channel << " row " << i.row << " column " << i.column << " image "
             << i.batch;
}

namespace test {

using conv2d::testing::Random;
using conv2d::testing::random_configuration;

inline constexpr std::array<DType, 9> all_dtypes = {
    DType::float32, DType::float64, DType::bfloat16,  DType::float16,   DType::int8,
    DType::uint8,   DType::int32,   DType::complex64, DType::complex128};

inline DType result_of(DType dtype) {
  return dtype == DType::int8 || dtype == DType::uint8 ? DType::int32 : dtype;
}

/// A layer with an input that it takes.
template <class Module>
struct Case {
  Module layer;
  Tensor input;
};

inline MemoryFormat random_format(Random& random) {
  return random.coin() ? MemoryFormat::contiguous : MemoryFormat::channels_last;
}

/// Bytes may meet bytes of the other sign.
inline DType random_input_dtype(Random& random, DType weight) {
  if (weight == DType::int8 || weight == DType::uint8) {
    return random.coin() ? DType::int8 : DType::uint8;
  }
  return weight;
}

template <class Module, class Options>
Case<Module> fill(Random& random, const Options& options, const Sizes& weight, const Sizes& input) {
  std::optional<Tensor> bias;
  if (options.bias) {
    bias = random.values({options.out_channels}, result_of(options.dtype));
  }
  Module layer(options, random.values(weight, options.dtype, random_format(random)),
               std::move(bias));
  Tensor x = random.values(input, random_input_dtype(random, options.dtype), random_format(random));
  return {std::move(layer), std::move(x)};
}

inline Case<Conv2d> random_conv2d(Random& random, DType dtype) {
  const auto c = random_configuration(random);
  const Conv2dOptions options{.in_channels = c.input[1],
                              .out_channels = c.weight[0],
                              .kernel_size = Pair(c.weight[2], c.weight[3]),
                              .stride = c.arguments.stride,
                              .padding = c.arguments.padding,
                              .dilation = c.arguments.dilation,
                              .groups = c.arguments.groups,
                              .bias = random.coin(),
                              .padding_mode = c.arguments.padding_mode,
                              .dtype = dtype};
  return fill<Conv2d>(random, options, c.weight, c.input);
}

/// Strides beyond the kernel leave gaps and padding crops, both on purpose.
inline ConvTranspose2dOptions random_transposed_options(Random& random, const Sizes& input) {
  const std::int64_t groups = random.between(1, 2);
  ConvTranspose2dOptions options{
      .in_channels = groups * random.between(1, 3),
      .out_channels = groups * random.between(1, 3),
      .kernel_size = Pair(random.between(1, 4), random.between(1, 4)),
      .stride = Pair(random.between(1, 3), random.between(1, 3)),
      .groups = groups,
      .bias = random.coin(),
      .dilation = Pair(random.between(1, 3), random.between(1, 3)),
  };
  options.output_padding =
      Pair(random.between(0, std::max(options.stride.h, options.dilation.h) - 1),
           random.between(0, std::max(options.stride.w, options.dilation.w) - 1));
  const auto crop = [&](std::int64_t size, std::int64_t kernel, std::int64_t stride,
                        std::int64_t dilation, std::int64_t extra) {
    const std::int64_t whole = (size - 1) * stride + dilation * (kernel - 1) + extra + 1;
    const std::int64_t before = random.between(0, std::min<std::int64_t>(4, whole - 1));
    return std::pair(before, random.between(0, std::min<std::int64_t>(4, whole - 1 - before)));
  };
  const auto [top, bottom] = crop(input[2], options.kernel_size.h, options.stride.h,
                                  options.dilation.h, options.output_padding.h);
  const auto [left, right] = crop(input[3], options.kernel_size.w, options.stride.w,
                                  options.dilation.w, options.output_padding.w);
  options.padding = Padding(top, bottom, left, right);
  return options;
}

inline Case<ConvTranspose2d> random_conv_transpose2d(Random& random, DType dtype) {
  Sizes input{random.between(1, 3), 0, random.between(1, 5), random.between(1, 5)};
  ConvTranspose2dOptions options = random_transposed_options(random, input);
  options.dtype = dtype;
  input[1] = options.in_channels;
  const Sizes weight{options.in_channels, options.out_channels / options.groups,
                     options.kernel_size.h, options.kernel_size.w};
  return fill<ConvTranspose2d>(random, options, weight, input);
}

/// Calls visit(Index) for every element of sizes (N, C, H, W).
template <class Visitor>
void for_each_index(const Sizes& sizes, Visitor&& visit) {
  for (std::int64_t n = 0; n < sizes[0]; ++n) {
    for (std::int64_t c = 0; c < sizes[1]; ++c) {
      for (std::int64_t h = 0; h < sizes[2]; ++h) {
        for (std::int64_t w = 0; w < sizes[3]; ++w) {
          visit(Index{c, h, w, n});
        }
      }
    }
  }
}

template <class Visitor>
void for_each_weight(const Sizes& sizes, Visitor&& visit) {
  for_each_index(sizes, [&](const Index& i) {
    visit(WeightIndex{i.batch, i.channel, i.row, i.column});
  });
}

/// Both parts as bits: tells -0 from 0.
inline std::array<std::uint64_t, 2> bits(const Scalar& value) {
  return {std::bit_cast<std::uint64_t>(value.real()), std::bit_cast<std::uint64_t>(value.imag())};
}

/// Every element of a rank-4 tensor of any dtype as a Scalar.
class Elements {
 public:
  explicit Elements(TensorView view) : wide_(view.to(DType::complex128)) {}
  Scalar operator[](const Index& i) const {
    return wide_.at<complex128>({i.batch, i.channel, i.row, i.column});
  }
  Scalar operator[](const WeightIndex& i) const {
    return wide_.at<complex128>({i.first, i.second, i.r, i.s});
  }

 private:
  Tensor wide_;
};

}  // namespace test
}  // namespace conv2d::explain
