// JPEG to pixels, through libjpeg-turbo.
//
// libjpeg reports errors through a callback that must not return; ours longjmps, which runs no
// destructors. Every function that calls setjmp therefore holds nothing but pointers and numbers,
// and what owns memory lives in its caller.
// Source: libjpeg-turbo's libjpeg.txt, "Error handling".

#include "io/exif.h"
#include "io/limits.h"
#include "io/message.h"
#include "io/picture.h"

#include <cstdio>  // jpeglib.h needs FILE

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <string_view>

namespace conv2d::io {
namespace {

constexpr int exif_marker = JPEG_APP0 + 1;

/// libjpeg's error manager, which comes first so that its address is this one's, and ours.
struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> message;
};

Errors* errors_of(j_common_ptr jpeg) { return reinterpret_cast<Errors*>(jpeg->err); }

[[noreturn]] void on_error(j_common_ptr jpeg) {
  jpeg->err->format_message(jpeg, errors_of(jpeg)->message.data());
  std::longjmp(errors_of(jpeg)->jump, 1);  // NOLINT(cert-err52-cpp): libjpeg's way
}

/// libjpeg calls damage a warning and paints the missing part grey. We would rather say so; only
/// warnings that leave the pixels alone pass.
void on_message(j_common_ptr jpeg, int level) {
  const int code = jpeg->err->msg_code;
  const bool harmless = level >= 0 || code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM ||
                        code == JWRN_JFIF_MAJOR;
  if (!harmless) {
    on_error(jpeg);
  }
}

/// Each scan of a progressive file passes over the whole picture, however short it is: a file of
/// empty scans would keep us busy for hours. Real ones have about ten.
void on_progress(j_common_ptr jpeg) {
  constexpr int most_scans = 100;
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > most_scans) {
    constexpr std::string_view text = "it has more than 100 scans";
    std::ranges::copy(text, errors_of(jpeg)->message.begin());
    errors_of(jpeg)->message[text.size()] = '\0';
    std::longjmp(errors_of(jpeg)->jump, 1);  // NOLINT(cert-err52-cpp)
  }
}

class JpegReader {
 public:
  JpegReader(Bytes bytes, const std::string& source) : source_(source), bytes_(bytes) {
    jpeg_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = on_error;
    errors_.manager.emit_message = on_message;
    progress_.progress_monitor = on_progress;
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }

  Picture read() {
    require(read_header());
    orientation_ = find_orientation();  // now: libjpeg lets go of the segments at the end
    if (jpeg_.num_components != 1 && jpeg_.num_components != 3) {
      refuse(source_, "is a JPEG of ", jpeg_.num_components,
             " components (CMYK?); grey and colour ones, of 1 and 3, are read");
    }
    const PictureClaim claim{.height = jpeg_.image_height,
                             .width = jpeg_.image_width,
                             .channels = static_cast<std::uint64_t>(jpeg_.num_components),
                             .units = std::uint64_t{jpeg_.image_height} * jpeg_.image_width};
    check_picture(claim, bytes_.size(), source_);
    Picture picture{static_cast<std::int64_t>(claim.height), static_cast<std::int64_t>(claim.width),
                    static_cast<std::int64_t>(claim.channels),
                    std::vector<std::uint8_t>(claim.height * claim.width * claim.channels)};
    require(read_rows(picture.pixels.data(), picture.row_bytes()));
    return picture;
  }

  /// Known once read() is done.
  int orientation() const noexcept { return orientation_; }

 private:
  int find_orientation() const noexcept {
    for (const auto* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      const int found = exif_orientation(
          std::as_bytes(std::span<const JOCTET>(marker->data, marker->data_length)));
      if (found != 1) {
        return found;
      }
    }
    return 1;
  }

  void require(bool done) const {
    if (!done) {
      refuse(source_, "is a damaged JPEG: ", errors_.message.data());
    }
  }

  bool read_header() noexcept {
    if (setjmp(errors_.jump) != 0) {  // NOLINT(cert-err52-cpp)
      return false;
    }
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_save_markers(&jpeg_, exif_marker, 0xffff);
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  /// All rows, and the rest of the file: its last marker says that it is whole.
  bool read_rows(std::uint8_t* pixels, std::size_t row_bytes) noexcept {
    if (setjmp(errors_.jump) != 0) {  // NOLINT(cert-err52-cpp)
      return false;
    }
    jpeg_.out_color_space = jpeg_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    // The decoder whose bits do not depend on the processor's vector instructions.
    jpeg_.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&jpeg_);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = pixels + jpeg_.output_scanline * row_bytes;
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  const std::string& source_;
  Bytes bytes_;
  Errors errors_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct jpeg_{};
  int orientation_ = 1;
};

}  // namespace

bool is_jpeg(Bytes bytes) noexcept {
  constexpr std::array<std::byte, 3> start{std::byte{0xff}, std::byte{0xd8}, std::byte{0xff}};
  return bytes.size() >= start.size() && std::ranges::equal(start, bytes.first(start.size()));
}

Picture decode_jpeg(Bytes bytes, const std::string& source, int& orientation) {
  JpegReader reader(bytes, source);
  Picture picture = reader.read();
  orientation = reader.orientation();
  return picture;
}

}  // namespace conv2d::io
