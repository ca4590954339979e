#include "diagram/cells.h"

#include "drawings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace conv2d::diagram {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST(Span, OfARangeThatFitsIsAllOfIt) {
  const Span span = choose_span(-2, 5, 0, 1, 8);
  EXPECT_EQ(span.first, -2);
  EXPECT_EQ(span.last, 5);
  EXPECT_FALSE(span.more_before || span.more_after);
}

TEST(Span, HasWhatIsAskedForInItsMiddleAndSaysWhetherThereIsMore) {
  testing::Random random;
  for (int round = 0; round < 5000; ++round) {
    const std::int64_t first = random.between(-9, 9);
    const std::int64_t last = first + random.between(0, 60);
    const std::int64_t from = random.between(first, last);
    const std::int64_t to = random.between(from, last);
    const std::int64_t limit = random.between(1, 40);
    const Span span = choose_span(first, last, from, to, limit);
    EXPECT_EQ(span.count(), std::min(limit, last - first + 1));
    EXPECT_GE(span.first, first);
    EXPECT_LE(span.last, last);
    EXPECT_EQ(span.more_before, span.first > first);
    EXPECT_EQ(span.more_after, span.last < last);
    if (to - from + 1 <= limit) {
      EXPECT_TRUE(span.contains(from) && span.contains(to));
    } else {
      EXPECT_TRUE(from <= span.first && span.last <= to);  // as many as there can be
    }
    if (span.more_before && span.more_after) {  // as much before as after, to one
      EXPECT_LE(std::abs((from - span.first) - (span.last - to)), 1);
    }
  }
}

TEST(CellNumbersOfDiagrams, OfWholeNumbersHaveNoDecimals) {
  const std::vector<double> values = {-3, 0, 12};
  const Numbers numbers = choose_numbers(values, 30);
  EXPECT_EQ(numbers.decimals, 0);
  EXPECT_EQ(numbers.limit, 12);
  EXPECT_GE(numbers.size, 7);
  EXPECT_EQ(numbers.text(-3), "\u22123");
  EXPECT_EQ(numbers.text(0), "0");
  EXPECT_EQ(numbers.text(-0.0), "0");
}

TEST(CellNumbersOfDiagrams, OfFractionsHaveAsManyAsTellThem) {
  EXPECT_EQ(choose_numbers(std::vector<double>{0.5, -1.25}, 46).text(-1.25), "\u22121.25");
  EXPECT_EQ(choose_numbers(std::vector<double>{10.5, 2}, 46).text(10.5), "10.5");
  EXPECT_EQ(choose_numbers(std::vector<double>{100.5, 2}, 46).decimals, 0);
  // Small, but not zero; and no sign before zeros.
  EXPECT_EQ(choose_numbers(std::vector<double>{0.5, -0.001}, 46).text(-0.001), "0.00");
}

TEST(CellNumbersOfDiagrams, OfWhatIsNotFiniteHaveSignsAndWholeNumbersStayWhole) {
  const Numbers numbers = choose_numbers(std::vector<double>{1, not_a_number, 7, -infinite}, 30);
  EXPECT_EQ(numbers.decimals, 0);
  EXPECT_EQ(numbers.limit, 7);
  EXPECT_EQ(numbers.text(not_a_number), "NaN");
  EXPECT_EQ(numbers.text(infinite), "\u221E");
  EXPECT_EQ(numbers.text(-infinite), "\u2212\u221E");
  EXPECT_EQ(choose_numbers(std::vector<double>{not_a_number}, 30).limit, 1);
}

TEST(CellNumbersOfDiagrams, OfHugeOnesHaveAnExponent) {
  EXPECT_EQ(Numbers{}.text(99999), "99999");
  EXPECT_EQ(Numbers{}.text(-3e38), "\u22123e+38");
  EXPECT_EQ(Numbers{}.text(1.7e308), "2e+308");
}

TEST(CellNumbersOfDiagrams, FitTheirCellsOrAreNotWritten) {
  testing::Random random;
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> values;
    const double scale = std::pow(10.0, static_cast<double>(random.between(-6, 12)));
    const bool whole = random.coin();
    for (std::int64_t i = random.between(1, 9); i > 0; --i) {
      const double value = scale * random.normal();
      values.push_back(whole ? std::round(value) : value);
    }
    const auto cell = static_cast<double>(random.between(4, 48));
    const Numbers numbers = choose_numbers(values, cell);
    EXPECT_TRUE(numbers.size == 0 || (numbers.size >= 7 && numbers.size <= 13)) << numbers.size;
    for (const double value : values) {
      EXPECT_LE(text_width(numbers.text(value), numbers.size), cell);
      EXPECT_LE(std::abs(value), numbers.limit);
    }
    const double comfortable = comfortable_cell(values);
    EXPECT_TRUE(comfortable >= 28 && comfortable <= 46);
    EXPECT_EQ(Numbers{.decimals = 2}.text(0), "0");
  }
}

TEST(Grid, CellsLieInItAndBlocksAreCutOff) {
  const Grid grid{.at = {10, 20}, .cell = 5, .rows = {-1, 3}, .columns = {2, 4}};
  const Rect all = grid.rect();
  EXPECT_EQ(all.width, 15);
  EXPECT_EQ(all.height, 25);
  const Rect last = grid.cell_rect(3, 4);
  EXPECT_EQ(last.right(), all.right());
  EXPECT_EQ(last.bottom(), all.bottom());
  const Rect block = grid.block(-5, 3, 0, 9);
  EXPECT_EQ(block.x, 15);
  EXPECT_EQ(block.y, 20);
  EXPECT_EQ(block.right(), all.right());
  EXPECT_EQ(block.bottom(), 30);
}

TEST(Grid, DrawsEachCellOnceAndDotsTheEdgesThatGoOn) {
  Pen pen(Theme::dark);
  Grid grid{.at = {10, 20}, .cell = 30, .rows = {0, 1, false, true}, .columns = {0, 2}};
  grid.numbers = choose_numbers(std::vector<double>{12}, 30);
  int asked = 0;
  draw(pen, grid, [&](std::int64_t row, std::int64_t column) {
    ++asked;
    return row == 1 && column == 2 ? Cell{} : Cell{.value = 10 * row + column};
  });
  pen.text({10, 16}, "numbers", 10);
  const Drawing drawing = pen.take(200, 200, "", "");
  EXPECT_EQ(asked, 6);
  EXPECT_EQ(test::grid_below(drawing, "numbers"), (test::Rows{{"0", "1", "2"}, {"10", "11", ""}}));
  std::vector<Dash> sides;
  for (const drawing::Shape& shape : drawing.shapes) {
    if (const auto* const path = std::get_if<Path>(&shape)) {
      sides.push_back(path->dash);
    }
  }
  EXPECT_EQ(sides, (std::vector<Dash>{Dash::solid, Dash::dotted, Dash::solid, Dash::solid}));
  EXPECT_TRUE(test::fits(drawing));
}

TEST(Grid, ShowsWhatAValueIs) {
  const auto boxes = [](const Cell& cell) {
    Pen pen(Theme::light);
    draw(pen, {.cell = 30, .rows = {0, 0}, .columns = {0, 0}},
         [&](std::int64_t, std::int64_t) { return cell; });
    return std::get<Box>(pen.take(1, 1, "", "").shapes.front());
  };
  const Palette& palette = drawing::palette(Theme::light);
  EXPECT_EQ(boxes({.value = 1}).fill, palette.value(1));
  EXPECT_EQ(boxes({.value = -1}).fill, palette.value(-1));
  EXPECT_EQ(boxes({.value = not_a_number}).fill, drawing::not_finite);
  EXPECT_EQ(boxes({.value = -infinite}).fill, drawing::not_finite);
  EXPECT_EQ(boxes({}).fill, palette.paper);
  EXPECT_EQ(boxes({.value = 0, .padding = true}).hatch, palette.hatch);
  EXPECT_EQ(boxes({.value = 1, .border = true}).hatch, palette.hatch);
  EXPECT_EQ(boxes({.value = 1, .border = true}).fill, palette.value(1));
}

}  // namespace
}  // namespace conv2d::diagram
