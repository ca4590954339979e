// One axis of a layer, asked from both ends: what a tap of an output meets, and which outputs an
// input element reaches. Works without tables, so that a question costs one step per tap however
// long the axis is.
#pragma once

#include <conv2d/explain.h>

#include "geometry/axis.h"

#include <cstdint>
#include <vector>

namespace conv2d::explain {

/// What tap r of an output looks at.
struct Tap {
  std::int64_t position = 0;  ///< as Term::row says
  TermKind kind = TermKind::input;
  std::int64_t index = nowhere;  ///< of the input, where the tap counts
};

/// Indices first..last; empty where last < first.
struct Span {
  std::int64_t first = 0;
  std::int64_t last = -1;

  std::int64_t size() const noexcept { return last < first ? 0 : last - first + 1; }
};

/// The axis as its layer sees it. Both layers share one relation, "window p has tap r on index h":
/// a Conv2d's outputs are windows and its inputs indices, a ConvTranspose2d's the other way round.
class AxisMap {
 public:
  AxisMap(const Axis& axis, PaddingMode mode, bool transposed)
      : axis_(axis), mode_(mode), transposed_(transposed) {}

  std::int64_t inputs() const noexcept { return transposed_ ? axis_.output : axis_.input; }
  std::int64_t outputs() const noexcept { return transposed_ ? axis_.input : axis_.output; }
  std::int64_t taps() const noexcept { return axis_.kernel; }
  bool transposed() const noexcept { return transposed_; }
  const Axis& axis() const noexcept { return axis_; }

  /// What tap r of an output looks at.
  Tap tap(std::int64_t output, std::int64_t r) const noexcept;

  /// Calls visit(window p, tap r, kind) for every use of an input, by tap and then by output;
  /// where visit returns false, stops and returns false.
  template <class Visitor>
  bool for_each_use(std::int64_t input, Visitor&& visit) const;
  /// How often for_each_use would visit.
  std::int64_t uses(std::int64_t input) const noexcept;

  /// The windows p for which tap r counts, and how many pairs (p, r) count in all.
  Span windows(std::int64_t r) const noexcept;
  std::int64_t pairs() const noexcept;

  /// Input indices that no output reads.
  std::vector<Range> unread() const;

 private:
  /// The positions from which an index h of the convolution's input is read, ascending.
  struct Positions {
    Span spans[3];
  };
  Positions positions(std::int64_t h) const noexcept;
  /// The windows whose tap r lies on one of these positions.
  Span windows(std::int64_t r, const Span& positions) const noexcept;
  std::vector<bool> read_by_windows() const;
  std::vector<bool> read_by_indices() const;

  Axis axis_;
  PaddingMode mode_;
  bool transposed_;
};

template <class Visitor>
bool AxisMap::for_each_use(std::int64_t input, Visitor&& visit) const {
  if (transposed_) {
    for (std::int64_t r = 0; r < axis_.kernel; ++r) {
      const std::int64_t output = axis_.position(input, r);
      if (output >= 0 && output < axis_.input && !visit(output, r, TermKind::input)) {
        return false;
      }
    }
    return true;
  }
  const Positions from = positions(input);
  for (std::int64_t r = 0; r < axis_.kernel; ++r) {
    for (const Span& span : from.spans) {
      const Span outputs = windows(r, span);
      const TermKind kind = span.first == input ? TermKind::input : TermKind::border;
      for (std::int64_t p = outputs.first; p <= outputs.last; ++p) {
        if (!visit(p, r, kind)) {
          return false;
        }
      }
    }
  }
  return true;
}

}  // namespace conv2d::explain
