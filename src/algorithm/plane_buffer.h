// The input of a strip of output rows, a plane for each channel, laid out so that every tap of
// every output is a plain load at a constant offset: borders filled in, strides and dilations
// resolved into phases (phases.h), any strides of the tensor made 1.
//
//   one channel: [column phase][band row][pitch]
//
// A band is a run of rows of one row phase; taps whose rows overlap share one, so that rows are
// kept once. Tap (r, s) of output (i, q) of the strip, i and q from 0, lies at
//
//   offset(r, s) + i*pitch + q
#pragma once

#include <conv2d/tensor.h>

#include "geometry/problem.h"
#include "simd/copy_rows.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace conv2d {

/// Where everything lies in the buffer; depends on the problem and the strip's rows alone.
class PlaneLayout {
 public:
  /// For strips of `rows` output rows. At least `slack` more elements may be read beyond the last
  /// pixel of a channel; the pitch is for rows of `columns` outputs.
  PlaneLayout(const Problem& problem, std::int64_t rows, std::int64_t columns, std::int64_t slack);

  std::int64_t pitch() const noexcept { return pitch_; }
  /// Elements of one channel; no multiple of a power of two that would put all channels into the
  /// same sets of a cache.
  std::int64_t channel_step() const noexcept { return channel_step_; }
  /// Where tap (r, s) of the strip's first output lies; [r][s].
  const std::vector<std::ptrdiff_t>& offsets() const noexcept { return offsets_; }
  std::int64_t offset_of_row(std::int64_t r) const noexcept {
    return row_slots_[static_cast<std::size_t>(r)];
  }
  std::int64_t band_rows() const noexcept { return band_rows_; }
  const std::vector<std::int64_t>& column_phases() const noexcept { return column_phases_; }

 private:
  std::int64_t pitch_;
  std::int64_t band_rows_ = 0;
  std::int64_t channel_step_;
  std::vector<std::int64_t> column_phases_;
  std::vector<std::int64_t> row_slots_;  ///< [r]: the band row that output row 0 reads
  std::vector<std::ptrdiff_t> offsets_;
};

/// Fills a buffer of channels * layout.channel_step() elements with zeros between them.
/// T is float or double.
template <class T>
class PlaneFiller {
 public:
  /// Takes all the memory that it will need.
  PlaneFiller(const Problem& problem, TensorView input, const PlaneLayout& layout);

  /// Bytes that this takes.
  static std::size_t bytes(const PlaneLayout& layout) {
    return layout.column_phases().size() * sizeof(Columns) +
           static_cast<std::size_t>(layout.band_rows());
  }

  /// Of image n, from channel `first_channel`, `channels` of them, for output rows from first_row,
  /// `rows` of them, at most those of the layout.
  void fill(std::int64_t n, std::int64_t first_channel, std::int64_t channels,
            std::int64_t first_row, std::int64_t rows, T* buffer);

 private:
  /// What a column phase reads: border columns before `inner`, columns of the input one stride
  /// apart, border columns after them.
  struct Columns {
    Axis axis;  ///< of one tap; its outputs are the phase's columns
    AxisRange inner;
  };
  static Columns columns_of(const Axis& axis, std::int64_t phase);
  std::int64_t phase_step() const noexcept { return layout_.band_rows() * layout_.pitch(); }
  void share_inner();
  void fill_phases(const T* from, std::int64_t channels, T* to) const;
  void fill_border(const T* from, std::int64_t channels, const Columns& columns, T* to) const;
  void fill_inner(const T* from, std::int64_t channels, std::int64_t count, T* to) const;
  void deal_inner(const T* from, std::int64_t channels, T* to) const;

  const Problem& problem_;
  const PlaneLayout& layout_;
  const T* input_;
  Strides strides_;
  const simd::RowCopies<T>& copies_;
  bool deals_;                    ///< all column phases are filled in one pass over a row
  std::vector<Columns> columns_;  ///< of each column phase
  std::vector<char> filled_;      ///< [band row]
};

}  // namespace conv2d
