// Pictures as tensors: which format a file has, which way up it is, and bytes as fractions.

#include "conv2d/io.h"
#include "io/message.h"
#include "io/picture.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace conv2d::io {
namespace {

/// The (C, H, W) view of a picture after the turn and the mirroring that an Exif orientation asks
/// for. Values 5 to 8 exchange rows and columns; then the rows, the columns, or both run backwards:
///   1 upright   2 columns   3 rows and columns   4 rows
///   5 exchanged   6 exchanged, columns   7 exchanged, both   8 exchanged, rows
TensorView upright(const Picture& picture, int orientation) {
  std::int64_t rows = picture.height;
  std::int64_t columns = picture.width;
  std::int64_t row_stride = picture.width * picture.channels;
  std::int64_t column_stride = picture.channels;
  if (orientation >= 5) {
    std::swap(rows, columns);
    std::swap(row_stride, column_stride);
  }
  const std::uint8_t* first = picture.pixels.data();
  if (orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8) {
    first += (rows - 1) * row_stride;
    row_stride = -row_stride;
  }
  if (orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7) {
    first += (columns - 1) * column_stride;
    column_stride = -column_stride;
  }
  return {first, DType::uint8, Sizes{picture.channels, rows, columns},
          Strides{1, row_stride, column_stride}};
}

}  // namespace

Tensor decode_image(Bytes bytes, const std::string& source) {
  int orientation = 1;
  if (!is_png(bytes) && !is_jpeg(bytes)) {
    refuse(source, "is neither a PNG nor a JPEG picture");
  }
  const Picture picture =
      is_png(bytes) ? decode_png(bytes, source) : decode_jpeg(bytes, source, orientation);
  return upright(picture, orientation).clone(MemoryFormat::contiguous);
}

Tensor read_image(const Path& path) { return decode_image(read_file(path), path.string()); }

Tensor to_float(TensorView image) {
  if (image.dtype() != DType::uint8) {
    throw_invalid(concat("to_float takes uint8, but got ", name(image.dtype())));
  }
  Tensor result = image.to(DType::float32);
  auto* values = result.data<float>();
  std::transform(values, values + result.numel(), values, [](float v) { return v / 255.0F; });
  return result;
}

Tensor to_bytes(TensorView image) {
  if (is_integer(image.dtype()) || is_complex(image.dtype())) {
    throw_invalid(concat("to_bytes takes float32, float64, float16 or bfloat16, but got ",
                         name(image.dtype())));
  }
  Tensor scaled = image.to(DType::float32);
  auto* values = scaled.data<float>();
  std::transform(values, values + scaled.numel(), values,
                 [](float v) { return std::nearbyint(v * 255.0F); });
  return scaled.to(DType::uint8);  // saturates
}

}  // namespace conv2d::io
