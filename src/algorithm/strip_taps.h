// Where the taps of a strip's pixels read, as tables of pointers for register tiles
// (simd/kernels.h).
//
// A strip is some output rows of the batch. Its rows and its columns are cut into runs whose taps
// read in step, and so the strip into patches. Away from the border a patch is large; along the
// border it is a line, in a corner a pixel, unless the strip has several images: their first rows
// are one run, for these read in step, too. All pixels of a patch have the same taps, so that those
// in the padding are left out, and lie evenly in memory, along rows and along columns: a tile is a
// piece of a row or of a column of a patch, and one pointer a tap and a step say where it reads.
//
// Patches of short rows make small tiles. Where no more than a row's first pixel and its last one
// meet the padding, as with 3x3 taps, tiles may take a row from end to end instead: a tap that is
// in the padding for a pixel at an end leaves that pixel out.
//
// Lines of a few pixels leave much of a tile's time unused. Where that costs more than taps in the
// padding do (maps of 2x2, 3x3), a tile takes pixels as they come, over the ends of rows, with a
// pointer for each pixel and tap, into the input or to zeros.
#pragma once

#include "algorithm/buffer.h"
#include "algorithm/cache_sets.h"
#include "algorithm/input_rows.h"
#include "algorithm/scratch_memory.h"
#include "algorithm/source_columns.h"
#include "algorithm/tile_sizes.h"
#include "algorithm/vector_types.h"
#include "geometry/problem.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace conv2d {

/// Pixels of a strip that one register tile computes.
struct PixelTile {
  Index first;  ///< counted row by row
  Index step;   ///< from each to the next: 1 along rows, a row's length along columns
  int pixels;
  TileKind kind;
  Index source_step;     ///< unless scattered: elements of the input from each pixel to the next
  Index offset;          ///< from where its pointers lead to where its first pixel reads
  std::size_t pointers;  ///< where its pointers begin
  std::size_t taps;      ///< where its taps begin, and how many there are
  std::size_t tap_count;
  std::size_t alike = 1;  ///< from this one on, tiles of its shape and taps that lie evenly
};

template <class T>
class StripTaps {
 public:
  /// Takes all the memory that strips of so many rows need. `zeros` are as many as there are input
  /// channels; they and the columns must outlive this.
  StripTaps(const Problem& problem, const SourceColumns& columns, const T* zeros, TensorView x,
            Index most_rows)
      : problem_(problem),
        columns_(columns),
        zeros_(zeros),
        input_(problem, x, most_rows * problem.rows.kernel, problem.columns.input),
        is_new_(new_taps(problem)),
        pointers_(most_pointers(problem, most_rows)),
        taps_(most_pointers(problem, most_rows)),
        reads_(most_pointers(problem, most_rows)) {
    const Sizes most(problem, most_rows);
    source_rows_.reserve(most.rows);
    row_starts_.reserve(most.rows);
    starts_before_.reserve(most.rows);
    row_runs_.reserve(at(most_rows));
    tiles_.reserve(most.pixels);
  }

  static std::size_t bytes(const Problem& problem, Index most_rows) {
    const Sizes most(problem, most_rows);
    return InputRows<T>::bytes(problem, most_rows * problem.rows.kernel, problem.columns.input) +
           most.rows * (sizeof(Index) + 2 * sizeof(T*)) + at(most_rows) * sizeof(Run) +
           most.pixels * sizeof(PixelTile) + at(problem.rows.kernel * problem.columns.kernel) +
           most.pointers * (sizeof(T*) + sizeof(std::size_t) + sizeof(simd::Reads));
  }

  /// Makes these output rows, counted through the batch, and this group the ones in hand. Returns
  /// whether they have to be cut into tiles: not if only the group is another one, nor if all taps
  /// read what lies as far from what they read before, as those of most strips do.
  bool load(Index group, Index first_row, Index rows) {
    if (first_row == first_row_ && rows == rows_ && input_.keeps_places()) {
      input_.load_group(group);
      return false;
    }
    first_row_ = first_row;
    rows_ = rows;
    source_rows_.clear();
    for (Index row = first_row; row < first_row + rows; ++row) {
      const Index n = row / problem_.rows.output;
      for (Index r = 0; r < problem_.rows.kernel; ++r) {
        const Index h =
            source_index(problem_.rows, problem_.padding_mode, row % problem_.rows.output, r);
        source_rows_.push_back(h == nowhere ? nowhere : n * problem_.rows.input + h);
      }
    }
    input_.load(group, source_rows_, 0, problem_.columns.input);
    row_starts_.swap(starts_before_);
    row_starts_.clear();
    for (const Index row : source_rows_) {
      row_starts_.push_back(row == nowhere ? nullptr : input_.place(row, 0));
    }
    if (const auto distance = distance_moved()) {
      std::for_each_n(pointers_.data(), pointer_count_, [&](const T*& to) { to += *distance; });
      return false;
    }
    find_row_runs();
    return true;
  }

  /// Cuts the pixels into tiles. Only where they may meet the padding's zeros do tiles take pixels
  /// with different taps.
  void cut(const TileSizes<T>& sizes, bool may_meet_zeros) {
    find_tiles(sizes, may_meet_zeros);
    count_alike();
  }

  std::span<const PixelTile> tiles() const { return tiles_; }
  /// Where the group's channels begin, counted from where the pointers of tiles lead.
  Index first_channel() const { return input_.first_channel(); }
  const T* const* pointers(const PixelTile& tile) const { return pointers_.data() + tile.pointers; }
  std::span<const std::size_t> taps(const PixelTile& tile) const {
    return {taps_.data() + tile.taps, tile.tap_count};
  }
  const simd::Reads* reads(const PixelTile& tile) const { return reads_.data() + tile.taps; }
  bool is_in_place() const { return input_.is_in_place(); }

  /// use(pixel) for each that a tile reads and none above it, or before it in its rows, has read;
  /// the group's channels begin first_channel() behind. None of scattered tiles.
  template <class Use>
  void each_new_pixel(const PixelTile& tile, Use&& use) const {
    if (tile.kind == TileKind::scattered) {
      return;
    }
    const T* const* from = pointers(tile);
    for (const std::size_t tap : taps(tile)) {
      const T* pixel = *from++ + tile.offset;
      for (int i = 0; i < tile.pixels && is_new_[tap] != 0; ++i, pixel += tile.source_step) {
        use(pixel);
      }
    }
  }

 private:
  static constexpr double never = std::numeric_limits<double>::infinity();

  /// A pixel has one for each tap, at most.
  static Index most_pointers(const Problem& problem, Index most_rows) {
    return most_rows * problem.columns.output * problem.rows.kernel * problem.columns.kernel;
  }

  struct Sizes {
    Sizes(const Problem& problem, Index most_rows)
        : rows(at(most_rows * problem.rows.kernel)),
          pixels(at(most_rows * problem.columns.output)),
          pointers(at(most_pointers(problem, most_rows))) {}

    std::size_t rows;
    std::size_t pixels;
    std::size_t pointers;
  };

  /// Pixels in a line, `step` and `source_step` as in PixelTile; the first one's input lies
  /// `offset` elements behind that of the patch's first.
  struct Line {
    Index first;
    Index step;
    Index pixels;
    Index source_step;
    Index offset;
  };

  /// How the pixels of a patch lie in lines: the first one, how many there are, and how far apart.
  struct Lines {
    Line line;
    Index count;
    Index step;    ///< as of a line's pixels
    Index offset;  ///< of the input, likewise
  };

  /// Of each tap of the kernel, whether no pixel above or to the left reads an element by another
  /// tap before this one does.
  static std::vector<char> new_taps(const Problem& problem) {
    const auto reaches = [](const Axis& axis, Index t) { return t >= axis.kernel - axis.stride; };
    std::vector<char> is_new;
    is_new.reserve(at(problem.rows.kernel * problem.columns.kernel));
    for (Index r = 0; r < problem.rows.kernel; ++r) {
      for (Index s = 0; s < problem.columns.kernel; ++s) {
        is_new.push_back(reaches(problem.rows, r) && reaches(problem.columns, s) ? 1 : 0);
      }
    }
    return is_new;
  }

  const T* row_start(Index p, Index r) const {
    return row_starts_[at(p * problem_.rows.kernel + r)];
  }

  /// From where the rows of the strip before began to where this one's do, if those in the padding
  /// are the same and no pointer leads to zeros.
  std::optional<std::ptrdiff_t> distance_moved() const {
    if (scattered_ || row_starts_.size() != starts_before_.size()) {
      return std::nullopt;
    }
    std::optional<std::ptrdiff_t> distance;
    for (std::size_t i = 0; i < row_starts_.size(); ++i) {
      const bool nothing = row_starts_[i] == nullptr;
      if (nothing != (starts_before_[i] == nullptr)) {
        return std::nullopt;
      }
      if (!nothing) {
        const std::ptrdiff_t here = row_starts_[i] - starts_before_[i];
        if (here != distance.value_or(here)) {
          return std::nullopt;
        }
        distance = here;
      }
    }
    return distance;
  }

  void find_row_runs() {
    row_runs_.clear();
    for (Index p = 0; p < rows_; ++p) {
      if (p > 0 && joins(row_runs_.back(), p)) {
        row_runs_.back().end = p + 1;
      } else {
        row_runs_.push_back({p, p + 1, 0, row_taps(p)});
      }
    }
    join_lone_rows();
  }

  /// Rows of their own, as those at the border are, may be in step with those of other images. Runs
  /// stay in the order of their first rows.
  void join_lone_rows() {
    const Index apart = problem_.rows.output;
    for (Run& run : row_runs_) {
      if (run.size() != 1) {
        continue;
      }
      Run joined = run;
      joined.apart = apart;
      joined.end = run.begin + apart;
      for (Run* next = lone_row(joined.end); next != nullptr && joins(joined, next->begin);
           next = lone_row(joined.end)) {
        next->end = next->begin;  // none any more
        joined.end += apart;
      }
      run = joined.size() > 1 ? joined : run;
    }
    std::erase_if(row_runs_, [](const Run& run) { return run.size() == 0; });
  }

  /// The run of row p alone, if there is one.
  Run* lone_row(Index p) {
    const auto found = std::lower_bound(row_runs_.begin(), row_runs_.end(), p,
                                        [](const Run& run, Index row) { return run.begin < row; });
    return found != row_runs_.end() && found->begin == p && found->size() == 1 ? &*found : nullptr;
  }

  /// Whether row p reads in step with those of the run before it; the second sets the step.
  bool joins(Run& run, Index p) const {
    bool set = run.size() > 1;
    for (Index r = 0; r < problem_.rows.kernel; ++r) {
      const T* const before = row_start(p - run.apart, r);
      const T* const here = row_start(p, r);
      if (before == nullptr || here == nullptr) {
        if (before != here) {
          return false;
        }
        continue;
      }
      if (!set) {
        run.step = here - before;
        set = true;
      }
      if (here - before != run.step) {
        return false;
      }
    }
    return true;
  }

  /// Taps of a row that read one.
  Index row_taps(Index p) const {
    Index taps = 0;
    for (Index r = 0; r < problem_.rows.kernel; ++r) {
      taps += row_start(p, r) == nullptr ? 0 : 1;
    }
    return taps;
  }

  /// From each pixel of a run of columns to the next.
  Index right(const Run& columns) const { return columns.step * input_.pixel_step(); }

  /// Whether the rows of a patch follow each other as the pixels of a row do.
  bool is_line(const Run& rows, const Run& columns) const {
    return columns.size() == problem_.columns.output &&
           (rows.size() == 1 || (rows.apart == 1 && rows.step == columns.size() * right(columns)));
  }

  /// Down columns pixels may share a set of the first cache, and come from the second one.
  static bool goes_along_rows(const Run& rows, const Run& columns, const TileSizes<T>& sizes) {
    const double far = share_a_set(rows.step * static_cast<Index>(sizeof(T))) ? 2 : 1;
    return static_cast<double>(rows.size()) * sizes.line_cycles(columns.size()) <=
           static_cast<double>(columns.size()) * sizes.line_cycles(rows.size()) * far;
  }

  Lines lines_of(const Run& rows, const Run& columns, const TileSizes<T>& sizes) const {
    const Index width = problem_.columns.output;
    const Index down = rows.apart * width;
    const Index first = rows.begin * width + columns.begin;
    const Index across = right(columns);
    if (is_line(rows, columns)) {
      return {{first, 1, rows.size() * columns.size(), across, 0}, 1, 0, 0};
    }
    if (goes_along_rows(rows, columns, sizes)) {
      return {{first, 1, columns.size(), across, 0}, rows.size(), down, rows.step};
    }
    return {{first, down, rows.size(), rows.step, 0}, columns.size(), 1, across};
  }

  /// Cycles for each input channel, of all patches of a run of rows.
  double run_cycles(const Run& rows, const TileSizes<T>& sizes) const {
    double cycles = 0;
    for (const Run& columns : columns_.runs()) {
      const Lines lines = lines_of(rows, columns, sizes);
      cycles += static_cast<double>(rows.taps * columns.taps * lines.count) *
                sizes.line_cycles(lines.line.pixels);
    }
    return cycles;
  }

  /// Whether tiles may take rows from end to end: those of one vector only where taps share pixels.
  bool may_take_rows(const TileSizes<T>& sizes) const {
    const Axis& axis = problem_.columns;
    const bool share = axis.stride == axis.dilation && (axis.kernel == 3 || axis.kernel == 5);
    return columns_.in_step_but_ends() && (sizes.vectors > 1 || share);
  }

  /// Of the tiles of a row from end to end, for each of the kernel's rows.
  double row_cycles(const TileSizes<T>& sizes) const {
    const Index width = problem_.columns.output;
    double cycles = 0;
    for (Index q = 0, size = 0; q < width; q += size) {
      size = sizes.next(width - q);
      if ((q == 0 || q + size == width) && !sizes.may_end_a_row(size)) {
        return never;
      }
      for (Index s = 0; s < problem_.columns.kernel; ++s) {
        cycles += sizes.tile_cycles(read_of(q, size, s) == simd::Reads::all ? size : size - 1);
      }
    }
    return cycles;
  }

  /// Which of a row's pixels, so many from q, tap s reads an element for.
  simd::Reads read_of(Index q, Index size, Index s) const {
    return columns_.of(q, s) == nowhere              ? simd::Reads::all_but_first
           : columns_.of(q + size - 1, s) == nowhere ? simd::Reads::all_but_last
                                                     : simd::Reads::all;
  }

  /// Of tiles that take all pixels of rows as they come, each tap for each of them.
  double scattered_cycles(const Run& rows, const TileSizes<T>& sizes) const {
    return static_cast<double>(rows.taps * problem_.columns.kernel * rows.pieces()) *
           sizes.scattered_cycles(rows.size() / rows.pieces() * problem_.columns.output);
  }

  void find_tiles(const TileSizes<T>& sizes, bool may_meet_zeros) {
    tiles_.clear();
    pointer_count_ = 0;
    tap_count_ = 0;
    scattered_ = false;
    double cycles = 0;
    const double row_tap = may_take_rows(sizes) ? row_cycles(sizes) : never;
    for (Run& rows : row_runs_) {
      rows.kind = TileKind::even;
      double least = run_cycles(rows, sizes);
      const auto consider = [&](TileKind kind, double other) {
        if (other < least) {
          rows.kind = kind;
          least = other;
        }
      };
      consider(TileKind::row, static_cast<double>(rows.taps * rows.size()) * row_tap);
      consider(TileKind::scattered, may_meet_zeros ? scattered_cycles(rows, sizes) : never);
      cycles += least;
    }
    const Run all{0, rows_, 0, problem_.rows.kernel};
    if (may_meet_zeros && scattered_cycles(all, sizes) < cycles) {
      add_scattered(all, sizes);
      return;
    }
    for (const Run& rows : row_runs_) {
      if (rows.kind == TileKind::scattered) {
        add_scattered(rows, sizes);
      } else if (rows.kind == TileKind::row) {
        add_rows(rows, sizes);
      } else {
        for (const Run& columns : columns_.runs()) {
          add_patch(rows, columns, sizes);
        }
      }
    }
  }

  /// From the last tile to the first.
  void count_alike() {
    for (std::size_t i = tiles_.size(); i-- > 1;) {
      const PixelTile& next = tiles_[i];
      PixelTile& tile = tiles_[i - 1];
      if (is_alike(tile, next) && (next.alike == 1 || lie_evenly(tile, next, tiles_[i + 1]))) {
        tile.alike = next.alike + 1;
      }
    }
  }

  static bool lie_evenly(const PixelTile& a, const PixelTile& b, const PixelTile& c) {
    return c.first - b.first == b.first - a.first && c.offset - b.offset == b.offset - a.offset;
  }

  static bool is_alike(const PixelTile& tile, const PixelTile& next) {
    return tile.kind != TileKind::scattered && next.kind == tile.kind &&
           next.pixels == tile.pixels && next.step == tile.step &&
           next.source_step == tile.source_step && next.pointers == tile.pointers &&
           next.taps == tile.taps && next.tap_count == tile.tap_count;
  }

  void add_patch(const Run& rows, const Run& columns, const TileSizes<T>& sizes) {
    find_taps(rows.begin, columns.begin);
    const Lines lines = lines_of(rows, columns, sizes);
    Line line = lines.line;
    for (Index i = 0; i < lines.count; ++i) {
      add_line(line, sizes);
      line.first += lines.step;
      line.offset += lines.offset;
    }
  }

  /// The taps of the pixel at row p of the strip and column q that read an element, and where.
  void find_taps(Index p, Index q) {
    patch_taps_ = tap_count_;
    patch_pointers_ = pointer_count_;
    const Index taps = problem_.columns.kernel;
    for (Index r = 0; r < problem_.rows.kernel; ++r) {
      for (Index s = 0; s < taps; ++s) {
        const T* const start = row_start(p, r);
        const Index column = columns_.of(q, s);
        if (start != nullptr && column != nowhere) {
          pointers_[pointer_count_++] = start + column * input_.pixel_step();
          taps_[tap_count_++] = at(r * taps + s);
        }
      }
    }
  }

  void add_line(const Line& line, const TileSizes<T>& sizes) {
    for (Index done = 0, size = 0; done < line.pixels; done += size) {
      size = sizes.next(line.pixels - done);
      tiles_.push_back({.first = line.first + done * line.step,
                        .step = line.step,
                        .pixels = static_cast<int>(size),
                        .kind = TileKind::even,
                        .source_step = line.source_step,
                        .offset = line.offset + done * line.source_step,
                        .pointers = patch_pointers_,
                        .taps = patch_taps_,
                        .tap_count = tap_count_ - patch_taps_});
    }
  }

  /// Rows from end to end, the tiles below each other side by side.
  void add_rows(const Run& rows, const TileSizes<T>& sizes) {
    const Index width = problem_.columns.output;
    for (Index q = 0, size = 0; q < width; q += size) {
      size = sizes.next(width - q);
      const TileKind kind = find_row_taps(rows.begin, q, size);
      for (Index p = rows.begin, i = 0; p < rows.end; p += rows.apart, ++i) {
        tiles_.push_back({.first = p * width + q,
                          .step = 1,
                          .pixels = static_cast<int>(size),
                          .kind = kind,
                          .source_step = problem_.columns.stride * input_.pixel_step(),
                          .offset = i * rows.step,
                          .pointers = patch_pointers_,
                          .taps = patch_taps_,
                          .tap_count = tap_count_ - patch_taps_});
      }
    }
  }

  /// The taps of so many pixels from q of row p, which of them they read for, and where.
  TileKind find_row_taps(Index p, Index q, Index size) {
    patch_taps_ = tap_count_;
    patch_pointers_ = pointer_count_;
    TileKind kind = TileKind::even;
    for (Index s = 0; s < problem_.columns.kernel; ++s) {
      kind = read_of(q, size, s) == simd::Reads::all ? kind : TileKind::row;
    }
    for (Index r = 0; r < problem_.rows.kernel; ++r) {
      for (Index s = 0; s < problem_.columns.kernel && row_start(p, r) != nullptr; ++s) {
        const Index column = columns_.of(kind == TileKind::row ? q + 1 : q, s);
        reads_[tap_count_] = read_of(q, size, s);
        pointers_[pointer_count_++] = row_start(p, r) + column * input_.pixel_step();
        taps_[tap_count_++] = at(r * problem_.columns.kernel + s);
      }
    }
    return kind;
  }

  void add_scattered(const Run& rows, const TileSizes<T>& sizes) {
    scattered_ = true;
    for (Index i = 0; i < rows.pieces(); ++i) {
      add_scattered_rows(rows.begin + i * rows.apart, rows.size() / rows.pieces(), sizes);
    }
  }

  void add_scattered_rows(Index begin, Index count, const TileSizes<T>& sizes) {
    const Index width = problem_.columns.output;
    const Index end = (begin + count) * width;
    for (Index first = begin * width, size = 0; first < end; first += size) {
      size = sizes.next(end - first);
      tiles_.push_back({first, 1, static_cast<int>(size), TileKind::scattered, 0, 0, pointer_count_,
                        tap_count_, 0});
      add_pixels(first / width, first % width, size);
      tiles_.back().tap_count = tap_count_ - tiles_.back().taps;
    }
  }

  /// For each tap that reads an element for one of the pixels.
  void add_pixels(Index p, Index q, Index size) {
    const Index taps = problem_.columns.kernel;
    for (Index r = 0; r < problem_.rows.kernel; ++r) {
      for (Index s = 0; s < taps; ++s) {
        if (find_pixels(p, q, size, r, s)) {
          pointer_count_ += at(size);
          taps_[tap_count_++] = at(r * taps + s);
        }
      }
    }
  }

  /// Whether there was one that reads an element.
  bool find_pixels(Index p, Index q, Index size, Index r, Index s) {
    const T** const to = pointers_.data() + pointer_count_;
    bool reads = false;
    for (Index i = 0; i < size; ++i) {
      const T* const start = row_start(p, r);
      const Index column = columns_.of(q, s);
      const bool there = start != nullptr && column != nowhere;
      to[i] = there ? start + column * input_.pixel_step() : zeros_;
      reads = reads || there;
      if (++q == problem_.columns.output) {
        q = 0;
        ++p;
      }
    }
    return reads;
  }

  const Problem& problem_;
  const SourceColumns& columns_;
  const T* zeros_;
  InputRows<T> input_;
  std::vector<char> is_new_;  ///< [tap]
  Index first_row_ = -1;
  Index rows_ = 0;
  std::vector<Index> source_rows_;       ///< [row of the strip][r], named as input_ does
  std::vector<const T*> row_starts_;     ///< [row of the strip][r], nullptr in the padding
  std::vector<const T*> starts_before_;  ///< the same of the strip before
  bool scattered_ = false;               ///< some tiles have a pointer for each pixel
  std::vector<Run> row_runs_;            ///< of the strip's rows
  std::size_t patch_taps_ = 0;           ///< where the taps of the patch begin
  std::size_t patch_pointers_ = 0;       ///< where the pointers of its first pixel do
  ScratchVector<PixelTile> tiles_;
  std::size_t pointer_count_ = 0;
  std::size_t tap_count_ = 0;
  Buffer<const T*> pointers_;  ///< [patch][tap] or [scattered tile][tap][pixel]
  Buffer<std::size_t> taps_;   ///< [patch or scattered tile][tap]
  Buffer<simd::Reads> reads_;  ///< the same of row tiles
};

}  // namespace conv2d
