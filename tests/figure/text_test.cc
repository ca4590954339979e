#include "figure/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace conv2d::figure {
namespace {

TEST(Number, HasATrueMinusAndFewDigits) {
  EXPECT_EQ(number(-0.25, 3), "\u22120.25");
  EXPECT_EQ(number(1.23456, 3), "1.23");
  EXPECT_EQ(number(0, 3), "0");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity(), 3), "\u2212\u221E");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN(), 3), "NaN");
}

TEST(Clean, KeepsValidUtf8) {
  const std::string text = "z\u00FC 5 \u00D7 5, \u2212\u221E \U0001F600";
  EXPECT_EQ(clean(text), text);
}

TEST(Clean, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(clean("a\xFF"), "a\uFFFD");
  EXPECT_EQ(clean("\xC0\xAF"), "\uFFFD\uFFFD");                 // an overlong slash
  EXPECT_EQ(clean("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");       // a surrogate
  EXPECT_EQ(clean("\xF4\x90\x80\x80").substr(0, 3), "\uFFFD");  // beyond U+10FFFF
  EXPECT_EQ(clean("cut \xE2\x88"), "cut \uFFFD\uFFFD");
}

TEST(Clean, PutsAllOnOneLine) {
  EXPECT_EQ(clean("a\nb\tc\x7F"), "a b c ");
  EXPECT_EQ(clean(std::string("a\0b", 3)), "a b");
}

TEST(Fitted, CutsAtACharacterWithAnEllipsis) {
  const Canvas canvas(1, 1, 1);
  const std::string text = "\u00FC\u00FC\u00FC\u00FC\u00FC\u00FC\u00FC\u00FC";
  const double width = canvas.text_width(text, Font{12});
  EXPECT_EQ(fitted(canvas, text, Font{12}, width + 1), text);
  const std::string cut = fitted(canvas, text, Font{12}, width * 0.7);
  EXPECT_EQ(clean(cut), cut);
  EXPECT_LT(cut.size(), text.size());
  EXPECT_EQ(cut.substr(cut.size() - 3), "\u2026");
  EXPECT_LE(canvas.text_width(cut, Font{12}), width * 0.7);
}

TEST(FirstFitting, TakesTheLongestThatFits) {
  const Canvas canvas(1, 1, 1);
  const std::vector<std::string> texts = {"a long sentence", "a word", "a"};
  const double word = canvas.text_width("a word", Font{12});
  EXPECT_EQ(first_fitting(canvas, texts, Font{12}, 1000), "a long sentence");
  EXPECT_EQ(first_fitting(canvas, texts, Font{12}, word), "a word");
}

TEST(Wrapped, BreaksAtSpacesAndLosesNoWord) {
  const Canvas canvas(1, 1, 1);
  const std::string text = "brightness that rises to the right: vertical edges";
  const auto lines = wrapped(canvas, text, Font{12}, 120, 10);
  EXPECT_GT(lines.size(), 2U);
  std::string joined;
  for (const std::string& line : lines) {
    EXPECT_LE(canvas.text_width(line, Font{12}), 120) << line;
    joined += (joined.empty() ? "" : " ") + line;
  }
  EXPECT_EQ(joined, text);
}

TEST(Wrapped, ShortensTheLastLineAllowedAndAWordTooLong) {
  const Canvas canvas(1, 1, 1);
  const auto lines = wrapped(canvas, "one two three four five six", Font{12}, 60, 2);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].substr(lines[1].size() - 3), "\u2026");
  const auto word = wrapped(canvas, std::string(500, 'w') + " end", Font{12}, 60, 3);
  ASSERT_EQ(word.size(), 2U);
  EXPECT_LE(canvas.text_width(word[0], Font{12}), 60);
  EXPECT_EQ(word[1], "end");
}

TEST(Wrapped, OfNothingIsNoLine) {
  EXPECT_TRUE(wrapped(Canvas(1, 1, 1), "", Font{12}, 60, 3).empty());
}

}  // namespace
}  // namespace conv2d::figure
