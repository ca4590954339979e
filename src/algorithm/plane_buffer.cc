#include "algorithm/plane_buffer.h"

#include "algorithm/phases.h"
#include "simd/kernels.h"

#include <algorithm>

namespace conv2d {
namespace {

std::size_t index_of(std::int64_t index) noexcept { return static_cast<std::size_t>(index); }

/// Puts every tap's rows into bands; slots[r] becomes the band row of output row 0. Returns how
/// many band rows there are.
std::int64_t place_bands(const Axis& rows, std::int64_t strip_rows,
                         std::vector<std::int64_t>& slots) {
  std::int64_t used = 0;
  for (const std::int64_t phase : phases_of(rows)) {
    std::int64_t band_shift = 0;  // of the band's first row
    std::int64_t band_begin = used;
    std::int64_t band_end = -1;  // one behind its last row's shift; none yet
    for (std::int64_t r = 0; r < rows.kernel; ++r) {
      const PhasedTap tap = phased(rows, r);
      if (tap.phase != phase) {
        continue;
      }
      if (band_end < tap.shift) {
        band_begin = used;
        band_shift = band_end = tap.shift;
      }
      used += tap.shift + strip_rows - band_end;
      band_end = tap.shift + strip_rows;
      slots[index_of(r)] = band_begin + tap.shift - band_shift;
    }
  }
  return used;
}

/// Channels one after the other in memory should not meet in the same sets of a cache, as they do
/// where their distance is a multiple of a large power of two: an odd number of cache lines.
std::int64_t spread(std::int64_t elements) noexcept {
  constexpr std::int64_t line = 16;
  return ((elements + line - 1) / line | 1) * line;
}

}  // namespace

PlaneLayout::PlaneLayout(const Problem& problem, std::int64_t rows, std::int64_t columns,
                         std::int64_t slack)
    : pitch_(columns + most_shift(problem.columns)),
      column_phases_(phases_of(problem.columns)),
      row_slots_(index_of(problem.rows.kernel)) {
  band_rows_ = place_bands(problem.rows, rows, row_slots_);
  channel_step_ =
      spread(static_cast<std::int64_t>(column_phases_.size()) * band_rows_ * pitch_ + slack);
  for (const std::int64_t slot : row_slots_) {
    for (std::int64_t s = 0; s < problem.columns.kernel; ++s) {
      const PhasedTap tap = phased(problem.columns, s);
      const auto phase = std::lower_bound(column_phases_.begin(), column_phases_.end(), tap.phase) -
                         column_phases_.begin();
      offsets_.push_back((phase * band_rows_ + slot) * pitch_ + tap.shift);
    }
  }
}

template <class T>
PlaneFiller<T>::PlaneFiller(const Problem& problem, TensorView input, const PlaneLayout& layout)
    : problem_(problem),
      layout_(layout),
      input_(static_cast<const T*>(input.data())),
      strides_(input.strides()),
      copies_(simd::row_copies<T>()),
      deals_(strides_[3] == 1 && (problem.columns.stride == 2 || problem.columns.stride == 4) &&
             static_cast<std::int64_t>(layout.column_phases().size()) == problem.columns.stride),
      filled_(index_of(layout.band_rows())) {
  for (const std::int64_t phase : layout.column_phases()) {
    columns_.push_back(columns_of(problem.columns, phase));
  }
  if (deals_) {
    share_inner();
  }
}

template <class T>
auto PlaneFiller<T>::columns_of(const Axis& axis, std::int64_t phase) -> Columns {
  const std::int64_t last = (axis.kernel - 1) * axis.dilation - phase;
  const Axis one_tap{.input = axis.input,
                     .stride = axis.stride,
                     .pad_before = axis.pad_before - phase,
                     .output = last < 0 ? 0 : axis.output + last / axis.stride};
  return {one_tap, inner_outputs(one_tap)};
}

/// What is dealt are the inner columns of all phases; those of some phases alone go with the
/// border, and all of them where no column is inner in every phase.
template <class T>
void PlaneFiller<T>::share_inner() {
  AxisRange all = columns_.front().inner;
  for (const Columns& columns : columns_) {
    all.begin = std::max(all.begin, columns.inner.begin);
    all.end = std::min(all.end, columns.inner.end);
  }
  for (Columns& columns : columns_) {
    columns.inner = all.size() > 0 ? all : AxisRange{0, 0};
  }
}

template <class T>
void PlaneFiller<T>::fill(std::int64_t n, std::int64_t first_channel, std::int64_t channels,
                          std::int64_t first_row, std::int64_t rows, T* buffer) {
  std::fill(filled_.begin(), filled_.end(), 0);
  const T* image = input_ + n * strides_[0] + first_channel * strides_[1];
  // Row by row of the input, so that a processor foresees what is read next.
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t r = 0; r < problem_.rows.kernel; ++r) {
      const std::int64_t slot = layout_.offset_of_row(r) + i;
      if (filled_[index_of(slot)] != 0) {
        continue;
      }
      filled_[index_of(slot)] = 1;
      const std::int64_t h = source_index(problem_.rows, problem_.padding_mode, first_row + i, r);
      fill_phases(h == nowhere ? nullptr : image + h * strides_[2], channels,
                  buffer + slot * layout_.pitch());
    }
  }
}

/// One row of every channel, in each column phase; `from` is nullptr where it lies in the zeros.
template <class T>
void PlaneFiller<T>::fill_phases(const T* from, std::int64_t channels, T* to) const {
  if (from != nullptr && deals_) {
    deal_inner(from, channels, to);
  }
  for (const Columns& columns : columns_) {
    if (from == nullptr) {
      for (std::int64_t c = 0; c < channels; ++c) {
        std::fill_n(to + c * layout_.channel_step(), columns.axis.output, T{});
      }
    } else {
      fill_border(from, channels, columns, to);
      const auto [begin, end] = columns.inner;
      if (begin < end && !deals_) {
        fill_inner(from + columns.axis.position(begin, 0) * strides_[3], channels, end - begin,
                   to + begin);
      }
    }
    to += phase_step();
  }
}

/// All columns but the inner ones.
template <class T>
void PlaneFiller<T>::fill_border(const T* from, std::int64_t channels, const Columns& columns,
                                 T* to) const {
  const auto fill_column = [&](std::int64_t u) {
    const std::int64_t w = source_index(columns.axis, problem_.padding_mode, u, 0);
    for (std::int64_t c = 0; c < channels; ++c) {
      to[c * layout_.channel_step() + u] =
          w == nowhere ? T{} : from[c * strides_[1] + w * strides_[3]];
    }
  };
  for (std::int64_t u = 0; u < columns.inner.begin; ++u) {
    fill_column(u);
  }
  for (std::int64_t u = columns.inner.end; u < columns.axis.output; ++u) {
    fill_column(u);
  }
}

/// The inner columns of all phases at once.
template <class T>
void PlaneFiller<T>::deal_inner(const T* from, std::int64_t channels, T* to) const {
  const Columns& first = columns_.front();
  const auto [begin, end] = first.inner;
  if (begin < end) {
    copies_.deal({.from = from + first.axis.position(begin, 0),
                  .from_step = strides_[1],
                  .ways = columns_.size(),
                  .to = to + begin,
                  .way_step = phase_step(),
                  .to_step = layout_.channel_step(),
                  .rows = index_of(channels),
                  .count = index_of(end - begin)});
  }
}

/// Elements of every channel that lie a column stride apart.
template <class T>
void PlaneFiller<T>::fill_inner(const T* from, std::int64_t channels, std::int64_t count,
                                T* to) const {
  const std::int64_t step = layout_.channel_step();
  const std::int64_t between = strides_[3] * problem_.columns.stride;
  if (strides_[1] == 1 && channels > 1) {
    simd::kernels<T>().transpose(from, between, to, step, channels, count);
    return;
  }
  copies_.copy({.from = from,
                .from_step = strides_[1],
                .stride = between,
                .to = to,
                .to_step = step,
                .rows = index_of(channels),
                .count = index_of(count)});
}

template class PlaneFiller<float>;
template class PlaneFiller<double>;

}  // namespace conv2d
