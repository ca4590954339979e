// The numbers that are in a drawing, and which of them are there at a step.
#include <conv2d/diagram.h>

#include "drawings.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace conv2d::diagram {
namespace {

using test::grid_below;
using test::Rows;

const std::string_view guide = "Conv2d(1, 1, 3, bias=False)";

TEST(Slide, ShowsTheNumbersOfTheGuide) {
  const Drawing drawing = test::diagram_of(guide, {1, 5, 5}).draw();
  EXPECT_EQ(grid_below(drawing, "input, channel 0"), (Rows{{"3", "3", "2", "1", "0"},
                                                           {"0", "0", "1", "3", "1"},
                                                           {"3", "1", "2", "2", "3"},
                                                           {"2", "0", "0", "2", "2"},
                                                           {"2", "0", "0", "0", "1"}}));
  EXPECT_EQ(grid_below(drawing, "filter 0"),
            (Rows{{"0", "1", "2"}, {"2", "2", "0"}, {"0", "1", "2"}}));
  EXPECT_EQ(grid_below(drawing, "output, channel 0"),
            (Rows{{"12", "12", "17"}, {"10", "17", "19"}, {"9", "6", "14"}}));
  EXPECT_TRUE(test::says(drawing, "output[0, 0, 0] = 12"));
}

TEST(Slide, ShowsThePaddingOfTheGuide) {
  const Drawing drawing =
      test::diagram_of("Conv2d(1, 1, 3, stride=2, padding=1, bias=False)", {1, 5, 5}).draw();
  EXPECT_EQ(grid_below(drawing, "output, channel 0"),
            (Rows{{"6", "17", "3"}, {"8", "17", "13"}, {"6", "4", "4"}}));
  const Rows input = grid_below(drawing, "input, channel 0");
  ASSERT_EQ(input.size(), 7);
  EXPECT_EQ(input[0], (std::vector<std::string>(7, "0")));
  EXPECT_EQ(input[1], (std::vector<std::string>{"0", "3", "3", "2", "1", "0", "0"}));
  EXPECT_TRUE(test::says(drawing, "Hatched: padding."));
}

TEST(Slide, OfATransposedLayerShowsZerosBetweenAndTurnedFilters) {
  const Drawing drawing =
      test::diagram_of("ConvTranspose2d(1, 1, 3, stride=2, bias=False)", {1, 2, 2}).draw();
  EXPECT_EQ(grid_below(drawing, "filter 0"),
            (Rows{{"2", "1", "0"}, {"0", "2", "2"}, {"2", "1", "0"}}));
  EXPECT_EQ(grid_below(drawing, "input, channel 0").size(), 7);
  EXPECT_TRUE(test::says(drawing, "zeros between the inputs, stride 1, and its filters turned"));
}

TEST(Slide, SaysHowABorderIsRead) {
  for (const std::string mode : {"reflect", "replicate", "circular"}) {
    const Drawing drawing =
        test::diagram_of("Conv2d(1, 1, 3, padding=1, padding_mode=" + mode + ")", {1, 3, 3}).draw();
    EXPECT_TRUE(test::says(drawing, "read from the input by " + mode)) << mode;
  }
  const Rows reflected = grid_below(
      test::diagram_of("Conv2d(1, 1, 3, padding=1, padding_mode=reflect)", {1, 5, 5}).draw(),
      "input, channel 0");
  EXPECT_EQ(reflected.at(0), (std::vector<std::string>{"0", "0", "0", "1", "3", "1", "3"}));
}

TEST(Slide, SaysWhatIsUnreadAndWhatIsLeftOut) {
  EXPECT_TRUE(test::says(test::diagram_of("Conv2d(1, 1, 2, stride=2)", {1, 5, 5}).draw(),
                         "No output reads row 4 of the input: crossed out."));
  const Drawing many = test::diagram_of("Conv2d(9, 8, 3)", {9, 30, 30}).draw();
  EXPECT_TRUE(test::says(many, "\u2026 6 channels more"));
  EXPECT_TRUE(test::says(many, "rows 0 to 13 and columns 0 to 13 are shown."));
  EXPECT_TRUE(test::says(many, "3 filters of 8 are shown."));
}

/// What of the outputs stands in a stepping frame: all up to its own, none after it.
template <class IsThere>
void expect_outputs(const Rows& shown, const Tensor& output, std::int64_t channel,
                    IsThere&& is_there) {
  ASSERT_EQ(static_cast<std::int64_t>(shown.size()), output.size(1));
  for (std::int64_t row = 0; row < output.size(1); ++row) {
    for (std::int64_t column = 0; column < output.size(2); ++column) {
      const auto value = static_cast<int>(output.at<float>({channel, row, column}));
      EXPECT_EQ(shown[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)],
                is_there(row, column) ? std::to_string(value) : "");
    }
  }
}

TEST(Slide, StepsShowTheOutputsSoFarAlone) {
  for (const Preset& preset : presets()) {
    const Diagram diagram = test::diagram_of(preset);
    for (std::int64_t frame = 0; frame < diagram.frames(); ++frame) {
      const explain::Index at = diagram.output_of(frame);
      const Drawing drawing = diagram.draw({.at = at, .stepping = true});
      for (std::int64_t k = 0; k < diagram.output().size(0); ++k) {
        expect_outputs(grid_below(drawing, "output, channel " + std::to_string(k)),
                       diagram.output(), k, [&](std::int64_t row, std::int64_t column) {
                         return std::tuple(k, row, column) <=
                                std::tuple(at.channel, at.row, at.column);
                       });
      }
      ASSERT_FALSE(HasFailure()) << preset.name << " frame " << frame;
    }
  }
}

TEST(Matrices, StepsShowTheOutputsSoFarAlone) {
  const Diagram diagram = test::diagram_of(guide, {1, 4, 4});
  for (std::int64_t frame = 0; frame < 4; ++frame) {
    const explain::Index at = diagram.output_of(frame);
    const Rows product =
        grid_below(diagram.draw({.view = View::im2col, .at = at, .stepping = true}), "output, 1");
    const Rows column =
        grid_below(diagram.draw({.view = View::matrix, .at = at, .stepping = true}), "y");
    ASSERT_EQ(product.size(), 1);
    ASSERT_EQ(column.size(), 4);
    for (std::int64_t other = 0; other < 4; ++other) {
      const auto value = static_cast<int>(diagram.output().at<float>({0, other / 2, other % 2}));
      const std::string expected = other <= frame ? std::to_string(value) : "";
      EXPECT_EQ(product[0].at(static_cast<std::size_t>(other)), expected);
      EXPECT_EQ(column[static_cast<std::size_t>(other)].at(0), expected);
    }
  }
}

TEST(Im2colView, IsTheMatrixOfExplain) {
  const Diagram diagram = test::diagram_of("Conv2d(2, 3, 2, padding=1)", {2, 3, 3});
  const explain::Im2col matrix = diagram.explanation().im2col();
  const Rows shown = grid_below(diagram.draw({.view = View::im2col}), "im2col, 8\u00D716");
  ASSERT_EQ(static_cast<std::int64_t>(shown.size()), matrix.rows);
  for (std::size_t row = 0; row < shown.size(); ++row) {
    ASSERT_EQ(static_cast<std::int64_t>(shown[row].size()), matrix.columns);
    for (std::size_t column = 0; column < shown[row].size(); ++column) {
      const std::size_t at = row * shown[row].size() + column;
      EXPECT_EQ(shown[row][column], std::to_string(static_cast<int>(matrix.values.at(at).real())));
    }
  }
}

TEST(MatrixView, IsTheMatrixOfExplain) {
  for (const std::string_view layer : {"Conv2d(1, 1, 3, padding=1, padding_mode=replicate)",
                                       "ConvTranspose2d(1, 1, 2, stride=2)"}) {
    const Diagram diagram = test::diagram_of(layer, {1, 3, 3}, 1);
    const explain::SparseMatrix matrix = diagram.explanation().matrix();
    Rows expected(static_cast<std::size_t>(matrix.rows),
                  std::vector<std::string>(static_cast<std::size_t>(matrix.columns)));
    for (std::size_t row = 0; row < expected.size(); ++row) {
      for (auto entry = static_cast<std::size_t>(matrix.row_begin[row]);
           entry < static_cast<std::size_t>(matrix.row_begin[row + 1]); ++entry) {
        std::string& text = expected[row].at(static_cast<std::size_t>(matrix.column[entry]));
        const int before = text.empty() ? 0 : std::stoi(text);
        text = std::to_string(before + static_cast<int>(matrix.values[entry].real()));
      }
    }
    EXPECT_EQ(grid_below(diagram.draw({.view = View::matrix}), "C: "), expected);
  }
}

TEST(CostView, GivesTheNumbersOfExplain) {
  const Drawing drawing = test::diagram_of(presets().back()).draw({.view = View::cost});
  EXPECT_EQ(drawing.description.rfind("56 parameters, 486 multiply-adds, ", 0), 0);
  EXPECT_TRUE(test::says(drawing, "What this machine runs"));
  EXPECT_TRUE(test::says(drawing, "algorithm"));
}

}  // namespace
}  // namespace conv2d::diagram
