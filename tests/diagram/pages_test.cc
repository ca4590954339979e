#include <conv2d/diagram.h>

#include "drawings.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <string>

namespace conv2d::diagram {
namespace {

std::int64_t count(const std::string& text, const std::string& part) {
  std::int64_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(Page, HasEveryFrameAndNothingFromElsewhere) {
  for (const View view : views()) {
    const Diagram diagram = test::diagram_of("Conv2d(1, 2, 2)", {1, 3, 3});
    const std::string page = to_html(diagram, {.view = view});
    EXPECT_EQ(count(page, "<template>"), 8) << name(view);
    EXPECT_EQ(count(page, "</template>"), 8);
    EXPECT_NE(page.find("max=\"7\""), std::string::npos);
    for (const std::string part : {"src=", "href=", "@import", "fetch("}) {
      EXPECT_EQ(count(page, part), 0) << part;
    }
    for (std::int64_t frame = 0; frame < 8; ++frame) {
      EXPECT_NE(page.find(drawing::to_svg(diagram.draw(
                    {.view = view, .at = diagram.output_of(frame), .stepping = true}))),
                std::string::npos);
    }
  }
}

TEST(Page, HasItsTheme) {
  const Diagram diagram = test::diagram_of("Conv2d(1, 1, 1)", {1, 2, 2});
  EXPECT_EQ(count(to_html(diagram), "color-scheme:light"), 1);
  EXPECT_EQ(count(to_html(diagram, {.theme = drawing::Theme::dark}), "color-scheme:dark"), 1);
}

TEST(Page, OfTooManyOutputsIsRefused) {
  EXPECT_TRUE(testing::refused(
      [] {
        to_html(test::diagram_of("Conv2d(1, 1, 1)", {1, 25, 41}));
      },
      "a page steps through at most 1024 outputs, but this layer has 1025"));
}

TEST(Page, AndDrawingsHaveTheSameBytesEachTime) {
  testing::Random random;
  for (int round = 0; round < 10; ++round) {
    const auto example = test::random_conv2d(random, DType::float32);
    const Diagram once(example.layer, example.input.clone());
    const Diagram again(example.layer, example.input.clone());
    for (const View view : views()) {
      EXPECT_EQ(drawing::to_svg(once.draw({.view = view})),
                drawing::to_svg(again.draw({.view = view})));
    }
  }
  const Diagram diagram = test::diagram_of(presets().front());
  EXPECT_EQ(to_html(diagram), to_html(diagram));
}

}  // namespace
}  // namespace conv2d::diagram
