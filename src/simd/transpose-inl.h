// Rows that become columns. Blocks are turned where every instruction set can turn them: within
// pieces of 16 bytes, as many elements from as many rows. A vector of two pieces takes them from
// rows a piece apart, and so has twice the elements of a row of the result.
//
// A processor does not foresee short pieces of many rows that lie far apart, as those of planes
// are. So the rows that come next are asked for meanwhile: into the second cache, for those that
// are in hand fill the first one.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_TRANSPOSE_INL_H_
#undef CONV2D_SIMD_TRANSPOSE_INL_H_
#else
#define CONV2D_SIMD_TRANSPOSE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "simd/fetch.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// A piece from each of the rows that a vector takes.
template <class T>
HWY_INLINE auto load_pieces(hn::FixedTag<T, 16 / sizeof(T)> d, const T* HWY_RESTRICT from,
                            std::int64_t /*rows_apart*/) {
  return hn::LoadU(d, from);
}

#if HWY_MAX_BYTES >= 32
template <class T>
HWY_INLINE auto load_pieces(hn::FixedTag<T, 32 / sizeof(T)> d, const T* HWY_RESTRICT from,
                            std::int64_t rows_apart) {
  const hn::FixedTag<T, 16 / sizeof(T)> piece;
  return hn::Combine(d, hn::LoadU(piece, from + rows_apart), hn::LoadU(piece, from));
}
#endif

/// Streams: past the caches.
template <bool Streams, class D, class T = hn::TFromD<D>>
HWY_INLINE void store_pieces(hn::Vec<D> vector, D d, T* HWY_RESTRICT to) {
  if constexpr (Streams) {
    hn::Stream(vector, d, to);
  } else {
    hn::StoreU(vector, d, to);
  }
}

template <bool Streams, class D>
HWY_INLINE void transpose_block(D d, const float* HWY_RESTRICT from, std::int64_t from_stride,
                                float* HWY_RESTRICT to, std::int64_t to_stride) {
  const hn::Repartition<double, D> pairs;
  const auto row0 = load_pieces<float>(d, from, 4 * from_stride);
  const auto row1 = load_pieces<float>(d, from + from_stride, 4 * from_stride);
  const auto row2 = load_pieces<float>(d, from + 2 * from_stride, 4 * from_stride);
  const auto row3 = load_pieces<float>(d, from + 3 * from_stride, 4 * from_stride);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, row0, row1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, row2, row3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row0, row1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row2, row3));
  const auto store = [&](auto vector, std::int64_t row) HWY_ATTR {
    store_pieces<Streams>(hn::BitCast(d, vector), d, to + row * to_stride);
  };
  store(hn::InterleaveLower(pairs, low01, low23), 0);
  store(hn::InterleaveUpper(pairs, low01, low23), 1);
  store(hn::InterleaveLower(pairs, high01, high23), 2);
  store(hn::InterleaveUpper(pairs, high01, high23), 3);
}

#if HWY_HAVE_FLOAT64
template <bool Streams, class D>
HWY_INLINE void transpose_block(D d, const double* HWY_RESTRICT from, std::int64_t from_stride,
                                double* HWY_RESTRICT to, std::int64_t to_stride) {
  const auto row0 = load_pieces<double>(d, from, 2 * from_stride);
  const auto row1 = load_pieces<double>(d, from + from_stride, 2 * from_stride);
  store_pieces<Streams>(hn::InterleaveLower(d, row0, row1), d, to);
  store_pieces<Streams>(hn::InterleaveUpper(d, row0, row1), d, to + to_stride);
}
#endif

/// How many lines so far apart are worked on at a time: what lies between takes half of a small
/// first cache at most.
template <class T>
std::int64_t lines_at_once(std::int64_t stride, std::int64_t block) {
  constexpr auto elements = static_cast<std::int64_t>((std::size_t{1} << 14U) / sizeof(T));
  return HWY_MAX(elements / HWY_MAX(stride, 1) / block, 1) * block;
}

/// Asks for an element of each of some rows.
template <class T>
HWY_INLINE void fetch_rows(const T* from, std::int64_t stride, std::int64_t rows) {
  for (std::int64_t row = 0; row < rows; ++row, from += stride) {
    fetch_for_reading(from);
  }
}

/// As many columns from `first_column` on as blocks of these vectors take; returns where they end.
/// The inner loop goes along the rows, of `from` or of `to`, that are further apart: they may be
/// planes a power of two apart, which meet in a few sets of the first cache.
template <bool Streams, class D, class T = hn::TFromD<D>>
std::int64_t transpose_blocks(D d, const T* from, std::int64_t from_stride, T* to,
                              std::int64_t to_stride, std::int64_t rows, std::int64_t first_column,
                              std::int64_t columns) {
  constexpr auto piece = static_cast<std::int64_t>(16 / sizeof(T));
  constexpr auto line = static_cast<std::int64_t>(64 / sizeof(T));
  const auto wide = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t end = columns - (columns - first_column) % wide;
  const std::int64_t bottom = rows - rows % piece;
  const auto block = [&](std::int64_t i, std::int64_t j) HWY_ATTR {
    transpose_block<Streams>(d, from + j * from_stride + i, from_stride, to + i * to_stride + j,
                             to_stride);
  };
  if (from_stride > to_stride) {
    // No less than a line of a row: what remains of it would be gone when its turn comes.
    const std::int64_t high = HWY_MAX(lines_at_once<T>(to_stride, piece), line);
    for (std::int64_t top = 0; top < bottom; top += high) {
      for (std::int64_t j = first_column; j < end; j += wide) {
        for (std::int64_t i = top + high; i < HWY_MIN(top + 2 * high, bottom); i += line) {
          fetch_rows(from + j * from_stride + i, from_stride, wide);
        }
        for (std::int64_t i = top; i < HWY_MIN(top + high, bottom); i += piece) {
          block(i, j);
        }
      }
    }
  } else {
    const std::int64_t step = lines_at_once<T>(from_stride, wide);
    for (std::int64_t left = first_column; left < end; left += step) {
      const std::int64_t next = HWY_MIN(left + step, end);
      for (std::int64_t i = 0; i < bottom; i += piece) {
        if (i % line == 0) {
          fetch_rows(from + next * from_stride + i, from_stride, HWY_MIN(step, end - next));
        }
        for (std::int64_t j = left; j < next; j += wide) {
          block(i, j);
        }
      }
    }
  }
  return end;
}

/// All columns of whole blocks of rows, at least a block each way. The last block of columns begins
/// earlier where it would reach beyond, and turns some again.
template <bool Streams, class T>
void transpose_columns(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride,
                       std::int64_t rows, std::int64_t columns) {
  constexpr std::size_t lanes = 16 / sizeof(T);
  std::int64_t done = 0;
#if HWY_MAX_BYTES >= 32
  const hn::FixedTag<T, 2 * lanes> two;
  done = transpose_blocks<Streams>(two, from, from_stride, to, to_stride, rows, done, columns);
#endif
  const hn::FixedTag<T, lanes> one;
  done = transpose_blocks<Streams>(one, from, from_stride, to, to_stride, rows, done, columns);
  if (done < columns) {
    transpose_blocks<Streams>(one, from, from_stride, to, to_stride, rows,
                              columns - static_cast<std::int64_t>(lanes), columns);
  }
}

/// Whether so many elements that lie side by side are dealt to as many vectors, and back.
inline bool deals(std::int64_t few) { return few > 1 && few <= most_dealt; }

/// to[j * to_stride + i] = from[i * Few + j] for i < count, j < Few.
template <std::int64_t Few, class T>
void deal(const T* HWY_RESTRICT from, T* HWY_RESTRICT to, std::int64_t to_stride,
          std::int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const T* HWY_RESTRICT const side_by_side = from + i * Few;
    T* HWY_RESTRICT const there = to + i;
    hn::Vec<decltype(d)> v0;
    hn::Vec<decltype(d)> v1;
    if constexpr (Few == 2) {
      hn::LoadInterleaved2(d, side_by_side, v0, v1);
    } else {
      hn::Vec<decltype(d)> v2;
      if constexpr (Few == 3) {
        hn::LoadInterleaved3(d, side_by_side, v0, v1, v2);
      } else {
        hn::Vec<decltype(d)> v3;
        hn::LoadInterleaved4(d, side_by_side, v0, v1, v2, v3);
        hn::StoreU(v3, d, there + 3 * to_stride);
      }
      hn::StoreU(v2, d, there + 2 * to_stride);
    }
    hn::StoreU(v0, d, there);
    hn::StoreU(v1, d, there + to_stride);
  }
  for (; i < count; ++i) {
    for (std::int64_t j = 0; j < Few; ++j) {
      to[j * to_stride + i] = from[i * Few + j];
    }
  }
}

/// Few vectors, their elements put between each other.
template <std::int64_t Few, class D, class T = hn::TFromD<D>>
HWY_INLINE void interleave_vectors(D d, const T* HWY_RESTRICT from, std::int64_t from_stride,
                                   T* HWY_RESTRICT to) {
  const auto v0 = hn::LoadU(d, from);
  const auto v1 = hn::LoadU(d, from + from_stride);
  if constexpr (Few == 2) {
    hn::StoreInterleaved2(v0, v1, d, to);
  } else {
    const auto v2 = hn::LoadU(d, from + 2 * from_stride);
    if constexpr (Few == 3) {
      hn::StoreInterleaved3(v0, v1, v2, d, to);
    } else {
      const auto v3 = hn::LoadU(d, from + 3 * from_stride);
      hn::StoreInterleaved4(v0, v1, v2, v3, d, to);
    }
  }
}

/// to[i * Few + j] = from[j * from_stride + i] for i < count, j < Few. Past the caches by way of
/// vectors nearby, for Highway has no such stores.
template <bool Streams, std::int64_t Few, class T>
void interleave(const T* HWY_RESTRICT from, std::int64_t from_stride, T* HWY_RESTRICT to,
                std::int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    T* HWY_RESTRICT const side_by_side = to + i * Few;
    if constexpr (Streams) {
      HWY_ALIGN T near[Few * (HWY_MAX_BYTES / sizeof(T))];
      interleave_vectors<Few>(d, from + i, from_stride, near);
      for (std::int64_t j = 0; j < Few; ++j) {
        hn::Stream(hn::Load(d, near + j * lanes), d, side_by_side + j * lanes);
      }
    } else {
      interleave_vectors<Few>(d, from + i, from_stride, side_by_side);
    }
  }
  for (; i < count; ++i) {
    for (std::int64_t j = 0; j < Few; ++j) {
      to[i * Few + j] = from[j * from_stride + i];
    }
  }
}

template <class T>
void deal_few(const T* from, T* to, std::int64_t to_stride, std::int64_t few, std::int64_t count) {
  const auto run = few == 2 ? deal<2, T> : few == 3 ? deal<3, T> : deal<4, T>;
  run(from, to, to_stride, count);
}

template <bool Streams, class T>
void interleave_few(const T* from, std::int64_t from_stride, T* to, std::int64_t count,
                    std::int64_t few) {
  const auto run = few == 2   ? interleave<Streams, 2, T>
                   : few == 3 ? interleave<Streams, 3, T>
                              : interleave<Streams, 4, T>;
  run(from, from_stride, to, count);
}

/// What is not dealt. Not part of transpose(): what this keeps on the stack would cost each of the
/// many calls that deal a short row.
template <bool Streams, class T>
HWY_NOINLINE void transpose_pieces(const T* from, std::int64_t from_stride, T* to,
                                   std::int64_t to_stride, std::int64_t rows,
                                   std::int64_t columns) {
  constexpr auto block = static_cast<std::int64_t>(16 / sizeof(T));
  if (rows >= block && columns >= block) {
    transpose_columns<Streams>(from, from_stride, to, to_stride, rows, columns);
    if (rows % block != 0) {
      const std::int64_t last = rows - block;
      transpose_columns<Streams>(from + last, from_stride, to + last * to_stride, to_stride, block,
                                 columns);
    }
    return;
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      to[i * to_stride + j] = from[j * from_stride + i];
    }
  }
}

/// to[i * to_stride + j] = from[j * from_stride + i] for i < rows, j < columns.
template <bool Streams, class T>
void transpose(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride,
               std::int64_t rows, std::int64_t columns) {
  if (!Streams && rows == from_stride && deals(rows)) {
    deal_few(from, to, to_stride, rows, columns);
  } else if (columns == to_stride && deals(columns)) {
    interleave_few<Streams>(from, from_stride, to, rows, columns);
  } else {
    transpose_pieces<Streams>(from, from_stride, to, to_stride, rows, columns);
  }
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard
