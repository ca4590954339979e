// One layer to be timed, as a line of text: oneDNN's convolution problem descriptors, such as
// mb1ic64ih56oc64oh56kh3ph1n"resnet_50:res2a", and its deconvolution's, which look the same.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/options.h>
#include <conv2d/sizes.h>

#include <cstdint>
#include <string>

namespace conv2d::cli {

struct Descriptor {
  std::string name;         ///< may be empty
  bool transposed = false;  ///< a ConvTranspose2d
  std::int64_t batch = 1;
  std::int64_t groups = 1;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  Pair input = 1;
  Pair output = 1;
  Pair kernel = 1;
  Pair stride = 1;
  Pair dilation = 1;  ///< as torch counts it, from 1; the text counts from 0
  Padding padding = 0;
  Pair output_padding = 0;  ///< of a transposed layer

  Sizes input_sizes() const;
  Sizes weight_sizes() const;
  Sizes output_sizes() const;
  functional::Conv2dArguments arguments() const;
  functional::ConvTranspose2dArguments transposed_arguments() const;
};

/// Reads a descriptor, whose keys may stand in any order; `_` separates and means nothing.
///   g mb ic oc       groups, batch, input and output channels; g and mb are 1 where missing
///   ih oh kh sh ph dh  rows of input, output and kernel, stride, padding above, dilation from 0
///   iw ow kw sw pw dw  the same of columns; what is missing repeats the rows'
///   n                begins the name, in quotes or up to the end
/// Without oh it is computed; without ph, oh says how much padding there is, shared evenly; with
/// both, the padding below is what oh needs. Only columns: a row of height 1.
/// oneDNN's own default of mb is 2; ours is 1 because times of one image are what people ask for.
/// Of a transposed layer oh may be more than without any padding below: the rest is output_padding.
/// `place` begins every complaint, "layers.txt, line 3: ". Throws ArgumentError.
/// Source: oneDNN, tests/benchdnn/doc/driver_conv.md, conv/conv_aux.cpp and deconv/deconv_aux.cpp
/// (str2desc).
Descriptor parse_descriptor(const std::string& text, const std::string& place,
                            bool transposed = false);

/// The shortest line of a list (layer_list.h) that is read as the same layer, in oneDNN's order of
/// keys; mb and oh always stand in it, so that oneDNN reads the same too.
std::string to_text(const Descriptor& layer);

/// The kernel as people write it: "64 of 3x3", "128 of 3x3 stride 2 dilation 12 groups 32",
/// "3 of 6x6 stride 4 transposed".
std::string kernel_text(const Descriptor& layer);

}  // namespace conv2d::cli
