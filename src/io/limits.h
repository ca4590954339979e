// How much a compressed file can justify, and the most that a picture may have.
#pragma once

#include "io/message.h"

#include <cstdint>
#include <string>

namespace conv2d::io {

/// Deflate's best: a match of 258 bytes from 2 bits, 1032 bytes from one.
/// Source: RFC 1951, sections 3.2.5 and 3.2.7 (a length and a distance take a bit each at least).
///
/// It also bounds the pixels of a Huffman-coded JPEG: each block of 8x8 samples takes a bit at
/// least, and with the widest subsampling that the format knows, factors of 4 by 4, nine blocks (4
/// by 1, 1 by 4 and 1 by 1) make 32x32 pixels: 910 pixels a byte.
/// Source: ITU-T T.81, annexes A.1.1, F and G.
inline constexpr std::uint64_t deflate_limit = 1032;

/// The most bytes that a decoded picture may have: 1 GiB, 18,918 pixels square in RGB.
inline constexpr std::uint64_t largest_picture = std::uint64_t{1} << 30U;

/// What a picture's header says; extents below 2^32, at most 4 channels.
struct PictureClaim {
  std::uint64_t height;
  std::uint64_t width;
  std::uint64_t channels;
  std::uint64_t units;  ///< what deflate_limit counts: a PNG's packed bytes, a JPEG's pixels
};

/// Throws where the picture is larger than `file_bytes` of it can hold, or than any may be.
inline void check_picture(const PictureClaim& claim, std::uint64_t file_bytes,
                          const std::string& source) {
  if (claim.units / deflate_limit > file_bytes) {
    refuse(source, "claims ", claim.width, " x ", claim.height, " pixels, more than its ",
           file_bytes, " bytes can hold");
  }
  if (claim.height * claim.width > largest_picture / claim.channels) {
    refuse(source, "is a picture of ", claim.width, " x ", claim.height, " pixels with ",
           claim.channels, " channels; at most ", largest_picture, " bytes are allowed");
  }
}

}  // namespace conv2d::io
