#include "diagram/pen.h"

#include "drawings.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace conv2d::diagram {
namespace {

using Runs = std::vector<drawing::Run>;  // a test has a Run of its own

Runs words_in_runs(testing::Random& random) {
  Runs runs;
  for (std::int64_t i = random.between(1, 12); i > 0; --i) {
    std::string text;
    for (std::int64_t letters = random.between(1, 20); letters > 0; --letters) {
      text += random.between(0, 4) == 0 ? ' ' : static_cast<char>('a' + random.between(0, 25));
    }
    runs.push_back({text, {static_cast<std::uint8_t>(i % 3), 0, 0}, random.coin()});
  }
  return runs;
}

std::vector<Text> broken(const Runs& runs, double width) {
  Pen pen(Theme::light);
  const double last = pen.paragraph({5, 20}, runs, 10, width, 15);
  const Drawing drawing = pen.take(1, 1, "", "");
  std::vector<Text> lines;
  for (const drawing::Shape& shape : drawing.shapes) {
    lines.push_back(std::get<Text>(shape));
  }
  EXPECT_EQ(last, lines.back().at.y);
  return lines;
}

std::string without_spaces(const std::string& text) {
  std::string kept;
  for (const char c : text) {
    kept += c == ' ' ? "" : std::string(1, c);
  }
  return kept;
}

TEST(TextWidth, IsThatOfDejaVuSansToAFewPercent) {
  // Advance widths at size 100, by FreeType from DejaVuSans.ttf and DejaVuSans-Bold.ttf 2.37.
  struct Measured {
    std::string text;
    double width;
    bool bold;
  };
  const std::vector<Measured> all = {
      {"input, channel 0", 811.9, false},
      {"output, channel 12", 1067.5, true},
      {"3\u00B72 + (\u22121)\u00B74 = 2", 838.2, false},
      {"floor((5 + 1 + 1 \u2212 1\u00B7(3 \u2212 1) \u2212 1) / 2) + 1", 2089.8, false},
      {"Conv2d(3, 2, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))", 3516.6, true},
  };
  for (const Measured& each : all) {
    EXPECT_NEAR(text_width(each.text, 100, each.bold), each.width, 0.08 * each.width) << each.text;
  }
}

TEST(Paragraph, BreaksAtSpacesAndLosesNoLetter) {
  testing::Random random;
  for (int round = 0; round < 500; ++round) {
    const Runs runs = words_in_runs(random);
    const auto width = static_cast<double>(random.between(20, 400));
    const std::vector<Text> lines = broken(runs, width);
    std::string all;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string line = test::text_of(lines[i].runs);
      EXPECT_EQ(lines[i].at.x, 5);
      EXPECT_EQ(lines[i].at.y, 20 + 15 * static_cast<double>(i));
      // A word alone may be too long.
      EXPECT_TRUE(text_width(lines[i].runs, 10) <= width + 1e-9 ||
                  line.find(' ', line.find_first_not_of(' ')) == std::string::npos)
          << "'" << line << "' in " << width;
      all += line;
    }
    EXPECT_EQ(without_spaces(all), without_spaces(test::text_of(runs)));
  }
}

TEST(Paragraph, OnOneLineKeepsItsSpacesAndColours) {
  const Runs runs = {
      {"one ", {1, 0, 0}}, {" two", {1, 0, 0}}, {"three", {2, 0, 0}}, {" four", {2, 0, 0}, true}};
  const std::vector<Text> lines = broken(runs, 1000);
  ASSERT_EQ(lines.size(), 1);
  EXPECT_EQ(test::text_of(lines[0].runs), "one  twothree four");
  ASSERT_EQ(lines[0].runs.size(), 3);
  EXPECT_EQ(lines[0].runs[0].text, "one  two");
  EXPECT_EQ(lines[0].runs[0].color, (Color{1, 0, 0}));
  EXPECT_TRUE(lines[0].runs[2].bold);
}

TEST(Paragraph, KeepsAProductTogetherAcrossItsColours) {
  const Runs runs = {{"12", {1, 0, 0}}, {"\u00B7", {}}, {"34", {2, 0, 0}}, {" + ", {}},
                     {"56", {1, 0, 0}}, {"\u00B7", {}}, {"78", {2, 0, 0}}};
  const double narrow = text_width("12\u00B734 +", 10) + 1;
  const std::vector<Text> lines = broken(runs, narrow);
  ASSERT_EQ(lines.size(), 2);
  EXPECT_EQ(test::text_of(lines[0].runs), "12\u00B734 +");
  EXPECT_EQ(test::text_of(lines[1].runs), "56\u00B778");
}

}  // namespace
}  // namespace conv2d::diagram
