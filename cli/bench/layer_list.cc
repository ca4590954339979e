#include "bench/layer_list.h"

#include "failure.h"
#include "text.h"

#include <conv2d/io.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace conv2d::cli {
namespace {

constexpr std::string_view white_space = " \t\r";

std::string_view without_white_space(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(white_space);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(white_space) + 1 - begin);
}

// A # begins a comment at the start of a word; within a name it may be a part of it.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || white_space.find(line[at - 1]) != std::string_view::npos) {
      return line.substr(0, at);
    }
  }
  return line;
}

struct ListLine {
  std::string_view descriptor;  ///< without comments and benchdnn's options; perhaps nothing
  bool transposed = false;      ///< by --deconv
};

ListLine parse_line(std::string_view line, const std::string& place) {
  std::string_view rest = without_white_space(without_comment(line));
  bool transposed = false;
  while (rest.starts_with("--")) {
    const std::string_view word = rest.substr(0, rest.find_first_of(white_space));
    if (word.starts_with("--batch=")) {
      throw ArgumentError(place + "lists named in a list are not followed; give that one itself",
                          std::string(rest), 0, word.size());
    }
    transposed = transposed || word == "--deconv";
    rest = without_white_space(rest.substr(word.size()));
  }
  return {rest, transposed};
}

// What is shown to a person, and goes into tables, JSON, CSV and SVG as it is.
void require_ascii(std::string_view descriptor, const std::string& place) {
  if (!std::all_of(descriptor.begin(), descriptor.end(),
                   [](char c) { return c >= ' ' && c <= '~'; })) {
    refuse(place + "a descriptor has ASCII characters alone");
  }
}

}  // namespace

std::vector<Descriptor> parse_layer_list(std::string_view text, const std::string& source) {
  std::vector<Descriptor> layers;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    const std::string place = fmt::format("{}, line {}: ", source, ++number);
    const auto [descriptor, transposed] = parse_line(line, place);
    require_ascii(descriptor, place);
    if (!descriptor.empty()) {
      layers.push_back(parse_descriptor(std::string(descriptor), place, transposed));
    }
  }
  if (layers.empty()) {
    refuse(fmt::format("{}: there is no layer in it", source));
  }
  return layers;
}

std::vector<Descriptor> read_layer_list(const std::string& file) {
  const std::vector<std::byte> bytes = io::read_file(file);
  return parse_layer_list({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file);
}

}  // namespace conv2d::cli
