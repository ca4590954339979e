// Writing results: arrays and pictures.
#pragma once

#include "layer.h"

#include <conv2d/io.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace conv2d::cli {

/// Throws std::invalid_argument where `file` cannot become an output, before any work is done:
/// when its ending is none of `endings`, its folder is missing or not writable, it is a folder, or
/// it is one of `others`, which would be lost.
void check_output(const std::string& option, const std::string& file,
                  const std::vector<std::string_view>& endings,
                  const std::vector<std::string>& others);

/// By the ending: a safetensors file or an npz archive.
void write_named(const std::string& file, const io::NamedViews& tensors);

/// Whether a PNG is the channels as one picture or a sheet of all channels.
enum class PictureKind : std::uint8_t { automatic, picture, sheet };

/// What a layer made of an input, for a PNG.
struct Drawing {
  const Layer& layer;
  std::string input_text;  ///< the subtitle of a sheet
  TensorView output;       ///< (K, P, Q) or (1, K, P, Q)
};

/// Writes the PNG. Automatic is: 1 or 3 channels are a picture where all values lie in 0..1, or
/// where they come from filters that keep brightness (whose weights add up to 1); all else is a
/// contact sheet. Returns a line that says what was drawn, and why so.
std::string write_drawing(const std::string& file, const Drawing& drawing, PictureKind kind);

/// "values from -0.5 to 1.25", and how many are NaN or infinite where some are.
std::string values_text(TensorView tensor);

}  // namespace conv2d::cli
