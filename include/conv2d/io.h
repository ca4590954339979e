// Files: npy, npz, safetensors, PNG, JPEG, GIF, and ONNX convolutions.   (library conv2d_io)
//
// Every reader throws std::invalid_argument with one sentence that names the file and what is wrong
// with it. Sizes in a file are claims, and no memory is asked for on a claim alone:
//   npy, safetensors, ONNX   a tensor takes the bytes that are there for it, no more;
//   npz      an entry may claim 1032 times its packed bytes, which is the most that deflate can do,
//            and memory grows as they really arrive; all packed bytes lie within the file;
//   PNG      its unexpanded rows may take 1032 times the file's bytes, and 2^30 bytes expanded;
//   JPEG     it may have 1032 pixels for each of the file's bytes, 2^30 bytes and 100 scans;
//   any      nothing larger than the machine's memory is asked for.
//
// Every writer writes beside the target and renames: the file appears whole or not at all.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/tensor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
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

/// Writes an animated GIF that begins again after its end, from `count` frames, uint8 (3, H, W) of
/// one size each, asked for one by one; each stands for so many hundredths of a second. A frame of
/// more than 256 colours gets the 256 of a median cut.
void write_gif(const Path& path, std::int64_t count,
               const std::function<Tensor(std::int64_t)>& frame,
               const std::function<int(std::int64_t)>& hundredths);

/// uint8 0..255 -> float32 0..1, and back with rounding and saturation.
Tensor to_float(TensorView image);
Tensor to_bytes(TensorView image);

/// How an ONNX node finds its padding when `pads` does not say it.
enum class AutoPad : std::uint8_t { notset, valid, same_upper, same_lower };

/// One ONNX Conv, ConvTranspose or ConvInteger node with its attributes under ONNX's names. A list
/// that the node leaves out is empty. The spatial lists have one number for a 1-D node and two,
/// (height, width), for a 2-D one; pads has all beginnings, then all ends.
/// https://onnx.ai/onnx/operators/onnx__Conv.html, onnx__ConvTranspose.html,
/// onnx__ConvInteger.html
struct OnnxNode {
  std::string op_type;                    ///< "Conv", "ConvTranspose" or "ConvInteger"
  std::vector<std::string> inputs;        ///< in the operator's order; "" for one that is left out
  std::vector<std::string> outputs;       ///< one name
  std::vector<std::string> graph_inputs;  ///< in the model's order, that of input_0.pb, input_1.pb
  NamedTensors initializers;              ///< tensors stored in the model itself
  AutoPad auto_pad = AutoPad::notset;
  std::int64_t group = 1;
  std::vector<std::int64_t> kernel_shape;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> output_padding;  ///< ConvTranspose
  std::vector<std::int64_t> output_shape;    ///< ConvTranspose
};
/// Reads a model whose graph is one such node. Throws for other operators, for several nodes, for
/// 3-D nodes, and for attributes that the operator does not have.
OnnxNode read_onnx(const Path& path);
OnnxNode decode_onnx(Bytes bytes, const std::string& source);

/// Reads a TensorProto, as ONNX test data sets hold them (input_0.pb).
Tensor read_onnx_tensor(const Path& path);
Tensor decode_onnx_tensor(Bytes bytes, const std::string& source);

/// Computes the node on its inputs, in the operator's order:
///   Conv           x (N, C, H, W)   w (K, C/group, R, S)   third: bias (K)
///   ConvTranspose  x (N, C, H, W)   w (C, K/group, R, S)   third: bias (K)
///   ConvInteger    x, w of int8 or uint8   third: x_zero_point   fourth: w_zero_point, each one
///                  number or, for w, one a filter; the result is int32
/// or the same without H and R for a 1-D node, which runs as a 2-D one of height 1.
/// Throws std::invalid_argument as functional::conv2d does, for kernel_shape other than w's, and
/// for sizes or ranks that do not fit each other.
Tensor run_onnx(const OnnxNode& node, TensorView x, TensorView w,
                functional::OptionalView third = {}, functional::OptionalView fourth = {});

/// The whole of a regular file. Throws std::invalid_argument, naming the path and the reason, for
/// anything else (a folder, a pipe, a device) and for what cannot be read.
std::vector<std::byte> read_file(const Path& path);
/// Writes beside `path`, brings the bytes to the disk, and renames. A file that exists keeps its
/// permissions. Throws std::invalid_argument, naming the path and the system's reason; the target
/// is as it was then, and nothing is left beside it.
void write_file(const Path& path, Bytes bytes);

}  // namespace conv2d::io
