// The lines under a diagram: read back from their text, they add up.
#include "diagram/equation.h"

#include "drawings.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace conv2d::diagram {
namespace {

/// With signs that a number is read from.
std::string in_ascii(std::string text) {
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"\u2212", "-"}, {"\u00B7", "*"}, {"\u2026", "..."}}) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from)) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

std::vector<std::string> lines_of(const explain::OutputSum& sum, std::size_t channels = 4,
                                  std::int64_t terms = 36) {
  std::vector<std::string> lines;
  for (const std::vector<Run>& line :
       equation(drawing::palette(Theme::light), sum, channels, terms)) {
    lines.push_back(in_ascii(test::text_of(line)));
  }
  return lines;
}

/// Every a*b of a line, and how many there are.
std::pair<double, int> products_in(const std::string& line) {
  static const std::regex product(R"(\(?(-?[\d.e+-]+)\)?\*\(?(-?[\d.e+-]+)\)?)");
  double sum = 0;
  int count = 0;
  for (std::sregex_iterator at(line.begin(), line.end(), product); at != std::sregex_iterator();
       ++at) {
    sum += std::stod((*at)[1]) * std::stod((*at)[2]);
    ++count;
  }
  return {sum, count};
}

double number_after(const std::string& line, const std::string& words) {
  const std::size_t at = line.find(words);
  EXPECT_NE(at, std::string::npos) << words << " in " << line;
  return at == std::string::npos ? 0 : std::stod(line.substr(at + words.size()));
}

void expect_to_add_up(const explain::OutputSum& sum) {
  const std::vector<std::string> lines = lines_of(sum, 99, 999);
  ASSERT_EQ(lines.size(), sum.channels.size() + 2);
  EXPECT_EQ(number_after(lines[0], "] = "), sum.value.real()) << lines[0];
  double total = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < sum.channels.size(); ++i) {
    const std::string& line = lines[i + 1];
    const auto [added, products] = products_in(line);
    EXPECT_EQ(line.rfind("channel " + std::to_string(sum.channels[i].channel) + ":  ", 0), 0)
        << line;
    EXPECT_EQ(number_after(line, " = "), added) << line;
    EXPECT_EQ(products == 0, line.find("all of it meets padding") != std::string::npos) << line;
    total += added;
    count += products;
    if (i > 0) {
      EXPECT_EQ(number_after(line, "so far "), total) << line;
    }
  }
  EXPECT_EQ(count, sum.counting);
  const std::string& last = lines.back();
  EXPECT_EQ(number_after(last, sum.has_bias ? "with the bias:  " : "in all:  "), total) << last;
  if (sum.has_bias) {
    EXPECT_EQ(number_after(last, " = "), total + sum.bias.real()) << last;
  }
}

TEST(Equation, OfWholeNumbersAddsUp) {
  testing::Random random;
  for (int round = 0; round < 20; ++round) {
    for (const DType dtype : {DType::float32, DType::int8}) {
      const auto plain = test::random_conv2d(random, dtype);
      const Diagram of_plain(plain.layer, plain.input.clone());
      expect_to_add_up(of_plain.explanation().output(
          of_plain.output_of(random.between(0, of_plain.frames() - 1))));
      const auto turned = test::random_conv_transpose2d(random, dtype);
      const Diagram of_turned(turned.layer, turned.input.clone());
      expect_to_add_up(of_turned.explanation().output(
          of_turned.output_of(random.between(0, of_turned.frames() - 1))));
    }
  }
}

TEST(Equation, SaysWhatItLeavesOut) {
  const Diagram wide = test::diagram_of("Conv2d(7, 1, 2)", {7, 3, 3}, 1);
  const explain::OutputSum sum = wide.explanation().output({});
  const std::vector<std::string> lines = lines_of(sum);
  ASSERT_EQ(lines.size(), 7);
  EXPECT_EQ(lines[3].rfind("channel 2:", 0), 0);
  EXPECT_EQ(lines[4], "... 3 channels more");
  EXPECT_EQ(lines[5].rfind("channel 6:", 0), 0);
  EXPECT_EQ(number_after(lines[5], "so far "), sum.sum.real());
  EXPECT_EQ(lines_of(sum, 7).size(), 9);
  for (const std::string& line : lines_of(sum, 7)) {
    EXPECT_EQ(line.find("more"), std::string::npos);
  }
}

TEST(Equation, OfManyTapsGivesTheirNumberAndSum) {
  const Diagram large = test::diagram_of("Conv2d(1, 1, 7, bias=False)", {1, 7, 7}, 1);
  const explain::OutputSum sum = large.explanation().output({});
  const std::vector<std::string> lines = lines_of(sum);
  ASSERT_EQ(lines.size(), 3);
  EXPECT_EQ(products_in(lines[1]).second, 0);
  EXPECT_EQ(number_after(lines[1], "49 products, together "), sum.sum.real());
}

TEST(Equation, OfPaddingAloneSaysSo) {
  const Diagram beyond = test::diagram_of("Conv2d(1, 1, 1, padding=1)", {1, 1, 1});
  const std::vector<std::string> lines = lines_of(beyond.explanation().output({}));
  EXPECT_NE(lines[1].find("all of it meets padding = 0"), std::string::npos) << lines[1];
}

TEST(Exact, HasATrueMinusSign) {
  EXPECT_EQ(exact({-0.1F, 0}, DType::float32), "\u22120.1");
  EXPECT_EQ(exact({7, 0}, DType::int32), "7");
}

}  // namespace
}  // namespace conv2d::diagram
