// What the picture formats have in common.
#pragma once

#include "conv2d/io.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace conv2d::io {

/// Pixels as files hold them: rows from the top, the channels of a pixel side by side (H, W, C).
struct Picture {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<std::uint8_t> pixels;

  std::size_t row_bytes() const noexcept { return static_cast<std::size_t>(width * channels); }
};

bool is_png(Bytes bytes) noexcept;
Picture decode_png(Bytes bytes, const std::string& source);

bool is_jpeg(Bytes bytes) noexcept;
/// Also gives the Exif orientation, 1 to 8, where the file names one.
Picture decode_jpeg(Bytes bytes, const std::string& source, int& orientation);

}  // namespace conv2d::io
