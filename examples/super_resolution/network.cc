#include "network.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace super_resolution {
namespace {

using conv2d::Conv2d;
using conv2d::ConvTranspose2d;
using conv2d::Tensor;
using conv2d::TensorView;
using conv2d::functional::Epilogue;
using conv2d::io::NamedTensors;

constexpr std::array<const char*, 11> layer_names = {
    "F_m1", "F_0", "F_1_1", "LFF_1", "F_2_1", "LFF_2", "GFF_1", "GFF_2", "UPN1", "UPN2", "UPN3"};

Tensor taken(NamedTensors& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw std::invalid_argument("the weights have no tensor named " + name);
  }
  return std::move(found->second);
}

Conv2d same_size_layer(NamedTensors& tensors, const std::string& name,
                       conv2d::Precision precision) {
  Tensor weight = taken(tensors, name + ".weight");
  const conv2d::Conv2dOptions options = {.in_channels = weight.size(1),
                                         .out_channels = weight.size(0),
                                         .kernel_size = {weight.size(2), weight.size(3)},
                                         .padding = conv2d::same,
                                         .precision = precision};
  return {options, std::move(weight), taken(tensors, name + ".bias")};
}

/// SR, a 3x3 layer on a picture whose every pixel was repeated 4 x 4, as one transposed layer on
/// the small picture. Along one axis SR's output p reads the large pixel p + r - 1 = 4*y + i, which
/// is small pixel y, with weight[r]. So y adds to p = 4*y - 1 + u, with u = i - r + 2, the sum of
/// weight[r] over all i and r that give this u: a kernel of 6 with stride 4 and padding 1.
ConvTranspose2d enlarging_layer(NamedTensors& tensors) {
  constexpr std::int64_t scale = Network::scale;
  const Tensor small = taken(tensors, "SR.weight");
  Tensor large({small.size(1), small.size(0), scale + 2, scale + 2});
  for (std::int64_t k = 0; k < small.size(0); ++k) {
    for (std::int64_t c = 0; c < small.size(1); ++c) {
      for (std::int64_t at = 0; at < 9 * scale * scale; ++at) {
        const std::int64_t r = at % 3;
        const std::int64_t s = at / 3 % 3;
        const std::int64_t i = at / 9 % scale;
        const std::int64_t j = at / (9 * scale);
        large.at<float>({c, k, i - r + 2, j - s + 2}) += small.at<float>({k, c, r, s});
      }
    }
  }
  const conv2d::ConvTranspose2dOptions options = {.in_channels = small.size(1),
                                                  .out_channels = small.size(0),
                                                  .kernel_size = scale + 2,
                                                  .stride = scale,
                                                  .padding = 1};
  return {options, std::move(large), taken(tensors, "SR.bias")};
}

const Epilogue relu{.low = 0};

/// The channels of one picture, then those of the other.
Tensor concatenation(TensorView a, TensorView b) {
  Tensor both = Tensor::uninitialized({a.size(0) + b.size(0), a.size(1), a.size(2)});
  auto* const end = std::copy_n(a.data<float>(), a.numel(), both.data<float>());
  std::copy_n(b.data<float>(), b.numel(), end);
  return both;
}

}  // namespace

Network::Network(NamedTensors tensors, conv2d::Precision precision)
    : precision_(precision), enlarging_(enlarging_layer(tensors)) {
  for (const char* const name : layer_names) {
    layers_.emplace(name, same_size_layer(tensors, name, precision));
  }
}

Tensor Network::layer(std::string_view name, TensorView input, const Epilogue& epilogue) const {
  return layers_.find(name)->second(input, epilogue);
}

Tensor Network::dense_block(const std::string& number, TensorView input) const {
  const Tensor grown = layer("F_" + number + "_1", input, relu);
  return layer("LFF_" + number, concatenation(input, grown), {.residual = input});
}

Tensor Network::operator()(TensorView rgb) const {
  const Tensor shallow = layer("F_m1", rgb);
  const Tensor block1 = dense_block("1", layer("F_0", shallow));
  const Tensor block2 = dense_block("2", block1);
  const Tensor fused = layer("GFF_1", concatenation(block1, block2));
  const Tensor deep = layer("GFF_2", fused, {.residual = shallow});
  return enlarging_(layer("UPN3", layer("UPN2", layer("UPN1", deep, relu), relu)));
}

}  // namespace super_resolution
