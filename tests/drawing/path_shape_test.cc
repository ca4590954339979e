#include "drawing/path_shape.h"

#include <gtest/gtest.h>

#include <cmath>

namespace conv2d::drawing {
namespace {

double distance_between(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

TEST(ControlPoint, LiftsTheMiddleToTheLeftByTheBend) {
  const Path path{.points = {{10, 50}, {110, 50}}, .bend = 8};
  const auto control = control_point(path);
  ASSERT_TRUE(control);
  // Of a quadratic curve, the middle is a quarter of each end and half of the control point. To the
  // left of a path to the right is up, where y is smaller.
  EXPECT_DOUBLE_EQ(0.25 * 10 + 0.5 * control->x + 0.25 * 110, 60);
  EXPECT_DOUBLE_EQ(0.25 * 50 + 0.5 * control->y + 0.25 * 50, 42);
}

TEST(ControlPoint, OfAWayBackLiesOnTheOtherSide) {
  const auto there = control_point({.points = {{0, 0}, {3, 4}}, .bend = 5});
  const auto back = control_point({.points = {{3, 4}, {0, 0}}, .bend = 5});
  ASSERT_TRUE(there && back);
  EXPECT_DOUBLE_EQ(there->x + back->x, 3);
  EXPECT_DOUBLE_EQ(there->y + back->y, 4);
  EXPECT_DOUBLE_EQ(distance_between(*there, {1.5, 2}), 10);
}

TEST(ControlPoint, IsThereForBentPathsOfTwoPointsAlone) {
  EXPECT_FALSE(control_point({.points = {{0, 0}, {9, 0}}}));
  EXPECT_FALSE(control_point({.points = {{0, 0}, {9, 0}, {9, 9}}, .bend = 4}));
  EXPECT_FALSE(control_point({.points = {{5, 5}, {5, 5}}, .bend = 4}));
  EXPECT_FALSE(control_point({.bend = 4}));
}

TEST(ArrowHead, PointsAlongTheLastPiece) {
  const auto head = arrow_head({.points = {{0, 0}, {50, 0}, {50, 30}}, .width = 2, .arrow = true});
  ASSERT_TRUE(head);
  const auto& [tip, left, right] = *head;
  EXPECT_EQ(distance_between(tip, {50, 30}), 0);
  // Symmetric about the line x = 50, and behind the tip.
  EXPECT_DOUBLE_EQ(left.x + right.x, 100);
  EXPECT_DOUBLE_EQ(left.y, right.y);
  EXPECT_LT(left.y, 30);
  EXPECT_GT(distance_between(left, right), 2);  // wider than the line
}

TEST(ArrowHead, OfABentPathPointsAsItsCurveEnds) {
  const Path path{.points = {{0, 0}, {60, 0}}, .arrow = true, .bend = 12};
  const auto head = arrow_head(path);
  const auto control = control_point(path);
  ASSERT_TRUE(head && control);
  const auto& [tip, left, right] = *head;
  const Point base = {(left.x + right.x) / 2, (left.y + right.y) / 2};
  // The tangent at the end goes through the control point: no area between the three.
  EXPECT_NEAR((tip.x - base.x) * (tip.y - control->y) - (tip.y - base.y) * (tip.x - control->x), 0,
              1e-9);
}

TEST(ArrowHead, IsThereForArrowsWithALengthAlone) {
  EXPECT_FALSE(arrow_head({.points = {{0, 0}, {9, 0}}}));
  EXPECT_FALSE(arrow_head({.points = {{0, 0}}, .arrow = true}));
  EXPECT_FALSE(arrow_head({.points = {{4, 4}, {4, 4}}, .arrow = true}));
}

}  // namespace
}  // namespace conv2d::drawing
