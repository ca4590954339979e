// Sheets from outside: where things lie is found by the colours of their outlines.
#include <conv2d/figure.h>

#include "drawing/color.h"
#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace conv2d::figure {
namespace {

using drawing::Color;
using drawing::diverging;
using drawing::ink;
using drawing::not_finite;
using testing::refused;
using testing::same_bits;

Color color_at(const Tensor& sheet, std::int64_t y, std::int64_t x) {
  const auto channel = [&](std::int64_t c) { return sheet.at<std::uint8_t>({c, y, x}); };
  return {channel(0), channel(1), channel(2)};
}

std::int64_t count(const Tensor& sheet, Color color) {
  std::int64_t found = 0;
  for (std::int64_t y = 0; y < sheet.size(1); ++y) {
    for (std::int64_t x = 0; x < sheet.size(2); ++x) {
      found += color_at(sheet, y, x) == color ? 1 : 0;
    }
  }
  return found;
}

struct Box {
  std::int64_t top, left, bottom, right;  // first and last pixels inside the outline
};

/// How many pixels of that colour lie side by side from there on.
std::int64_t run_from(const Tensor& sheet, Color color, std::int64_t y, std::int64_t x) {
  std::int64_t end = x;
  while (end < sheet.size(2) && color_at(sheet, y, end) == color) {
    ++end;
  }
  return end - x;
}

/// The box whose outline begins at (y, x) with a run of that length.
Box box_at(const Tensor& sheet, Color color, std::int64_t y, std::int64_t x, std::int64_t run) {
  std::int64_t line = 1;
  while (run_from(sheet, color, y + line, x) == run) {
    ++line;
  }
  std::int64_t bottom = y + line;
  while (run_from(sheet, color, bottom, x) < run) {
    ++bottom;
  }
  return {y + line, x + line, bottom - 1, x + run - line - 1};
}

/// The pictures outlined in a role's colour, in reading order.
std::vector<Box> outlined(const Tensor& sheet, Role role, std::int64_t least_width = 20) {
  constexpr std::int64_t widest_line = 4;
  const Color color = color_of(role);
  std::vector<Box> boxes;
  const auto is_known = [&](std::int64_t y, std::int64_t x) {
    return std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
      return y >= box.top - widest_line && y <= box.bottom + widest_line &&
             x >= box.left - widest_line && x <= box.right + widest_line;
    });
  };
  for (std::int64_t y = 0; y < sheet.size(1); ++y) {
    for (std::int64_t x = 0; x < sheet.size(2); ++x) {
      const std::int64_t run = is_known(y, x) ? 0 : run_from(sheet, color, y, x);
      if (run >= least_width) {
        boxes.push_back(box_at(sheet, color, y, x, run));
      }
    }
  }
  return boxes;
}

TEST(ContactSheet, ShowsAPictureOfTheRightSizePixelByPixel) {
  testing::Random random;
  Tensor picture({3, 40, 60}, DType::uint8);
  for (std::int64_t i = 0; i < picture.numel(); ++i) {
    picture.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.between(0, 255));
  }
  const std::vector<Panel> panels = {{.values = picture, .title = "", .scale = Scale::picture}};
  const Tensor sheet = contact_sheet(panels, {.panel_edge = 100});
  const std::vector<Box> boxes = outlined(sheet, Role::output);
  ASSERT_EQ(boxes.size(), 1U);
  ASSERT_EQ(boxes[0].right - boxes[0].left + 1, 60);
  ASSERT_EQ(boxes[0].bottom - boxes[0].top + 1, 40);
  for (std::int64_t y = 0; y < 40; ++y) {
    for (std::int64_t x = 0; x < 60; ++x) {
      const auto value = [&](std::int64_t c) { return picture.at<std::uint8_t>({c, y, x}); };
      ASSERT_EQ(color_at(sheet, boxes[0].top + y, boxes[0].left + x),
                (Color{value(0), value(1), value(2)}));
    }
  }
}

TEST(ContactSheet, HasEvenGuttersAndLikeBesideLike) {
  const Tensor values({48, 64});
  std::vector<Panel> panels(6, {.values = values, .title = "title"});
  panels[4].caption = "words that need more than a single line of the panel that they stand in";
  const std::vector<Box> boxes =
      outlined(contact_sheet(panels, {.columns = 3, .panel_edge = 200}), Role::output, 50);
  ASSERT_EQ(boxes.size(), 6U);
  for (std::size_t row = 0; row < 2; ++row) {
    const Box* const box = &boxes[3 * row];
    EXPECT_EQ(box[0].top, box[1].top);
    EXPECT_EQ(box[0].top, box[2].top);
    EXPECT_EQ(box[1].left - box[0].right, box[2].left - box[1].right);
    EXPECT_EQ(box[0].left, boxes[0].left);
  }
}

TEST(ContactSheet, FitsPicturesIntoThePanelEdgeTimesTheRatio) {
  const Tensor large({300, 500});
  const Tensor small({3, 5});
  const std::vector<Panel> panels = {{.values = large, .title = "large"},
                                     {.values = small, .title = "small"}};
  const std::vector<Box> boxes =
      outlined(contact_sheet(panels, {.panel_edge = 100, .ratio = 2}), Role::output, 100);
  ASSERT_EQ(boxes.size(), 2U);
  for (const Box& box : boxes) {
    EXPECT_EQ(box.right - box.left + 1, 200);
    EXPECT_EQ(box.bottom - box.top + 1, 120);
  }
}

TEST(ContactSheet, PanelsThatShareALimitShareItsColours) {
  const Tensor one = Tensor::full({40, 40}, 1);
  const Tensor four = Tensor::full({40, 40}, 4);
  std::vector<Panel> panels = {{.values = one, .title = "one"}, {.values = four, .title = "four"}};
  const auto middle = [](const Tensor& sheet, const Box& box) {
    return color_at(sheet, (box.top + box.bottom) / 2, (box.left + box.right) / 2);
  };
  const Tensor alone = contact_sheet(panels, {.panel_edge = 40});
  EXPECT_EQ(middle(alone, outlined(alone, Role::output)[0]), diverging(1));
  EXPECT_EQ(middle(alone, outlined(alone, Role::output)[1]), diverging(1));
  panels[0].share = panels[1].share = 1;
  const Tensor shared = contact_sheet(panels, {.panel_edge = 40});
  EXPECT_EQ(middle(shared, outlined(shared, Role::output)[0]), diverging(0.25));
  EXPECT_EQ(middle(shared, outlined(shared, Role::output)[1]), diverging(1));
  panels[0].limit = 2;
  const Tensor told = contact_sheet(panels, {.panel_edge = 40});
  EXPECT_EQ(middle(told, outlined(told, Role::output)[0]), diverging(0.5));
}

TEST(ContactSheet, DrawsASliceOfTheKernelForEachChannel) {
  const Tensor values({100, 100});
  const Tensor kernel = Tensor::full({3, 5, 5}, 0.1);
  std::vector<Panel> panels = {{.values = values, .title = "output", .kernel = kernel}};
  EXPECT_EQ(outlined(contact_sheet(panels, {.panel_edge = 100}), Role::weight).size(), 3U);
  panels[0].kernel = kernel.view().select(0, 1);
  EXPECT_EQ(outlined(contact_sheet(panels, {.panel_edge = 100}), Role::weight).size(), 1U);
}

TEST(ContactSheet, ShowsAsManySlicesAsThereIsRoomFor) {
  const Tensor values({200, 200});
  const Tensor kernel({4096, 3, 3});
  const std::vector<Panel> panels = {{.values = values, .title = "output", .kernel = kernel}};
  const auto slices = outlined(contact_sheet(panels, {.panel_edge = 200}), Role::weight);
  EXPECT_EQ(slices.size(), 6U);  // (200 + 8) / (24 + 8)
}

TEST(ContactSheet, MarksValuesThatAreNoNumbers) {
  Tensor values = Tensor::full({40, 40}, 0.5);
  const std::vector<Panel> panels = {{.values = values, .title = "", .scale = Scale::picture}};
  EXPECT_EQ(count(contact_sheet(panels, {.panel_edge = 40}), not_finite), 0);
  values.at<float>({3, 4}) = std::numeric_limits<float>::quiet_NaN();
  values.at<float>({5, 6}) = std::numeric_limits<float>::infinity();
  EXPECT_EQ(count(contact_sheet(panels, {.panel_edge = 40}), not_finite), 2);
}

TEST(ContactSheet, TakesEveryRealDtype) {
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    const Tensor values({4, 4}, dtype);
    const std::vector<Panel> panels = {{.values = values, .title = "values"}};
    if (is_complex(dtype)) {
      EXPECT_TRUE(refused([&] { contact_sheet(panels); }, std::string(name(dtype))));
    } else {
      EXPECT_EQ(contact_sheet(panels, {.panel_edge = 40}).size(0), 3) << name(dtype);
    }
  }
}

TEST(ContactSheet, TakesTextOfAnyKind) {
  const Tensor values({4, 4});
  const std::string hostile = "\xFF\xC0\n\t" + std::string(100000, 'w') + "\xED\xA0\x80";
  const std::vector<Panel> panels = {{.values = values,
                                      .title = hostile,
                                      .caption = hostile,
                                      .heading = hostile,
                                      .note = hostile}};
  const Tensor sheet =
      contact_sheet(panels, {.title = hostile, .subtitle = hostile, .panel_edge = 40});
  // Letters still appear: an invalid string would have ended all drawing.
  EXPECT_GT(count(sheet, ink), 100);
  EXPECT_EQ(outlined(sheet, Role::output).size(), 1U);
}

TEST(ContactSheet, IsTheSameEachTime) {
  testing::Random random;
  const Tensor values = random.values({37, 53}, DType::float32);
  const Tensor kernel = random.values({3, 5, 5}, DType::float32);
  const std::vector<Panel> panels = {
      {.values = values, .title = "values", .kernel = kernel, .heading = "heading"}};
  EXPECT_TRUE(same_bits(contact_sheet(panels), contact_sheet(panels)));
}

TEST(ContactSheet, ChoosesColumnsThatLeaveFewPlacesEmpty) {
  const Tensor values({100, 100});
  const auto columns = [&](std::size_t panels) {
    const std::vector<Panel> some(panels, {.values = values, .title = "panel"});
    const auto boxes = outlined(contact_sheet(some, {.panel_edge = 100}), Role::output, 50);
    return std::count_if(boxes.begin(), boxes.end(),
                         [&](const Box& box) { return box.top == boxes[0].top; });
  };
  EXPECT_EQ(columns(1), 1);
  EXPECT_EQ(columns(3), 3);
  EXPECT_EQ(columns(5), 5);
  EXPECT_EQ(columns(6), 3);
  EXPECT_EQ(columns(8), 4);
  EXPECT_EQ(columns(9), 3);
}

TEST(ContactSheet, RefusesPanelsThatAreNoPictures) {
  const Tensor good({4, 4});
  const auto sheet_of = [](const Panel& panel) { return [&panel] { contact_sheet({&panel, 1}); }; };
  const Tensor line({4});
  EXPECT_TRUE(refused(sheet_of({.values = line, .title = "line"}), "panel 0 ('line')"));
  const Tensor empty({0, 4});
  EXPECT_TRUE(refused(sheet_of({.values = empty, .title = "empty"}), "[0, 4]"));
  const Tensor rgb({3, 4, 4});
  EXPECT_TRUE(refused(sheet_of({.values = rgb, .title = "rgb"}), "Scale::picture"));
  const Tensor four({4, 4, 4});
  EXPECT_TRUE(
      refused(sheet_of({.values = four, .title = "four", .scale = Scale::picture}), "[4, 4, 4]"));
  EXPECT_TRUE(refused(sheet_of({.values = good, .title = "t", .limit = 0.0}), "limit"));
  EXPECT_TRUE(refused(
      sheet_of({.values = good, .title = "t", .limit = std::numeric_limits<double>::infinity()}),
      "limit"));
  EXPECT_TRUE(refused(sheet_of({.values = good, .title = "t", .kernel = line}), "kernel"));
  EXPECT_TRUE(refused(sheet_of({.values = good, .title = "t", .kernel = empty}), "kernel"));
}

TEST(ContactSheet, RefusesOptionsOutOfRange) {
  const Tensor values({4, 4});
  const std::vector<Panel> panels = {{.values = values, .title = "values"}};
  const auto with = [&](const SheetOptions& options) {
    return [&panels, options] { contact_sheet(panels, options); };
  };
  EXPECT_TRUE(refused(with({.columns = -1}), "got -1"));
  EXPECT_TRUE(refused(with({.columns = 65}), "got 65"));
  EXPECT_TRUE(refused(with({.panel_edge = 31}), "got 31"));
  EXPECT_TRUE(refused(with({.panel_edge = 4097}), "got 4097"));
  EXPECT_TRUE(refused(with({.ratio = 0.4}), "got 0.4"));
  EXPECT_TRUE(refused(with({.ratio = std::numeric_limits<double>::quiet_NaN()}), "got nan"));
  EXPECT_TRUE(refused([] { contact_sheet({}); }, "at least one panel"));
}

TEST(ContactSheet, RefusesASheetTooLargeToDraw) {
  const Tensor values({2, 2});
  const std::vector<Panel> panels(20, {.values = values, .title = "cell"});
  EXPECT_TRUE(
      refused([&] { contact_sheet(panels, {.columns = 20, .panel_edge = 4096}); }, "32767"));
}

}  // namespace
}  // namespace conv2d::figure
