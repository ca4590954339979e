// A picture of any size through the network, a tile at a time.
#pragma once

#include "network.h"

#include <conv2d/tensor.h>

#include <cstdint>
#include <functional>

namespace super_resolution {

/// Called after each tile with the part of the work that is done, up to 1.
using Progress = std::function<void(double)>;

/// Fills `output`, (3, 4H, 4W), from `rgb`, (3, H, W), both uint8 or float32, 0..255. Tiles of
/// `tile` x `tile` input pixels, made a multiple of Network::grid, are cut out with the network's
/// overlap beside them, so that the output is the same for every `tile`, bit for bit; memory
/// besides the two pictures grows with the tile and not with them. uint8 output is rounded and cut
/// off at 0 and 255.
void upscale(const Network& network, conv2d::TensorView rgb, conv2d::MutableTensorView output,
             std::int64_t tile, const Progress& progress);

}  // namespace super_resolution
