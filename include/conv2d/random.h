// The random numbers that initial weights are drawn from: torch's, bit for bit.
#pragma once

#include <conv2d/tensor.h>

#include <array>
#include <cstdint>

namespace conv2d {

/// How x*(to - from) + from is rounded. torch's AVX2 and AVX-512 kernels use a fused multiply-add;
/// under ATEN_CPU_CAPABILITY=default it rounds the product first.
enum class UniformRounding : std::uint8_t { fused, separate };

/// torch's CPU generator: the Mersenne Twister MT19937.
/// Source: Matsumoto and Nishimura, ACM TOMACS 8(1), 1998.
class Generator {
 public:
  /// Only the low 32 bits of the seed matter, as in torch.
  explicit Generator(std::uint64_t seed, UniformRounding rounding = UniformRounding::fused);

  std::uint32_t next() noexcept;
  /// Fills the tensor in memory order with values from [from, to), as Tensor.uniform_ does.
  /// Throws std::invalid_argument for an integer dtype.
  void fill_uniform(MutableTensorView tensor, double from, double to);

 private:
  static constexpr std::size_t state_size = 624;
  void refill() noexcept;
  std::array<std::uint32_t, state_size> state_;
  std::size_t position_ = state_size;
  UniformRounding rounding_;
};

/// Seeds the generator that layers draw their initial weights from; one per process, and layers
/// made on several threads take turns. Without this call it starts as a new torch.Generator does,
/// the same in every process, where torch.nn would start from a random seed.
void manual_seed(std::uint64_t seed, UniformRounding rounding = UniformRounding::fused);

}  // namespace conv2d
