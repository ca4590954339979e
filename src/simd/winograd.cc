// Vectors run over channels: whole ones, then vectors of four, then single channels, so that no
// byte outside the tensors is touched and every channel goes through the same operations.
//
// Both matrices pair the points p and -p, whose rows differ in the sign of the odd terms: e + o and
// e - o with e and o computed once. One axis takes 12 (inputs) or 11 (outputs) operations.
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

/// A constant of the matrices, all of which float32 holds exactly.
template <class D>
HWY_INLINE hn::Vec<D> constant(D d, double value) {
  return hn::Set(d, static_cast<float>(value));
}

/// B^T x.
template <class D>
HWY_INLINE void transform_inputs(D d, const hn::Vec<D> (&x)[6], hn::Vec<D> (&to)[6]) {
  const auto a = constant(d, winograd::a);
  const auto b = constant(d, winograd::b);
  const auto a2 = constant(d, winograd::a2);
  const auto b2 = constant(d, winograd::b2);
  const auto sum = constant(d, winograd::sum);
  const auto product = constant(d, winograd::product);
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
HWY_INLINE void transform_products(D d, const hn::Vec<D> (&m)[6], hn::Vec<D> (&to)[4]) {
  const auto even_a = hn::Add(m[1], m[2]);
  const auto odd_a = hn::Sub(m[1], m[2]);
  const auto even_b = hn::Add(m[3], m[4]);
  const auto odd_b = hn::Sub(m[3], m[4]);
  to[0] = hn::Add(hn::Add(m[0], even_a), even_b);
  to[1] = hn::MulAdd(constant(d, winograd::b), odd_b, hn::Mul(constant(d, winograd::a), odd_a));
  to[2] = hn::MulAdd(constant(d, winograd::b2), even_b, hn::Mul(constant(d, winograd::a2), even_a));
  to[3] = hn::MulAdd(constant(d, winograd::b3), odd_b,
                     hn::MulAdd(constant(d, winograd::a3), odd_a, m[5]));
}

/// What a vector of channels of the next tile reads.
HWY_INLINE void fetch_pixels(const float* const* pixels, std::size_t c) {
  unroll<winograd_products>([&](auto i) HWY_ATTR { fetch_for_reading(pixels[i] + c); });
}

/// Where output (i, j) of a tile goes, those to the right of it included.
HWY_INLINE float* target(const WinogradOutput& t, std::size_t i, std::size_t j) {
  return t.to + static_cast<std::ptrdiff_t>(i) * t.row_step +
         static_cast<std::ptrdiff_t>(j) * t.column_step;
}

/// What a vector of channels of the tile to the right writes.
HWY_INLINE void fetch_outputs(const WinogradOutput& t, std::size_t c) {
  unroll<winograd_outputs>([&](auto i) HWY_ATTR {
    unroll<winograd_outputs>(
        [&](auto j) HWY_ATTR { fetch_for_writing(target(t, i, winograd_outputs + j) + c); });
  });
}

/// One vector of channels, from channel c on.
template <class D>
HWY_INLINE void transform_input_tile(D d, const WinogradInput& t, std::size_t c) {
  hn::Vec<D> half[6][6];
  unroll<6>([&](auto j) HWY_ATTR {
    hn::Vec<D> column[6];
    hn::Vec<D> turned[6];
    unroll<6>([&](auto i) HWY_ATTR { column[i] = hn::LoadU(d, t.pixels[i * 6 + j] + c); });
    transform_inputs(d, column, turned);
    unroll<6>([&](auto i) HWY_ATTR { half[i][j] = turned[i]; });
  });
  unroll<6>([&](auto i) HWY_ATTR {
    hn::Vec<D> row[6];
    transform_inputs(d, half[i], row);
    unroll<6>([&](auto j)
                  HWY_ATTR { hn::StoreU(row[j], d, t.factors + (i * 6 + j) * t.step + c); });
  });
}

/// One vector of channels, from channel c on; whether all outputs are finite before the bias.
/// Streams: past the caches.
template <bool Streams, class D>
HWY_INLINE bool transform_output_tile(D d, const WinogradOutput& t, std::size_t c) {
  hn::Vec<D> half[4][6];
  unroll<6>([&](auto j) HWY_ATTR {
    hn::Vec<D> column[6];
    hn::Vec<D> turned[4];
    unroll<6>([&](auto i)
                  HWY_ATTR { column[i] = hn::LoadU(d, t.products + (i * 6 + j) * t.step + c); });
    transform_products(d, column, turned);
    unroll<4>([&](auto i) HWY_ATTR { half[i][j] = turned[i]; });
  });
  const auto bias = hn::LoadU(d, t.bias + c);
  const auto zero = hn::Zero(d);
  auto check = zero;  // NaN once an infinity or a NaN was multiplied by 0
  unroll<4>([&](auto i) HWY_ATTR {
    hn::Vec<D> row[4];
    transform_products(d, half[i], row);
    unroll<4>([&](auto j) HWY_ATTR {
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

void winograd_input(const WinogradInput& tile) {
  const hn::ScalableTag<float> whole;
  const hn::FixedTag<float, 4> four;
  const hn::FixedTag<float, 1> one;
  std::size_t c = 0;
  for (; c + hn::Lanes(whole) <= tile.channels; c += hn::Lanes(whole)) {
    if (tile.next != nullptr) {
      fetch_pixels(tile.next, c);
    }
    transform_input_tile(whole, tile, c);
  }
  for (; c + 4 <= tile.channels; c += 4) {
    transform_input_tile(four, tile, c);
  }
  for (; c < tile.channels; ++c) {
    transform_input_tile(one, tile, c);
  }
}

bool winograd_output(const WinogradOutput& tile) {
  const hn::ScalableTag<float> whole;
  const hn::FixedTag<float, 4> four;
  const hn::FixedTag<float, 1> one;
  bool finite = true;
  std::size_t c = 0;
  for (; c + hn::Lanes(whole) <= tile.channels; c += hn::Lanes(whole)) {
    if (tile.fetches) {
      fetch_outputs(tile, c);
    }
    finite &= transform_output_tile<false>(whole, tile, c);
  }
  for (; c + 4 <= tile.channels; c += 4) {
    finite &= transform_output_tile<false>(four, tile, c);
  }
  for (; c < tile.channels; ++c) {
    finite &= transform_output_tile<false>(one, tile, c);
  }
  return finite;
}

bool stream_winograd_output(const WinogradOutput& tile) {
  const hn::ScalableTag<float> whole;
  bool finite = true;
  for (std::size_t c = 0; c < tile.channels; c += hn::Lanes(whole)) {
    finite &= transform_output_tile<true>(whole, tile, c);
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
HWY_INLINE void transform_taps(const WideNumbers::Value (&g)[3], WideNumbers::Value (&to)[6]) {
  using W = WideNumbers;
  const auto even_a =
      W::sum(W::times(1 / winograd::at_a, g[0]), W::times(winograd::a2 / winograd::at_a, g[2]));
  const auto odd_a = W::times(winograd::a / winograd::at_a, g[1]);
  const auto even_b =
      W::sum(W::times(1 / winograd::at_b, g[0]), W::times(winograd::b2 / winograd::at_b, g[2]));
  const auto odd_b = W::times(winograd::b / winograd::at_b, g[1]);
  to[0] = W::times(1 / winograd::at_0, g[0]);
  to[1] = W::sum(even_a, odd_a);
  to[2] = W::difference(even_a, odd_a);
  to[3] = W::sum(even_b, odd_b);
  to[4] = W::difference(even_b, odd_b);
  to[5] = g[2];
}

HWY_INLINE void transform_weights(const WinogradWeights& w, std::size_t k) {
  using W = WideNumbers;
  W::Value half[6][3];
  unroll<3>([&](auto s) HWY_ATTR {
    W::Value column[3];
    W::Value turned[6];
    unroll<3>([&](auto r) HWY_ATTR { column[r] = W::load(w.taps + (r * 3 + s) * w.channels + k); });
    transform_taps(column, turned);
    unroll<6>([&](auto i) HWY_ATTR { half[i][s] = turned[i]; });
  });
  unroll<6>([&](auto i) HWY_ATTR {
    W::Value row[6];
    transform_taps(half[i], row);
    unroll<6>([&](auto j) HWY_ATTR { W::store(row[j], w.factors + (i * 6 + j) * w.step + k); });
  });
}

void winograd_weights(const WinogradWeights& weights) {
  for (std::size_t k = 0; k < weights.channels; k += WideNumbers::count()) {
    transform_weights(weights, k);
  }
}

const WinogradKernels& winograd_table() {
  static const WinogradKernels found = {winograd_weights, winograd_input, winograd_output,
                                        stream_winograd_output};
  return found;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(winograd_table);

const WinogradKernels& winograd_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(winograd_table)();
}

}  // namespace conv2d::simd
#endif
