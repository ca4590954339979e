#include "input.h"

#include "failure.h"
#include "text.h"

#include <conv2d/io.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace conv2d::cli {
namespace {

constexpr std::array<std::string_view, 3> picture_endings = {".png", ".jpg", ".jpeg"};

std::string lower_extension(const std::string& file) {
  std::string extension = std::filesystem::path(file).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return extension;
}

std::string_view kind_of(std::int64_t channels) {
  constexpr std::array<std::string_view, 5> kinds = {"", "gray", "gray with alpha", "RGB",
                                                     "RGB with alpha"};
  return kinds[static_cast<std::size_t>(channels)];
}

// The brightness of a (3, H, W) picture of bytes, (1, H, W): the weights of Recommendation ITU-R
// BT.601 in units of 1/65536 and rounded, as Pillow's mode L has them.
Tensor to_gray(const Tensor& rgb) {
  Tensor gray = Tensor::uninitialized({1, rgb.size(1), rgb.size(2)}, DType::uint8);
  const std::int64_t pixels = gray.numel();
  const auto* values = rgb.data<std::uint8_t>();
  auto* brightness = gray.data<std::uint8_t>();
  for (std::int64_t i = 0; i < pixels; ++i) {
    const std::uint32_t sum =
        19595U * values[i] + 38470U * values[pixels + i] + 7471U * values[2 * pixels + i] + 0x8000U;
    brightness[i] = static_cast<std::uint8_t>(sum >> 16U);
  }
  return gray;
}

Tensor to_rgb(const Tensor& gray) {
  Tensor rgb = Tensor::uninitialized({3, gray.size(1), gray.size(2)}, gray.dtype());
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    copy(gray.view(), rgb.mutable_view().slice(0, channel, channel + 1));
  }
  return rgb;
}

// The picture with the channels asked for, or a refusal that says how to get them.
Tensor with_channels(Tensor picture, std::optional<std::int64_t> wanted,
                     const ColorArguments& colors, Input& input) {
  const bool has_alpha = picture.size(0) % 2 == 0;
  if (has_alpha && (!wanted || *wanted != picture.size(0))) {
    input.notes.emplace_back("The alpha channel was left out.");
    picture = picture.view().slice(0, 0, picture.size(0) - 1).clone(MemoryFormat::contiguous);
  }
  if (colors.gray && picture.size(0) == 3) {
    input.notes.emplace_back(
        "Its brightness was taken: 0.299 red + 0.587 green + 0.114 blue, rounded to a byte.");
    picture = to_gray(picture);
  } else if (colors.rgb && picture.size(0) == 1) {
    input.notes.emplace_back("Its gray was taken as red, green and blue.");
    picture = to_rgb(picture);
  }
  if (wanted && *wanted != picture.size(0)) {
    const bool gray_helps = *wanted == 1 && picture.size(0) == 3;
    const bool rgb_helps = *wanted == 3 && picture.size(0) == 1;
    refuse(fmt::format("{} has {} ({}), but the layer takes {}{}", input.text,
                       counted(picture.size(0), "channel"), kind_of(picture.size(0)), *wanted,
                       gray_helps  ? "; --gray gives it the brightness"
                       : rgb_helps ? "; --rgb gives it the gray three times"
                                   : ""));
  }
  return picture;
}

Input read_picture(const std::string& file, std::optional<std::int64_t> channels, DType dtype,
                   const ColorArguments& colors) {
  Input input{.is_picture = true, .text = file};
  if (is_integer(dtype) && dtype != DType::uint8) {
    refuse(fmt::format("{}: a picture is float 0..1, or uint8 0..255, but the layer takes {}", file,
                       name(dtype)));
  }
  Tensor bytes = io::read_image(file);
  input.text = fmt::format("{} ({} pixels, {})", file, by({bytes.size(2), bytes.size(1)}),
                           kind_of(bytes.size(0)));
  bytes = with_channels(std::move(bytes), channels, colors, input);
  const bool stays_bytes = dtype == DType::uint8;
  input.tensor = stays_bytes               ? std::move(bytes)
                 : dtype == DType::float32 ? io::to_float(bytes)
                                           : io::to_float(bytes).to(dtype);
  input.text += fmt::format(" as {} {}: {}", name(dtype), stays_bytes ? "0..255" : "0..1",
                            by(input.tensor.sizes()));
  return input;
}

}  // namespace

void add_color_options(CommandSyntax& command, ColorArguments& arguments) {
  auto* gray = command.flag("--gray", arguments.gray,
                            "Take the brightness of a colour picture, as one channel");
  auto* rgb = command.flag("--rgb", arguments.rgb, "Take a gray picture as three equal channels");
  CommandSyntax::exclude(gray, rgb);
}

bool is_file_argument(const std::string& argument) {
  const std::string extension = lower_extension(argument);
  return extension == ".npy" || std::find(picture_endings.begin(), picture_endings.end(),
                                          extension) != picture_endings.end();
}

Input read_input(const std::string& file, std::optional<std::int64_t> channels,
                 std::optional<DType> dtype, const ColorArguments& colors) {
  const std::string extension = lower_extension(file);
  if (!is_file_argument(file)) {
    refuse(fmt::format("'{}' is not an input: .png, .jpg and .npy files are", file));
  }
  if (extension != ".npy") {
    return read_picture(file, channels, dtype.value_or(DType::float32), colors);
  }
  if (colors.gray || colors.rgb) {
    refuse(fmt::format("{} is not a picture: leave --gray and --rgb out", file));
  }
  Input input{.tensor = io::read_npy(file)};
  input.text =
      fmt::format("{}: {} of {}", file, by(input.tensor.sizes()), name(input.tensor.dtype()));
  if (dtype && input.tensor.dtype() != *dtype && !is_integer(*dtype)) {
    refuse(fmt::format("{} is of {}, but the layer of {}; dtype=torch.{} in the layer would fit",
                       file, name(input.tensor.dtype()), name(*dtype), name(input.tensor.dtype())));
  }
  return input;
}

}  // namespace conv2d::cli
