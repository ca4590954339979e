#include "figure/picture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace conv2d::figure {
namespace {

/// Where the values of an axis go when it shrinks from `size` to `shrunk`: value i covers the
/// interval [i, i+1) * shrunk/size of the result, which touches one or two pixels of it.
class Shrinking {
 public:
  Shrinking(std::int64_t size, std::int64_t shrunk) : size_(size), shrunk_(shrunk) {}

  std::int64_t first(std::int64_t i) const { return i * shrunk_ / size_; }
  /// The part of the pixel first(i) that value i makes up; what is left goes to the next one.
  double weight_of_first(std::int64_t i) const {
    const std::int64_t end = std::min((i + 1) * shrunk_, (first(i) + 1) * size_);
    return static_cast<double>(end - i * shrunk_) / static_cast<double>(size_);
  }
  double weight_of_next(std::int64_t i) const {
    const std::int64_t beyond = (i + 1) * shrunk_ - (first(i) + 1) * size_;
    return static_cast<double>(std::max<std::int64_t>(0, beyond)) / static_cast<double>(size_);
  }

 private:
  std::int64_t size_;
  std::int64_t shrunk_;
};

/// to[first] and to[next] += the parts of value i; the axis shrinks by `shrinking`.
template <class Add>
void spread(const Shrinking& shrinking, std::int64_t i, const Add& add) {
  add(shrinking.first(i), shrinking.weight_of_first(i));
  const double rest = shrinking.weight_of_next(i);
  if (rest > 0) {
    add(shrinking.first(i) + 1, rest);
  }
}

void note_range(const double* row, std::int64_t width, Samples& samples) {
  for (std::int64_t x = 0; x < width; ++x) {
    if (std::isfinite(row[x])) {
      samples.least = std::min(samples.least, row[x]);
      samples.greatest = std::max(samples.greatest, row[x]);
    } else {
      ++samples.not_finite;
    }
  }
}

/// Row by row, so that a large picture takes little memory beside its own.
Plane shrink(TensorView values, std::int64_t height, std::int64_t width, Samples& samples) {
  const Shrinking rows(values.size(0), height);
  const Shrinking columns(values.size(1), width);
  const auto row_size = static_cast<std::size_t>(width);
  Plane plane{height, width, std::vector<double>(static_cast<std::size_t>(height) * row_size)};
  for (std::int64_t y = 0; y < values.size(0); ++y) {
    const Tensor row = values.select(0, y).to(DType::float64);
    const auto* const from = row.data<double>();
    note_range(from, values.size(1), samples);
    std::vector<double> shrunk(row_size);
    for (std::int64_t x = 0; x < values.size(1); ++x) {
      spread(columns, x, [&](std::int64_t to, double weight) {
        shrunk[static_cast<std::size_t>(to)] += weight * from[x];
      });
    }
    spread(rows, y, [&](std::int64_t to, double weight) {
      double* const sums = plane.values.data() + static_cast<std::size_t>(to) * row_size;
      std::transform(shrunk.begin(), shrunk.end(), sums, sums,
                     [weight](double value, double sum) { return sum + weight * value; });
    });
  }
  return plane;
}

}  // namespace

Samples sample(TensorView values, int edge) {
  const std::int64_t height = values.size(-2);
  const std::int64_t width = values.size(-1);
  const std::int64_t longest = std::max(height, width);
  const auto shrunk = [&](std::int64_t size) {
    return longest <= edge ? size : std::max<std::int64_t>(1, size * edge / longest);
  };
  Samples samples;
  samples.cell = static_cast<int>(std::max<std::int64_t>(1, edge / longest));
  samples.least = std::numeric_limits<double>::infinity();
  samples.greatest = -samples.least;
  const TensorView channels = values.rank() == 2 ? values.unsqueeze(0) : values;
  for (std::int64_t c = 0; c < channels.size(0); ++c) {
    samples.planes.push_back(shrink(channels.select(0, c), shrunk(height), shrunk(width), samples));
  }
  if (samples.least > samples.greatest) {
    samples.least = samples.greatest = 0;
  }
  return samples;
}

}  // namespace conv2d::figure
