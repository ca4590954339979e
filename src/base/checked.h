// Arithmetic on sizes that notices when it leaves 63 bits.
#pragma once

#include <cstdint>

namespace conv2d {

/// A 64-bit integer whose sums and products remember whether any of them overflowed:
///   Checked total = Checked(dilation) * (kernel - 1) + 1;  if (!total.ok()) ...
class Checked {
 public:
  constexpr Checked(std::int64_t value) : value_(value) {}  // NOLINT(google-explicit-constructor)

  constexpr bool ok() const noexcept { return ok_; }
  constexpr std::int64_t value() const noexcept { return value_; }

  friend constexpr Checked operator+(Checked a, Checked b) noexcept {
    Checked c(0);
    c.ok_ = !__builtin_add_overflow(a.value_, b.value_, &c.value_) && a.ok_ && b.ok_;
    return c;
  }
  friend constexpr Checked operator-(Checked a, Checked b) noexcept {
    Checked c(0);
    c.ok_ = !__builtin_sub_overflow(a.value_, b.value_, &c.value_) && a.ok_ && b.ok_;
    return c;
  }
  friend constexpr Checked operator*(Checked a, Checked b) noexcept {
    Checked c(0);
    c.ok_ = !__builtin_mul_overflow(a.value_, b.value_, &c.value_) && a.ok_ && b.ok_;
    return c;
  }

 private:
  std::int64_t value_;
  bool ok_ = true;
};

}  // namespace conv2d
