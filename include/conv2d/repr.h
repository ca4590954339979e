// Layers as text: torch's repr, and the layers that people type.
#pragma once

#include <conv2d/nn.h>
#include <conv2d/options.h>

#include <cstddef>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

namespace conv2d {

/// As torch prints it: "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))"; what is more than torch
/// has (a padding of four sides) as Python would write it, and a dtype other than float32 last.
std::string repr(const Conv2dOptions& options);
std::string repr(const ConvTranspose2dOptions& options);
std::string repr(const LazyConv2dOptions& options);
std::string repr(const UnfoldOptions& options);
std::string repr(const FoldOptions& options);

using LayerOptions = std::variant<Conv2dOptions, ConvTranspose2dOptions, LazyConv2dOptions,
                                  UnfoldOptions, FoldOptions>;
std::string repr(const LayerOptions& options);

/// A layer text that could not be read, and where: `text.substr(position(), length())`.
class ParseError : public std::invalid_argument {
 public:
  ParseError(const std::string& sentence, std::size_t position, std::size_t length)
      : std::invalid_argument(sentence), position_(position), length_(length) {}
  std::size_t position() const noexcept { return position_; }
  std::size_t length() const noexcept { return length_; }

 private:
  std::size_t position_;
  std::size_t length_;
};

/// Reads a layer as torch prints it or as a person types it in Python:
///   Conv2d(3, 6, 5, stride=2, padding_mode=reflect)
///   nn.Conv2d(3, 6, kernel_size=(5, 5), padding='same', bias=False, dtype=torch.float64)
/// Positional arguments in torch's order; quotes, spaces, `nn.` and `torch.nn.` do not matter.
/// Throws ParseError for what is not such a text or not a possible layer.
LayerOptions parse_layer(std::string_view text);

std::ostream& operator<<(std::ostream& out, const Conv2d& layer);
std::ostream& operator<<(std::ostream& out, const ConvTranspose2d& layer);
std::ostream& operator<<(std::ostream& out, const LazyConv2d& layer);
std::ostream& operator<<(std::ostream& out, const Unfold& layer);
std::ostream& operator<<(std::ostream& out, const Fold& layer);

}  // namespace conv2d
