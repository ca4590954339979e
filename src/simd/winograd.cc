// Vectors run over channels: whole ones, then vectors of four, then single channels, so that no
// byte outside the tensors is touched and every channel goes through the same operations.
//
// The matrices pair the points p and -p, whose rows differ in the sign of the odd terms: e + o and
// e - o with e and o computed once. One axis takes 12 operations for 4
// outputs, inputs and outputs alike, and 4 for 2.
//
// A tile reads and writes short pieces of lines that lie far apart, which a processor does not
// foresee. Where they are not near, those of the next tile are asked for meanwhile: what is read
// into the second cache, for a tile's pixels and its factors would crowd the first one.
#include "simd/winograd.h"

#include "simd/dispatch.h"
#include "simd/fetch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/winograd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Small = winograd::Matrices<2>;
using Large = winograd::Matrices<4>;

/// A constant of the matrices, all of which float32 holds exactly.
template <class D>
HWY_INLINE hn::Vec<D> constant(D d, double value) {
  return hn::Set(d, static_cast<float>(value));
}

/// B^T x.
template <class D>
HWY_INLINE void transform_inputs(D /*d*/, const hn::Vec<D> (&x)[4], hn::Vec<D> (&to)[4]) {
  to[0] = hn::Sub(x[2], x[0]);
  to[1] = hn::Add(x[2], x[1]);
  to[2] = hn::Sub(x[2], x[1]);
  to[3] = hn::Sub(x[3], x[1]);
}

template <class D>
HWY_INLINE void transform_inputs(D d, const hn::Vec<D> (&x)[6], hn::Vec<D> (&to)[6]) {
  const auto a = constant(d, Large::a);
  const auto b = constant(d, Large::b);
  const auto a2 = constant(d, Large::a2);
  const auto b2 = constant(d, Large::b2);
  const auto sum = constant(d, Large::sum);
  const auto product = constant(d, Large::product);
  const auto even_a = hn::NegMulAdd(b2, x[2], x[4]);
  const auto odd_a = hn::NegMulAdd(b2, x[1], x[3]);
  const auto even_b = hn::NegMulAdd(a2, x[2], x[4]);
  const auto odd_b = hn::NegMulAdd(a2, x[1], x[3]);
  to[0] = hn::MulAdd(product, x[0], hn::NegMulAdd(sum, x[2], x[4]));
  to[1] = hn::MulAdd(a, odd_a, even_a);
  to[2] = hn::NegMulAdd(a, odd_a, even_a);
  to[3] = hn::MulAdd(b, odd_b, even_b);
  to[4] = hn::NegMulAdd(b, odd_b, even_b);
  to[5] = hn::MulAdd(product, x[1], hn::NegMulAdd(sum, x[3], x[5]));
}

/// A^T m.
template <class D>
HWY_INLINE void transform_products(D /*d*/, const hn::Vec<D> (&m)[4], hn::Vec<D> (&to)[2]) {
  to[0] = hn::Add(m[0], hn::Add(m[1], m[2]));
  to[1] = hn::Add(hn::Sub(m[1], m[2]), m[3]);
}

template <class D>
HWY_INLINE void transform_products(D d, const hn::Vec<D> (&m)[6], hn::Vec<D> (&to)[4]) {
  const auto even_a = hn::Add(m[1], m[2]);
  const auto odd_a = hn::Sub(m[1], m[2]);
  const auto even_b = hn::Add(m[3], m[4]);
  const auto odd_b = hn::Sub(m[3], m[4]);
  to[0] = hn::Add(hn::Add(m[0], even_a), even_b);
  to[1] = hn::MulAdd(constant(d, Large::b), odd_b, hn::Mul(constant(d, Large::a), odd_a));
  to[2] = hn::MulAdd(constant(d, Large::b2), even_b, hn::Mul(constant(d, Large::a2), even_a));
  to[3] =
      hn::MulAdd(constant(d, Large::b3), odd_b, hn::MulAdd(constant(d, Large::a3), odd_a, m[5]));
}

/// What a vector of channels of the next tile reads.
template <std::size_t Outputs>
HWY_INLINE void fetch_pixels(const float* const* pixels, std::size_t c) {
  unroll<winograd_products(Outputs)>([&](auto i) HWY_ATTR { fetch_for_reading(pixels[i] + c); });
}

/// Where output (i, j) of a tile goes, those to the right of it included.
HWY_INLINE float* target(const WinogradOutput& t, std::size_t i, std::size_t j) {
  return t.to + static_cast<std::ptrdiff_t>(i) * t.row_step +
         static_cast<std::ptrdiff_t>(j) * t.column_step;
}

/// What a vector of channels of the tile to the right writes.
template <std::size_t Outputs>
HWY_INLINE void fetch_outputs(const WinogradOutput& t, std::size_t c) {
  unroll<Outputs>([&](auto i) HWY_ATTR {
    unroll<Outputs>([&](auto j) HWY_ATTR { fetch_for_writing(target(t, i, Outputs + j) + c); });
  });
}

/// One vector of channels, from channel c on.
template <std::size_t Outputs, class D>
HWY_INLINE void transform_input_tile(D d, const WinogradInput& t, std::size_t c) {
  constexpr std::size_t n = winograd_inputs(Outputs);
  hn::Vec<D> half[n][n];
  unroll<n>([&](auto j) HWY_ATTR {
    hn::Vec<D> column[n];
    hn::Vec<D> turned[n];
    unroll<n>([&](auto i) HWY_ATTR { column[i] = hn::LoadU(d, t.pixels[i * n + j] + c); });
    transform_inputs(d, column, turned);
    unroll<n>([&](auto i) HWY_ATTR { half[i][j] = turned[i]; });
  });
  unroll<n>([&](auto i) HWY_ATTR {
    hn::Vec<D> row[n];
    transform_inputs(d, half[i], row);
    unroll<n>([&](auto j)
                  HWY_ATTR { hn::StoreU(row[j], d, t.factors + (i * n + j) * t.step + c); });
  });
}

/// One vector of channels, from channel c on; whether all outputs are finite before the bias.
/// Streams: past the caches.
template <std::size_t Outputs, bool Streams, class D>
HWY_INLINE bool transform_output_tile(D d, const WinogradOutput& t, std::size_t c) {
  constexpr std::size_t n = winograd_inputs(Outputs);
  hn::Vec<D> half[Outputs][n];
  unroll<n>([&](auto j) HWY_ATTR {
    hn::Vec<D> column[n];
    hn::Vec<D> turned[Outputs];
    unroll<n>([&](auto i)
                  HWY_ATTR { column[i] = hn::LoadU(d, t.products + (i * n + j) * t.step + c); });
    transform_products(d, column, turned);
    unroll<Outputs>([&](auto i) HWY_ATTR { half[i][j] = turned[i]; });
  });
  const auto bias = hn::LoadU(d, t.bias + c);
  const auto zero = hn::Zero(d);
  auto check = zero;  // NaN once an infinity or a NaN was multiplied by 0
  unroll<Outputs>([&](auto i) HWY_ATTR {
    hn::Vec<D> row[Outputs];
    transform_products(d, half[i], row);
    unroll<Outputs>([&](auto j) HWY_ATTR {
      check = hn::MulAdd(row[j], zero, check);
      if (i < t.rows && j < t.columns) {
        if constexpr (Streams) {
          hn::Stream(hn::Add(row[j], bias), d, target(t, i, j) + c);
        } else {
          hn::StoreU(hn::Add(row[j], bias), d, target(t, i, j) + c);
        }
      }
    });
  });
  return hn::AllTrue(d, hn::Eq(check, zero));
}

template <std::size_t Outputs>
void winograd_input(const WinogradInput& tile) {
  const hn::ScalableTag<float> whole;
  const hn::FixedTag<float, 4> four;
  const hn::FixedTag<float, 1> one;
  std::size_t c = 0;
  for (; c + hn::Lanes(whole) <= tile.channels; c += hn::Lanes(whole)) {
    if (tile.next != nullptr) {
      fetch_pixels<Outputs>(tile.next, c);
    }
    transform_input_tile<Outputs>(whole, tile, c);
  }
  for (; c + 4 <= tile.channels; c += 4) {
    transform_input_tile<Outputs>(four, tile, c);
  }
  for (; c < tile.channels; ++c) {
    transform_input_tile<Outputs>(one, tile, c);
  }
}

template <std::size_t Outputs>
bool winograd_output(const WinogradOutput& tile) {
  const hn::ScalableTag<float> whole;
  const hn::FixedTag<float, 4> four;
  const hn::FixedTag<float, 1> one;
  bool finite = true;
  std::size_t c = 0;
  for (; c + hn::Lanes(whole) <= tile.channels; c += hn::Lanes(whole)) {
    if (tile.fetches) {
      fetch_outputs<Outputs>(tile, c);
    }
    finite &= transform_output_tile<Outputs, false>(whole, tile, c);
  }
  for (; c + 4 <= tile.channels; c += 4) {
    finite &= transform_output_tile<Outputs, false>(four, tile, c);
  }
  for (; c < tile.channels; ++c) {
    finite &= transform_output_tile<Outputs, false>(one, tile, c);
  }
  return finite;
}

template <std::size_t Outputs>
bool stream_winograd_output(const WinogradOutput& tile) {
  const hn::ScalableTag<float> whole;
  bool finite = true;
  for (std::size_t c = 0; c < tile.channels; c += hn::Lanes(whole)) {
    finite &= transform_output_tile<Outputs, true>(whole, tile, c);
  }
  return finite;
}

/// The float64 numbers that weights are transformed in: a vector of them where there are such.
struct WideNumbers {
#if HWY_HAVE_FLOAT64
  using D = hn::ScalableTag<double>;
  using Floats = hn::Rebind<float, D>;
  using Value = hn::Vec<D>;

  static HWY_INLINE std::size_t count() { return hn::Lanes(D()); }
  static HWY_INLINE Value load(const float* HWY_RESTRICT from) {
    return hn::PromoteTo(D(), hn::LoadU(Floats(), from));
  }
  static HWY_INLINE void store(Value value, float* HWY_RESTRICT to) {
    hn::StoreU(hn::DemoteTo(Floats(), value), Floats(), to);
  }
  static HWY_INLINE Value times(double factor, Value value) {
    return hn::Mul(hn::Set(D(), factor), value);
  }
  static HWY_INLINE Value sum(Value a, Value b) { return hn::Add(a, b); }
  static HWY_INLINE Value difference(Value a, Value b) { return hn::Sub(a, b); }
#else
  using Value = double;

  static std::size_t count() { return 1; }
  static Value load(const float* from) { return *from; }
  static void store(Value value, float* to) { *to = static_cast<float>(value); }
  static Value times(double factor, Value value) { return factor * value; }
  static Value sum(Value a, Value b) { return a + b; }
  static Value difference(Value a, Value b) { return a - b; }
#endif
};

/// G g. Products and sums are rounded one by one, as plain code does it.
HWY_INLINE void transform_taps(const WideNumbers::Value (&g)[3], WideNumbers::Value (&to)[4]) {
  using W = WideNumbers;
  const auto even = W::times(Small::kernel[1][0], W::sum(g[0], g[2]));
  const auto odd = W::times(Small::kernel[1][1], g[1]);
  to[0] = W::times(Small::kernel[0][0], g[0]);
  to[1] = W::sum(even, odd);
  to[2] = W::difference(even, odd);
  to[3] = g[2];
}

HWY_INLINE void transform_taps(const WideNumbers::Value (&g)[3], WideNumbers::Value (&to)[6]) {
  using W = WideNumbers;
  const auto even_a =
      W::sum(W::times(1 / Large::at_a, g[0]), W::times(Large::a2 / Large::at_a, g[2]));
  const auto odd_a = W::times(Large::a / Large::at_a, g[1]);
  const auto even_b =
      W::sum(W::times(1 / Large::at_b, g[0]), W::times(Large::b2 / Large::at_b, g[2]));
  const auto odd_b = W::times(Large::b / Large::at_b, g[1]);
  to[0] = W::times(1 / Large::at_0, g[0]);
  to[1] = W::sum(even_a, odd_a);
  to[2] = W::difference(even_a, odd_a);
  to[3] = W::sum(even_b, odd_b);
  to[4] = W::difference(even_b, odd_b);
  to[5] = g[2];
}

template <std::size_t Outputs>
HWY_INLINE void transform_weights(const WinogradWeights& w, std::size_t k) {
  using W = WideNumbers;
  constexpr std::size_t n = winograd_inputs(Outputs);
  W::Value half[n][3];
  unroll<3>([&](auto s) HWY_ATTR {
    W::Value column[3];
    W::Value turned[n];
    unroll<3>([&](auto r) HWY_ATTR { column[r] = W::load(w.taps + (r * 3 + s) * w.channels + k); });
    transform_taps(column, turned);
    unroll<n>([&](auto i) HWY_ATTR { half[i][s] = turned[i]; });
  });
  unroll<n>([&](auto i) HWY_ATTR {
    W::Value row[n];
    transform_taps(half[i], row);
    unroll<n>([&](auto j) HWY_ATTR { W::store(row[j], w.factors + (i * n + j) * w.step + k); });
  });
}

template <std::size_t Outputs>
void winograd_weights(const WinogradWeights& weights) {
  for (std::size_t k = 0; k < weights.channels; k += WideNumbers::count()) {
    transform_weights<Outputs>(weights, k);
  }
}

template <std::size_t Outputs>
const WinogradKernels& winograd_kernels_of() {
  static const WinogradKernels found = {winograd_weights<Outputs>, winograd_input<Outputs>,
                                        winograd_output<Outputs>, stream_winograd_output<Outputs>};
  return found;
}

const WinogradKernels& winograd_table(std::size_t outputs) {
  return outputs == 2 ? winograd_kernels_of<2>() : winograd_kernels_of<4>();
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(winograd_table);

const WinogradKernels& winograd_kernels(std::size_t outputs) noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(winograd_table)(outputs);
}

}  // namespace conv2d::simd
#endif
