// Tunings as text: a heading, and a line for each layer.
//
//   conv2d tuning 1
//   ALGORITHM  PRECISION  LAYOUT  CxHxW  LAYER  # NOTE
#include "base/error.h"
#include "base/wording.h"
#include "conv2d/tuning.h"
#include "nn/parse_layer.h"
#include "plan/tuning_state.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>

namespace conv2d {
namespace {

constexpr std::string_view heading = "conv2d tuning 1";
constexpr std::string_view blanks = " \t\r";
constexpr std::array<std::string_view, 2> layouts = {"nchw", "nhwc"};
constexpr std::array<std::string_view, 2> precisions = {"default", "exact"};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Takes the first word, and the space after it, off the text.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(blanks), text.size());
  const std::string_view word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

Error expected(const char* what, std::string_view got) {
  return {concat(what, ", but got ", in_quotes(got))};
}

/// Whether it can be shown to a person as it is.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

/// "64x56x56".
Result<Sizes> parse_input(std::string_view text) {
  const auto wrong = [&] {
    return expected("the input's sizes are channels, height and width, such as 64x56x56", text);
  };
  std::array<std::int64_t, 3> sizes{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0 && (at == end || *at++ != 'x')) {
      return wrong();
    }
    const auto [stopped, problem] = std::from_chars(at, end, sizes[i]);
    if (problem != std::errc() || sizes[i] < 0) {
      return wrong();
    }
    at = stopped;
  }
  return at == end ? Result<Sizes>(Sizes(std::span<const std::int64_t>(sizes))) : wrong();
}

/// Puts the precision into a convolution; other layers have one precision alone.
std::optional<Error> set_precision(LayerOptions& layer, std::string_view word) {
  const bool exact = word == precisions[1];
  if (!exact && word != precisions[0]) {
    return expected("the precision is default or exact", word);
  }
  const Precision precision = exact ? Precision::exact : Precision::standard;
  if (auto* conv = std::get_if<Conv2dOptions>(&layer)) {
    conv->precision = precision;
  } else if (auto* transposed = std::get_if<ConvTranspose2dOptions>(&layer)) {
    transposed->precision = precision;
  } else if (exact) {
    return expected("only convolutions have a precision that is not default", word);
  }
  return std::nullopt;
}

Result<TunedLayer> parse_line(std::string_view line) {
  const std::size_t hash = std::min(line.find('#'), line.size());
  std::string_view rest = trimmed(line.substr(0, hash));
  if (!is_plain(rest)) {
    return Error{"a line has ASCII characters alone before its note"};
  }
  const std::string_view algorithm = take_word(rest);
  const std::string_view precision = take_word(rest);
  const std::string_view layout = take_word(rest);
  const std::string_view input = take_word(rest);
  if (rest.empty()) {
    return expected("a line is ALGORITHM PRECISION LAYOUT CxHxW LAYER", line);
  }
  if (layout != layouts[0] && layout != layouts[1]) {
    return expected("the layout is nchw or nhwc", layout);
  }
  const Result<Sizes> sizes = parse_input(input);
  if (!sizes.ok()) {
    return sizes.error();
  }
  auto parsed = try_parse_layer(rest);
  if (const auto* failure = std::get_if<ParseFailure>(&parsed)) {
    return Error{failure->message};
  }
  auto& layer = std::get<LayerOptions>(parsed);
  if (auto error = set_precision(layer, precision)) {
    return *error;
  }
  return TunedLayer{
      .layer = layer,
      .input = sizes.value(),
      .format = layout == layouts[1] ? MemoryFormat::channels_last : MemoryFormat::contiguous,
      .algorithm = std::string(algorithm),
      .note = std::string(trimmed(line.substr(std::min(hash + 1, line.size()))))};
}

Precision precision_of(const LayerOptions& layer) {
  if (const auto* conv = std::get_if<Conv2dOptions>(&layer)) {
    return conv->precision;
  }
  const auto* transposed = std::get_if<ConvTranspose2dOptions>(&layer);
  return transposed != nullptr ? transposed->precision : Precision::standard;
}

void pad(std::string& text, std::size_t width) {
  text.append(text.size() < width ? width - text.size() : 0, ' ');
}

std::string line_of(const TunedLayer& tuned) {
  // Wide enough for the usual, so that columns stand under each other.
  std::string line = tuned.algorithm;
  pad(line, 18);
  line += concat(' ', name(precision_of(tuned.layer)));
  pad(line, 26);
  line += concat(' ', layouts[tuned.format == MemoryFormat::channels_last ? 1 : 0], ' ',
                 tuned.input[0], 'x', tuned.input[1], 'x', tuned.input[2]);
  pad(line, 44);
  line += concat(' ', repr(tuned.layer));
  if (!tuned.note.empty()) {
    line += concat("  # ", tuned.note);
  }
  return line + '\n';
}

}  // namespace

std::string to_text(const Tuning& tuning) {
  std::string text = concat(heading, '\n');
  for (const TunedLayer& layer : tuning.layers()) {
    text += line_of(layer);
  }
  return text;
}

Tuning parse_tuning(std::string_view text, const std::string& source) {
  Tuning::State state;
  const auto refuse = [&](std::size_t line, const std::string& sentence) {
    throw_invalid(concat(source, ", line ", line, ": ", sentence));
  };
  for (std::size_t number = 1; number == 1 || !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (number == 1) {
      if (line != heading) {
        refuse(1, concat("a tuning begins with the line '", heading, "', but got ",
                         is_plain(line) ? in_quotes(line) : "no plain text"));
      }
      continue;
    }
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const Result<TunedLayer> layer = parse_line(line);
    if (!layer.ok()) {
      refuse(number, layer.error().message);
    }
    if (const auto error = state.add(layer.value())) {
      refuse(number, error->message);
    }
  }
  return Tuning(std::make_shared<const Tuning::State>(std::move(state)));
}

Tuning load_tuning(const std::string& path) {
  // A model has hundreds of layers, a line has hundreds of letters.
  constexpr std::uintmax_t most = std::uintmax_t{16} << 20U;
  std::error_code problem;
  const bool regular = std::filesystem::is_regular_file(path, problem);
  const std::uintmax_t size = regular ? std::filesystem::file_size(path, problem) : 0;
  std::ifstream file;
  if (regular && size <= most) {
    file.open(path, std::ios::binary);
  }
  std::string text(static_cast<std::size_t>(size <= most ? size : 0), ' ');
  if (!file.is_open() || !file.read(text.data(), static_cast<std::streamsize>(text.size()))) {
    throw_invalid(concat(path, ": is no tuning that can be read: it must be a regular file of at ",
                         "most 16 MiB"));
  }
  return parse_tuning(text, path);
}

}  // namespace conv2d
