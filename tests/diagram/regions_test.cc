// What the cells of a drawing stand for.
#include <conv2d/diagram.h>

#include "drawings.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

namespace conv2d::diagram {
namespace {

using drawing::Region;
using drawing::Role;

/// How often each element of a role is drawn.
std::map<std::int64_t, std::int64_t> counts(const Drawing& drawing, Role role) {
  std::map<std::int64_t, std::int64_t> found;
  for (const Region& region : drawing.regions) {
    if (region.role == role) {
      ++found[region.element];
    }
  }
  return found;
}

void expect_each_once(const Drawing& drawing, Role role, std::int64_t elements) {
  const auto found = counts(drawing, role);
  EXPECT_EQ(static_cast<std::int64_t>(found.size()), elements);
  for (const auto& [element, count] : found) {
    EXPECT_TRUE(element >= 0 && element < elements) << element;
    EXPECT_EQ(count, 1) << element;
  }
}

struct Case {
  std::string_view layer;
  Sizes input;
};

const std::array<Case, 4> cases = {{
    {"Conv2d(2, 3, 3, stride=2, padding=1)", {2, 4, 5}},
    {"Conv2d(2, 2, (2, 3), dilation=(2, 1), bias=False)", {2, 4, 4}},
    {"ConvTranspose2d(2, 1, 3, stride=2, padding=1)", {2, 2, 3}},
    {"Conv2d(1, 2, 2, padding=1)", {1, 3, 3}},
}};

std::int64_t numel(const Sizes& sizes) { return sizes.numel().value(); }

TEST(Regions, OfASlideAreTheElementsThatItDraws) {
  for (const Case& each : cases) {
    const Diagram diagram = test::diagram_of(each.layer, each.input);
    const Drawing drawing = diagram.draw();
    SCOPED_TRACE(each.layer);
    expect_each_once(drawing, Role::input, numel(each.input));
    expect_each_once(drawing, Role::output, numel(diagram.output().sizes()));
    expect_each_once(drawing, Role::weight, diagram.explanation().cost().weights);
  }
}

TEST(Regions, OfTheMatrixHaveAWeightAsOftenAsItIsUsed) {
  for (const Case& each : cases) {
    SCOPED_TRACE(each.layer);
    const Diagram diagram = test::diagram_of(each.layer, each.input);
    const Drawing drawing = diagram.draw({.view = View::matrix});
    expect_each_once(drawing, Role::input, numel(each.input));
    expect_each_once(drawing, Role::output, numel(diagram.output().sizes()));
    const Sizes weight = diagram.explanation().weight_sizes();
    const auto found = counts(drawing, Role::weight);
    for (std::int64_t i = 0; i < numel(weight); ++i) {
      const explain::WeightIndex index = {.first = i / (weight[1] * weight[2] * weight[3]),
                                          .second = i / (weight[2] * weight[3]) % weight[1],
                                          .r = i / weight[3] % weight[2],
                                          .s = i % weight[3]};
      const auto links = diagram.explanation().touched_by_weight(index).list;
      const auto count = found.find(i);
      EXPECT_EQ(count == found.end() ? 0 : count->second, static_cast<std::int64_t>(links.size()))
          << i;
    }
  }
}

TEST(Regions, OfIm2colHaveAnInputOnceForEachWindowThatReadsIt) {
  for (const Case& each : cases) {
    SCOPED_TRACE(each.layer);
    const Diagram diagram = test::diagram_of(each.layer, each.input);
    const auto found = counts(diagram.draw({.view = View::im2col}), Role::input);
    const std::int64_t plane = each.input[1] * each.input[2];
    std::int64_t planes_drawn = 0;  // beside the matrices, where they leave room
    std::map<std::int64_t, std::int64_t> windows;
    for (std::int64_t i = 0; i < numel(each.input); ++i) {
      const explain::Index index = {
          .channel = i / plane, .row = i % plane / each.input[2], .column = i % each.input[2]};
      for (const explain::Link& link : diagram.explanation().touched_by_input(index).list) {
        windows[i] += link.output.channel == 0 ? 1 : 0;
      }
      planes_drawn += found.count(i) == 0 ? 0 : found.at(i) - windows[i];
    }
    EXPECT_EQ(planes_drawn % plane, 0);
    for (const auto& [element, count] : windows) {
      const std::int64_t more = found.count(element) == 0 ? 0 : found.at(element) - count;
      EXPECT_TRUE(more == 0 || more == 1) << element;
    }
  }
}

TEST(Regions, OfSummedWeightsAreNone) {
  // A plane of two, mirrored: each input is read twice by an output, by two weights.
  const Diagram diagram =
      test::diagram_of("Conv2d(1, 1, (1, 3), padding=(0, 1), padding_mode=reflect)", {1, 1, 2});
  const auto found = counts(diagram.draw({.view = View::matrix}), Role::weight);
  EXPECT_EQ(found, (std::map<std::int64_t, std::int64_t>{{1, 2}}));
}

}  // namespace
}  // namespace conv2d::diagram
