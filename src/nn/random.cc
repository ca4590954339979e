#include "conv2d/random.h"

#include "base/error.h"
#include "nn/default_generator.h"
#include "tensor/convert.h"
#include "tensor/dispatch.h"

#include <cmath>
#include <mutex>
#include <type_traits>
#include <utility>

namespace conv2d {
namespace {

/// The seed of a new torch.Generator (c10::default_rng_seed_val).
constexpr std::uint64_t default_seed = 67280421310721ULL;

struct SharedGenerator {
  std::mutex mutex;
  Generator generator{default_seed};
};

SharedGenerator& shared_generator() {
  static SharedGenerator shared;
  return shared;
}

/// A draw of `bits` fraction bits in [0, 1), as torch's uniform_real_distribution makes them:
/// float64 takes two words, the first the high one; the others one.
template <class S>
S unit_draw(Generator& generator, int bits) {
  if constexpr (std::is_same_v<S, double>) {
    const std::uint64_t high = generator.next();
    const std::uint64_t word = high << 32U | generator.next();
    return std::ldexp(static_cast<double>(word & ((std::uint64_t{1} << 53U) - 1)), -53);
  } else {
    const std::uint32_t mask = (std::uint32_t{1} << static_cast<unsigned>(bits)) - 1;
    return std::ldexp(static_cast<float>(generator.next() & mask), -bits);
  }
}

/// x * width + from, rounded once or twice.
template <class S>
S stretch(S x, S from, S width, UniformRounding rounding) {
  return rounding == UniformRounding::fused ? std::fma(x, width, from) : x * width + from;
}

template <class T>
constexpr int draw_bits() {
  return std::is_same_v<T, bfloat16> ? 8 : std::is_same_v<T, float16> ? 11 : 24;
}

/// Fills a row of elements; a complex is its real part, then its imaginary part.
template <class T>
void fill(Generator& generator, T* values, std::int64_t count, double from, double to,
          UniformRounding rounding) {
  if constexpr (is_complex_type<T>) {
    using Part = typename T::value_type;
    fill(generator, reinterpret_cast<Part*>(values), 2 * count, from, to, rounding);
  } else {
    using S = std::conditional_t<std::is_same_v<T, double>, double, float>;
    // The bounds and their difference are elements too: rounded first, as torch does.
    const S low = convert<S>(convert<T>(from));
    const S width = convert<S>(convert<T>(convert<S>(convert<T>(to)) - low));
    for (std::int64_t i = 0; i < count; ++i) {
      values[i] =
          convert<T>(stretch(unit_draw<S>(generator, draw_bits<T>()), low, width, rounding));
    }
  }
}

/// The same elements with the dimensions in the order in which they lie in memory.
MutableTensorView slowest_first(const MutableTensorView& view) {
  Sizes sizes = view.sizes();
  Strides strides = view.strides();
  const auto distance = [&](int dim) {  // not std::abs, which INT64_MIN has none of
    const auto stride = static_cast<std::uint64_t>(strides[dim]);
    return strides[dim] < 0 ? 0 - stride : stride;
  };
  for (int end = view.rank(); end > 1; --end) {
    for (int dim = 1; dim < end; ++dim) {
      if (distance(dim - 1) < distance(dim)) {
        std::swap(sizes[dim - 1], sizes[dim]);
        std::swap(strides[dim - 1], strides[dim]);
      }
    }
  }
  return MutableTensorView(view.data(), view.dtype(), sizes, strides);
}

}  // namespace

Generator::Generator(std::uint64_t seed, UniformRounding rounding) : rounding_(rounding) {
  state_[0] = static_cast<std::uint32_t>(seed & 0xffffffffU);
  for (std::uint32_t i = 1; i < state_size; ++i) {
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30U)) + i;
  }
}

void Generator::refill() noexcept {
  constexpr std::size_t middle = 397;
  const auto twist = [](std::uint32_t u, std::uint32_t v) {
    const std::uint32_t mixed = (u & 0x80000000U) | (v & 0x7fffffffU);
    return (mixed >> 1U) ^ ((v & 1U) != 0 ? 0x9908b0dfU : 0U);
  };
  for (std::size_t i = 0; i < state_size; ++i) {
    state_[i] = state_[(i + middle) % state_size] ^ twist(state_[i], state_[(i + 1) % state_size]);
  }
  position_ = 0;
}

std::uint32_t Generator::next() noexcept {
  if (position_ == state_size) {
    refill();
  }
  std::uint32_t word = state_[position_++];
  word ^= word >> 11U;
  word ^= (word << 7U) & 0x9d2c5680U;
  word ^= (word << 15U) & 0xefc60000U;
  return word ^ (word >> 18U);
}

void Generator::fill_uniform(MutableTensorView tensor, double from, double to) {
  if (is_integer(tensor.dtype())) {
    throw_invalid(
        concat("uniform values need a floating or complex dtype, but got ", name(tensor.dtype())));
  }
  const MutableTensorView in_order = slowest_first(tensor);
  if (!in_order.is_contiguous()) {
    Tensor packed = Tensor::uninitialized(in_order.sizes(), tensor.dtype());
    fill_uniform(packed, from, to);
    copy(packed, in_order);
    return;
  }
  dispatch(tensor.dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (!std::is_integral_v<T>) {
      fill(*this, static_cast<T*>(tensor.data()), tensor.numel(), from, to, rounding_);
    }
  });
}

void manual_seed(std::uint64_t seed, UniformRounding rounding) {
  SharedGenerator& shared = shared_generator();
  const std::lock_guard lock(shared.mutex);
  shared.generator = Generator(seed, rounding);
}

void fill_uniform_from_default(MutableTensorView tensor, double bound) {
  SharedGenerator& shared = shared_generator();
  const std::lock_guard lock(shared.mutex);
  shared.generator.fill_uniform(tensor, -bound, bound);
}

}  // namespace conv2d
