// A tile is a run of up to 8 output pixels by one vector of channels: 8 sums, and for kernels of 3,
// 5 or 7 columns the weights of a kernel row, in registers. A pixel is loaded once for all outputs
// of the tile that read it: 10 loads and 3 of weights for 24 multiply-adds in a row of a 3x3
// kernel. Loads do not cross cache lines where the channels are a multiple of a line.
#include "simd/grouped_channels.h"

#include "simd/dispatch.h"

#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/grouped_channels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// A vector of pixels as the lanes of the outputs need it: as it is, where a group has one channel.
template <class T, bool Grouped>
struct PixelLoad {
  HWY_INLINE PixelLoad(const GroupedChannels<T>& /*a*/, std::size_t /*input*/) {}
  HWY_INLINE hn::Vec<hn::ScalableTag<T>> operator()(const T* HWY_RESTRICT from) const {
    return hn::LoadU(hn::ScalableTag<T>(), from);
  }
};

template <class T>
struct PixelLoad<T, true> {
  using D = hn::ScalableTag<T>;
  using Lanes = decltype(hn::SetTableIndices(D(), static_cast<const LaneIndex<T>*>(nullptr)));
  Lanes lanes;

  HWY_INLINE PixelLoad(const GroupedChannels<T>& a, std::size_t input)
      : lanes(hn::SetTableIndices(D(), a.spread + input * hn::Lanes(D()))) {}
  HWY_INLINE hn::Vec<D> operator()(const T* HWY_RESTRICT from) const {
    return hn::TableLookupLanes(hn::LoadU(D(), from), lanes);
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

  HWY_INLINE void store(const T* HWY_RESTRICT bias, T* HWY_RESTRICT to, std::ptrdiff_t step) const {
    const auto term = hn::LoadU(D(), bias);
    unroll<Q>([&](auto q) HWY_ATTR {
      hn::StoreU(hn::Add(sum[q], term), D(), to);
      to += step;
    });
  }

  /// S columns of a kernel row, from the one that `columns` and `weights` begin with: pixel j is
  /// column j - q*Stride of output q.
  template <std::size_t S, std::size_t Stride, class Load>
  HWY_INLINE void add_columns(const GroupedChannels<T>& a, const Load& load,
                              const std::ptrdiff_t* HWY_RESTRICT columns,
                              const T* HWY_RESTRICT from, const T* HWY_RESTRICT weights) {
    hn::Vec<D> w[S];
    unroll<S>([&](auto s) HWY_ATTR {
      w[s] = hn::LoadU(D(), weights + static_cast<std::ptrdiff_t>(s) * a.weight_step);
    });
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
  HWY_INLINE void add_other_columns(const GroupedChannels<T>& a, const Load& load,
                                    std::size_t first, const T* HWY_RESTRICT from,
                                    const T* HWY_RESTRICT weights) {
    const std::ptrdiff_t* HWY_RESTRICT columns = a.columns + first;
    weights += static_cast<std::ptrdiff_t>(first) * a.weight_step;
    for (std::size_t s = first; s < a.kernel_columns; ++s, ++columns, weights += a.weight_step) {
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

/// A row of the kernel, S columns at a time where S is not 0; then the pixels are of this stride.
template <std::size_t S, std::size_t Stride, class T, std::size_t Q, class Load>
HWY_INLINE void add_row(const GroupedChannels<T>& a, ChannelSums<T, Q>& sums, const Load& load,
                        const T* HWY_RESTRICT from, const T* HWY_RESTRICT weights) {
  if constexpr (S == 0) {
    sums.add_other_columns(a, load, 0, from, weights);
  } else if constexpr (takes_wider<S, Stride>) {
    std::size_t s = 0;
    for (; s + S <= a.kernel_columns; s += S) {
      sums.template add_columns<S, Stride>(
          a, load, a.columns + s, from, weights + static_cast<std::ptrdiff_t>(s) * a.weight_step);
    }
    sums.add_other_columns(a, load, s, from, weights);
  } else {
    sums.template add_columns<S, Stride>(a, load, a.columns, from, weights);
  }
}

/// An input channel of the groups of a vector, which begin `from` the first channel of a pixel.
template <std::size_t S, std::size_t Stride, class T, std::size_t Q, class Load>
HWY_INLINE void add_input(const GroupedChannels<T>& a, ChannelSums<T, Q>& sums, const Load& load,
                          std::ptrdiff_t from, const T* HWY_RESTRICT weights) {
  const std::ptrdiff_t row_step = static_cast<std::ptrdiff_t>(a.kernel_columns) * a.weight_step;
  for (std::size_t r = 0; r < a.kernel_rows; ++r, weights += row_step) {
    if (a.rows[r] == nullptr) {
      continue;
    }
    add_row<S, Stride>(a, sums, load, a.rows[r] + from, weights);
  }
}

template <class T, bool Grouped, std::size_t S, std::size_t Stride, std::size_t Q>
void grouped_channels_tile(const GroupedChannels<T>& a) {
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(hn::ScalableTag<T>()));
  const auto channels = static_cast<std::ptrdiff_t>(a.channels);
  const auto inputs = static_cast<std::ptrdiff_t>(Grouped ? a.inputs : 1);
  const std::ptrdiff_t input_step =
      static_cast<std::ptrdiff_t>(a.kernel_rows * a.kernel_columns) * a.weight_step;
  for (std::ptrdiff_t next = 0; next < channels; next += lanes) {
    // The last vector may compute some channels again.
    const std::ptrdiff_t k = next + lanes <= channels ? next : channels - lanes;
    const std::ptrdiff_t first = inputs > lanes ? k / inputs * inputs : k;
    ChannelSums<T, Q> sums;
    sums.clear();
    for (std::ptrdiff_t i = 0; i < inputs; ++i) {
      const PixelLoad<T, Grouped> load(a, static_cast<std::size_t>(i));
      const std::ptrdiff_t piece = Grouped ? i / lanes * lanes : 0;
      add_input<S, Stride>(a, sums, load, first + piece, a.weights + i * input_step + k);
    }
    sums.store(a.bias + k, a.to + k, a.to_step);
  }
}

constexpr auto channel_pixels = std::make_index_sequence<most_channel_pixels + 1>();

template <class T, bool Grouped, std::size_t S, std::size_t Stride, std::size_t... Q>
constexpr typename GroupedChannelsKernels<T>::Tiles channel_tiles(
    std::index_sequence<0, Q...> /*pixels*/) {
  return {nullptr, grouped_channels_tile<T, Grouped, S, Stride, Q>...};
}

template <class T, bool Grouped, std::size_t S>
constexpr std::array<typename GroupedChannelsKernels<T>::Tiles, 2> channel_strides() {
  return {channel_tiles<T, Grouped, S, 1>(channel_pixels),
          channel_tiles<T, Grouped, S, 2>(channel_pixels)};
}

template <class T>
GroupedChannelsKernels<T> make_grouped_channels_kernels() {
  GroupedChannelsKernels<T> kernels{.lanes = hn::Lanes(hn::ScalableTag<T>()),
                                    .any = channel_tiles<T, false, 0, 0>(channel_pixels),
                                    .grouped_any = channel_tiles<T, true, 0, 0>(channel_pixels)};
  if constexpr (std::is_same_v<T, float>) {
    kernels.unrolled = {channel_strides<T, false, 3>(), channel_strides<T, false, 5>(),
                        channel_strides<T, false, 7>()};
    kernels.grouped_three = channel_strides<T, true, 3>();
  }
  return kernels;
}

const GroupedChannelsKernels<float>& grouped_channels_floats() {
  static const auto kernels = make_grouped_channels_kernels<float>();
  return kernels;
}

const GroupedChannelsKernels<double>& grouped_channels_doubles() {
#if HWY_HAVE_FLOAT64
  static const auto kernels = make_grouped_channels_kernels<double>();
#else
  static const GroupedChannelsKernels<double> kernels{};
#endif
  return kernels;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(grouped_channels_floats);
HWY_EXPORT(grouped_channels_doubles);

template <>
const GroupedChannelsKernels<float>& grouped_channels_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(grouped_channels_floats)();
}

template <>
const GroupedChannelsKernels<double>& grouped_channels_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(grouped_channels_doubles)();
}

}  // namespace conv2d::simd
#endif
