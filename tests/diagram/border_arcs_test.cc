// From where padding is read: arcs along the edges of a plane.
#include <conv2d/diagram.h>

#include "drawings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <variant>
#include <vector>

namespace conv2d::diagram {
namespace {

using Distances = std::vector<double>;

/// How many cells each arc spans, from where it is read to where it lies: first along the columns
/// of the plane, then along its rows.
struct Arcs {
  Distances columns;
  Distances rows;
};

Arcs arcs_of(const Drawing& drawing) {
  const double cell = drawing.regions.at(0).rect.width;
  Arcs arcs;
  for (const drawing::Shape& shape : drawing.shapes) {
    const auto* const path = std::get_if<drawing::Path>(&shape);
    if (path == nullptr || !path->arrow || path->bend == 0) {
      continue;
    }
    const drawing::Point from = path->points.front();
    const drawing::Point to = path->points.back();
    const bool across = from.y == to.y;
    const double cells = std::round((across ? to.x - from.x : to.y - from.y) / cell * 1e6) / 1e6;
    (across ? arcs.columns : arcs.rows).push_back(cells);
  }
  return arcs;
}

Drawing draw(const std::string& mode, const explain::Index& at) {
  return test::diagram_of("Conv2d(1, 1, 5, padding=2, padding_mode=" + mode + ")", {1, 7, 7})
      .draw({.at = at});
}

TEST(BorderArcs, OfACornerAreOneForEachRowAndColumn) {
  for (const auto& [mode, distances] : std::vector<std::pair<std::string, Distances>>{
           {"reflect", {-4, -2}}, {"replicate", {-2, -1}}, {"circular", {-7, -7}}}) {
    const Arcs arcs = arcs_of(draw(mode, {}));
    EXPECT_EQ(arcs.columns, distances) << mode;
    EXPECT_EQ(arcs.rows, distances) << mode;
  }
}

TEST(BorderArcs, OfTheOtherCornerPointTheOtherWay) {
  const Arcs arcs = arcs_of(draw("reflect", {.row = 6, .column = 6}));
  EXPECT_EQ(arcs.columns, (Distances{2, 4}));
  EXPECT_EQ(arcs.rows, (Distances{2, 4}));
}

TEST(BorderArcs, OfAnEdgeLieAlongItAlone) {
  const Arcs arcs = arcs_of(draw("replicate", {.row = 3, .column = 1}));
  EXPECT_EQ(arcs.columns, (Distances{-1}));
  EXPECT_TRUE(arcs.rows.empty());
}

TEST(BorderArcs, AreNotThereWhereNothingIsRead) {
  EXPECT_TRUE(arcs_of(draw("reflect", {.row = 3, .column = 3})).columns.empty());
  EXPECT_TRUE(arcs_of(draw("zeros", {})).columns.empty());
}

}  // namespace
}  // namespace conv2d::diagram
