// From sizes and arguments to a checked Problem, and every sentence on the way.
#include "geometry/problem.h"

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace conv2d {
namespace {

using functional::Conv2dArguments;
using functional::ConvTranspose2dArguments;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr Types float_types{DType::float32, DType::float32, DType::float32};

std::string conv_error(const Sizes& input, const Sizes& weight, const Conv2dArguments& arguments) {
  const auto problem = conv2d_problem(input, weight, false, float_types, arguments);
  return problem.ok() ? "none" : problem.error().message;
}
std::string transpose_error(const Sizes& input, const Sizes& weight,
                            const ConvTranspose2dArguments& arguments) {
  const auto problem = conv_transpose2d_problem(input, weight, false, float_types, arguments);
  return problem.ok() ? "none" : problem.error().message;
}

TEST(Problem, HoldsTheSizesOfAllThreeTensors) {
  const Problem problem =
      conv2d_problem({2, 6, 9, 8}, {4, 3, 3, 2}, true, float_types,
                     {.stride = Pair(2, 1), .padding = Padding(1, 0), .groups = 2})
          .value();
  EXPECT_EQ(problem.pass, Pass::forward);
  EXPECT_EQ(problem.x_sizes(), Sizes({2, 6, 9, 8}));
  EXPECT_EQ(problem.w_sizes(), Sizes({4, 3, 3, 2}));
  EXPECT_EQ(problem.y_sizes(), Sizes({2, 4, 5, 7}));
  EXPECT_EQ(problem.multiply_adds(), 2 * 4 * 5 * 7 * 3 * 3 * 2);
  EXPECT_TRUE(problem.bias);
}

TEST(Problem, AnUnbatchedInputIsABatchOfOne) {
  EXPECT_EQ(conv2d_problem({3, 8, 8}, {6, 3, 5, 5}, false, float_types, {}).value().y_sizes(),
            Sizes({1, 6, 4, 4}));
}

TEST(Problem, ATransposedLayerIsTheBackwardPassOfItsConvolution) {
  const Problem problem =
      conv_transpose2d_problem({2, 4, 5, 7}, {4, 3, 3, 2}, false, float_types,
                               {.stride = Pair(2, 1), .padding = Padding(1, 0), .groups = 2})
          .value();
  EXPECT_EQ(problem.pass, Pass::backward_data);
  EXPECT_EQ(problem.x_sizes(), Sizes({2, 6, 9, 8}));
  EXPECT_EQ(problem.y_sizes(), Sizes({2, 4, 5, 7}));
}

TEST(Problem, AnotherPassOfItAddsNoBias) {
  const Problem problem = conv2d_problem({1, 1, 3, 3}, {1, 1, 3, 3}, true, float_types, {}).value();
  const Problem other = problem.with(Pass::backward_weight, Conjugate::first);
  EXPECT_EQ(other.pass, Pass::backward_weight);
  EXPECT_EQ(other.conjugate, Conjugate::first);
  EXPECT_FALSE(other.bias);
  EXPECT_EQ(other.with(Pass::forward, Conjugate::neither),
            problem.with(Pass::forward, Conjugate::neither));
}

TEST(Problem, EmptyBatchesAndChannelsAreProblemsToo) {
  EXPECT_EQ(conv_error({0, 3, 8, 8}, {6, 3, 5, 5}, {}), "none");
  EXPECT_EQ(conv_error({2, 0, 8, 8}, {6, 0, 5, 5}, {}), "none");
  EXPECT_EQ(transpose_error({0, 3, 8, 8}, {3, 6, 5, 5}, {}), "none");
  EXPECT_EQ(transpose_error({2, 0, 8, 8}, {0, 6, 5, 5}, {}), "none");
  // All input is padding.
  EXPECT_EQ(conv_error({1, 1, 0, 4}, {1, 1, 3, 3}, {.padding = 2}), "none");
}

TEST(Problem, ArgumentsAreNamedWithTheirValues) {
  const Sizes input{1, 4, 8, 8};
  const Sizes weight{4, 4, 3, 3};
  EXPECT_EQ(conv_error(input, weight, {.groups = 0}),
            "groups must be a positive integer, but got groups=0");
  EXPECT_EQ(conv_error(input, weight, {.stride = Pair(1, 0)}),
            "non-positive stride is not supported: stride should be greater than zero, but got "
            "[1, 0]");
  EXPECT_EQ(conv_error(input, weight, {.padding = Padding(0, 0, -1, 0)}),
            "negative padding is not supported: padding should not be below zero, but got top 0, "
            "bottom 0, left -1, right 0");
  EXPECT_EQ(conv_error(input, weight, {.dilation = Pair(0, 1)}),
            "dilation should be greater than zero, but got [0, 1]");
}

TEST(Problem, WeightsThatNoInputFitsAreRefused) {
  const Sizes input{1, 4, 8, 8};
  EXPECT_EQ(conv_error(input, {4, 4, 3}, {}),
            "Expected a 4D weight (out_channels, in_channels/groups, height, width), but got "
            "weight of size: [4, 4, 3]");
  EXPECT_EQ(conv_error(input, {4, 4, 0, 3}, {}),
            "kernel size should be greater than zero, but got kernel_height: 0 kernel_width: 3");
  EXPECT_EQ(conv_error(input, {4, -4, 3, 3}, {}),
            "a weight's sizes must not be negative, but got [4, -4, 3, 3]");
  EXPECT_EQ(conv_error(input, {5, 2, 3, 3}, {.groups = 2}),
            "Given groups=2, expected weight to be divisible by 2 at dimension 0, but got weight "
            "of size [5, 2, 3, 3] instead");
  EXPECT_EQ(conv_error(input, {0, 4, 3, 3}, {}),
            "Given groups=1, expected weight to be at least 1 at dimension 0, but got weight of "
            "size [0, 4, 3, 3] instead");
}

TEST(Problem, InputsThatTheWeightDoesNotFitAreRefused) {
  const Sizes weight{4, 4, 3, 3};
  EXPECT_EQ(conv_error({8, 8}, weight, {}),
            "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: "
            "[8, 8]");
  EXPECT_EQ(conv_error({1, 4, -8, 8}, weight, {}),
            "an input's sizes must not be negative, but got [1, 4, -8, 8]");
  EXPECT_EQ(conv_error({1, 3, 8, 8}, weight, {}),
            "Given groups=1, weight of size [4, 4, 3, 3], expected input[1, 3, 8, 8] to have 4 "
            "channels, but got 3 channels instead");
  EXPECT_EQ(conv_error({1, 4, 8, 8}, weight, {.groups = 4}),
            "Given groups=4, weight of size [4, 4, 3, 3], expected input[1, 4, 8, 8] to have 16 "
            "channels, but got 4 channels instead");
}

TEST(Problem, AKernelThatDoesNotFitIsRefusedAlsoForAnEmptyBatch) {
  const std::string sentence =
      "Calculated padded input size per channel: (8 x 10). Kernel size: (9 x 3). Kernel size can't "
      "be greater than actual input size";
  EXPECT_EQ(conv_error({1, 4, 8, 8}, {4, 4, 9, 3}, {.padding = Padding(0, 1)}), sentence);
  EXPECT_EQ(conv_error({0, 4, 8, 8}, {4, 4, 9, 3}, {.padding = Padding(0, 1)}), sentence);
  // It is the dilated size that counts: 4*(3 - 1) + 1 = 9.
  EXPECT_EQ(
      conv_error({0, 4, 8, 8}, {4, 4, 3, 3}, {.padding = Padding(0, 1), .dilation = Pair(4, 1)}),
      sentence);
}

TEST(Problem, BorderModesNameTheAxisThatIsTooShort) {
  const Sizes weight{1, 1, 3, 3};
  EXPECT_EQ(conv_error({1, 1, 4, 2}, weight, {.padding = 2, .padding_mode = PaddingMode::reflect}),
            "Padding size should be less than the corresponding input dimension in reflect mode, "
            "but got padding (2, 2) for an input of width 2");
  EXPECT_EQ(conv_error({1, 1, 1, 4}, weight, {.padding = 2, .padding_mode = PaddingMode::circular}),
            "Padding value causes wrapping around more than once: in circular mode it may be at "
            "most the input's size, but got padding (2, 2) for an input of height 1");
}

TEST(Problem, TransposedArgumentsAreNamedWithTheirValues) {
  const Sizes input{1, 4, 8, 8};
  const Sizes weight{4, 2, 3, 3};
  EXPECT_EQ(transpose_error(input, weight, {.output_padding = Pair(2, 0), .dilation = Pair(2, 1)}),
            "output padding must be smaller than either stride or dilation, but got "
            "output_padding [2, 0], stride [1, 1], dilation [2, 1]");
  EXPECT_EQ(transpose_error(input, weight, {.output_padding = Pair(1, 0), .dilation = Pair(2, 1)}),
            "none");
  EXPECT_EQ(transpose_error(input, weight, {.output_padding = Pair(0, -1)}),
            "negative output_padding is not supported, but got [0, -1]");
  for (const auto rule : {Padding(same), Padding(same_lower), Padding(valid)}) {
    EXPECT_EQ(transpose_error(input, weight, {.padding = rule}),
              "a transposed convolution takes its padding in numbers: the rules 'same', "
              "'same_lower' and 'valid' are for Conv2d");
  }
  EXPECT_EQ(transpose_error({1, 3, 8, 8}, weight, {}),
            "Given groups=1, weight of size [4, 2, 3, 3], expected input[1, 3, 8, 8] to have 4 "
            "channels, but got 3 channels instead");
  EXPECT_EQ(transpose_error({4, 8}, weight, {}),
            "Expected 3D (unbatched) or 4D (batched) input to conv_transpose2d, but got input of "
            "size: [4, 8]");
  EXPECT_EQ(transpose_error(input, {4, 0, 3, 3}, {}),
            "Given transposed=1, expected weight to be at least 1 at dimension 1 and out_channels "
            "= groups * that to stay below 2^63, but got weight of size [4, 0, 3, 3] and groups=1");
  EXPECT_EQ(transpose_error({1, 4, 1, 2}, weight, {.padding = 2}),
            "Given input size per channel: (1 x 2). Calculated output size per channel: (-1 x 0). "
            "Output size is too small");
}

TEST(Problem, EveryHostileArgumentIsASentenceAndNotAnOverflow) {
  const Sizes input{1, 1, 8, 8};
  const Sizes weight{1, 1, 3, 3};
  for (const std::int64_t huge : {std::int64_t{1} << 62U, most - 1, most}) {
    EXPECT_NE(conv_error({huge, 1, 8, 8}, weight, {}), "none");
    EXPECT_NE(conv_error({1, huge, 8, 8}, weight, {}), "none");
    EXPECT_NE(conv_error({1, 1, huge, 8}, weight, {}), "none");
    EXPECT_NE(conv_error({1, 1, 8, huge}, weight, {}), "none");
    EXPECT_NE(conv_error(input, {huge, 1, 3, 3}, {}), "none");
    EXPECT_NE(conv_error(input, {1, huge, 3, 3}, {.groups = 3}), "none");
    EXPECT_NE(conv_error(input, {1, 1, huge, 3}, {}), "none");
    EXPECT_NE(conv_error(input, {1, 1, 3, huge}, {.padding = huge / 2}), "none");
    EXPECT_NE(conv_error(input, weight, {.stride = huge, .padding = huge}), "none");
    EXPECT_NE(conv_error(input, weight, {.padding = Padding(huge, huge, 0, 0)}), "none");
    EXPECT_NE(conv_error(input, weight, {.dilation = huge}), "none");
    EXPECT_NE(conv_error(input, weight, {.groups = huge}), "none");
    EXPECT_NE(transpose_error({1, 1, huge, 8}, weight, {}), "none");
    EXPECT_NE(transpose_error({huge, 1, 8, 8}, weight, {}), "none");
    EXPECT_NE(transpose_error(input, weight, {.stride = huge}), "none");
    EXPECT_NE(transpose_error(input, weight, {.padding = huge}), "none");
    EXPECT_NE(transpose_error(input, weight, {.stride = most, .output_padding = huge - 1}), "none");
    EXPECT_NE(transpose_error(input, weight, {.dilation = huge}), "none");
    EXPECT_NE(transpose_error({1, 2, 8, 8}, {2, huge, 3, 3}, {.groups = 2}), "none");
  }
}

TEST(Problem, CountsThatLeave63BitsAreRefused) {
  constexpr std::int64_t large = std::int64_t{1} << 30U;
  const std::string sentence = conv_error({large, 1, large, 1}, {4, 1, 1, 1}, {});
  EXPECT_EQ(sentence,
            "the convolution is too large: input [1073741824, 1, 1073741824, 1], weight [4, 1, 1, "
            "1] and output [1073741824, 4, 1073741824, 1] must each have fewer than 2^63 bytes and "
            "give fewer than 2^63 multiply-adds");
  // The tensors fit, the number of multiply-adds does not.
  EXPECT_NE(conv_error({1, large, large / 2, 1}, {large / 2, large, 1, 1}, {}), "none");
}

TEST(Problem, DtypesThatMeet) {
  for (int i = 0; i < dtype_count; ++i) {
    for (int j = 0; j < dtype_count; ++j) {
      const auto input = static_cast<DType>(i);
      const auto weight = static_cast<DType>(j);
      const auto is_byte = [](DType dtype) { return element_size(dtype) == 1; };
      const auto result = result_dtype(input, weight);
      if (is_byte(input) && is_byte(weight)) {
        EXPECT_EQ(result.value(), DType::int32);
      } else if (input == weight) {
        EXPECT_EQ(result.value(), input);
      } else {
        EXPECT_EQ(result.error().message,
                  concat("Input type (", name(input), ") and weight type (", name(weight),
                         ") should be the same; only int8 and uint8 may meet"));
      }
    }
  }
}

}  // namespace
}  // namespace conv2d
