// Pictures as the network wants them, from files and into files.
#pragma once

#include <conv2d/tensor.h>

#include <filesystem>

namespace super_resolution {

/// A PNG or JPEG as uint8 (3, H, W): grey stands for all three colours, what is transparent lies on
/// white. Throws std::invalid_argument, with one sentence, for what is no such picture, and for one
/// of more than 64 million pixels, whose result of 16 times as many nobody could look at.
conv2d::Tensor read_rgb(const std::filesystem::path& path);

}  // namespace super_resolution
