// The picture that the demo runs on, as the layers want it.
#pragma once

#include <conv2d/tensor.h>

#include <filesystem>
#include <string>
#include <vector>

namespace demo {

struct Photograph {
  std::string name;                      ///< of the file, without its folder
  conv2d::Tensor rgb;                    ///< float32 (3, H, W), 0..1
  conv2d::Tensor luminance;              ///< float32 (1, H, W), 0..1
  std::vector<std::string> description;  ///< what the file held and what was done with it
};

/// Reads a PNG or JPEG. A grey picture becomes one with three equal channels, a transparent one is
/// laid on white, one with more pixels than a full-HD screen is averaged down; `description` says
/// so. Throws std::invalid_argument where the file is no picture of at least 5 x 5 pixels.
Photograph load_photograph(const std::filesystem::path& path);

}  // namespace demo
