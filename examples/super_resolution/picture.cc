#include "picture.h"

#include <conv2d/io.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace super_resolution {
namespace {

using conv2d::Tensor;
using conv2d::TensorView;

constexpr std::int64_t most_pixels = 64'000'000;
constexpr unsigned white = 255;

/// color * alpha + white * (1 - alpha), rounded, all of 0..255.
std::uint8_t on_white(std::uint8_t color, std::uint8_t alpha) {
  const unsigned sum = color * alpha + white * (white - alpha);
  return static_cast<std::uint8_t>((sum + white / 2) / white);
}

}  // namespace

Tensor read_rgb(const std::filesystem::path& path) {
  const Tensor image = conv2d::io::read_image(path);
  const std::int64_t channels = image.size(0);
  const std::int64_t pixels = image.size(1) * image.size(2);
  if (pixels > most_pixels) {
    throw std::invalid_argument(path.string() + " has " + std::to_string(pixels) +
                                " pixels; at most " + std::to_string(most_pixels) +
                                " can be enlarged");
  }
  const bool has_alpha = channels == 2 || channels == 4;
  const bool is_grey = channels <= 2;
  Tensor rgb = Tensor::uninitialized({3, image.size(1), image.size(2)}, conv2d::DType::uint8);
  const auto* const from = image.data<std::uint8_t>();
  auto* const to = rgb.data<std::uint8_t>();
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto* const color = from + (is_grey ? 0 : c * pixels);
    if (has_alpha) {
      std::transform(color, color + pixels, from + (channels - 1) * pixels, to + c * pixels,
                     on_white);
    } else {
      std::copy_n(color, pixels, to + c * pixels);
    }
  }
  return rgb;
}

}  // namespace super_resolution
