// The fifteen animations of conv_arithmetic (https://github.com/vdumoulin/conv_arithmetic): what
// each shows, and one frame for each output.
#include "teaching/sizes.h"

#include <gtest/gtest.h>

#include <string>

namespace conv2d::testing {
namespace {

struct Animation {
  const char* name;
  std::int64_t input, kernel, stride, padding, dilation, output_padding;
  std::int64_t output, frames;
};

class Convolution : public ::testing::TestWithParam<Animation> {};
class Transposed : public ::testing::TestWithParam<Animation> {};

TEST_P(Convolution, HasAFrameForEachOutput) {
  const Animation& a = GetParam();
  const std::int64_t output = conv_size(a.input, a.kernel, a.stride, a.padding, a.dilation);
  EXPECT_EQ(output, a.output);
  EXPECT_EQ(output * output, a.frames);
}

TEST_P(Transposed, HasAFrameForEachOutput) {
  const Animation& a = GetParam();
  const std::int64_t output =
      transposed_size(a.input, a.kernel, a.stride, a.padding, a.output_padding);
  EXPECT_EQ(output, a.output);
  EXPECT_EQ(output * output, a.frames);
}

std::string name_of(const ::testing::TestParamInfo<Animation>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Animations, Convolution,
                         ::testing::Values(Animation{"no_padding_no_strides", 4, 3, 1, 0, 1, 0, 2,
                                                     4},
                                           Animation{"arbitrary_padding", 5, 4, 1, 2, 1, 0, 6, 36},
                                           Animation{"same_padding", 5, 3, 1, 1, 1, 0, 5, 25},
                                           Animation{"full_padding", 5, 3, 1, 2, 1, 0, 7, 49},
                                           Animation{"no_padding_strides", 5, 3, 2, 0, 1, 0, 2, 4},
                                           Animation{"padding_strides", 5, 3, 2, 1, 1, 0, 3, 9},
                                           Animation{"padding_strides_odd", 6, 3, 2, 1, 1, 0, 3, 9},
                                           Animation{"dilation", 7, 3, 1, 0, 2, 0, 3, 9}),
                         name_of);

INSTANTIATE_TEST_SUITE_P(
    Animations, Transposed,
    ::testing::Values(Animation{"no_padding_no_strides_transposed", 2, 3, 1, 0, 1, 0, 4, 16},
                      Animation{"arbitrary_padding_transposed", 6, 4, 1, 2, 1, 0, 5, 25},
                      Animation{"same_padding_transposed", 5, 3, 1, 1, 1, 0, 5, 25},
                      Animation{"full_padding_transposed", 7, 3, 1, 2, 1, 0, 5, 25},
                      Animation{"no_padding_strides_transposed", 2, 3, 2, 0, 1, 0, 5, 25},
                      Animation{"padding_strides_transposed", 3, 3, 2, 1, 1, 0, 5, 25},
                      Animation{"padding_strides_odd_transposed", 3, 3, 2, 1, 1, 1, 6, 36}),
    name_of);

}  // namespace
}  // namespace conv2d::testing
