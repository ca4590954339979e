// The extents of a tensor: a short list of integers that lives on the stack.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

namespace conv2d {

/// Up to eight extents, outermost first: {N, C, H, W}. Also used for strides (in elements).
class Sizes {
 public:
  static constexpr int max_rank = 8;

  Sizes() = default;
  /// Throws std::invalid_argument for more than max_rank values.
  Sizes(std::initializer_list<std::int64_t> values);
  explicit Sizes(std::span<const std::int64_t> values);
  /// `rank` copies of `value`.
  static Sizes filled(int rank, std::int64_t value);

  int rank() const noexcept { return rank_; }
  bool empty() const noexcept { return rank_ == 0; }
  std::int64_t operator[](int dim) const noexcept { return values_[static_cast<std::size_t>(dim)]; }
  std::int64_t& operator[](int dim) noexcept { return values_[static_cast<std::size_t>(dim)]; }
  const std::int64_t* begin() const noexcept { return values_.data(); }
  const std::int64_t* end() const noexcept { return values_.data() + rank_; }

  /// The product of all extents (1 for rank 0), or nothing where it does not fit 63 bits or an
  /// extent is negative.
  std::optional<std::int64_t> numel() const noexcept;

  friend bool operator==(const Sizes& a, const Sizes& b) noexcept;

 private:
  std::array<std::int64_t, max_rank> values_{};
  int rank_ = 0;
};

using Strides = Sizes;

/// As torch prints sizes: "[1, 3, 8, 8]".
std::string to_string(const Sizes& sizes);

}  // namespace conv2d
