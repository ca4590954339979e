#include "photograph.h"

#include <conv2d/conv2d.h>
#include <conv2d/io.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace demo {
namespace {

using conv2d::Tensor;
using conv2d::TensorView;

// Averaging is for the eye: a kernel of 5 x 5 pixels says little about a picture of 4000 x 3000.
constexpr std::int64_t most_pixels = std::int64_t{1920} * 1080;
constexpr std::int64_t kernel = 5;

std::string size_text(TensorView image) {
  std::ostringstream text;
  text << image.size(-1) << " x " << image.size(-2) << " pixels";
  return std::move(text).str();
}

/// A 1x1 layer that mixes channels: `rows` output channels of `weights`.
Tensor mix_channels(TensorView image, std::int64_t rows, std::initializer_list<float> weights) {
  const auto columns = static_cast<std::int64_t>(weights.size()) / rows;
  return conv2d::functional::conv2d(image, Tensor::from<float>({rows, columns, 1, 1}, weights));
}

/// (2 or 4, H, W), the last channel alpha, on a white ground: alpha*colour + (1 - alpha).
Tensor on_white(TensorView image) {
  Tensor colors = image.slice(0, 0, image.size(0) - 1).clone();
  const Tensor alpha = image.select(0, image.size(0) - 1).clone();
  const std::int64_t pixels = alpha.numel();
  auto* const values = colors.data<float>();
  const auto* const cover = alpha.data<float>();
  for (std::int64_t i = 0; i < colors.numel(); ++i) {
    values[i] = cover[i % pixels] * values[i] + (1 - cover[i % pixels]);
  }
  return colors;
}

/// By how much a picture is averaged down: enough for most_pixels, as long as the kernel fits.
std::int64_t averaging_factor(TensorView image) {
  const auto pixels = static_cast<double>(image.size(1) * image.size(2));
  const auto wanted =
      static_cast<std::int64_t>(std::ceil(std::sqrt(pixels / static_cast<double>(most_pixels))));
  return std::min(wanted, std::min(image.size(1), image.size(2)) / kernel);
}

/// Means of factor x factor pixels, by a layer: one group a channel, stride = kernel size.
Tensor averaged(TensorView rgb, std::int64_t factor) {
  const float part = 1 / static_cast<float>(factor * factor);
  const Tensor box = Tensor::full({3, 1, factor, factor}, part);
  return conv2d::functional::conv2d(rgb, box, {}, {.stride = factor, .groups = 3});
}

}  // namespace

Photograph load_photograph(const std::filesystem::path& path) {
  static constexpr std::array<const char*, 4> kinds = {"grey", "grey with transparency", "RGB",
                                                       "RGB with transparency"};
  const Tensor bytes = conv2d::io::read_image(path);
  if (bytes.size(1) < kernel || bytes.size(2) < kernel) {
    throw std::invalid_argument(path.string() + " is " + size_text(bytes) +
                                " small; the demo's 5x5 kernel needs at least 5 x 5");
  }
  Photograph photo;
  photo.name = path.filename().string();
  const auto channels = bytes.size(0);
  photo.description.push_back(size_text(bytes) + ", " +
                              kinds.at(static_cast<std::size_t>(channels - 1)));
  Tensor image = conv2d::io::to_float(bytes);
  if (channels == 2 || channels == 4) {
    image = on_white(image);
    photo.description.emplace_back("what is transparent lies on white");
  }
  if (image.size(0) == 1) {
    image = mix_channels(image, 3, {1, 1, 1});
    photo.description.emplace_back("its one channel stands for red, green and blue");
  }
  const std::int64_t factor = averaging_factor(image);
  if (factor > 1) {
    image = averaged(image, factor);
    std::ostringstream text;
    text << "averaged over " << factor << " x " << factor << " of them to " << size_text(image);
    photo.description.push_back(std::move(text).str());
  }
  // Rec. 601's weights, on the values as they are stored.
  photo.luminance = mix_channels(image, 1, {0.299F, 0.587F, 0.114F});
  photo.rgb = std::move(image);
  return photo;
}

}  // namespace demo
