// Layers as torch prints them. The order of the parts and the rule that only what is not the
// default is printed are those of _ConvNd.extra_repr, Unfold.extra_repr and Fold.extra_repr in
// torch/nn/modules; tests/cli compares with torch itself.
#include "conv2d/repr.h"

#include "base/error.h"

#include <ostream>
#include <string>
#include <variant>

namespace conv2d {
namespace {

std::string tuple(Pair pair) { return concat("(", pair.h, ", ", pair.w, ")"); }

// Unfold and Fold print their arguments as they were given; a Pair does not know whether it was
// given as one number, so equal numbers are taken for one.
std::string number_or_tuple(Pair pair) {
  return pair.h == pair.w ? std::to_string(pair.h) : tuple(pair);
}

std::string text(const Padding& padding) {
  switch (padding.rule()) {
    case Padding::Rule::valid:
      return "valid";
    case Padding::Rule::same:
      return "same";
    case Padding::Rule::same_lower:
      return "same_lower";
    case Padding::Rule::sides:
      break;
  }
  if (padding.symmetric()) {
    return tuple(Pair(padding.top(), padding.left()));
  }
  return concat("(", padding.top(), ", ", padding.bottom(), ", ", padding.left(), ", ",
                padding.right(), ")");
}

std::string dtype_suffix(DType dtype) {
  return dtype == DType::float32 ? "" : concat(", dtype=torch.", name(dtype));
}

// What Conv2d, LazyConv2d and ConvTranspose2d have in common.
template <class Options>
std::string convolution(std::string_view layer, std::int64_t in_channels, const Options& options,
                        Pair output_padding) {
  std::string result =
      concat(layer, "(", in_channels, ", ", options.out_channels,
             ", kernel_size=", tuple(options.kernel_size), ", stride=", tuple(options.stride));
  if (options.padding != Padding(0)) {
    result += concat(", padding=", text(options.padding));
  }
  if (options.dilation != Pair(1)) {
    result += concat(", dilation=", tuple(options.dilation));
  }
  if (output_padding != Pair(0)) {
    result += concat(", output_padding=", tuple(output_padding));
  }
  if (options.groups != 1) {
    result += concat(", groups=", options.groups);
  }
  if (!options.bias) {
    result += ", bias=False";
  }
  if (options.padding_mode != PaddingMode::zeros) {
    result += concat(", padding_mode=", name(options.padding_mode));
  }
  return result + dtype_suffix(options.dtype) + ")";
}

template <class Options>
std::string windows(const Options& options) {
  return concat("kernel_size=", number_or_tuple(options.kernel_size),
                ", dilation=", number_or_tuple(options.dilation),
                ", padding=", number_or_tuple(options.padding),
                ", stride=", number_or_tuple(options.stride), ")");
}

}  // namespace

std::string repr(const Conv2dOptions& options) {
  return convolution("Conv2d", options.in_channels, options, 0);
}

std::string repr(const ConvTranspose2dOptions& options) {
  return convolution("ConvTranspose2d", options.in_channels, options, options.output_padding);
}

std::string repr(const LazyConv2dOptions& options) {
  return convolution("LazyConv2d", 0, options, 0);
}

std::string repr(const UnfoldOptions& options) { return "Unfold(" + windows(options); }

std::string repr(const FoldOptions& options) {
  return concat("Fold(output_size=", number_or_tuple(options.output_size), ", ", windows(options));
}

std::string repr(const LayerOptions& options) {
  return std::visit([](const auto& layer) { return repr(layer); }, options);
}

std::ostream& operator<<(std::ostream& out, const Conv2d& layer) {
  return out << repr(layer.options());
}

std::ostream& operator<<(std::ostream& out, const ConvTranspose2d& layer) {
  return out << repr(layer.options());
}

// As torch: once the channels are known it is, and prints as, a Conv2d.
std::ostream& operator<<(std::ostream& out, const LazyConv2d& layer) {
  return layer.initialized() ? out << layer.layer() : out << repr(layer.options());
}

std::ostream& operator<<(std::ostream& out, const Unfold& layer) {
  return out << repr(layer.options());
}

std::ostream& operator<<(std::ostream& out, const Fold& layer) {
  return out << repr(layer.options());
}

}  // namespace conv2d
