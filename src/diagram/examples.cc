// Numbers that can be added up by eye.
#include <conv2d/diagram.h>
#include <conv2d/random.h>

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace conv2d::diagram {
namespace {

// Source: Dumoulin and Visin, A guide to convolution arithmetic, arXiv:1603.07285, figure 1.1.
constexpr std::array<double, 25> guide_input = {3, 3, 2, 1, 0, 0, 0, 1, 3, 1, 3, 1, 2,
                                                2, 3, 2, 0, 0, 2, 2, 2, 0, 0, 0, 1};
constexpr std::array<double, 9> guide_kernel = {0, 1, 2, 2, 2, 0, 0, 1, 2};

/// Whole numbers from `least` to `least + 3`.
Tensor numbers(const Sizes& sizes, std::int64_t least, std::uint64_t seed) {
  Tensor tensor(sizes, DType::float64);
  auto* const values = tensor.data<double>();
  Generator generator(seed);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    values[i] = static_cast<double>(least + static_cast<std::int64_t>(generator.next() % 4));
  }
  return tensor;
}

/// The first plane as the guide has it; the next ones keep their random numbers.
void take_guide(Tensor& tensor, std::span<const double> plane) {
  std::copy(plane.begin(), plane.end(), tensor.data<double>());
}

bool are_planes(const Sizes& sizes, std::int64_t edge) {
  return sizes[sizes.rank() - 1] == edge && sizes[sizes.rank() - 2] == edge;
}

Tensor weights(const Sizes& sizes, DType dtype, std::uint64_t seed) {
  const std::int64_t least = dtype == DType::uint8 ? 0 : -1;
  Tensor tensor = numbers(sizes, least, seed + 1);
  if (seed == 0 && are_planes(sizes, 3) && !tensor.empty()) {
    take_guide(tensor, guide_kernel);
  }
  return tensor.to(dtype);
}

template <class Layer, class LayerOptions>
Layer with_numbers(const LayerOptions& options, std::uint64_t seed) {
  const Layer shaped(options);
  std::optional<Tensor> bias;
  if (shaped.bias()) {
    bias = numbers(shaped.bias()->sizes(), -1, seed + 2).to(shaped.bias()->dtype());
  }
  return Layer(options, weights(shaped.weight().sizes(), shaped.weight().dtype(), seed),
               std::move(bias));
}

}  // namespace

Tensor example_input(const Sizes& sizes, DType dtype, std::uint64_t seed) {
  Tensor tensor = numbers(sizes, 0, seed);
  if (seed == 0 && sizes.rank() >= 2 && are_planes(sizes, 5) && !tensor.empty()) {
    take_guide(tensor, guide_input);
  }
  return tensor.to(dtype);
}

Conv2d example_layer(const Conv2dOptions& options, std::uint64_t seed) {
  return with_numbers<Conv2d>(options, seed);
}

ConvTranspose2d example_layer(const ConvTranspose2dOptions& options, std::uint64_t seed) {
  return with_numbers<ConvTranspose2d>(options, seed);
}

}  // namespace conv2d::diagram
