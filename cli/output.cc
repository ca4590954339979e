#include "output.h"

#include "failure.h"
#include "text.h"

#include <conv2d/figure.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <system_error>

namespace conv2d::cli {
namespace {

namespace fs = std::filesystem;

struct ValueRange {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  std::int64_t finite = 0;
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
  std::int64_t outside = 0;  ///< of 0..1
};

void add(ValueRange& range, double value) {
  if (std::isnan(value)) {
    ++range.nan;
    return;
  }
  range.outside += value < 0 || value > 1 ? 1 : 0;
  if (std::isinf(value)) {
    ++range.infinite;
    return;
  }
  ++range.finite;
  range.least = std::min(range.least, value);
  range.most = std::max(range.most, value);
}

// Slice by slice, so that the widened copy stays small.
ValueRange range_of(TensorView tensor) {
  ValueRange range;
  if (tensor.rank() > 2) {
    for (std::int64_t i = 0; i < tensor.size(0); ++i) {
      const ValueRange part = range_of(tensor.select(0, i));
      range.least = std::min(range.least, part.least);
      range.most = std::max(range.most, part.most);
      range.finite += part.finite;
      range.nan += part.nan;
      range.infinite += part.infinite;
      range.outside += part.outside;
    }
    return range;
  }
  const Tensor widened = tensor.to(DType::float64);
  const auto* values = widened.data<double>();
  std::for_each(values, values + widened.numel(), [&](double value) { add(range, value); });
  return range;
}

bool keeps_brightness(const Filter& filter) {
  const double sum = std::accumulate(filter.values.begin(), filter.values.end(), 0.0);
  // Each weight is rounded to float32 once.
  const double rounding = static_cast<double>(filter.values.size()) *
                          static_cast<double>(std::numeric_limits<float>::epsilon());
  return std::abs(sum - 1) <= rounding;
}

// (K, P, Q) of one image.
TensorView one_image(TensorView output) {
  if (output.rank() == 4 && output.size(0) == 1) {
    return output.squeeze(0);
  }
  if (output.rank() != 3) {
    refuse(
        fmt::format("a PNG shows one image (channels, height, width), but the output is {}; "
                    "write a .npy or .npz instead",
                    by(output.sizes())));
  }
  return output;
}

std::string size_text(const Tensor& picture) {
  return fmt::format("{}x{} pixels", picture.size(2), picture.size(1));
}

std::string write_picture(const std::string& file, TensorView image, const ValueRange& range) {
  if (image.size(0) != 1 && image.size(0) != 3) {
    refuse(
        fmt::format("--picture takes 1 or 3 output channels, but there are {}; --sheet shows "
                    "them all",
                    image.size(0)));
  }
  const Tensor picture = io::to_bytes(image.to(DType::float32));
  io::write_png(file, picture);
  return fmt::format(
      "{}: a picture, {}{}", file, size_text(picture),
      range.outside == 0
          ? ""
          : fmt::format("; {} of {} values lie outside 0..1 and are cut off (--sheet shows all)",
                        grouped(range.outside), grouped(image.numel())));
}

std::string panel_title(const Layer& layer, std::int64_t channel, std::int64_t channels) {
  const auto filters = static_cast<std::int64_t>(layer.filters.size());
  if (filters == 0) {
    return fmt::format("channel {}", channel);
  }
  constexpr std::array<std::string_view, 3> colors = {"red", "green", "blue"};
  const std::string_view filter = layer.filters[static_cast<std::size_t>(channel % filters)].name;
  const std::int64_t source = channel / filters;
  if (channels == filters) {
    return std::string(filter);
  }
  return channels == 3 * filters
             ? fmt::format("{} of {}", filter, colors[static_cast<std::size_t>(source)])
             : fmt::format("{} of channel {}", filter, source);
}

// The weights that made a channel, where they are few enough to be read.
std::optional<TensorView> readable_kernel(const Layer& layer, std::int64_t channel) {
  constexpr std::int64_t most_channels = 4;
  constexpr std::int64_t most_rows = 11;
  const auto* conv = std::get_if<Conv2d>(&layer.module);
  if (conv == nullptr || conv->weight().size(1) > most_channels ||
      conv->weight().size(2) > most_rows || conv->weight().size(3) > most_rows) {
    return std::nullopt;
  }
  const TensorView filter = conv->weight().view().select(0, channel);
  return filter.size(0) == 1 ? filter.squeeze(0) : filter;
}

int panel_edge(std::int64_t channels) {
  return channels <= 12 ? 360 : channels <= 48 ? 200 : channels <= 192 ? 128 : 64;
}

std::string sheet_title(const Layer& layer) {
  std::string title;
  for (const Filter& filter : layer.filters) {
    title += fmt::format("{}{}", title.empty() ? "" : ", ", filter.name);
  }
  return title.empty() ? layer.text : title;
}

// A row for each channel of the input that several filters were applied to; else as it fits.
int sheet_columns(const Layer& layer) {
  constexpr std::size_t most = 6;
  const std::size_t filters = layer.filters.size();
  return filters > 1 && filters <= most ? static_cast<int>(filters) : 0;
}

std::string write_sheet(const std::string& file, const Drawing& drawing, TensorView image) {
  const std::int64_t channels = image.size(0);
  std::vector<figure::Panel> panels;
  for (std::int64_t k = 0; k < channels; ++k) {
    figure::Panel panel{image.select(0, k), panel_title(drawing.layer, k, channels)};
    panel.kernel = readable_kernel(drawing.layer, k);
    panels.push_back(std::move(panel));
  }
  const Tensor sheet = figure::contact_sheet(panels, {.title = sheet_title(drawing.layer),
                                                      .subtitle = drawing.input_text,
                                                      .columns = sheet_columns(drawing.layer),
                                                      .panel_edge = panel_edge(channels)});
  io::write_png(file, sheet);
  return fmt::format("{}: a sheet of {}, {}", file, counted(channels, "channel"), size_text(sheet));
}

void check_ending(const std::string& option, const std::string& file,
                  const std::vector<std::string_view>& endings) {
  const bool known = std::any_of(endings.begin(), endings.end(),
                                 [&](std::string_view end) { return file.ends_with(end); });
  if (!known) {
    refuse(fmt::format("{} takes a file ending in {}, but got '{}'", option,
                       fmt::join(endings, ", "), file));
  }
}

}  // namespace

void check_output(const std::string& option, const std::string& file,
                  const std::vector<std::string_view>& endings,
                  const std::vector<std::string>& others) {
  check_ending(option, file, endings);
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) {
    refuse(fmt::format("{} {}: is a folder", option, file));
  }
  const fs::path parent = fs::path(file).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse(fmt::format("{} {}: cannot write there: {}", option, file,
                       std::generic_category().message(errno)));
  }
  for (const std::string& other : others) {
    const bool same_name =
        fs::weakly_canonical(file, ignored) == fs::weakly_canonical(other, ignored);
    if (same_name || fs::equivalent(file, other, ignored)) {
      refuse(fmt::format("{} {}: this would replace {}", option, file, other));
    }
  }
}

void write_named(const std::string& file, const io::NamedViews& tensors) {
  if (file.ends_with(".npz")) {
    io::write_npz(file, tensors);
  } else {
    io::write_safetensors(file, tensors);
  }
}

std::string write_drawing(const std::string& file, const Drawing& drawing, PictureKind kind) {
  const TensorView image = one_image(drawing.output);
  if (is_complex(image.dtype())) {
    refuse("a PNG shows real numbers, but the output is complex; write a .npy or .npz instead");
  }
  if (image.empty()) {
    refuse(fmt::format("the output {} has no values to draw", by(image.sizes())));
  }
  const ValueRange range = range_of(image);
  const FilterNames& filters = drawing.layer.filters;
  const bool one_or_three = image.size(0) == 1 || image.size(0) == 3;
  const bool bright = filters.size() == 1 && keeps_brightness(filters[0]);
  const bool all_light = range.nan == 0 && range.outside == 0;
  if (kind == PictureKind::picture ||
      (kind == PictureKind::automatic && one_or_three && (bright || all_light))) {
    return write_picture(file, image, range);
  }
  std::string text = write_sheet(file, drawing, image);
  if (kind == PictureKind::automatic && one_or_three) {
    text += ", because not all values lie in 0..1 (--picture cuts them off)";
  }
  return text;
}

std::string values_text(TensorView tensor) {
  if (is_complex(tensor.dtype())) {
    return "complex";
  }
  const ValueRange range = range_of(tensor);
  std::string text = range.finite == 0
                         ? "no finite ones"
                         : fmt::format("from {:.6g} to {:.6g}", range.least, range.most);
  if (range.nan > 0) {
    text += fmt::format("; {} are NaN", grouped(range.nan));
  }
  if (range.infinite > 0) {
    text += fmt::format("; {} are infinite", grouped(range.infinite));
  }
  return text;
}

}  // namespace conv2d::cli
