// Pixels to PNG, through libpng. The rules for longjmp are those of png_read.cc.

#include "conv2d/io.h"
#include "io/message.h"
#include "io/picture.h"

#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <new>

namespace conv2d::io {
namespace {

struct Output {
  std::vector<std::byte> bytes;
  std::array<char, 200> message{};
};

void on_write_error(png_structp png, png_const_charp message) {
  auto* output = static_cast<Output*>(png_get_error_ptr(png));
  std::snprintf(output->message.data(), output->message.size(), "%s", message);
  png_longjmp(png, 1);
}

void on_write_warning(png_structp /*png*/, png_const_charp /*message*/) {}

/// Whether there was memory for it; an exception must not pass through libpng.
bool append(std::vector<std::byte>& bytes, png_const_bytep from, std::size_t count) noexcept {
  try {
    const auto* first = reinterpret_cast<const std::byte*>(from);
    bytes.insert(bytes.end(), first, first + count);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void on_write(png_structp png, png_bytep from, std::size_t count) {
  if (!append(static_cast<Output*>(png_get_io_ptr(png))->bytes, from, count)) {
    png_error(png, "memory does not suffice");
  }
}

void on_flush(png_structp /*png*/) {}

int color_type(std::int64_t channels) {
  constexpr std::array<int, 4> types{PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                     PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  return types[static_cast<std::size_t>(channels - 1)];
}

class PngWriter {
 public:
  explicit PngWriter(const std::string& source)
      : source_(source),
        png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &output_, on_write_error,
                                     on_write_warning)),
        info_(png_ != nullptr ? png_create_info_struct(png_) : nullptr) {
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      refuse(source_, "libpng cannot be started");
    }
  }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }

  Bytes write(const Picture& picture) {
    if (!write_rows(picture)) {
      refuse(source_, "cannot be written as a PNG: ", output_.message.data());
    }
    return output_.bytes;
  }

 private:
  bool write_rows(const Picture& picture) noexcept {
    if (setjmp(png_jmpbuf(png_)) != 0) {  // NOLINT(cert-err52-cpp): libpng's way
      return false;
    }
    png_set_write_fn(png_, &output_, on_write, on_flush);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(picture.width),
                 static_cast<png_uint_32>(picture.height), 8, color_type(picture.channels),
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (std::size_t at = 0; at < picture.pixels.size(); at += picture.row_bytes()) {
      png_write_row(png_, picture.pixels.data() + at);
    }
    png_write_end(png_, nullptr);
    return true;
  }

  const std::string& source_;
  Output output_;
  png_structp png_;
  png_infop info_;
};

/// (C, H, W) with the channels brought side by side.
Picture interleave(TensorView image) {
  const TensorView planes = image.rank() == 2 ? image.unsqueeze(0) : image;
  const Tensor pixels = planes.permute({1, 2, 0}).clone(MemoryFormat::contiguous);
  const auto* first = pixels.data<std::uint8_t>();
  return {planes.size(1), planes.size(2), planes.size(0),
          std::vector<std::uint8_t>(first, first + pixels.numel())};
}

}  // namespace

void write_png(const Path& path, TensorView image) {
  const std::string source = path.string();
  const bool shaped =
      image.rank() == 2 || (image.rank() == 3 && image.size(0) >= 1 && image.size(0) <= 4);
  constexpr std::int64_t longest = PNG_UINT_31_MAX;
  if (image.dtype() != DType::uint8 || !shaped || image.empty() || image.size(-1) > longest ||
      image.size(-2) > longest) {
    refuse(source, "a PNG is written from uint8 (C, H, W) with C from 1 to 4, or (H, W), with at ",
           "least one pixel, but got ", name(image.dtype()), " ", to_string(image.sizes()));
  }
  const Picture picture = interleave(image);
  PngWriter writer(source);
  write_file(path, writer.write(picture));
}

}  // namespace conv2d::io
