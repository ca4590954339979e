#include "io/exif.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace conv2d::io {
namespace {

/// A TIFF structure: the first two bytes tell the byte order of all numbers after them.
class Tiff {
 public:
  explicit Tiff(Bytes bytes) : bytes_(bytes), big_(byte(0) == 'M') {}

  bool valid() const noexcept {
    return byte(0) == byte(1) && (byte(0) == 'I' || byte(0) == 'M') && number(2, 2) == 42;
  }
  /// The unsigned number of `width` bytes at `at`, or nothing beyond the end.
  std::optional<std::uint32_t> number(std::uint64_t at, std::uint64_t width) const noexcept {
    if (at + width > bytes_.size()) {
      return std::nullopt;
    }
    std::uint32_t value = 0;
    for (std::uint64_t i = 0; i < width; ++i) {
      value = value << 8U | byte(big_ ? at + i : at + width - 1 - i);
    }
    return value;
  }

 private:
  std::uint32_t byte(std::uint64_t at) const noexcept {
    return at < bytes_.size() ? std::to_integer<std::uint32_t>(bytes_[at]) : 0;
  }

  Bytes bytes_;
  bool big_;
};

}  // namespace

int exif_orientation(Bytes app1) noexcept {
  constexpr std::array<std::byte, 6> exif{std::byte{'E'}, std::byte{'x'}, std::byte{'i'},
                                          std::byte{'f'}, std::byte{0},   std::byte{0}};
  constexpr std::uint64_t entry_bytes = 12;
  constexpr std::uint32_t orientation_tag = 0x0112;
  if (app1.size() < exif.size() || !std::ranges::equal(exif, app1.first(exif.size()))) {
    return 1;
  }
  const Tiff tiff(app1.subspan(exif.size()));
  const std::uint64_t directory = tiff.valid() ? tiff.number(4, 4).value_or(0) : 0;
  const std::uint32_t entries = directory > 0 ? tiff.number(directory, 2).value_or(0) : 0;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t at = directory + 2 + i * entry_bytes;
    if (tiff.number(at, 2) == orientation_tag) {
      const std::uint32_t value = tiff.number(at + 8, 2).value_or(1);
      return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
  }
  return 1;
}

}  // namespace conv2d::io
