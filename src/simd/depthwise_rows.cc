// Two kinds of loops, in both of which a vector of pixels, once loaded, serves every output row
// that reads it: a load that crosses a cache line costs two, and a convolution of one channel has
// one load a product where rows are computed one by one.
//
// Rolling, for kernels of 3, 5 and 7 rows: the sums of all output rows that an input row touches
// are in registers; when an input row is done the oldest output is stored and the others move up,
// which costs nothing but the decoding of moves. No input row is loaded twice, and any number of
// rows follows. The first and the last input rows touch half of the sums: a strip of 14 rows would
// lose an eighth of its time to outputs that are not its own.
//
// Tall, for higher kernels: a tile of up to 8 output rows; input row h is tap h - i of output i. At
// the top and at the bottom of the tile fewer outputs are touched.
#include "simd/depthwise_rows.h"

#include "simd/dispatch.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/depthwise_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/fetch.h"
#include "simd/store_first-inl.h"
#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// AVX-512 and NEON have 32 vector registers: sums that leave room for pixels and weights.
#if (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3) || HWY_ARCH_ARM
constexpr std::size_t most_row_sums = 24;
constexpr bool holds_nine_weights = true;
#else
constexpr std::size_t most_row_sums = 10;
constexpr bool holds_nine_weights = false;
#endif

constexpr std::size_t vectors_of(std::size_t rows) {
  const std::size_t fit = most_row_sums / rows;
  return fit < most_row_vectors ? fit : most_row_vectors;
}

/// What the lanes of a vector share, or where they lie: see DepthwiseRows.
template <class D, bool Interleaved>
struct LaneSpread {
  using T = hn::TFromD<D>;

  /// The index-th of weights or biases.
  static HWY_INLINE hn::Vec<D> spread(const T* HWY_RESTRICT from, std::size_t index) {
    if constexpr (Interleaved) {
      return hn::LoadU(D(), from + index * hn::Lanes(D()));
    } else {
      return hn::Set(D(), from[index]);
    }
  }
  /// Elements that each of them takes.
  static HWY_INLINE std::size_t each() { return Interleaved ? hn::Lanes(D()) : 1; }
  static HWY_INLINE std::size_t vector_step(const DepthwiseRows<T>& a) {
    return Interleaved ? static_cast<std::size_t>(a.vector_step) : hn::Lanes(D());
  }
};

/// The sums of some output rows, N of them, by J vectors.
template <class D, std::size_t N, std::size_t J>
struct RowSums {
  using T = hn::TFromD<D>;
  hn::Vec<D> sum[N][J];

  HWY_INLINE void clear() {
    unroll<N>([&](auto n) HWY_ATTR { clear_row<n>(); });
  }

  template <std::size_t Row>
  HWY_INLINE void clear_row() {
    unroll<J>([&](auto j) HWY_ATTR { sum[Row][j] = hn::Zero(D()); });
  }

  /// Pixels of the vectors that follow, whose last tap is at `pixels`: what is before the last lane
  /// has been read. A processor does not foresee them: many other rows are read in between. Rows of
  /// a picture that no cache holds take two thirds of the time so.
  static HWY_INLINE void fetch_next(const T* HWY_RESTRICT pixels, std::size_t step) {
    unroll<J>([&](auto j) HWY_ATTR {
      fetch_for_reading_next(pixels + (J + j) * step + hn::Lanes(D()) - 1);
    });
  }

  /// One tap of `Rows` rows of sums from `First` on; weight(i) is that of the i-th of them.
  template <std::size_t First, std::size_t Rows, class Weight>
  HWY_INLINE void multiply_add(const T* HWY_RESTRICT pixels, std::size_t step, Weight&& weight) {
    hn::Vec<D> x[J];
    unroll<J>([&](auto j) HWY_ATTR { x[j] = hn::LoadU(D(), pixels + j * step); });
    unroll<Rows>([&](auto i) HWY_ATTR {
      const hn::Vec<D> w = weight(i);
      unroll<J>([&](auto j)
                    HWY_ATTR { sum[First + i][j] = hn::MulAdd(w, x[j], sum[First + i][j]); });
    });
  }

  template <std::size_t Row>
  HWY_INLINE void store(const DepthwiseRows<T>& a, hn::Vec<D> bias, T* HWY_RESTRICT to,
                        std::size_t step) const {
    if (a.streams) {
      unroll<J>([&](auto j)
                    HWY_ATTR { hn::Stream(hn::Add(sum[Row][j], bias), D(), to + j * step); });
      return;
    }
    unroll<J - 1>([&](auto j)
                      HWY_ATTR { hn::StoreU(hn::Add(sum[Row][j], bias), D(), to + j * step); });
    store_first(hn::Add(sum[Row][J - 1], bias), D(), to + (J - 1) * step, a.last);
  }

  /// Row n + 1 becomes row n; the last one begins anew.
  HWY_INLINE void move_up() {
    unroll<N - 1>([&](auto n)
                      HWY_ATTR { unroll<J>([&](auto j) HWY_ATTR { sum[n][j] = sum[n + 1][j]; }); });
    clear_row<N - 1>();
  }
};

/// Taps of R rows that leave E when divided by the stride.
constexpr std::size_t rows_of_phase(std::size_t kernel_rows, std::size_t stride, std::size_t e) {
  return (kernel_rows - e + stride - 1) / stride;
}

/// The weights of R rows by S columns in registers; none where S is 0.
template <class D, bool Interleaved, std::size_t R, std::size_t S>
struct KeptWeights {
  hn::Vec<D> tap[S == 0 ? 1 : S][R];

  HWY_INLINE void load(const hn::TFromD<D>* HWY_RESTRICT weights) {
    unroll<S>([&](auto s) HWY_ATTR {
      unroll<R>([&](auto r) HWY_ATTR {
        tap[s][r] = LaneSpread<D, Interleaved>::spread(weights, s * R + r);
      });
    });
  }
};

/// Sums that an input row adds to: `Rows` of them from the `First` on, which is the oldest and
/// takes tap `Tap`.
template <std::size_t First, std::size_t Rows, std::size_t Tap>
struct Touched {};

/// The highest tap that leaves E.
constexpr std::size_t last_of_phase(std::size_t kernel_rows, std::size_t stride, std::size_t e) {
  return e + stride * (rows_of_phase(kernel_rows, stride, e) - 1);
}

/// Those of the E-th input row of a step: tap E of the newest output, E + Stride of the one before
/// it, ...
template <std::size_t R, std::size_t Stride, std::size_t E>
using TouchedByRow = Touched<rows_of_phase(R, Stride, 0) - rows_of_phase(R, Stride, E),
                             rows_of_phase(R, Stride, E), last_of_phase(R, Stride, E)>;

/// The newer half, with a stride of 1, where the older outputs would lie before the first row.
template <std::size_t R>
using TouchedAtTop = Touched<R / 2, R - R / 2, R - 1 - R / 2>;
/// And the older half, where the newer ones would lie behind the last.
template <std::size_t R>
using TouchedAtBottom = Touched<0, R - R / 2, R - 1>;

/// Adds an input row to the sums that it touches.
template <std::size_t Stride, std::size_t First, std::size_t Rows, std::size_t Tap, class D,
          bool Interleaved, std::size_t R, std::size_t S, std::size_t N, std::size_t J>
HWY_INLINE void add_rolling_row(Touched<First, Rows, Tap> /*which*/,
                                const DepthwiseRows<hn::TFromD<D>>& a,
                                const KeptWeights<D, Interleaved, R, S>& kept,
                                RowSums<D, N, J>& sums, const hn::TFromD<D>* HWY_RESTRICT from) {
  using T = hn::TFromD<D>;
  if (from == nullptr) {
    return;
  }
  using Spread = LaneSpread<D, Interleaved>;
  const std::ptrdiff_t* HWY_RESTRICT columns = a.columns.data();
  const std::size_t step = Spread::vector_step(a);
  if constexpr (J == vectors_of(N)) {  // else nothing follows in the row, most often
    RowSums<D, N, J>::fetch_next(from + a.columns.back(), step);
  }
  if constexpr (S > 0) {
    unroll<S>([&](auto s) HWY_ATTR {
      sums.template multiply_add<First, Rows>(
          from + columns[s], step, [&](auto i) HWY_ATTR { return kept.tap[s][Tap - i * Stride]; });
    });
    return;
  }
  const T* HWY_RESTRICT weights = a.weights;
  for (std::size_t s = 0; s < a.columns.size(); ++s, weights += R * Spread::each()) {
    sums.template multiply_add<First, Rows>(from + columns[s], step, [&](auto i) HWY_ATTR {
      return Spread::spread(weights, Tap - i * Stride);
    });
  }
}

/// Adds the input rows of a step, which is one of so many.
template <std::size_t Stride, class D, bool Interleaved, std::size_t R, std::size_t S,
          std::size_t N, std::size_t J>
HWY_INLINE void add_rolling_step(std::size_t step, std::size_t steps,
                                 const DepthwiseRows<hn::TFromD<D>>& a,
                                 const KeptWeights<D, Interleaved, R, S>& kept,
                                 RowSums<D, N, J>& sums, const hn::TFromD<D>* const* row) {
  if constexpr (Stride == 1) {
    constexpr std::size_t half = R - R / 2;
    if (step < half) {
      add_rolling_row<Stride>(TouchedAtTop<R>(), a, kept, sums, *row);
      return;
    }
    if (step + half >= steps) {
      add_rolling_row<Stride>(TouchedAtBottom<R>(), a, kept, sums, *row);
      return;
    }
  }
  unroll<Stride>([&](auto e) HWY_ATTR {
    add_rolling_row<Stride>(TouchedByRow<R, Stride, e>(), a, kept, sums, row[e]);
  });
}

/// S is the number of columns where all weights are to be kept in registers, else 0.
template <class D, bool Interleaved, std::size_t R, std::size_t S, std::size_t Stride,
          std::size_t J>
void rolling_rows(const DepthwiseRows<hn::TFromD<D>>& a) {
  using T = hn::TFromD<D>;
  constexpr std::size_t under_way = (R + Stride - 1) / Stride;
  KeptWeights<D, Interleaved, R, S> kept;
  kept.load(a.weights);
  RowSums<D, under_way, J> sums;
  sums.clear();
  const hn::Vec<D> bias = LaneSpread<D, Interleaved>::spread(a.bias, 0);
  const T* const* row = a.rows;
  T* to = a.to;
  const std::size_t steps = a.count + under_way - 1;
  for (std::size_t step = 0; step < steps; ++step) {
    add_rolling_step<Stride>(step, steps, a, kept, sums, row);
    row += Stride;
    if (step + 1 >= under_way) {
      sums.template store<0>(a, bias, to, LaneSpread<D, Interleaved>::vector_step(a));
      to += a.to_step;
    }
    sums.move_up();
  }
}

/// An input row of a tall tile that is tap `r` of output `First` and earlier ones of the next.
template <bool Interleaved, std::size_t First, std::size_t Rows, class D, std::size_t N,
          std::size_t J>
HWY_INLINE void add_tall_row(const DepthwiseRows<hn::TFromD<D>>& a, RowSums<D, N, J>& sums,
                             const hn::TFromD<D>* HWY_RESTRICT from, std::size_t r) {
  using T = hn::TFromD<D>;
  if (from == nullptr) {
    return;
  }
  using Spread = LaneSpread<D, Interleaved>;
  const T* HWY_RESTRICT weights = a.weights;
  const std::ptrdiff_t* HWY_RESTRICT columns = a.columns.data();
  const std::size_t step = Spread::vector_step(a);
  for (std::size_t s = 0; s < a.columns.size(); ++s, weights += a.kernel_rows * Spread::each()) {
    sums.template multiply_add<First, Rows>(
        from + columns[s], step, [&](auto i) HWY_ATTR { return Spread::spread(weights, r - i); });
  }
}

template <class D, bool Interleaved, std::size_t N, std::size_t J>
void tall_rows_tile(const DepthwiseRows<hn::TFromD<D>>& a) {
  using T = hn::TFromD<D>;
  RowSums<D, N, J> sums;
  sums.clear();
  const T* const* row = a.rows;
  unroll<N - 1>([&](auto h) HWY_ATTR { add_tall_row<Interleaved, 0, h + 1>(a, sums, *row++, h); });
  for (std::size_t r = N - 1; r < a.kernel_rows; ++r) {
    add_tall_row<Interleaved, 0, N>(a, sums, *row++, r);
  }
  unroll<N - 1>([&](auto h) HWY_ATTR {
    add_tall_row<Interleaved, h + 1, N - 1 - h>(a, sums, *row++, a.kernel_rows - 1);
  });
  const hn::Vec<D> bias = LaneSpread<D, Interleaved>::spread(a.bias, 0);
  T* to = a.to;
  unroll<N>([&](auto n) HWY_ATTR {
    sums.template store<n>(a, bias, to, LaneSpread<D, Interleaved>::vector_step(a));
    to += a.to_step;
  });
}

template <std::size_t N>
using Constant = std::integral_constant<std::size_t, N>;

/// Half of a vector's elements, where more than two are left.
template <class T>
using HalfVector = hn::CappedTag<T, HWY_MAX_BYTES / 2 / sizeof(T)>;
template <class T>
constexpr bool halves_vectors = HWY_MAX_BYTES >= 32;

/// Whether there is a loop of N rows of sums by J vectors; half a vector where J is 0. Interleaved:
/// of one vector and of as many as this tile or a taller one has at most, for the last rows of a
/// tall tile's block may be left to a lower one.
template <class T, bool Interleaved, std::size_t N, std::size_t J>
constexpr bool is_row_shape(bool tall) {
  if (J == 0) {
    return halves_vectors<T> && !Interleaved;
  }
  bool wanted = !Interleaved || J == 1 || J == vectors_of(N);
  for (const std::size_t rows : tall_rows) {
    wanted |= tall && rows > N && J == vectors_of(rows);
  }
  return wanted && J <= vectors_of(N);
}
template <class T, std::size_t J>
using RowVector = std::conditional_t<J == 0, HalfVector<T>, hn::ScalableTag<T>>;

constexpr auto row_vectors = std::make_index_sequence<most_row_vectors + 1>();

template <class T, bool Interleaved, std::size_t R, std::size_t S, std::size_t Stride,
          std::size_t... J>
constexpr DepthwiseRowsLoop<T> rolling_loop(std::index_sequence<J...>) {
  constexpr std::size_t under_way = (R + Stride - 1) / Stride;
  constexpr auto run = []<std::size_t Vectors>(Constant<Vectors>) -> RunDepthwiseRows<T> {
    if constexpr (is_row_shape<T, Interleaved, under_way, Vectors>(false)) {
      return rolling_rows<RowVector<T, Vectors>, Interleaved, R, S, Stride,
                          std::max<std::size_t>(Vectors, 1)>;
    } else {
      return nullptr;
    }
  };
  return {vectors_of(under_way), {run(Constant<J>())...}};
}

template <class T, bool Interleaved, std::size_t N, std::size_t... J>
constexpr DepthwiseRowsLoop<T> tall_loop(std::index_sequence<J...>) {
  constexpr auto run = []<std::size_t Vectors>(Constant<Vectors>) -> RunDepthwiseRows<T> {
    if constexpr (is_row_shape<T, Interleaved, N, Vectors>(true)) {
      return tall_rows_tile<RowVector<T, Vectors>, Interleaved, N,
                            std::max<std::size_t>(Vectors, 1)>;
    } else {
      return nullptr;
    }
  };
  return {vectors_of(N), {run(Constant<J>())...}};
}

template <class T, std::size_t R, std::size_t S>
constexpr std::array<DepthwiseRowsLoop<T>, 2> rolling_loops() {
  return {rolling_loop<T, false, R, S, 1>(row_vectors),
          rolling_loop<T, false, R, S, 2>(row_vectors)};
}

constexpr std::size_t kept_columns = holds_nine_weights ? 3 : 0;

template <class T>
constexpr DepthwiseRowsLoops<T> plane_loops() {
  return {
      .rolling = {rolling_loops<T, 3, 0>(), rolling_loops<T, 5, 0>(), rolling_loops<T, 7, 0>()},
      .three_by_three = rolling_loops<T, 3, kept_columns>(),
      .tall = {tall_loop<T, false, tall_rows[0]>(row_vectors),
               tall_loop<T, false, tall_rows[1]>(row_vectors),
               tall_loop<T, false, tall_rows[2]>(row_vectors),
               tall_loop<T, false, tall_rows[3]>(row_vectors)},
  };
}

/// As few as go with most kernels: each takes a compiler half a second.
template <class T>
constexpr DepthwiseRowsLoops<T> interleaved_loops() {
  DepthwiseRowsLoops<T> loops{};
  loops.rolling[1][0] = rolling_loop<T, true, 5, 0, 1>(row_vectors);
  loops.three_by_three[0] = rolling_loop<T, true, 3, kept_columns, 1>(row_vectors);
  loops.tall = {tall_loop<T, true, tall_rows[0]>(row_vectors),
                {},
                tall_loop<T, true, tall_rows[2]>(row_vectors),
                tall_loop<T, true, tall_rows[3]>(row_vectors)};
  return loops;
}

template <class T>
DepthwiseRowsKernels<T> make_depthwise_rows_kernels() {
  DepthwiseRowsKernels<T> kernels{
      .lanes = hn::Lanes(hn::ScalableTag<T>()), .planes = plane_loops<T>(), .interleaved = {}};
  if constexpr (std::is_same_v<T, float>) {
    kernels.interleaved = interleaved_loops<T>();
  }
  return kernels;
}

const DepthwiseRowsKernels<float>& depthwise_rows_floats() {
  static const auto kernels = make_depthwise_rows_kernels<float>();
  return kernels;
}

const DepthwiseRowsKernels<double>& depthwise_rows_doubles() {
#if HWY_HAVE_FLOAT64
  static const auto kernels = make_depthwise_rows_kernels<double>();
#else
  static const DepthwiseRowsKernels<double> kernels{};
#endif
  return kernels;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(depthwise_rows_floats);
HWY_EXPORT(depthwise_rows_doubles);

template <>
const DepthwiseRowsKernels<float>& depthwise_rows_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(depthwise_rows_floats)();
}

template <>
const DepthwiseRowsKernels<double>& depthwise_rows_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(depthwise_rows_doubles)();
}

}  // namespace conv2d::simd
#endif
