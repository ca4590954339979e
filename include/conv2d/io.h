// Files: npy, npz, safetensors, PNG, JPEG, and ONNX Conv / ConvTranspose nodes.   (library conv2d_io)
//
// Every reader throws std::invalid_argument with one sentence that names the file and what is wrong
// with it; no reader allocates more than the bytes of the file can justify. Every writer writes
// beside the target and renames: the file appears whole or not at all.
#pragma once

#include <conv2d/nn.h>
#include <conv2d/tensor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace conv2d::io {

using Path = std::filesystem::path;
using Bytes = std::span<const std::byte>;

/// Tensors by name, in the order of their names.
using NamedTensors = std::map<std::string, Tensor, std::less<>>;
/// Views by name, for writing.
using NamedViews = std::map<std::string, TensorView, std::less<>>;

// Each format also reads from memory (`source` is what messages call it).

/// NumPy .npy, versions 1 to 3, C or Fortran order, either byte order.
/// bfloat16 has no NumPy type: it is written as float32.
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
Tensor read_npy(const Path& path);
Tensor decode_npy(Bytes bytes, const std::string& source);
void write_npy(const Path& path, TensorView tensor);

/// NumPy .npz: a zip archive of npy files, stored or deflated. Written stored.
NamedTensors read_npz(const Path& path);
NamedTensors decode_npz(Bytes bytes, const std::string& source);
void write_npz(const Path& path, const NamedViews& arrays);

/// safetensors, as PyTorch's users write their state dicts. Entries whose dtype no Tensor has
/// (an int64 counter, say) are listed in `skipped` and do not keep the rest from being read.
/// https://github.com/huggingface/safetensors#format
struct SafeTensors {
  NamedTensors tensors;
  std::map<std::string, std::string, std::less<>> metadata;
  std::map<std::string, std::string, std::less<>> skipped;  ///< name -> dtype as the file names it
};
SafeTensors read_safetensors(const Path& path);
SafeTensors decode_safetensors(Bytes bytes, const std::string& source);
void write_safetensors(const Path& path, const NamedViews& tensors,
                       const std::map<std::string, std::string, std::less<>>& metadata = {});

/// A picture as uint8 (C, H, W), C = 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA). PNG palettes
/// are looked up, 16-bit samples rounded to 8; JPEG is turned upright as its Exif orientation says.
Tensor read_image(const Path& path);
Tensor decode_image(Bytes bytes, const std::string& source);
/// Writes a PNG from uint8 (C, H, W) with C from 1 to 4, or (H, W).
void write_png(const Path& path, TensorView image);

/// uint8 0..255 -> float32 0..1, and back with rounding and saturation.
Tensor to_float(TensorView image);
Tensor to_bytes(TensorView image);

/// One ONNX Conv or ConvTranspose node, its attributes as ours.
/// https://onnx.ai/onnx/operators/onnx__Conv.html
struct OnnxNode {
  std::string op_type;                 ///< "Conv" or "ConvTranspose"
  std::vector<std::string> inputs;     ///< names of X, W and, where there is one, B
  std::vector<std::string> outputs;    ///< name of Y
  NamedTensors initializers;           ///< tensors stored in the model itself
  int spatial_rank = 2;                ///< 1 for a 1-D node, which runs as 2-D of height 1
  functional::Conv2dArguments conv;                ///< op_type Conv; auto_pad and pads as Padding
  functional::ConvTranspose2dArguments transpose;  ///< op_type ConvTranspose
  std::optional<Pair> output_shape;    ///< ConvTranspose's attribute
  bool auto_pad_lower = false;         ///< ConvTranspose with auto_pad SAME_LOWER
  bool auto_pad_upper = false;         ///< ConvTranspose with auto_pad SAME_UPPER
};
/// Reads a model whose graph is one such node.
OnnxNode read_onnx(const Path& path);
OnnxNode decode_onnx(Bytes bytes, const std::string& source);
/// Reads a TensorProto, as ONNX test data sets hold them (input_0.pb).
Tensor read_onnx_tensor(const Path& path);
Tensor decode_onnx_tensor(Bytes bytes, const std::string& source);
/// Computes the node. Throws as functional::conv2d does.
Tensor run_onnx(const OnnxNode& node, TensorView x, TensorView w, functional::OptionalView b = {});

/// The whole file. Throws std::invalid_argument, naming the path, where it cannot be read.
std::vector<std::byte> read_file(const Path& path);
/// Writes beside `path` and renames. Throws std::invalid_argument, naming the path and the
/// system's reason; nothing is left behind then.
void write_file(const Path& path, Bytes bytes);

}  // namespace conv2d::io
