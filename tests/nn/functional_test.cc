// The function forms: dtypes that meet, biases that fit, arguments in torch's order.
#include <conv2d/functional.h>

#include "support/configurations.h"
#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

namespace conv2d {
namespace {

using functional::conv2d;
using functional::conv_transpose2d;
using testing::holds;
using testing::Random;
using testing::refused;
using testing::same_bits;

TEST(Functional, PositionalArgumentsAreInTorchsOrder) {
  Random random;
  const Tensor x = random.values({2, 4, 9, 8}, DType::float32);
  const Tensor w = random.values({6, 2, 3, 2}, DType::float32);
  const Tensor b = random.values({6}, DType::float32);
  EXPECT_TRUE(same_bits(
      conv2d(x, w, b, 2, {1, 0}, {2, 1}, 2),
      conv2d(x, w, b, {.stride = 2, .padding = {1, 0}, .dilation = {2, 1}, .groups = 2})));
  const Tensor wt = random.values({4, 3, 3, 2}, DType::float32);
  EXPECT_TRUE(same_bits(
      conv_transpose2d(x, wt, b, 2, {1, 0}, 1, 2, {2, 1}),
      conv_transpose2d(
          x, wt, b,
          {.stride = 2, .padding = {1, 0}, .output_padding = 1, .groups = 2, .dilation = {2, 1}})));
}

TEST(Functional, BytesMixAndGiveInt32) {
  const Tensor x = Tensor::full({1, 1, 1}, 255, DType::uint8);
  const Tensor w = Tensor::full({1, 1, 1, 1}, -128, DType::int8);
  const Tensor bias = Tensor::full({1}, 1000, DType::int32);
  const Tensor y = conv2d(x, w, bias);
  EXPECT_EQ(y.dtype(), DType::int32);
  EXPECT_TRUE(holds(y, {-128 * 255 + 1000}));
  EXPECT_TRUE(holds(conv_transpose2d(x, w, bias), {-128 * 255 + 1000}));
}

TEST(Functional, OtherDtypesDoNotMix) {
  const Tensor x({1, 1, 1});
  EXPECT_TRUE(refused(
      [&] {
        conv2d(x, Tensor({1, 1, 1, 1}, DType::float64));
      },
      "Input type (float32) and weight type (float64) should be the same"));
  EXPECT_TRUE(refused(
      [&] {
        conv2d(x.to(DType::int8), Tensor({1, 1, 1, 1}, DType::int32));
      },
      "only int8 and uint8 may meet"));
  EXPECT_TRUE(refused(
      [&] {
        conv_transpose2d(x, Tensor({1, 1, 1, 1}, DType::float16));
      },
      "should be the same"));
}

TEST(Functional, ABiasMustFit) {
  const Tensor x({1, 4, 8, 8});
  const Tensor w({6, 4, 3, 3});
  EXPECT_EQ(testing::error_of([&] { conv2d(x, w, Tensor({5})); }),
            "Given weight of size [6, 4, 3, 3], expected bias to be 1-dimensional with 6 elements, "
            "but got bias of size [5] instead");
  EXPECT_TRUE(refused([&] { conv2d(x, w, Tensor({6, 1})); }, "but got bias of size [6, 1]"));
  EXPECT_TRUE(refused([&] { conv2d(x, w, Tensor({6}, DType::float64)); },
                      "Input type (float32) and bias type (float64) should be the same"));
  EXPECT_TRUE(
      refused([&] { conv2d(x.to(DType::int8), w.to(DType::int8), Tensor({6}, DType::int8)); },
              "the bias of integers is int32"));
  EXPECT_TRUE(refused(
      [&] {
        conv_transpose2d(x, Tensor({4, 3, 3, 3}), Tensor({6}), {.groups = 1});
      },
      "1-dimensional with 3 elements"));
}

TEST(Functional, StridedViewsGiveTheSameBitsAsTheirCopies) {
  Random random;
  for (int i = 0; i < 30; ++i) {
    const testing::Configuration c = testing::random_configuration(random);
    const Tensor wide =
        random.values({c.input[1], c.input[3], c.input[0], 2 * c.input[2]}, DType::float32);
    const TensorView x = wide.view().permute({2, 0, 3, 1}).slice(2, 0, 2 * c.input[2], 2);
    const Tensor w = random.values(c.weight, DType::float32);
    ASSERT_TRUE(same_bits(conv2d(x, w, {}, c.arguments), conv2d(x.clone(), w, {}, c.arguments)))
        << c;
  }
}

TEST(Functional, ZeroStridesServeAsAnInput) {
  const float one = 1;
  const TensorView everywhere(&one, DType::float32, {1, 2, 4, 4}, {0, 0, 0, 0});
  EXPECT_TRUE(holds(conv2d(everywhere, Tensor::full({1, 2, 4, 4}, 3)), {2 * 16 * 3}));
}

}  // namespace
}  // namespace conv2d
