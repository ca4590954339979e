// The arguments of the layers, under torch's names and with torch's defaults.
#pragma once

#include <conv2d/dtype.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace conv2d {

/// A value for the rows and one for the columns. One integer stands for both.
struct Pair {
  std::int64_t h;
  std::int64_t w;

  template <std::integral Integer>
  constexpr Pair(Integer both)  // NOLINT(google-explicit-constructor): torch's `stride=2`
      : h(static_cast<std::int64_t>(both)), w(static_cast<std::int64_t>(both)) {}
  constexpr Pair(std::int64_t rows, std::int64_t columns) : h(rows), w(columns) {}

  friend constexpr bool operator==(Pair, Pair) = default;
};

/// What lies beyond the border of the input.
enum class PaddingMode : std::uint8_t {
  zeros,      ///< nothing: those terms are left out of the sum
  reflect,    ///< the input mirrored at its edge elements: c b | a b c | b a
  replicate,  ///< the edge element: a a | a b c | c c
  circular,   ///< the input again: b c | a b c | a b
};

/// "zeros", "reflect", "replicate" or "circular".
std::string_view name(PaddingMode mode) noexcept;
/// Throws std::invalid_argument, in torch's words, for any other name.
PaddingMode parse_padding_mode(std::string_view text);

/// What may happen to the rounding of a sum. Either way the bits are the same for any number of
/// threads, batch size and memory format.
enum class Precision : std::uint8_t {
  standard,  ///< algorithms with fewer multiplications too, within the bound in docs/contract.md
  exact,     ///< the plain sum, a term after the other: the definition's own bits
};

/// "default" or "exact".
std::string_view name(Precision precision) noexcept;
/// Throws std::invalid_argument for any other name.
Precision parse_precision(std::string_view text);

/// How much the input is widened on each side: one number, a (height, width) pair, four sides,
/// or a rule that computes them from the other arguments and the input's size.
class Padding {
 public:
  enum class Rule : std::uint8_t {
    sides,       ///< the four numbers given
    valid,       ///< none
    same,        ///< output = ceil(input / stride); the odd one goes bottom and right
    same_lower,  ///< the same size; the odd one goes top and left (ONNX SAME_LOWER)
  };

  template <std::integral Integer>
  constexpr Padding(Integer all)  // NOLINT(google-explicit-constructor): torch's `padding=1`
      : Padding(Pair(all)) {}
  constexpr Padding(Pair sides)  // NOLINT(google-explicit-constructor)
      : Padding(sides.h, sides.h, sides.w, sides.w) {}
  constexpr Padding(std::int64_t h, std::int64_t w) : Padding(h, h, w, w) {}
  /// More than torch: each side its own.
  constexpr Padding(std::int64_t top, std::int64_t bottom, std::int64_t left, std::int64_t right)
      : sides_{top, bottom, left, right} {}
  constexpr Padding(Rule rule)  // NOLINT(google-explicit-constructor): `padding = conv2d::same`
      : rule_(rule) {}
  /// "same", "same_lower" or "valid". Throws std::invalid_argument, in torch's words, otherwise.
  Padding(std::string_view rule);  // NOLINT(google-explicit-constructor): torch's padding='same'
  // NOLINTNEXTLINE(google-explicit-constructor): torch's padding='same'
  Padding(const char* rule) : Padding(std::string_view(rule)) {}

  constexpr Rule rule() const noexcept { return rule_; }
  constexpr std::int64_t top() const noexcept { return sides_[0]; }
  constexpr std::int64_t bottom() const noexcept { return sides_[1]; }
  constexpr std::int64_t left() const noexcept { return sides_[2]; }
  constexpr std::int64_t right() const noexcept { return sides_[3]; }
  /// Whether a (height, width) pair says it all.
  constexpr bool symmetric() const noexcept { return top() == bottom() && left() == right(); }

  friend constexpr bool operator==(const Padding&, const Padding&) = default;

 private:
  std::array<std::int64_t, 4> sides_{};
  Rule rule_ = Rule::sides;
};

inline constexpr Padding::Rule same = Padding::Rule::same;
inline constexpr Padding::Rule same_lower = Padding::Rule::same_lower;
inline constexpr Padding::Rule valid = Padding::Rule::valid;

/// torch.nn.Conv2d's arguments.
/// https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
struct Conv2dOptions {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  Pair kernel_size;
  Pair stride = 1;
  Padding padding = 0;
  Pair dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  PaddingMode padding_mode = PaddingMode::zeros;
  DType dtype = DType::float32;
  Precision precision = Precision::standard;

  friend bool operator==(const Conv2dOptions&, const Conv2dOptions&) = default;
};

/// torch.nn.ConvTranspose2d's arguments, in its order.
/// https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
struct ConvTranspose2dOptions {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  Pair kernel_size;
  Pair stride = 1;
  Padding padding = 0;  ///< four sides work too; 'same' does not, as it does not in torch
  Pair output_padding = 0;
  std::int64_t groups = 1;
  bool bias = true;
  Pair dilation = 1;
  PaddingMode padding_mode = PaddingMode::zeros;  ///< zeros alone, as in torch
  DType dtype = DType::float32;
  Precision precision = Precision::standard;

  friend bool operator==(const ConvTranspose2dOptions&, const ConvTranspose2dOptions&) = default;
};

/// torch.nn.LazyConv2d's: Conv2d's without in_channels, which the first input tells.
struct LazyConv2dOptions {
  std::int64_t out_channels = 0;
  Pair kernel_size;
  Pair stride = 1;
  Padding padding = 0;
  Pair dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  PaddingMode padding_mode = PaddingMode::zeros;
  DType dtype = DType::float32;
  Precision precision = Precision::standard;

  /// Those of the layer that it becomes at an input of that many channels.
  Conv2dOptions for_channels(std::int64_t in_channels) const;

  friend bool operator==(const LazyConv2dOptions&, const LazyConv2dOptions&) = default;
};

/// torch.nn.Unfold's arguments.
struct UnfoldOptions {
  Pair kernel_size;
  Pair dilation = 1;
  Pair padding = 0;
  Pair stride = 1;

  friend bool operator==(const UnfoldOptions&, const UnfoldOptions&) = default;
};

/// torch.nn.Fold's arguments.
struct FoldOptions {
  Pair output_size;
  Pair kernel_size;
  Pair dilation = 1;
  Pair padding = 0;
  Pair stride = 1;

  friend bool operator==(const FoldOptions&, const FoldOptions&) = default;
};

}  // namespace conv2d
