#include <conv2d/drawing.h>

#include <gtest/gtest.h>

#include <string>

namespace conv2d::drawing {
namespace {

std::string svg_of(Shape shape) {
  return to_svg(
      {.width = 100, .height = 50, .paper = {255, 255, 255}, .shapes = {std::move(shape)}});
}

/// What stands between the paper and the end.
std::string element_of(Shape shape) {
  const std::string svg = svg_of(std::move(shape));
  const std::string paper = "fill=\"#ffffff\"/>\n";
  const std::size_t begin = svg.find(paper) + paper.size();
  return svg.substr(begin, svg.rfind("</svg>") - begin);
}

TEST(Svg, HasItsSizeTitleAndDescription) {
  const std::string svg = to_svg({.width = 120,
                                  .height = 40.5,
                                  .paper = {1, 2, 3},
                                  .title = "A layer",
                                  .description = "What it does."});
  EXPECT_EQ(svg.rfind("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 40.5\"", 0), 0);
  EXPECT_NE(svg.find("width=\"120\" height=\"40.5\" role=\"img\""), std::string::npos);
  EXPECT_NE(svg.find("<title>A layer</title>"), std::string::npos);
  EXPECT_NE(svg.find("<desc>What it does.</desc>"), std::string::npos);
  EXPECT_NE(svg.find("<rect x=\"0\" y=\"0\" width=\"120\" height=\"40.5\" fill=\"#010203\"/>"),
            std::string::npos);
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
}

TEST(Svg, EscapesWhatXmlWouldReadAsItsOwn) {
  const std::string svg = to_svg({.width = 9,
                                  .height = 9,
                                  .title = "a<b> & \"c\"",
                                  .description = "]]> '",
                                  .shapes = {Text{{}, {{"x<y>&\"z\"", {}}}}}});
  EXPECT_NE(svg.find("<title>a&lt;b&gt; &amp; &quot;c&quot;</title>"), std::string::npos);
  EXPECT_NE(svg.find("<desc>]]&gt; '</desc>"), std::string::npos);
  EXPECT_NE(svg.find(">x&lt;y&gt;&amp;&quot;z&quot;</text>"), std::string::npos);
}

TEST(Svg, LengthsHaveTwoDecimalsAtMostAndNoNegativeZero) {
  EXPECT_EQ(element_of(Box{.rect = {-0.001, 1.005, 10.0 / 3, 2e6}, .fill = Color{255, 0, 128}}),
            "<rect x=\"0\" y=\"1\" width=\"3.33\" height=\"2000000\" fill=\"#ff0080\"/>\n");
}

TEST(Svg, BoxesHaveStrokesDashesCornersAndOpacity) {
  EXPECT_EQ(element_of(Box{.rect = {1, 2, 3, 4},
                           .stroke = Color{16, 32, 48},
                           .stroke_width = 2,
                           .dash = Dash::dashed,
                           .radius = 1.5,
                           .opacity = 0.5}),
            "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" rx=\"1.5\" fill=\"none\" "
            "stroke=\"#102030\" stroke-width=\"2\" stroke-dasharray=\"8 6\" opacity=\"0.5\"/>\n");
}

TEST(Svg, AHatchIsDefinedOnceForEachColour) {
  const Box gray{.rect = {0, 0, 6, 6}, .hatch = Color{9, 9, 9}};
  const Box red{.rect = {0, 0, 6, 6}, .hatch = Color{200, 0, 0}};
  const std::string svg = to_svg({.width = 9, .height = 9, .shapes = {gray, red, gray}});
  const auto count = [&](const std::string& part) {
    int found = 0;
    for (std::size_t at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("<pattern "), 2);
  EXPECT_EQ(count("id=\"hatch-090909\""), 1);
  EXPECT_EQ(count("fill=\"url(#hatch-090909)\""), 2);
  EXPECT_EQ(count("fill=\"url(#hatch-c80000)\""), 1);
}

TEST(Svg, PathsAreStraightOrBentAndHaveHeads) {
  EXPECT_EQ(element_of(Path{.points = {{0, 0}, {5, 0}, {5, 5}}, .width = 1, .dash = Dash::dotted}),
            "<path d=\"M0 0L5 0L5 5\" fill=\"none\" stroke=\"#000000\" "
            "stroke-dasharray=\"1 2\"/>\n");
  EXPECT_EQ(element_of(Path{.points = {{0, 10}, {20, 10}}, .width = 2, .bend = 4}),
            "<path d=\"M0 10Q10 2 20 10\" fill=\"none\" stroke=\"#000000\" stroke-width=\"2\"/>\n");
  const std::string arrow = element_of(Path{.points = {{0, 0}, {20, 0}}, .arrow = true});
  EXPECT_NE(arrow.find("<path d=\"M20 0L"), std::string::npos);
  EXPECT_NE(arrow.find("Z\" fill=\"#000000\"/>"), std::string::npos);
}

TEST(Svg, TextHasItsPlaceAndARunEachForWhatLooksDifferent) {
  EXPECT_EQ(element_of(Text{{1, 2}, {{"one", {0, 0, 255}, true}}, 11.5, Align::right}),
            "<text x=\"1\" y=\"2\" font-size=\"11.5\" text-anchor=\"end\" fill=\"#0000ff\" "
            "font-weight=\"bold\">one</text>\n");
  EXPECT_EQ(
      element_of(Text{{1, 2}, {{"a ", {}}, {"b", {255, 0, 0}, true}}, 12, Align::center, 0.4}),
      "<text x=\"1\" y=\"2\" font-size=\"12\" text-anchor=\"middle\" opacity=\"0.4\">"
      "<tspan fill=\"#000000\">a </tspan>"
      "<tspan fill=\"#ff0000\" font-weight=\"bold\">b</tspan></text>\n");
}

TEST(Svg, KeepsSpaces) {
  EXPECT_NE(svg_of(Box{}).find("xml:space=\"preserve\""), std::string::npos);
}

}  // namespace
}  // namespace conv2d::drawing
