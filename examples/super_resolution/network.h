// ESRGAN-slim x4: a picture four times as wide and as high, its new pixels guessed by a network.
//
// It is a residual dense network (Zhang, Tian, Kong, Zhong and Fu, Residual Dense Network for Image
// Super-Resolution, arXiv:1802.08797) of two small blocks:
//
//   shallow = F_m1(rgb)                                  3x3,   3 -> 64
//   block0  = F_0(shallow)                               3x3,  64 -> 64
//   block1  = LFF_1([block0, relu F_1_1(block0)]) + block0     64 -> 4 by 3x3, 68 -> 64 by 1x1
//   block2  = LFF_2([block1, relu F_2_1(block1)]) + block1     the same
//   deep    = GFF_2(GFF_1([block1, block2])) + shallow   1x1, 128 -> 64, then 3x3, 64 -> 64
//   fine    = UPN3(relu UPN2(relu UPN1(deep)))           5x5,  64 -> 64; 3x3 -> 32; 3x3 -> 48
//   output  = SR(fine, each pixel repeated 4 x 4)        3x3,  48 -> 3
//
// Every layer keeps the picture's size, with zeros beyond its border. Weights come from the npm
// package @upscalerjs/esrgan-slim (MIT) by way of convert_weights.py.
#pragma once

#include <conv2d/conv2d.h>
#include <conv2d/io.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace super_resolution {

class Network {
 public:
  static constexpr std::int64_t scale = 4;
  /// An output pixel depends on the input pixels at most so far from the one that it is part of:
  /// the sum of what each layer sees on one side, one for a 3x3 and two for a 5x5.
  static constexpr std::int64_t reach = 10;

  /// From tensors named LAYER.weight (K, C, R, S) and LAYER.bias (K). Their sizes say how wide the
  /// network is. Throws std::invalid_argument for a name that is missing.
  explicit Network(conv2d::io::NamedTensors tensors,
                   conv2d::Precision precision = conv2d::Precision::standard);

  /// How many pixels a part of a picture needs beside it for the bits that it has in the whole, if
  /// it begins and ends at multiples of `grid` or at the picture's border. With exact sums that is
  /// the reach. Winograd's 3x3 layers round a tile of 4x4 outputs by all that it reads, except that
  /// the first and the last pixel that it reads touch no output but the first and the last. So if
  /// the d pixels beside a cut are off, d + 1 of the outputs are where 4 divides d, and else all of
  /// the tile: F_m1 1, F_0 4, F_1_1 5, F_2_1 6, GFF_2 8, UPN1 10, UPN2 12, UPN3 13, SR 14.
  std::int64_t overlap() const noexcept {
    return precision_ == conv2d::Precision::exact ? reach : 16;
  }
  static constexpr std::int64_t grid = 4;

  /// (3, H, W) -> (3, 4H, 4W), red, green and blue, 0..255 in both. Not cut off at either end.
  conv2d::Tensor operator()(conv2d::TensorView rgb) const;

 private:
  conv2d::Tensor layer(std::string_view name, conv2d::TensorView input,
                       const conv2d::functional::Epilogue& epilogue = {}) const;
  conv2d::Tensor dense_block(const std::string& number, conv2d::TensorView input) const;

  conv2d::Precision precision_;
  std::map<std::string, conv2d::Conv2d, std::less<>> layers_;
  conv2d::ConvTranspose2d enlarging_;
};

}  // namespace super_resolution
