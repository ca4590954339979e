// Parameters by name: torch's keys, and what a layer does not take.
#include <conv2d/nn.h>

#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

namespace conv2d {
namespace {

using testing::refused;
using testing::same_bits;

TEST(StateDict, HasTorchsKeysAndNoBiasWhereThereIsNone) {
  const Conv2d conv(3, 6, 5);
  const StateDict state = conv.state_dict();
  ASSERT_EQ(state.size(), 2U);
  EXPECT_EQ(state.at("weight").data(), conv.weight().data());  // a view, not a copy
  EXPECT_EQ(state.at("bias").data(), conv.bias()->data());
  EXPECT_EQ(Conv2d(3, 6, 5, 1, 0, 1, 1, false).state_dict().size(), 1U);
}

TEST(StateDict, LoadingCopiesTheParameters) {
  const Conv2d from(3, 6, 5);
  Conv2d to(3, 6, 5);
  const void* memory = to.weight().data();
  to.load_state_dict(from.state_dict());
  EXPECT_TRUE(same_bits(to.weight(), from.weight()));
  EXPECT_TRUE(same_bits(*to.bias(), *from.bias()));
  EXPECT_EQ(to.weight().data(), memory);
  to.load_state_dict(to.state_dict());  // its own: nothing changes
  EXPECT_TRUE(same_bits(to.weight(), from.weight()));
}

TEST(StateDict, APrefixPicksOneLayerOfAModel) {
  const Conv2d first(3, 6, 5);
  const Conv2d second(3, 6, 5);
  const StateDict model = {{"conv1.weight", first.weight()},
                           {"conv1.bias", *first.bias()},
                           {"conv2.weight", second.weight()},
                           {"conv2.bias", *second.bias()}};
  Conv2d loaded(3, 6, 5);
  loaded.load_state_dict(model, "conv2.");
  EXPECT_TRUE(same_bits(loaded.weight(), second.weight()));
}

TEST(StateDict, StridesDoNotMatter) {
  testing::Random random;
  const Tensor weight = random.values({6, 3, 5, 5}, DType::float32, MemoryFormat::channels_last);
  Conv2d conv(3, 6, 5, 1, 0, 1, 1, false);
  conv.load_state_dict({{"weight", weight}});
  EXPECT_TRUE(same_bits(conv.weight(), weight));
}

TEST(StateDict, WhatDoesNotFitIsRefusedAndNothingChanges) {
  Conv2d conv(3, 6, 5);
  const Conv2d before = conv;
  const Tensor weight({6, 3, 5, 5});
  const Tensor bias({6});
  const auto load = [&](const StateDict& state, std::string_view prefix = "") {
    return testing::error_of([&] { conv.load_state_dict(state, prefix); });
  };
  EXPECT_EQ(load({{"bias", bias}}), "Missing key in state_dict: \"weight\"");
  EXPECT_EQ(load({{"weight", weight}}), "Missing key in state_dict: \"bias\"");
  EXPECT_EQ(load({{"weight", weight}, {"bias", bias}}, "conv1."),
            "Missing key in state_dict: \"conv1.weight\"");
  EXPECT_EQ(load({{"weight", weight}, {"bias", bias}, {"gamma", bias}}),
            "Unexpected key in state_dict: \"gamma\"");
  EXPECT_EQ(load({{"weight", weight}, {"bias", Tensor({5})}}),
            "size mismatch for bias: the state_dict has [5] of float32, this layer needs [6] of "
            "float32");
  const Tensor wide({6, 3, 5, 5}, DType::float64);
  EXPECT_EQ(load({{"weight", wide}, {"bias", bias}}),
            "size mismatch for weight: the state_dict has [6, 3, 5, 5] of float64, this layer "
            "needs [6, 3, 5, 5] of float32");
  EXPECT_TRUE(same_bits(conv.weight(), before.weight()));
  EXPECT_TRUE(same_bits(*conv.bias(), *before.bias()));
}

TEST(StateDict, ABiasForALayerWithoutOneIsUnexpected) {
  Conv2d conv(3, 6, 5, 1, 0, 1, 1, false);
  EXPECT_TRUE(refused(
      [&] {
        conv.load_state_dict({{"weight", Tensor({6, 3, 5, 5})}, {"bias", Tensor({6})}});
      },
      "Unexpected key in state_dict: \"bias\"; this layer was made with bias=False"));
}

}  // namespace
}  // namespace conv2d
