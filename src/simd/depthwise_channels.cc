// A tile is a run of up to 8 output pixels by one vector of channels: 8 sums, and for kernels of 3,
// 5 or 7 columns the weights of a kernel row, in registers. A pixel is loaded once for all outputs
// of the tile that read it: 10 loads and 3 of weights for 24 multiply-adds in a row of a 3x3
// kernel. Loads do not cross cache lines where the channels are a multiple of a line.
#include "simd/depthwise_channels.h"

#include "simd/dispatch.h"
#include "simd/fetch.h"

#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/depthwise_channels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/store_first-inl.h"
#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Of pixels with a vector of channels.
template <class T>
struct PixelLoad {
  using D = hn::ScalableTag<T>;
  HWY_INLINE hn::Vec<D> operator()(const T* HWY_RESTRICT from) const {
    return hn::LoadU(D(), from);
  }
};

/// Of pixels with less than a vector of channels: nothing behind them is read.
template <class T>
struct PartLoad {
  using D = hn::ScalableTag<T>;
  hn::Mask<D> channels;

  explicit HWY_INLINE PartLoad(const DepthwiseChannels<T>& a)
      : channels(hn::FirstN(D(), a.channels)) {}
  HWY_INLINE hn::Vec<D> operator()(const T* HWY_RESTRICT from) const {
    return hn::MaskedLoad(channels, D(), from);
  }
};

/// The sums of Q pixels in a vector of channels.
template <class T, std::size_t Q>
struct ChannelSums {
  using D = hn::ScalableTag<T>;
  hn::Vec<D> sum[Q];

  HWY_INLINE void clear() {
    unroll<Q>([&](auto q) HWY_ATTR { sum[q] = hn::Zero(D()); });
  }

  /// Streams: past the caches.
  template <bool Streams>
  HWY_INLINE void store(const T* HWY_RESTRICT bias, T* HWY_RESTRICT to, std::ptrdiff_t step) const {
    const auto term = hn::LoadU(D(), bias);
    unroll<Q>([&](auto q) HWY_ATTR {
      if constexpr (Streams) {
        hn::Stream(hn::Add(sum[q], term), D(), to);
      } else {
        hn::StoreU(hn::Add(sum[q], term), D(), to);
      }
      to += step;
    });
  }

  /// Of so many channels, less than a vector, and nothing behind them.
  HWY_INLINE void store_first_of(std::size_t channels, const T* HWY_RESTRICT bias,
                                 T* HWY_RESTRICT to, std::ptrdiff_t step) const {
    const auto term = hn::LoadU(D(), bias);
    unroll<Q>([&](auto q) HWY_ATTR {
      store_first(hn::Add(sum[q], term), D(), to, channels);
      to += step;
    });
  }

  /// S columns of a kernel row: pixel j is column j - q*Stride of output q.
  template <std::size_t S, std::size_t Stride, class Load>
  HWY_INLINE void add_columns(const Load& load, const std::ptrdiff_t* HWY_RESTRICT columns,
                              const T* HWY_RESTRICT from, const T* HWY_RESTRICT weights) {
    hn::Vec<D> w[S];
    unroll<S>([&](auto s) HWY_ATTR { w[s] = hn::LoadU(D(), weights + s * hn::Lanes(D())); });
    unroll<(Q - 1) * Stride + S>([&](auto j) HWY_ATTR {
      if (HWY_LIKELY(columns[j] != no_column)) {
        const auto x = load(from + columns[j]);
        unroll<Q>([&](auto q) HWY_ATTR {
          if constexpr (j >= q * Stride && j < q * Stride + S) {
            sum[q] = hn::MulAdd(w[j - q * Stride], x, sum[q]);
          }
        });
      }
    });
  }

  /// The columns of a kernel row from the one that is `first`, however many there are.
  template <class Load>
  HWY_INLINE void add_other_columns(const DepthwiseChannels<T>& a, const Load& load,
                                    std::size_t first, const T* HWY_RESTRICT from,
                                    const T* HWY_RESTRICT weights) {
    const std::ptrdiff_t* HWY_RESTRICT columns = a.columns + first;
    weights += first * hn::Lanes(D());
    for (std::size_t s = first; s < a.kernel_columns; ++s, ++columns, weights += hn::Lanes(D())) {
      const auto w = hn::LoadU(D(), weights);
      unroll<Q>([&](auto q) HWY_ATTR {
        const std::ptrdiff_t column = columns[q * a.stride];
        if (HWY_LIKELY(column != no_column)) {
          sum[q] = hn::MulAdd(w, load(from + column), sum[q]);
        }
      });
    }
  }
};

/// How a tile takes the columns of a kernel row: one by one where S is 0; S columns and no more; or
/// any number, S at a time.
template <std::size_t S, std::size_t Stride, bool Wider>
struct KernelRow {
  template <class T>
  static HWY_INLINE std::size_t columns(const DepthwiseChannels<T>& a) {
    return S == 0 || Wider ? a.kernel_columns : S;
  }

  template <class T, std::size_t Q, class Load>
  static HWY_INLINE void add(const DepthwiseChannels<T>& a, ChannelSums<T, Q>& sums,
                             const Load& load, const T* HWY_RESTRICT from,
                             const T* HWY_RESTRICT weights) {
    if constexpr (S == 0) {
      sums.add_other_columns(a, load, 0, from, weights);
    } else if constexpr (Wider) {
      const std::size_t step = S * hn::Lanes(hn::ScalableTag<T>());
      std::size_t s = 0;
      const T* HWY_RESTRICT piece = weights;
      for (; s + S <= a.kernel_columns; s += S, piece += step) {
        sums.template add_columns<S, Stride>(load, a.columns + s, from, piece);
      }
      sums.add_other_columns(a, load, s, from, weights);
    } else {
      sums.template add_columns<S, Stride>(load, a.columns, from, weights);
    }
  }
};

/// All rows of a kernel, from channel `from` of a pixel on.
template <class Row, class T, std::size_t Q, class Load>
HWY_INLINE void add_rows(const DepthwiseChannels<T>& a, ChannelSums<T, Q>& sums, const Load& load,
                         const T* const* row, std::ptrdiff_t from, const T* HWY_RESTRICT weights) {
  const std::size_t step = Row::columns(a) * hn::Lanes(hn::ScalableTag<T>());
  for (std::size_t r = 0; r < a.kernel_rows; ++r, row += a.row_dilation, weights += step) {
    if (*row != nullptr) {
      Row::add(a, sums, load, *row + from, weights);
    }
  }
}

/// What the vector of channels from k on reads of a row that may be a new one: pieces of pixels
/// that lie far apart, which a processor does not foresee.
template <class T, std::size_t Q>
HWY_INLINE void fetch_pixels(const DepthwiseChannels<T>& a, const T* row, std::ptrdiff_t k) {
  for (std::size_t j = 0; row != nullptr && j < (Q - 1) * a.stride + a.kernel_columns; ++j) {
    fetch_for_reading(row + a.columns[j] + k);
  }
}

/// The vector of channels from k on of an output row.
template <class T, class Row, std::size_t Q>
HWY_INLINE void channels_of_row(const DepthwiseChannels<T>& a, std::ptrdiff_t k,
                                const T* HWY_RESTRICT weights, const T* const* rows, T* to) {
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(hn::ScalableTag<T>()));
  ChannelSums<T, Q> sums;
  sums.clear();
  if (a.streams && a.pixel_step != 0) {
    fetch_pixels<T, Q>(a, rows[(a.kernel_rows - 1) * a.row_dilation], k + lanes);
  }
  add_rows<Row>(a, sums, PixelLoad<T>(), rows, k, weights);
  if (a.streams) {
    sums.template store<true>(a.bias + k, to + k, a.to_step);
  } else {
    sums.template store<false>(a.bias + k, to + k, a.to_step);
  }
}

/// Rows change fastest: what the next one reads too, and all weights, are in L1.
template <class T, class Row, std::size_t Q>
void depthwise_channels_tile(const DepthwiseChannels<T>& a) {
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(hn::ScalableTag<T>()));
  const auto channels = static_cast<std::ptrdiff_t>(a.channels);
  const std::ptrdiff_t vector_weights =
      static_cast<std::ptrdiff_t>(a.kernel_rows * Row::columns(a)) * lanes;
  const T* weights = a.weights;
  for (std::ptrdiff_t next = 0; next < channels; next += lanes, weights += vector_weights) {
    // The last vector may compute some channels again.
    const bool whole = next + lanes <= channels;
    const std::ptrdiff_t k = whole ? next : channels - lanes;
    const T* const* rows = a.rows;
    T* to = a.to;
    for (std::size_t p = 0; p < a.output_rows; ++p, rows += a.row_stride, to += a.to_row_step) {
      channels_of_row<T, Row, Q>(a, k, whole ? weights : weights + vector_weights, rows, to);
    }
  }
}

/// Of less than a vector of channels.
template <class T, class Row, std::size_t Q>
void part_of_vector_tile(const DepthwiseChannels<T>& a) {
  const PartLoad<T> load(a);
  const T* const* rows = a.rows;
  T* to = a.to;
  for (std::size_t p = 0; p < a.output_rows; ++p, rows += a.row_stride, to += a.to_row_step) {
    ChannelSums<T, Q> sums;
    sums.clear();
    add_rows<Row>(a, sums, load, rows, 0, a.weights);
    sums.store_first_of(a.channels, a.bias, to, a.to_step);
  }
}

constexpr auto channel_pixels = std::make_index_sequence<most_channel_pixels + 1>();

template <class T, class Row, std::size_t... Q>
constexpr typename DepthwiseChannelsKernels<T>::Tiles channel_tiles(
    std::index_sequence<0, Q...> /*pixels*/) {
  return {nullptr, depthwise_channels_tile<T, Row, Q>...};
}

template <class T, std::size_t S>
constexpr std::array<typename DepthwiseChannelsKernels<T>::Tiles, 2> channel_strides() {
  return {channel_tiles<T, KernelRow<S, 1, false>>(channel_pixels),
          channel_tiles<T, KernelRow<S, 2, false>>(channel_pixels)};
}

template <class T, class Row, std::size_t... Q>
constexpr typename DepthwiseChannelsKernels<T>::Tiles part_tiles(
    std::index_sequence<0, Q...> /*pixels*/) {
  return {nullptr, part_of_vector_tile<T, Row, Q>...};
}

template <class T, std::size_t S>
constexpr std::array<typename DepthwiseChannelsKernels<T>::Tiles, 2> part_strides() {
  return {part_tiles<T, KernelRow<S, 1, false>>(channel_pixels),
          part_tiles<T, KernelRow<S, 2, false>>(channel_pixels)};
}

template <class T>
DepthwiseChannelsKernels<T> make_depthwise_channels_kernels() {
  using AnyRow = KernelRow<0, 0, false>;
  DepthwiseChannelsKernels<T> kernels{.lanes = hn::Lanes(hn::ScalableTag<T>()),
                                      .any = channel_tiles<T, AnyRow>(channel_pixels)};
  if constexpr (std::is_same_v<T, float>) {
    kernels.unrolled = {channel_strides<T, 3>(), channel_strides<T, 5>(), channel_strides<T, 7>()};
    kernels.wider = {channel_tiles<T, KernelRow<5, 1, true>>(channel_pixels),
                     channel_tiles<T, KernelRow<7, 1, true>>(channel_pixels)};
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    kernels.part = {part_strides<T, 3>(), part_strides<T, 5>(), part_strides<T, 7>()};
#endif
  }
  return kernels;
}

const DepthwiseChannelsKernels<float>& depthwise_channels_floats() {
  static const auto kernels = make_depthwise_channels_kernels<float>();
  return kernels;
}

const DepthwiseChannelsKernels<double>& depthwise_channels_doubles() {
#if HWY_HAVE_FLOAT64
  static const auto kernels = make_depthwise_channels_kernels<double>();
#else
  static const DepthwiseChannelsKernels<double> kernels{};
#endif
  return kernels;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(depthwise_channels_floats);
HWY_EXPORT(depthwise_channels_doubles);

template <>
const DepthwiseChannelsKernels<float>& depthwise_channels_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(depthwise_channels_floats)();
}

template <>
const DepthwiseChannelsKernels<double>& depthwise_channels_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(depthwise_channels_doubles)();
}

}  // namespace conv2d::simd
#endif
