// Initial weights: torch's, bit for bit. All numbers here were printed by Debian's PyTorch 1.13.1
// on a machine with AVX2 (fused) and under ATEN_CPU_CAPABILITY=default (separate):
//
//   import numpy, torch
//   def show(layer, bits):                    # bits: numpy.uint32, and numpy.uint64 for float64
//       for p in layer.parameters():
//           words = p.detach().numpy().view(bits).flatten()
//           hash = 14695981039346656037       # FNV-1a over all bytes
//           for byte in words.tobytes():
//               hash = (hash ^ byte) * 1099511628211 % 2**64
//           print([hex(w) for w in words[:4]], hex(hash))
//   torch.manual_seed(0); show(torch.nn.Conv2d(3, 6, 5), numpy.uint32)
//
// NumPy has no bfloat16: there p.detach().view(torch.int16).numpy() shows the bits.
#include <conv2d/nn.h>
#include <conv2d/random.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <thread>
#include <vector>

namespace conv2d {
namespace {

using testing::refused;
using testing::same_bits;
using testing::values_of;

/// Fowler, Noll and Vo's hash 1a of the elements' bytes.
std::uint64_t hash_of(const Tensor& tensor) {
  std::uint64_t hash = 14695981039346656037U;
  const auto* bytes = static_cast<const unsigned char*>(tensor.data());
  for (const unsigned char byte :
       std::span(bytes, static_cast<std::size_t>(tensor.numel()) * element_size(tensor.dtype()))) {
    hash = (hash ^ byte) * 1099511628211U;
  }
  return hash;
}

template <class Word>
std::vector<Word> first_words(const Tensor& tensor, std::size_t count) {
  std::vector<Word> words(count);
  std::memcpy(words.data(), tensor.data(), count * sizeof(Word));
  return words;
}

TEST(ManualSeed, Float32WeightsAreTorchs) {
  manual_seed(0);
  const Conv2d conv(3, 6, 5);
  EXPECT_EQ(first_words<std::uint32_t>(conv.weight(), 4),
            (std::vector<std::uint32_t>{0xba629fd9, 0x3d7db81f, 0xbdc2a2cb, 0xbdae096d}));
  EXPECT_EQ(hash_of(conv.weight()), 0x46c4ed7818f986c8U);
  EXPECT_EQ(first_words<std::uint32_t>(*conv.bias(), 6),
            (std::vector<std::uint32_t>{0x3dc41f37, 0x3d7eaa43, 0x3deb1010, 0x3d6ef2a6, 0xbd9c184a,
                                        0x3dc55d56}));
}

TEST(ManualSeed, Float32WeightsWithoutFusedMultiplyAddAreTorchsToo) {
  manual_seed(0, UniformRounding::separate);
  const Conv2d conv(3, 6, 5);
  EXPECT_EQ(first_words<std::uint32_t>(conv.weight(), 4),
            (std::vector<std::uint32_t>{0xba62a000, 0x3d7db820, 0xbdc2a2cb, 0xbdae096d}));
  EXPECT_EQ(hash_of(conv.weight()), 0xf2d1c79d58444562U);
  EXPECT_EQ(hash_of(*conv.bias()), 0xfee292ecaea98555U);
}

TEST(ManualSeed, Float64WeightsAreTorchs) {
  const Conv2dOptions options{
      .in_channels = 3, .out_channels = 6, .kernel_size = 5, .dtype = DType::float64};
  manual_seed(0);
  const Conv2d fused(options);
  EXPECT_EQ(first_words<std::uint64_t>(fused.weight(), 2),
            (std::vector<std::uint64_t>{0x3fbbca336e0cd860, 0x3fa892a975676af2}));
  EXPECT_EQ(hash_of(fused.weight()), 0x746cfa16d5ac45acU);
  EXPECT_EQ(hash_of(*fused.bias()), 0x2db473a857eedec8U);
  manual_seed(0, UniformRounding::separate);
  const Conv2d separate(options);
  EXPECT_EQ(hash_of(separate.weight()), 0x4c316c641619c609U);
  EXPECT_EQ(hash_of(*separate.bias()), 0xde38c7ff15c2c11U);
}

TEST(ManualSeed, SixteenBitWeightsAreTorchs) {
  const auto layer = [](DType dtype) {
    manual_seed(0);
    return Conv2d({.in_channels = 3, .out_channels = 6, .kernel_size = 5, .dtype = dtype});
  };
  const Conv2d brain = layer(DType::bfloat16);
  EXPECT_EQ(hash_of(brain.weight()), 0x16c85a55a0c7976dU);
  EXPECT_EQ(hash_of(*brain.bias()), 0x349527afdc8a7f5U);
  const Conv2d half = layer(DType::float16);
  EXPECT_EQ(hash_of(half.weight()), 0xa75297059a550f61U);
  EXPECT_EQ(hash_of(*half.bias()), 0x5f232059f2d04e33U);
}

TEST(ManualSeed, TransposedLayersCountTheirOutputChannels) {
  manual_seed(0);
  const ConvTranspose2d conv(4, 6, {3, 2}, 1, 0, 0, 2);
  EXPECT_EQ(hash_of(conv.weight()), 0xb48160238905317dU);
  EXPECT_EQ(hash_of(*conv.bias()), 0xd7f5df9e064d19f0U);
}

TEST(ManualSeed, OnlyTheLow32BitsCountAndTheStreamGoesOn) {
  manual_seed((std::uint64_t{1} << 40U) + 7);
  const Conv2d first(3, 6, 5);
  EXPECT_EQ(hash_of(first.weight()), 0x92982fb18aef6c78U);
  const Conv2d second(3, 6, 5);
  EXPECT_EQ(hash_of(second.weight()), 0xbfa2625c288577b3U);
  manual_seed(7);
  EXPECT_TRUE(same_bits(Conv2d(3, 6, 5).weight(), first.weight()));
}

TEST(ManualSeed, LayersThatDrawNothingLeaveTheStreamAlone) {
  manual_seed(7);
  const Conv2d first(3, 6, 5);
  manual_seed(7);
  const Conv2d integer(
      {.in_channels = 1, .out_channels = 1, .kernel_size = 3, .dtype = DType::int8});
  const Conv2d given({.in_channels = 1, .out_channels = 1, .kernel_size = 1, .bias = false},
                     Tensor({1, 1, 1, 1}));
  const Conv2d empty(0, 2, 3);
  EXPECT_TRUE(same_bits(Conv2d(3, 6, 5).weight(), first.weight()));
}

TEST(ManualSeed, LayersMadeOnSeveralThreadsTakeTurns) {
  manual_seed(7);
  std::vector<std::thread> threads;
  std::vector<Tensor> weights(4);
  for (Tensor& weight : weights) {
    threads.emplace_back([&weight] { weight = Conv2d(3, 6, 5).weight().clone(); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(same_bits(weights[i], weights[j]));
    }
  }
}

// The generator's authors publish the first outputs for init_genrand(5489): 3499211612 581869302
// 3890346734, and the C++ standard the 10000th: 4123659995 ([rand.predef]).
TEST(Generator, IsTheMersenneTwister) {
  Generator generator(5489);
  EXPECT_EQ(generator.next(), 3499211612U);
  EXPECT_EQ(generator.next(), 581869302U);
  EXPECT_EQ(generator.next(), 3890346734U);
  for (int i = 4; i < 10000; ++i) {
    generator.next();
  }
  EXPECT_EQ(generator.next(), 4123659995U);
}

TEST(Generator, UniformValuesLieInTheHalfOpenRange) {
  Generator generator(1);
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16}) {
    Tensor tensor({10000}, dtype);
    generator.fill_uniform(tensor, -2, 3);
    double sum = 0;
    for (const double value : values_of<double>(tensor.to(DType::float64))) {
      EXPECT_GE(value, -2);
      EXPECT_LE(value, 3);  // 3 itself only where rounding to 16 bits reaches it
      sum += value;
    }
    // The mean of n uniform values has the deviation 5/sqrt(12 n) = 0.0144; this allows six.
    EXPECT_NEAR(sum / 10000, 0.5, 6 * 5 / std::sqrt(12.0 * 10000)) << name(dtype);
  }
}

TEST(Generator, AComplexNumberIsTwoDraws) {
  Tensor complex({8}, DType::complex64);
  Tensor parts({16});
  Generator(3).fill_uniform(complex, -1, 1);
  Generator(3).fill_uniform(parts, -1, 1);
  for (std::int64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(complex.at<complex64>({i}),
              complex64(parts.at<float>({2 * i}), parts.at<float>({2 * i + 1})));
  }
}

// torch 1.13.1: t.uniform_() of a channels-last or a transposed t holds, in the order of memory,
// the numbers that a contiguous one holds.
TEST(Generator, FillsInTheOrderOfMemory) {
  Tensor plain({24});
  Generator(3).fill_uniform(plain, -1, 1);
  Tensor last({2, 3, 2, 2}, DType::float32, MemoryFormat::channels_last);
  Generator(3).fill_uniform(last, -1, 1);
  EXPECT_EQ(values_of<float>(last.view().permute({0, 2, 3, 1})), values_of<float>(plain));
  Tensor turned({4, 6});
  Generator(3).fill_uniform(turned.mutable_view().permute({1, 0}), -1, 1);
  EXPECT_EQ(values_of<float>(turned), values_of<float>(plain));
}

TEST(Generator, FillsAViewWithGapsRowByRow) {
  Tensor plain({12});
  Generator(3).fill_uniform(plain, -1, 1);
  Tensor wide({3, 8});
  const MutableTensorView every_second = wide.mutable_view().slice(1, 0, 8, 2);
  Generator(3).fill_uniform(every_second, -1, 1);
  EXPECT_EQ(values_of<float>(every_second), values_of<float>(plain));
  for (const float gap : values_of<float>(wide.view().slice(1, 1, 8, 2))) {
    EXPECT_EQ(gap, 0);
  }
}

TEST(Generator, IntegersAreRefused) {
  Tensor tensor({2}, DType::int32);
  EXPECT_TRUE(refused([&] { Generator(0).fill_uniform(tensor, 0, 1); },
                      "need a floating or complex dtype, but got int32"));
}

}  // namespace
}  // namespace conv2d
