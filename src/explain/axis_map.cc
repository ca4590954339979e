#include "explain/axis_map.h"

#include <algorithm>

namespace conv2d::explain {
namespace {

/// For b > 0, rounded towards minus infinity.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b < 0 ? 1 : 0);
}

std::size_t at(std::int64_t index) noexcept { return static_cast<std::size_t>(index); }

}  // namespace

Tap AxisMap::tap(std::int64_t output, std::int64_t r) const noexcept {
  if (!transposed_) {
    const std::int64_t position = axis_.position(output, r);
    const std::int64_t index = border_index(mode_, position, axis_.input);
    if (index == nowhere) {
      return {position, TermKind::padding, nowhere};
    }
    return {position, index == position ? TermKind::input : TermKind::border, index};
  }
  // Turned round: output = index*stride + r*dilation - pad_before.
  const std::int64_t position = output + axis_.pad_before - r * axis_.dilation;
  if (position < 0 || position > (axis_.output - 1) * axis_.stride) {
    return {position, TermKind::padding, nowhere};
  }
  if (position % axis_.stride != 0) {
    return {position, TermKind::gap, nowhere};
  }
  return {position, TermKind::input, position / axis_.stride};
}

AxisMap::Positions AxisMap::positions(std::int64_t h) const noexcept {
  const std::int64_t size = axis_.input;
  const Span none;
  const Span self{h, h};
  switch (mode_) {
    case PaddingMode::reflect:
      return {{h > 0 ? Span{-h, -h} : none, self,
               h < size - 1 ? Span{2 * (size - 1) - h, 2 * (size - 1) - h} : none}};
    case PaddingMode::replicate:
      return {{h == 0 ? Span{-axis_.pad_before, -1} : none, self,
               h == size - 1 ? Span{size, size - 1 + axis_.pad_after} : none}};
    case PaddingMode::circular:
      return {{Span{h - size, h - size}, self, Span{h + size, h + size}}};
    case PaddingMode::zeros:
      break;
  }
  return {{none, self, none}};
}

Span AxisMap::windows(std::int64_t r, const Span& positions) const noexcept {
  if (positions.size() == 0) {
    return {};
  }
  const std::int64_t first_position = axis_.position(0, r);
  const std::int64_t before = floor_divide(positions.first - first_position - 1, axis_.stride);
  const std::int64_t last = floor_divide(positions.last - first_position, axis_.stride);
  return {std::max<std::int64_t>(before + 1, 0), std::min(last, axis_.output - 1)};
}

Span AxisMap::windows(std::int64_t r) const noexcept {
  return mode_ == PaddingMode::zeros ? windows(r, Span{0, axis_.input - 1})
                                     : Span{0, axis_.output - 1};
}

std::int64_t AxisMap::pairs() const noexcept {
  std::int64_t count = 0;
  for (std::int64_t r = 0; r < axis_.kernel; ++r) {
    count += windows(r).size();
  }
  return count;
}

std::int64_t AxisMap::uses(std::int64_t input) const noexcept {
  std::int64_t count = 0;
  if (transposed_) {
    for_each_use(input, [&](std::int64_t, std::int64_t, TermKind) {
      ++count;
      return true;
    });
    return count;
  }
  const Positions from = positions(input);
  for (std::int64_t r = 0; r < axis_.kernel; ++r) {
    for (const Span& span : from.spans) {
      count += windows(r, span).size();
    }
  }
  return count;
}

/// Tap r reads r*dilation + p*stride of the padded input for every window p: a run of steps of one
/// stride. Marking where each run begins and ends and adding up along the stride covers them all
/// in one pass.
std::vector<bool> AxisMap::read_by_windows() const {
  const std::int64_t padded = axis_.pad_before + axis_.input + axis_.pad_after;
  std::vector<std::int32_t> cover(at(padded));
  for (std::int64_t r = 0; r < axis_.kernel; ++r) {
    const std::int64_t first = r * axis_.dilation;
    const std::int64_t end = first + axis_.output * axis_.stride;
    ++cover[at(first)];
    if (end < padded) {
      --cover[at(end)];
    }
  }
  for (std::int64_t i = axis_.stride; i < padded; ++i) {
    cover[at(i)] += cover[at(i - axis_.stride)];
  }
  std::vector<bool> read(at(axis_.input));
  for (std::int64_t i = 0; i < padded; ++i) {
    const std::int64_t index = border_index(mode_, i - axis_.pad_before, axis_.input);
    if (cover[at(i)] > 0 && index != nowhere) {
      read[at(index)] = true;
    }
  }
  return read;
}

/// Input p of a transposed layer adds to p*stride - pad + r*dilation; it is lost where none of
/// these lies inside the output.
std::vector<bool> AxisMap::read_by_indices() const {
  std::vector<bool> read(at(axis_.output));
  for (std::int64_t p = 0; p < axis_.output; ++p) {
    const std::int64_t start = axis_.position(p, 0);
    const std::int64_t first_inside =
        std::max<std::int64_t>(0, floor_divide(-start - 1, axis_.dilation) + 1);
    read[at(p)] =
        first_inside < axis_.kernel && start + first_inside * axis_.dilation < axis_.input;
  }
  return read;
}

std::vector<Range> AxisMap::unread() const {
  const std::vector<bool> read = transposed_ ? read_by_indices() : read_by_windows();
  std::vector<Range> ranges;
  for (std::int64_t i = 0; i < inputs(); ++i) {
    if (read[at(i)]) {
      continue;
    }
    if (ranges.empty() || ranges.back().last != i - 1) {
      ranges.push_back({i, i});
    } else {
      ranges.back().last = i;
    }
  }
  return ranges;
}

}  // namespace conv2d::explain
