// PNG to pixels, through libpng.
//
// libpng reports errors by longjmp, which runs no destructors. Every function that calls setjmp
// therefore holds nothing but pointers and numbers, and what owns memory lives in its caller.
// Source: http://www.libpng.org/pub/png/libpng-manual.txt, sections III and IV.

#include "io/limits.h"
#include "io/message.h"
#include "io/picture.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>

namespace conv2d::io {
namespace {

/// What libpng's callbacks see.
struct Input {
  Bytes rest;
  std::array<char, 200> message{};
};

void on_read_error(png_structp png, png_const_charp message) {
  auto* input = static_cast<Input*>(png_get_error_ptr(png));
  std::snprintf(input->message.data(), input->message.size(), "%s", message);
  png_longjmp(png, 1);
}

// libpng warns about what does not change the pixels.
void on_read_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void on_read(png_structp png, png_bytep to, std::size_t count) {
  auto* input = static_cast<Input*>(png_get_io_ptr(png));
  if (count > input->rest.size()) {
    png_error(png, "the file ends too early");
  }
  std::memcpy(to, input->rest.data(), count);
  input->rest = input->rest.subspan(count);
}

class PngReader {
 public:
  PngReader(Bytes bytes, const std::string& source)
      : source_(source),
        input_{.rest = bytes},
        png_(
            png_create_read_struct(PNG_LIBPNG_VER_STRING, &input_, on_read_error, on_read_warning)),
        info_(png_ != nullptr ? png_create_info_struct(png_) : nullptr) {
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      refuse(source_, "libpng cannot be started");
    }
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  Picture read() {
    const std::size_t file_bytes = input_.rest.size();
    require(read_header());
    const PictureClaim claim{
        .height = png_get_image_height(png_, info_),
        .width = png_get_image_width(png_, info_),
        .channels = expanded_channels(),
        .units = png_get_rowbytes(png_, info_) * png_get_image_height(png_, info_)};
    check_picture(claim, file_bytes, source_);
    require(prepare_rows());
    Picture picture{static_cast<std::int64_t>(claim.height), static_cast<std::int64_t>(claim.width),
                    static_cast<std::int64_t>(claim.channels),
                    std::vector<std::uint8_t>(claim.height * claim.width * claim.channels)};
    if (png_get_rowbytes(png_, info_) != picture.row_bytes()) {
      refuse(source_, "is a PNG whose rows libpng expands to ", png_get_rowbytes(png_, info_),
             " bytes and not to ", picture.row_bytes());
    }
    require(read_rows(picture));
    return picture;
  }

 private:
  void require(bool done) const {
    if (!done) {
      refuse(source_, "is a damaged PNG: ", input_.message.data());
    }
  }

  /// How many samples a pixel has once palettes and transparent colours are looked up.
  std::uint64_t expanded_channels() const noexcept {
    const bool palette = png_get_color_type(png_, info_) == PNG_COLOR_TYPE_PALETTE;
    const bool transparent = png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    return (palette ? 3U : png_get_channels(png_, info_)) + (transparent ? 1U : 0U);
  }

  /// Up to the first pixel.
  bool read_header() noexcept {
    if (setjmp(png_jmpbuf(png_)) != 0) {  // NOLINT(cert-err52-cpp): libpng's way
      return false;
    }
    png_set_read_fn(png_, &input_, on_read);
    // The format's own limit; check_picture() says what we take.
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Comments, colour profiles and the like could unpack to more than the pixels.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png_, info_);
    return true;
  }

  /// Sets everything so that rows come as 8-bit samples. libpng allocates whole rows here, so the
  /// header's claims have been checked before.
  bool prepare_rows() noexcept {
    if (setjmp(png_jmpbuf(png_)) != 0) {  // NOLINT(cert-err52-cpp)
      return false;
    }
    png_set_expand(png_);    // palettes, samples below 8 bits, transparent colours
    png_set_scale_16(png_);  // rounds
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  /// All pixels, and the chunks after them: the last says that the file is whole.
  bool read_rows(Picture& picture) noexcept {
    if (setjmp(png_jmpbuf(png_)) != 0) {  // NOLINT(cert-err52-cpp)
      return false;
    }
    for (int pass = 0; pass < passes_; ++pass) {
      for (std::size_t at = 0; at < picture.pixels.size(); at += picture.row_bytes()) {
        png_read_row(png_, picture.pixels.data() + at, nullptr);
      }
    }
    png_read_end(png_, nullptr);
    return true;
  }

  const std::string& source_;
  Input input_;
  png_structp png_;
  png_infop info_;
  int passes_ = 1;
};

}  // namespace

bool is_png(Bytes bytes) noexcept {
  constexpr std::size_t signature = 8;
  return bytes.size() >= signature &&
         png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes.data()), 0, signature) == 0;
}

Picture decode_png(Bytes bytes, const std::string& source) {
  return PngReader(bytes, source).read();
}

}  // namespace conv2d::io
