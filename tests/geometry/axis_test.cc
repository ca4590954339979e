// One axis: sizes counted window by window, borders compared with a padded copy, hostile numbers.
#include "geometry/axis.h"

#include "support/naive.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace conv2d {
namespace {

constexpr auto sides = Padding::Rule::sides;
constexpr auto same_upper = Padding::Rule::same;
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

constexpr PaddingMode all_modes[] = {PaddingMode::zeros, PaddingMode::reflect,
                                     PaddingMode::replicate, PaddingMode::circular};

/// Visits every small axis with these pads.
template <class Visitor>
void for_each_axis(Visitor&& visit) {
  for (std::int64_t input = 0; input <= 9; ++input) {
    for (std::int64_t kernel = 1; kernel <= 4; ++kernel) {
      for (std::int64_t stride = 1; stride <= 4; ++stride) {
        for (std::int64_t dilation = 1; dilation <= 3; ++dilation) {
          for (std::int64_t before = 0; before <= 3; ++before) {
            for (std::int64_t after = 0; after <= 3; ++after) {
              visit(AxisArguments{input, kernel, stride, dilation, before, after});
            }
          }
        }
      }
    }
  }
}

std::string describe(const AxisArguments& axis) {
  return concat("input ", axis.input, " kernel ", axis.kernel, " stride ", axis.stride,
                " dilation ", axis.dilation, " pads ", axis.pad_before, " ", axis.pad_after);
}

/// The windows that fit, one by one.
std::int64_t count_windows(const AxisArguments& axis) {
  std::int64_t windows = 0;
  std::int64_t last = (axis.kernel - 1) * axis.dilation;  // what the first window's last tap reads
  for (; last < axis.pad_before + axis.input + axis.pad_after; last += axis.stride) {
    ++windows;
  }
  return windows;
}

TEST(Axis, TheOutputIsTheNumberOfWindowsThatFit) {
  for_each_axis([](const AxisArguments& arguments) {
    const auto axis = forward_axis(arguments, sides);
    ASSERT_TRUE(axis.ok());
    ASSERT_EQ(axis.value().output, count_windows(arguments)) << describe(arguments);
  });
}

TEST(Axis, ValidIsNoPadding) {
  const auto axis = forward_axis({7, 3, 2, 1, 5, 5}, Padding::Rule::valid);
  EXPECT_EQ(axis.value(), (Axis{7, 3, 2, 1, 0, 0, 3}));
}

// ONNX, operator Conv, auto_pad: output = ceil(input / stride), the pads are what that needs,
// halved; the odd one goes to the end for SAME_UPPER and to the beginning for SAME_LOWER.
TEST(Axis, SameIsOnnxsSameWithAnyStride) {
  for_each_axis([](const AxisArguments& given) {
    if (given.input == 0) {
      return;
    }
    const std::int64_t output = (given.input + given.stride - 1) / given.stride;
    const std::int64_t extent = given.dilation * (given.kernel - 1) + 1;
    const std::int64_t total =
        std::max((output - 1) * given.stride + extent - given.input, std::int64_t{0});
    const Axis upper = forward_axis(given, same_upper).value();
    const Axis lower = forward_axis(given, Padding::Rule::same_lower).value();
    ASSERT_EQ(upper.output, output) << describe(given);
    ASSERT_EQ(lower.output, output) << describe(given);
    ASSERT_EQ(std::pair(upper.pad_before, upper.pad_after), std::pair(total / 2, total - total / 2))
        << describe(given);
    ASSERT_EQ(std::pair(lower.pad_before, lower.pad_after), std::pair(total - total / 2, total / 2))
        << describe(given);
  });
}

TEST(Axis, SameWithStrideOneIsTorchs) {
  for_each_axis([](const AxisArguments& given) {
    if (given.stride != 1 || given.input == 0) {
      return;
    }
    const Axis axis = forward_axis(given, same_upper).value();
    const std::int64_t total = given.dilation * (given.kernel - 1);
    ASSERT_EQ(axis.output, given.input) << describe(given);
    ASSERT_EQ(axis.pad_before, total / 2) << describe(given);
    ASSERT_EQ(axis.pad_after, total - total / 2) << describe(given);
  });
}

TEST(Axis, SameOfNothingHasNoWindow) {
  EXPECT_EQ(forward_axis({0, 3, 1, 1, 0, 0}, same_upper).value().output, 0);
}

TEST(Axis, BordersReadWhatAPaddedCopyWouldHold) {
  for (const PaddingMode mode : all_modes) {
    for (std::int64_t size = 1; size <= 5; ++size) {
      const std::int64_t widest = mode == PaddingMode::reflect    ? size - 1
                                  : mode == PaddingMode::circular ? size
                                                                  : 7;
      const auto copy = testing::padded_indices(mode, size, widest, widest);
      for (std::int64_t position = -widest; position < size + widest; ++position) {
        ASSERT_EQ(border_index(mode, position, size),
                  copy[static_cast<std::size_t>(position + widest)])
            << name(mode) << " position " << position << " of " << size;
      }
    }
  }
}

TEST(Axis, TouchesAreSourceIndexTurnedRound) {
  for (const PaddingMode mode : all_modes) {
    for_each_axis([mode](const AxisArguments& arguments) {
      const Axis axis = forward_axis(arguments, sides).value();
      if (axis.output <= 0 || check_border(axis, mode, "height")) {
        return;
      }
      const Touches touches(axis, mode);
      for (std::int64_t index = 0; index < axis.input; ++index) {
        std::vector<std::pair<std::int64_t, std::int64_t>> expected;
        for (std::int64_t tap = 0; tap < axis.kernel; ++tap) {
          for (std::int64_t output = 0; output < axis.output; ++output) {
            if (source_index(axis, mode, output, tap) == index) {
              expected.emplace_back(output, tap);
            }
          }
        }
        std::vector<std::pair<std::int64_t, std::int64_t>> got;
        for (const Touch* touch = touches.begin(index); touch != touches.end(index); ++touch) {
          got.emplace_back(touch->output, touch->tap);
        }
        ASSERT_EQ(got, expected) << describe(arguments) << ' ' << name(mode) << " index " << index;
      }
    });
  }
}

TEST(Axis, ATransposedAxisLeadsBackToWhereItCameFrom) {
  for_each_axis([](const AxisArguments& arguments) {
    for (std::int64_t extra = 0; extra < arguments.stride && arguments.input > 0; ++extra) {
      const Axis transposed = transposed_axis(arguments, extra).value();
      ASSERT_EQ(transposed.output, arguments.input);
      const auto back =
          forward_axis({transposed.input, arguments.kernel, arguments.stride, arguments.dilation,
                        arguments.pad_before, arguments.pad_after},
                       sides);
      if (transposed.input > 0) {
        ASSERT_EQ(back.value().output, arguments.input) << describe(arguments) << " + " << extra;
      }
    }
  });
}

/// What the formulas give in arithmetic that these numbers cannot overflow: |value| < 2^127.
struct Exact {
  __extension__ using Wide = __int128;
  Wide extent, padded, output;
  explicit Exact(const AxisArguments& axis)
      : extent(Wide{axis.dilation} * (axis.kernel - 1) + 1),
        padded(Wide{axis.input} + axis.pad_before + axis.pad_after),
        output(padded < extent ? 0 : (padded - extent) / axis.stride + 1) {}
};

/// Calls visit with every combination of ordinary, large and absurd arguments.
template <class Visitor>
void for_each_hostile_axis(Visitor&& visit) {
  constexpr std::int64_t large = std::int64_t{1} << 61U;
  const std::vector<std::int64_t> numbers = {1,         3,      large - 1, large, 2 * large - 1,
                                             2 * large, largest};
  for (const std::int64_t input : numbers) {
    for (const std::int64_t kernel : numbers) {
      for (const std::int64_t stride : numbers) {
        for (const std::int64_t dilation : numbers) {
          for (const std::int64_t before : numbers) {
            for (const std::int64_t after : {std::int64_t{0}, large, largest}) {
              visit(AxisArguments{input, kernel, stride, dilation, before, after});
            }
          }
        }
      }
    }
  }
}

TEST(Axis, HostileNumbersGiveTheExactSizeOrASentence) {
  int accepted = 0;
  int refused = 0;
  for_each_hostile_axis([&](const AxisArguments& arguments) {
    const auto axis = forward_axis(arguments, sides);
    if (!axis.ok()) {
      ++refused;
      ASSERT_NE(axis.error().message.find("must stay below 2^62"), std::string::npos);
      return;
    }
    ++accepted;
    const Exact exact(arguments);
    ASSERT_TRUE(axis.value().output == exact.output) << describe(arguments);
    ASSERT_TRUE(axis.value().extent() == exact.extent) << describe(arguments);
    if (axis.value().output > 0) {  // the last position is inside the padded input, not beyond
      const std::int64_t last =
          axis.value().position(axis.value().output - 1, arguments.kernel - 1);
      ASSERT_TRUE(last < exact.padded - arguments.pad_before) << describe(arguments);
    }
  });
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 100);
}

TEST(Axis, HostileNumbersUnderSameGiveTheExactSizeOrASentence) {
  for_each_hostile_axis([](const AxisArguments& arguments) {
    const auto axis = forward_axis(arguments, same_upper);
    if (axis.ok()) {
      ASSERT_EQ(axis.value().output, (arguments.input - 1) / arguments.stride + 1)
          << describe(arguments);
    }
  });
}

TEST(Axis, HostileTransposedNumbersGiveTheExactSizeOrASentence) {
  for_each_hostile_axis([](const AxisArguments& arguments) {
    const auto axis = transposed_axis(arguments, 0);
    if (axis.ok()) {
      using Wide = Exact::Wide;
      const Wide exact = Wide{arguments.input - 1} * arguments.stride - arguments.pad_before -
                         arguments.pad_after + Exact(arguments).extent;
      ASSERT_TRUE(axis.value().input == exact) << describe(arguments);
    }
  });
  EXPECT_FALSE(transposed_axis({1, 1, 1, 1, 0, 0}, largest).ok());
}

std::string complaint(const AxisArguments& arguments, PaddingMode mode) {
  const auto error = check_border(forward_axis(arguments, sides).value(), mode, "width");
  return error ? error->message : "none";
}

TEST(Axis, ReflectPadsLessThanTheInput) {
  EXPECT_EQ(complaint({4, 1, 1, 1, 3, 3}, PaddingMode::reflect), "none");
  EXPECT_EQ(complaint({4, 1, 1, 1, 0, 4}, PaddingMode::reflect),
            "Padding size should be less than the corresponding input dimension in reflect mode, "
            "but got padding (0, 4) for an input of width 4");
  EXPECT_EQ(complaint({0, 1, 1, 1, 0, 0}, PaddingMode::reflect), "none");
}

TEST(Axis, CircularPadsAtMostTheInput) {
  EXPECT_EQ(complaint({4, 1, 1, 1, 4, 4}, PaddingMode::circular), "none");
  EXPECT_EQ(complaint({4, 1, 1, 1, 5, 0}, PaddingMode::circular),
            "Padding value causes wrapping around more than once: in circular mode it may be at "
            "most the input's size, but got padding (5, 0) for an input of width 4");
}

TEST(Axis, ReplicateNeedsAnEdge) {
  EXPECT_EQ(complaint({1, 1, 1, 1, 100, 100}, PaddingMode::replicate), "none");
  EXPECT_EQ(complaint({0, 1, 1, 1, 1, 0}, PaddingMode::replicate),
            "replicate mode needs an input with at least one element to repeat, but got padding "
            "(1, 0) for an input of width 0");
}

TEST(Axis, ZerosTakeAnyPadding) {
  EXPECT_EQ(complaint({0, 1, 1, 1, 100, 100}, PaddingMode::zeros), "none");
}

}  // namespace
}  // namespace conv2d
