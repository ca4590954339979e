// The parts of the super-resolution example, on a narrow network with random weights.
#include "network.h"
#include "picture.h"
#include "support/random.h"
#include "tiles.h"

#include <conv2d/conv2d.h>
#include <conv2d/io.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace super_resolution {
namespace {

using conv2d::DType;
using conv2d::MutableTensorView;
using conv2d::Tensor;
using conv2d::TensorView;
using conv2d::functional::conv2d;
using conv2d::io::NamedTensors;
using conv2d::testing::Random;

struct Layer {
  const char* name;
  std::int64_t in, out, kernel;
};
/// The real network's, with 6 for 64, 2 for 4, 5 for 32 and 4 for 48 channels, times `wider`.
std::vector<Layer> narrow_layers(std::int64_t wider) {
  std::vector<Layer> layers = {{"F_m1", 3, 6, 3},   {"F_0", 6, 6, 3},   {"F_1_1", 6, 2, 3},
                               {"LFF_1", 8, 6, 1},  {"F_2_1", 6, 2, 3}, {"LFF_2", 8, 6, 1},
                               {"GFF_1", 12, 6, 1}, {"GFF_2", 6, 6, 3}, {"UPN1", 6, 6, 5},
                               {"UPN2", 6, 5, 3},   {"UPN3", 5, 4, 3},  {"SR", 4, 3, 3}};
  for (Layer& layer : layers) {
    layer.in *= layer.in == 3 ? 1 : wider;
    layer.out *= layer.out == 3 ? 1 : wider;
  }
  return layers;
}

/// torch's initial weights: about as much comes out of a layer as went in.
NamedTensors narrow_weights(std::uint64_t seed, std::int64_t wider = 1) {
  conv2d::manual_seed(seed);
  NamedTensors weights;
  for (const Layer& layer : narrow_layers(wider)) {
    const conv2d::Conv2d made(layer.in, layer.out, layer.kernel);
    weights.emplace(std::string(layer.name) + ".weight", made.weight().clone());
    weights.emplace(std::string(layer.name) + ".bias", made.bias()->clone());
  }
  return weights;
}

Tensor random_picture(Random& random, std::int64_t height, std::int64_t width, DType dtype) {
  return random.integers({3, height, width}, DType::float32, 0, 255).to(dtype);
}

Tensor upscaled(const Network& network, const Tensor& rgb, DType dtype, std::int64_t tile) {
  Tensor output({3, 4 * rgb.size(1), 4 * rgb.size(2)}, dtype);
  upscale(network, rgb, output, tile, [](double) {});
  return output;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() &&
         std::memcmp(a.data(), b.data(),
                     static_cast<std::size_t>(a.numel()) * element_size(a.dtype())) == 0;
}

Tensor relu_of(Tensor values) {
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    values.data<double>()[i] = std::max(values.data<double>()[i], 0.0);
  }
  return values;
}

Tensor sum_of(Tensor a, const Tensor& b) {
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    a.data<double>()[i] += b.data<double>()[i];
  }
  return a;
}

Tensor side_by_side(const Tensor& a, const Tensor& b) {
  Tensor both({a.size(0) + b.size(0), a.size(1), a.size(2)}, DType::float64);
  copy(a, both.mutable_view().slice(0, 0, a.size(0)));
  copy(b, both.mutable_view().slice(0, a.size(0), both.size(0)));
  return both;
}

Tensor repeated(const Tensor& small, std::int64_t scale) {
  Tensor large({small.size(0), scale * small.size(1), scale * small.size(2)}, DType::float64);
  for (std::int64_t r = 0; r < scale; ++r) {
    for (std::int64_t s = 0; s < scale; ++s) {
      copy(
          small,
          large.mutable_view().slice(1, r, large.size(1), scale).slice(2, s, large.size(2), scale));
    }
  }
  return large;
}

/// The network as network.h writes it down, in float64: its last layer on the repeated picture.
Tensor as_defined(const NamedTensors& weights, const Tensor& rgb) {
  const auto layer = [&weights](const std::string& name, const Tensor& input) {
    const Tensor weight = weights.at(name + ".weight").to(DType::float64);
    return conv2d(input, weight, weights.at(name + ".bias").to(DType::float64),
                  {.padding = ::conv2d::same});
  };
  const auto block = [&layer](const std::string& number, const Tensor& input) {
    const Tensor grown = relu_of(layer("F_" + number + "_1", input));
    return sum_of(layer("LFF_" + number, side_by_side(input, grown)), input);
  };
  const Tensor shallow = layer("F_m1", rgb.to(DType::float64));
  const Tensor block1 = block("1", layer("F_0", shallow));
  const Tensor block2 = block("2", block1);
  const Tensor deep = sum_of(layer("GFF_2", layer("GFF_1", side_by_side(block1, block2))), shallow);
  const Tensor fine = layer("UPN3", relu_of(layer("UPN2", relu_of(layer("UPN1", deep)))));
  return layer("SR", repeated(fine, 4));
}

TEST(SuperResolution, NetworkIsTheOneWrittenDown) {
  Random random;
  const auto seed = static_cast<std::uint64_t>(random.between(0, 1 << 30));
  const Network network(narrow_weights(seed));
  const Tensor rgb = random_picture(random, 13, 9, DType::float32);
  const Tensor output = network(rgb);
  const Tensor expected = as_defined(narrow_weights(seed), rgb);
  ASSERT_EQ(output.sizes(), expected.sizes());
  // Twelve layers of at most 150 terms, each term off by half an epsilon of a running sum below
  // 512, and no layer makes what it is handed much larger. A wrong layer is off by whole numbers.
  constexpr double tolerance = 12 * 150 * std::numeric_limits<float>::epsilon() / 2 * 512;
  double largest = 0;
  for (std::int64_t i = 0; i < output.numel(); ++i) {
    largest = std::max(largest, std::abs(output.data<float>()[i] - expected.data<double>()[i]));
  }
  EXPECT_LT(largest, tolerance);
}

void expect_tiles_give_the_bits_of_the_whole(const Network& network, const Tensor& rgb,
                                             const std::vector<std::int64_t>& tiles) {
  const Tensor whole = upscaled(network, rgb, DType::float32, 256);
  EXPECT_TRUE(same_bits(whole, network(rgb.to(DType::float32))));
  for (const std::int64_t tile : tiles) {
    EXPECT_TRUE(same_bits(upscaled(network, rgb, DType::float32, tile), whole)) << tile;
  }
}

TEST(SuperResolution, TilesGiveTheBitsOfTheWhole) {
  Random random;
  const Network network(narrow_weights(1), ::conv2d::Precision::exact);
  const Tensor rgb = random_picture(random, 41, 35, DType::uint8);
  expect_tiles_give_the_bits_of_the_whole(network, rgb, {7, 16, 40});
}

// Wide enough for Winograd's algorithm, which rounds a pixel by what lies around it.
TEST(SuperResolution, TilesGiveTheBitsOfTheWholeInDefaultPrecisionToo) {
  Random random;
  const Network network(narrow_weights(1, 4));
  const Tensor rgb = random_picture(random, 75, 57, DType::uint8);
  expect_tiles_give_the_bits_of_the_whole(network, rgb, {18, 32});
  for (const std::int64_t width : {2, 3, 4, 5}) {
    const Tensor narrow = random_picture(random, 83, width, DType::uint8);
    expect_tiles_give_the_bits_of_the_whole(network, narrow, {16, 20});
  }
}

TEST(SuperResolution, APixelReachesAsFarAsTheNetworkSaysAndNoFurther) {
  constexpr std::int64_t size = 2 * Network::reach + 5;
  constexpr std::int64_t middle = size / 2;
  Random random;
  const Network network(narrow_weights(2));
  Tensor rgb = random_picture(random, size, size, DType::float32);
  const Tensor before = network(rgb);
  for (std::int64_t c = 0; c < 3; ++c) {
    rgb.at<float>({c, middle, middle}) = 1e9F;
  }
  const Tensor after = network(rgb);
  std::int64_t furthest = 0;
  for (std::int64_t p = 0; p < 4 * size; ++p) {
    for (std::int64_t q = 0; q < 4 * size; ++q) {
      if (before.at<float>({0, p, q}) != after.at<float>({0, p, q})) {
        furthest = std::max({furthest, std::abs(p / 4 - middle), std::abs(q / 4 - middle)});
      }
    }
  }
  EXPECT_EQ(furthest, Network::reach);
}

TEST(SuperResolution, BytesAreRoundedAndCutOff) {
  NamedTensors weights = narrow_weights(0);
  for (auto& [name, tensor] : weights) {
    tensor = Tensor(tensor.sizes());
  }
  weights["SR.bias"] = Tensor::from<float>({3}, {-3, 127.5F, 300});
  const Network network(std::move(weights));
  const Tensor output = upscaled(network, Tensor({3, 2, 3}, DType::uint8), DType::uint8, 16);
  for (std::int64_t i = 0; i < 8 * 12; ++i) {
    const auto* const bytes = output.data<std::uint8_t>();
    ASSERT_EQ(bytes[i], 0);
    ASSERT_EQ(bytes[96 + i], 128);
    ASSERT_EQ(bytes[192 + i], 255);
  }
}

TEST(SuperResolution, ProgressGrowsToOneWithEachTile) {
  const Network network(narrow_weights(0));
  std::vector<double> seen;
  Tensor output({3, 80, 72});
  upscale(network, Tensor({3, 20, 18}), output, 16, [&seen](double done) { seen.push_back(done); });
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_DOUBLE_EQ(seen[0], 256.0 / 360);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 1);
}

TEST(SuperResolution, AMissingTensorIsNamed) {
  for (const char* const name : {"UPN2.weight", "LFF_1.bias", "SR.weight"}) {
    NamedTensors weights = narrow_weights(0);
    weights.erase(name);
    try {
      const Network network(std::move(weights));
      ADD_FAILURE() << name;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
}

TEST(SuperResolution, PicturesOfEveryKindBecomeRedGreenAndBlue) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("super_resolution_test." + std::to_string(getpid()) + ".png");
  // Two pixels. The second one is transparent by half where there is alpha.
  const std::vector<std::vector<std::uint8_t>> kinds = {{10, 200},
                                                        {10, 200, 255, 128},
                                                        {10, 200, 20, 210, 30, 220},
                                                        {10, 200, 20, 210, 30, 220, 255, 128}};
  const std::vector<std::vector<std::uint8_t>> expected = {{10, 200, 10, 200, 10, 200},
                                                           {10, 227, 10, 227, 10, 227},
                                                           {10, 200, 20, 210, 30, 220},
                                                           {10, 227, 20, 232, 30, 237}};
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    const auto channels = static_cast<std::int64_t>(kind + 1);
    ::conv2d::io::write_png(path, Tensor::from<std::uint8_t>({channels, 1, 2}, kinds[kind]));
    const Tensor rgb = read_rgb(path);
    ASSERT_EQ(rgb.sizes(), ::conv2d::Sizes({3, 1, 2}));
    EXPECT_EQ(std::vector<std::uint8_t>(rgb.data<std::uint8_t>(), rgb.data<std::uint8_t>() + 6),
              expected[kind]);
  }
  std::filesystem::remove(path);
  EXPECT_THROW(read_rgb(path), std::invalid_argument);
}

}  // namespace
}  // namespace super_resolution
