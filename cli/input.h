// Reading INPUT: a picture or an array, fitted to a layer.
#pragma once

#include "command_syntax.h"

#include <conv2d/tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace conv2d::cli {

/// How many channels a picture is to have.
struct ColorArguments {
  bool gray = false;  ///< --gray
  bool rgb = false;   ///< --rgb
};

/// Adds --gray and --rgb.
void add_color_options(CommandSyntax& command, ColorArguments& arguments);

/// What a layer is applied to.
struct Input {
  Tensor tensor;
  bool is_picture = false;
  std::string text;                ///< one line: which file, what is in it, what became of it
  std::vector<std::string> notes;  ///< what was changed on the way, a sentence each
};

/// Whether the argument names a file rather than sizes such as 3x32x32.
bool is_file_argument(const std::string& argument);

/// A .npy file as it is, or a picture as (channels, height, width): float 0..1 in `dtype`, or the
/// bytes 0..255 for uint8. `channels` are what the layer takes, nothing where it takes any number.
/// Throws std::invalid_argument where the picture cannot be given that many.
Input read_input(const std::string& file, std::optional<std::int64_t> channels,
                 std::optional<DType> dtype, const ColorArguments& colors);

}  // namespace conv2d::cli
