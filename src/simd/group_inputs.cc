// A tile is a run of up to 8 output pixels by one vector of channels, in parts that each belong to
// one group: an input value is broadcast to its part straight from memory, which takes no
// instruction that permutes. For kernels of 3 or 5 columns the weights of a kernel row are in
// registers, and a value is broadcast once for all outputs of the tile that read it: with pixels of
// stride 2 and two parts 34 broadcasts and 6 loads of weights for 48 multiply-adds of half a
// vector, of which Zen 4 begins two in a cycle.
#include "simd/group_inputs.h"

#include "simd/dispatch.h"
#include "simd/fetch.h"

#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/group_inputs.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A group of 8 channels is half a vector of AVX-512.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
using InputPart = hn::Half<hn::ScalableTag<float>>;
constexpr std::size_t input_parts = 2;
#else
using InputPart = hn::ScalableTag<float>;
constexpr std::size_t input_parts = 1;
#endif
using PartVector = hn::Vec<InputPart>;

/// Where the pixels of a tile's window lie, by a table.
struct TablePixels {
  const std::ptrdiff_t* HWY_RESTRICT columns;

  explicit TablePixels(const GroupedChannels<float>& a) : columns(a.columns) {}
  /// use(j, pixel) for each of N pixels from the one that is `first`, those in zeros left out.
  template <std::size_t N, class Use>
  HWY_INLINE void each(const float* HWY_RESTRICT row, std::size_t first, std::size_t step,
                       Use&& use) const {
    unroll<N>([&](auto j) HWY_ATTR {
      const std::ptrdiff_t column = columns[first + j * step];
      if (HWY_LIKELY(column != no_column)) {
        use(j, row + column);
      }
    });
  }
};

/// Of pixels that lie evenly. Four at a time, so that a processor's addresses, a register and one,
/// two or four times another, reach them from few registers.
struct EvenPixels {
  std::ptrdiff_t first_column;
  std::ptrdiff_t pixel_step;

  explicit EvenPixels(const GroupedChannels<float>& a)
      : first_column(a.columns[0]), pixel_step(a.pixel_step) {}
  template <std::size_t N, class Use>
  HWY_INLINE void each(const float* HWY_RESTRICT row, std::size_t first, std::size_t step,
                       Use&& use) const {
    const float* from = row + first_column + static_cast<std::ptrdiff_t>(first) * pixel_step;
    const std::ptrdiff_t apart = static_cast<std::ptrdiff_t>(step) * pixel_step;
    unroll<N>([&](auto j) HWY_ATTR {
      if constexpr (j > 0 && j % 4 == 0) {
        from += 4 * apart;
      }
      use(j, from + static_cast<std::ptrdiff_t>(j % 4) * apart);
    });
  }
};

/// The sums of Q pixels.
template <std::size_t Q>
struct PartSums {
  PartVector sum[Q][input_parts];

  HWY_INLINE void clear() {
    unroll<Q>([&](auto q) HWY_ATTR {
      unroll<input_parts>([&](auto v) HWY_ATTR { sum[q][v] = hn::Zero(InputPart()); });
    });
  }

  HWY_INLINE void store(const float* HWY_RESTRICT bias, float* HWY_RESTRICT to,
                        std::ptrdiff_t step) const {
    constexpr InputPart d;
    PartVector term[input_parts];
    unroll<input_parts>([&](auto v) HWY_ATTR { term[v] = hn::LoadU(d, bias + v * hn::Lanes(d)); });
    unroll<Q>([&](auto q) HWY_ATTR {
      unroll<input_parts>([&](auto v) HWY_ATTR {
        hn::StoreU(hn::Add(sum[q][v], term[v]), d, to + v * hn::Lanes(d));
      });
      to += step;
    });
  }

  /// The columns of a kernel row, S of them with pixels of a stride of Stride; S is 0 where they
  /// are any.
  template <std::size_t S, std::size_t Stride, class Pixels>
  HWY_INLINE void add_row(const GroupedChannels<float>& a, const Pixels& pixels,
                          const float* HWY_RESTRICT row, const float* HWY_RESTRICT weights) {
    constexpr InputPart d;
    const std::size_t lanes = hn::Lanes(d);
    if constexpr (S == 0) {
      for (std::size_t s = 0; s < a.kernel_columns; ++s, weights += input_parts * lanes) {
        PartVector w[input_parts];
        unroll<input_parts>([&](auto v) HWY_ATTR { w[v] = hn::LoadU(d, weights + v * lanes); });
        pixels.template each<Q>(row, s, a.stride, [&](auto q, const float* from) HWY_ATTR {
          unroll<input_parts>([&](auto v) HWY_ATTR {
            sum[q][v] = hn::MulAdd(w[v], hn::Set(d, from[v * lanes]), sum[q][v]);
          });
        });
      }
    } else {
      PartVector w[S][input_parts];
      unroll<S>([&](auto s) HWY_ATTR {
        unroll<input_parts>([&](auto v) HWY_ATTR {
          w[s][v] = hn::LoadU(d, weights + (s * input_parts + v) * lanes);
        });
      });
      pixels.template each<(Q - 1) * Stride + S>(
          row, 0, 1, [&](auto j, const float* from) HWY_ATTR {
            unroll<input_parts>([&](auto v) HWY_ATTR {
              const auto x = hn::Set(d, from[v * lanes]);
              unroll<Q>([&](auto q) HWY_ATTR {
                if constexpr (j >= q * Stride && j < q * Stride + S) {
                  sum[q][v] = hn::MulAdd(w[j - q * Stride][v], x, sum[q][v]);
                }
              });
            });
          });
    }
  }
};

/// The vector of channels from k on, of which `first` is the first one of a group.
template <std::size_t Q, std::size_t S, std::size_t Stride, class Pixels>
HWY_INLINE void inputs_of_rows(const GroupedChannels<float>& a, std::ptrdiff_t k,
                               std::ptrdiff_t first, const float* HWY_RESTRICT weights,
                               const float*& ahead) {
  const Pixels pixels(a);
  const std::size_t step = (S == 0 ? a.kernel_columns : S) * input_parts * hn::Lanes(InputPart());
  const float* const* rows = a.rows;
  float* to = a.to + k;
  for (std::size_t p = 0; p < a.output_rows; ++p, rows += a.row_stride, to += a.to_row_step) {
    fetch_for_reading_until(ahead, ahead + a.ahead_step);
    PartSums<Q> sums;
    sums.clear();
    const float* HWY_RESTRICT w = weights;
    for (std::size_t i = 0; i < a.inputs; ++i) {
      const float* const* row = rows;
      for (std::size_t r = 0; r < a.kernel_rows; ++r, row += a.row_dilation, w += step) {
        if (*row != nullptr) {
          sums.template add_row<S, Stride>(a, pixels, *row + first + i, w);
        }
      }
    }
    sums.store(a.bias + k, to, a.to_step);
  }
}

/// Rows change fastest: what the next one reads too, and all weights, are in L1.
template <std::size_t S, std::size_t Stride, std::size_t Q>
void group_inputs_tile(const GroupedChannels<float>& a) {
  const auto lanes = static_cast<std::ptrdiff_t>(input_parts * hn::Lanes(InputPart()));
  const auto inputs = static_cast<std::ptrdiff_t>(a.inputs);
  const auto channels = static_cast<std::ptrdiff_t>(a.channels);
  const std::ptrdiff_t vector_weights =
      static_cast<std::ptrdiff_t>(a.inputs * a.kernel_rows * (S == 0 ? a.kernel_columns : S)) *
      lanes;
  const float* weights = a.weights;
  const float* ahead = a.ahead;
  for (std::ptrdiff_t next = 0; next < channels; next += lanes, weights += vector_weights) {
    // The last vector may compute some channels again.
    const bool whole = next + lanes <= channels;
    const std::ptrdiff_t k = whole ? next : channels - lanes;
    const std::ptrdiff_t first = k / inputs * inputs;
    const float* own = whole ? weights : weights + vector_weights;
    if (a.pixel_step != 0) {
      inputs_of_rows<Q, S, Stride, EvenPixels>(a, k, first, own, ahead);
    } else {
      inputs_of_rows<Q, S, Stride, TablePixels>(a, k, first, own, ahead);
    }
  }
}

template <std::size_t S, std::size_t Stride, std::size_t... Q>
constexpr GroupInputsKernels::Tiles group_inputs_tiles(std::index_sequence<0, Q...> /*pixels*/) {
  return {nullptr, group_inputs_tile<S, Stride, Q>...};
}

const GroupInputsKernels& group_inputs_floats() {
  constexpr auto pixels = std::make_index_sequence<most_channel_pixels + 1>();
  static const GroupInputsKernels kernels{
      .part = hn::Lanes(InputPart()),
      .unrolled = {{{group_inputs_tiles<3, 1>(pixels), group_inputs_tiles<3, 2>(pixels)},
                    {group_inputs_tiles<5, 1>(pixels), group_inputs_tiles<5, 2>(pixels)}}},
      .any = group_inputs_tiles<0, 0>(pixels)};
  return kernels;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(group_inputs_floats);

const GroupInputsKernels& group_inputs_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(group_inputs_floats)();
}

}  // namespace conv2d::simd
#endif
