// What a diagram takes for the place, the source and the value of a term, against what `explain`
// says of it.
#include "diagram/subject.h"
#include "diagram/elements.h"

#include "drawings.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <set>

namespace conv2d::diagram {
namespace {

using explain::Explanation;
using explain::Term;
using explain::TermKind;

std::vector<double> plain(const Tensor& tensor) {
  return testing::values_of<double>(tensor.view().to(DType::float64));
}

template <class Module>
Subject subject_of(const Module& layer, const Tensor& input) {
  const Explanation explanation(layer, input);
  const explain::SizeArithmetic sizes = explanation.sizes();
  const auto& options = layer.options();
  return {.layer = repr(options),
          .explanation = explanation,
          .rows = {sizes.rows, explanation.transposed(), options.padding_mode},
          .columns = {sizes.columns, explanation.transposed(), options.padding_mode},
          .groups = options.groups,
          .input = planes_of(input),
          .output = planes_of(layer(input)),
          .weight = plain(layer.weight()),
          .bias = layer.bias() ? plain(*layer.bias()) : std::vector<double>(),
          .dtype = options.dtype};
}

TermKind kind_of(TermKind rows, TermKind columns) {
  for (const TermKind kind : {TermKind::padding, TermKind::gap, TermKind::border}) {
    if (rows == kind || columns == kind) {
      return kind;
    }
  }
  return TermKind::input;
}

void expect_term(const Subject& subject, const explain::Index& at, const Term& term) {
  const Axis& rows = subject.rows;
  const Axis& columns = subject.columns;
  EXPECT_EQ(rows.position(at.row, term.r), term.row);
  EXPECT_EQ(columns.position(at.column, term.s), term.column);
  EXPECT_TRUE(rows.first() <= term.row && term.row <= rows.last());
  EXPECT_TRUE(columns.first() <= term.column && term.column <= columns.last());
  EXPECT_FALSE(rows.unread(term.row) || columns.unread(term.column));
  EXPECT_EQ(kind_of(rows.kind(term.row), columns.kind(term.column)), term.kind);
  EXPECT_EQ(rows.source(term.row) < 0 || columns.source(term.column) < 0, !term.counts());
  const Cell read =
      input_element(subject, term.channel, rows.source(term.row), columns.source(term.column));
  EXPECT_EQ(*read.value, term.input_value.real());
  EXPECT_EQ(read.element.has_value(), term.counts());
  const Cell met = weight_element(subject, term.channel, at.channel, term.r, term.s);
  EXPECT_EQ(*met.value, subject.weight[static_cast<std::size_t>(*met.element)]);
  if (term.counts()) {
    EXPECT_EQ(rows.source(term.row), term.input.row);
    EXPECT_EQ(columns.source(term.column), term.input.column);
    EXPECT_EQ(subject.weight_at(term.channel, at.channel, term.r, term.s),
              term.weight_value.real());
    EXPECT_EQ(subject.group_of_output(at.channel), term.channel / subject.inputs_per_group());
  }
}

/// The positions that the outputs look at, and the input indices behind them.
void expect_unread(const Axis& axis) {
  std::set<std::int64_t> positions;
  std::set<std::int64_t> sources;
  for (std::int64_t output = 0; output < axis.size.output; ++output) {
    for (std::int64_t tap = 0; tap < axis.size.kernel; ++tap) {
      positions.insert(axis.position(output, tap));
      sources.insert(axis.source(axis.position(output, tap)));
    }
  }
  std::int64_t inputs = 0;
  for (std::int64_t position = axis.first(); position <= axis.last(); ++position) {
    if (axis.kind(position) == TermKind::input) {
      ++inputs;
      EXPECT_EQ(axis.unread(position), !sources.contains(axis.source(position))) << position;
    } else if (axis.unread(position)) {
      EXPECT_FALSE(positions.contains(position)) << position;
    }
  }
  EXPECT_EQ(inputs, axis.size.input);  // all of it is drawn
}

template <class Module>
void expect_what_explain_says(const Module& layer, const Tensor& input) {
  const Subject subject = subject_of(layer, input);
  const Planes& output = subject.output;
  expect_unread(subject.rows);
  expect_unread(subject.columns);
  for (std::int64_t k = 0; k < output.count; ++k) {
    for (std::int64_t p = 0; p < output.rows; ++p) {
      for (std::int64_t q = 0; q < output.columns; ++q) {
        const explain::Index at{.channel = k, .row = p, .column = q};
        const explain::OutputSum sum = subject.explanation.output(at);
        EXPECT_EQ(output.at(k, p, q), sum.value.real());
        for (const Term& term : sum.terms) {
          expect_term(subject, at, term);
        }
      }
    }
  }
}

TEST(Subject, OfAConvolutionIsWhatExplainSays) {
  testing::Random random;
  for (int round = 0; round < 60; ++round) {
    const auto example = test::random_conv2d(random, DType::float32);
    SCOPED_TRACE(repr(example.layer.options()) + " on " + to_string(example.input.sizes()));
    expect_what_explain_says(example.layer, example.input);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(Subject, OfATransposedConvolutionIsWhatExplainSays) {
  testing::Random random;
  for (int round = 0; round < 60; ++round) {
    const auto example = test::random_conv_transpose2d(random, DType::float64);
    SCOPED_TRACE(repr(example.layer.options()) + " on " + to_string(example.input.sizes()));
    expect_what_explain_says(example.layer, example.input);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(Subject, PlanesAreTheFirstImageWhateverTheMemoryFormat) {
  const Tensor batch = testing::counting({2, 3, 2, 2});
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Planes planes = planes_of(batch.clone(format));
    EXPECT_EQ(planes.count, 3);
    EXPECT_EQ(planes.values, (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_EQ(planes.at(2, 1, 0), 10);
  }
}

TEST(Axis, LastRowOfAnOddPaddingIsUnread) {
  const Explanation odd(
      Conv2dOptions{
          .in_channels = 1, .out_channels = 1, .kernel_size = 3, .stride = 2, .padding = 1},
      {1, 6, 6});
  const Axis axis{odd.sizes().rows, false, PaddingMode::zeros};
  EXPECT_EQ(axis.first(), -1);
  EXPECT_EQ(axis.last(), 6);
  EXPECT_FALSE(axis.unread(5));
  EXPECT_TRUE(axis.unread(6));
}

}  // namespace
}  // namespace conv2d::diagram
