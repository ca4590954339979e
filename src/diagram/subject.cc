#include "diagram/subject.h"

#include "geometry/axis.h"

#include <algorithm>

namespace conv2d::diagram {

Planes planes_of(TensorView values) {
  const TensorView image = values.rank() == 4 ? values.select(0, 0) : values;
  const Tensor wide = image.to(DType::float64).clone(MemoryFormat::contiguous);
  const auto* const data = wide.data<double>();
  return {image.size(0), image.size(1), image.size(2), {data, data + wide.numel()}};
}

std::int64_t Axis::position(std::int64_t output, std::int64_t tap) const noexcept {
  return transposed ? output + size.pad_before - tap * size.dilation
                    : output * size.stride + tap * size.dilation - size.pad_before;
}

std::int64_t Axis::first() const noexcept {
  return std::min<std::int64_t>(0, transposed ? position(0, size.kernel - 1) : -size.pad_before);
}

std::int64_t Axis::last() const noexcept {
  if (transposed) {
    return std::max((size.input - 1) * size.stride, position(size.output - 1, 0));
  }
  return std::max(size.input - 1, size.input - 1 + size.pad_after);
}

explain::TermKind Axis::kind(std::int64_t position) const noexcept {
  using explain::TermKind;
  if (transposed) {
    const bool outside = position < 0 || position > (size.input - 1) * size.stride;
    return outside                       ? TermKind::padding
           : position % size.stride == 0 ? TermKind::input
                                         : TermKind::gap;
  }
  if (position >= 0 && position < size.input) {
    return TermKind::input;
  }
  return mode == PaddingMode::zeros ? TermKind::padding : TermKind::border;
}

std::int64_t Axis::source(std::int64_t position) const noexcept {
  switch (kind(position)) {
    case explain::TermKind::input:
      return transposed ? position / size.stride : position;
    case explain::TermKind::border:
      return border_index(mode, position, size.input);
    default:
      return nowhere;
  }
}

bool Axis::unread(std::int64_t position) const noexcept {
  if (kind(position) != explain::TermKind::input) {
    return !transposed &&
           position > (size.output - 1) * size.stride - size.pad_before + size.extent - 1;
  }
  const std::int64_t index = source(position);
  return std::any_of(size.unread.begin(), size.unread.end(), [&](const explain::Range& range) {
    return index >= range.first && index <= range.last;
  });
}

bool Axis::has_padding() const noexcept {
  const std::int64_t inside = transposed ? (size.input - 1) * size.stride : size.input - 1;
  return first() < 0 || last() > inside;
}

std::int64_t Subject::weight_element(std::int64_t in, std::int64_t out, std::int64_t r,
                                     std::int64_t s) const noexcept {
  const std::int64_t first = transposed() ? in : out;
  const std::int64_t second = transposed() ? out % outputs_per_group() : in % inputs_per_group();
  const std::int64_t seconds = transposed() ? outputs_per_group() : inputs_per_group();
  return ((first * seconds + second) * rows.size.kernel + r) * columns.size.kernel + s;
}

}  // namespace conv2d::diagram
