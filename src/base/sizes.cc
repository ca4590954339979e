#include "conv2d/sizes.h"

#include "base/checked.h"
#include "base/error.h"

#include <algorithm>

namespace conv2d {

Sizes::Sizes(std::initializer_list<std::int64_t> values)
    : Sizes(std::span<const std::int64_t>(values.begin(), values.size())) {}

Sizes::Sizes(std::span<const std::int64_t> values) {
  if (values.size() > max_rank) {
    throw_invalid(
        concat("a tensor has at most ", max_rank, " dimensions, but got ", values.size()));
  }
  std::copy(values.begin(), values.end(), values_.begin());
  rank_ = static_cast<int>(values.size());
}

Sizes Sizes::filled(int rank, std::int64_t value) {
  std::array<std::int64_t, max_rank> values{};
  values.fill(value);
  return Sizes(std::span<const std::int64_t>(values.data(), static_cast<std::size_t>(rank)));
}

std::optional<std::int64_t> Sizes::numel() const noexcept {
  Checked product = 1;
  bool zero = false;
  for (const std::int64_t extent : *this) {
    if (extent < 0) {
      return std::nullopt;
    }
    zero = zero || extent == 0;
    product = product * extent;
  }
  if (zero) {
    return 0;
  }
  return product.ok() ? std::optional(product.value()) : std::nullopt;
}

bool operator==(const Sizes& a, const Sizes& b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::string to_string(const Sizes& sizes) {
  std::string text = "[";
  for (int dim = 0; dim < sizes.rank(); ++dim) {
    text += (dim == 0 ? "" : ", ") + std::to_string(sizes[dim]);
  }
  return text + "]";
}

}  // namespace conv2d
