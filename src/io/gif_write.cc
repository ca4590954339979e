// Pixels to animated GIF, through giflib.
#include "conv2d/io.h"
#include "io/message.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace conv2d::io {
namespace {

constexpr int colors = 256;

/// The pixels of a frame, row by row: 0xRRGGBB.
struct Pixels {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint32_t> values;

  std::uint32_t at(std::int64_t y, std::int64_t x) const {
    return values[static_cast<std::size_t>(y * width + x)];
  }
};

/// The part of a picture that is drawn.
struct Area {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t bottom = 0;
  std::int64_t right = 0;

  std::int64_t height() const noexcept { return bottom - top; }
  std::int64_t width() const noexcept { return right - left; }
};

Pixels pixels_of(TensorView frame) {
  const Tensor planes = frame.clone(MemoryFormat::contiguous);
  const auto* const data = planes.data<std::uint8_t>();
  const std::int64_t count = frame.size(1) * frame.size(2);
  Pixels pixels{frame.size(1), frame.size(2), {}};
  pixels.values.resize(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    pixels.values[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(data[i]) << 16U |
                                                 static_cast<std::uint32_t>(data[count + i]) << 8U |
                                                 data[2 * count + i];
  }
  return pixels;
}

/// Where two frames differ; one pixel where they do not, since a frame has at least one.
Area changed(const Pixels& before, const Pixels& now) {
  Area area{now.height, now.width, 0, 0};
  for (std::int64_t y = 0; y < now.height; ++y) {
    for (std::int64_t x = 0; x < now.width; ++x) {
      if (before.at(y, x) != now.at(y, x)) {
        area = {std::min(area.top, y), std::min(area.left, x), std::max(area.bottom, y + 1),
                std::max(area.right, x + 1)};
      }
    }
  }
  return area.bottom == 0 ? Area{0, 0, 1, 1} : area;
}

/// The colours of an area and each pixel's place among them.
struct Indexed {
  std::array<GifColorType, colors> map{};
  std::vector<GifByteType> pixels;
};

/// As they are, where they are no more than a GIF has.
std::optional<Indexed> exact_colors(const Pixels& frame, const Area& area) {
  Indexed indexed;
  std::unordered_map<std::uint32_t, GifByteType> places;
  for (std::int64_t y = area.top; y < area.bottom; ++y) {
    for (std::int64_t x = area.left; x < area.right; ++x) {
      const std::uint32_t value = frame.at(y, x);
      const auto next = static_cast<GifByteType>(places.size());
      const auto [place, is_new] = places.try_emplace(value, next);
      if (is_new && places.size() > colors) {
        return std::nullopt;
      }
      if (is_new) {
        indexed.map.at(next) = {static_cast<GifByteType>(value >> 16U),
                                static_cast<GifByteType>(value >> 8U & 255U),
                                static_cast<GifByteType>(value & 255U)};
      }
      indexed.pixels.push_back(place->second);
    }
  }
  return indexed;
}

/// The 256 that giflib chooses: those of a median cut.
Indexed nearest_colors(const Pixels& frame, const Area& area, const std::string& source) {
  const auto count = static_cast<std::size_t>(area.height() * area.width());
  std::array<std::vector<GifByteType>, 3> channels;
  for (std::int64_t y = area.top; y < area.bottom; ++y) {
    for (std::int64_t x = area.left; x < area.right; ++x) {
      const std::uint32_t value = frame.at(y, x);
      channels[0].push_back(static_cast<GifByteType>(value >> 16U));
      channels[1].push_back(static_cast<GifByteType>(value >> 8U & 255U));
      channels[2].push_back(static_cast<GifByteType>(value & 255U));
    }
  }
  Indexed indexed;
  indexed.pixels.resize(count);
  int size = colors;
  if (GifQuantizeBuffer(static_cast<unsigned>(area.width()), static_cast<unsigned>(area.height()),
                        &size, channels[0].data(), channels[1].data(), channels[2].data(),
                        indexed.pixels.data(), indexed.map.data()) == GIF_ERROR) {
    refuse(source, "cannot be written as a GIF: memory does not suffice");
  }
  return indexed;
}

int append(GifFileType* gif, const GifByteType* data, int count) noexcept {
  try {
    auto* bytes = static_cast<std::vector<std::byte>*>(gif->UserData);
    const auto* first = reinterpret_cast<const std::byte*>(data);
    bytes->insert(bytes->end(), first, first + count);
    return count;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

class GifWriter {
 public:
  explicit GifWriter(const std::string& source) : source_(source) {
    int code = 0;
    gif_ = EGifOpen(&bytes_, append, &code);
    if (gif_ == nullptr) {
      refuse(source_, "cannot be written as a GIF: ", GifErrorString(code));
    }
    EGifSetGifVersion(gif_, true);
  }
  GifWriter(const GifWriter&) = delete;
  GifWriter& operator=(const GifWriter&) = delete;
  ~GifWriter() {
    if (gif_ != nullptr) {
      EGifCloseFile(gif_, nullptr);
    }
  }

  void begin(const Pixels& first) {
    require(EGifPutScreenDesc(gif_, static_cast<int>(first.width), static_cast<int>(first.height),
                              8, 0, nullptr));
    // Again and again, as Netscape's extension says it.
    constexpr std::array<GifByteType, 3> forever = {1, 0, 0};
    require(EGifPutExtensionLeader(gif_, APPLICATION_EXT_FUNC_CODE));
    require(EGifPutExtensionBlock(gif_, 11, "NETSCAPE2.0"));
    require(EGifPutExtensionBlock(gif_, static_cast<int>(forever.size()), forever.data()));
    require(EGifPutExtensionTrailer(gif_));
  }

  void add(const Pixels& frame, const Area& area, int hundredths) {
    Indexed indexed = exact_colors(frame, area).value_or(Indexed{});
    if (indexed.pixels.empty()) {
      indexed = nearest_colors(frame, area, source_);
    }
    const GraphicsControlBlock control = {DISPOSE_DO_NOT, false, hundredths, NO_TRANSPARENT_COLOR};
    std::array<GifByteType, 4> packed{};
    EGifGCBToExtension(&control, packed.data());
    require(EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, static_cast<int>(packed.size()),
                             packed.data()));
    const std::unique_ptr<ColorMapObject, decltype(&GifFreeMapObject)> map(
        GifMakeMapObject(colors, indexed.map.data()), GifFreeMapObject);
    require(EGifPutImageDesc(gif_, static_cast<int>(area.left), static_cast<int>(area.top),
                             static_cast<int>(area.width()), static_cast<int>(area.height()), false,
                             map.get()));
    require(EGifPutLine(gif_, indexed.pixels.data(), static_cast<int>(indexed.pixels.size())));
  }

  const std::vector<std::byte>& finish() {
    int code = 0;
    GifFileType* const gif = gif_;
    gif_ = nullptr;
    if (EGifCloseFile(gif, &code) == GIF_ERROR) {
      refuse(source_, "cannot be written as a GIF: ", GifErrorString(code));
    }
    return bytes_;
  }

 private:
  void require(int status) const {
    if (status == GIF_ERROR) {
      refuse(source_, "cannot be written as a GIF: ", GifErrorString(gif_->Error));
    }
  }

  const std::string& source_;
  std::vector<std::byte> bytes_;
  GifFileType* gif_ = nullptr;
};

void require_picture(const std::string& source, TensorView frame) {
  constexpr std::int64_t longest = 65535;
  const bool shaped = frame.rank() == 3 && frame.size(0) == 3 && !frame.empty();
  if (frame.dtype() != DType::uint8 || !shaped || frame.size(1) > longest ||
      frame.size(2) > longest) {
    refuse(source,
           "a GIF is written from uint8 (3, H, W) of at most 65535 rows and columns, but got ",
           name(frame.dtype()), " ", to_string(frame.sizes()));
  }
}

int require_time(const std::string& source, int hundredths) {
  constexpr int longest = 65535;
  if (hundredths < 0 || hundredths > longest) {
    refuse(source, "a frame of a GIF stands for 0 to 65535 hundredths of a second, but got ",
           std::to_string(hundredths));
  }
  return hundredths;
}

}  // namespace

void write_gif(const Path& path, std::int64_t count,
               const std::function<Tensor(std::int64_t)>& frame,
               const std::function<int(std::int64_t)>& hundredths) {
  const std::string source = path.string();
  if (count < 1) {
    refuse(source, "a GIF has at least one frame");
  }
  GifWriter writer(source);
  Pixels before;
  for (std::int64_t i = 0; i < count; ++i) {
    const Tensor picture = frame(i);
    require_picture(source, picture);
    Pixels now = pixels_of(picture);
    const int time = require_time(source, hundredths(i));
    if (i == 0) {
      writer.begin(now);
      writer.add(now, {0, 0, now.height, now.width}, time);
    } else if (now.height != before.height || now.width != before.width) {
      refuse(source, "the frames of a GIF are all of one size, but frame ", std::to_string(i),
             " is ", to_string(picture.sizes()));
    } else {
      writer.add(now, changed(before, now), time);
    }
    before = std::move(now);
  }
  write_file(path, writer.finish());
}

}  // namespace conv2d::io
