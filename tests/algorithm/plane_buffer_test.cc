// Every tap of every output finds in the buffer what it reads of the input, for every small axis of
// columns: where no column is inside for all phases, too.
#include "algorithm/plane_buffer.h"

#include "geometry/problem.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <vector>

namespace conv2d {
namespace {

/// A layer of two channels; nothing where these columns do not fit.
std::optional<Problem> problem_with(const Axis& columns, PaddingMode mode) {
  constexpr Axis rows{
      .input = 5, .kernel = 3, .stride = 2, .dilation = 1, .pad_before = 1, .pad_after = 1};
  functional::Conv2dArguments arguments;
  arguments.stride = Pair(rows.stride, columns.stride);
  arguments.padding =
      Padding(rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after);
  arguments.dilation = Pair(rows.dilation, columns.dilation);
  arguments.padding_mode = mode;
  auto problem = conv2d_problem({1, 2, rows.input, columns.input},
                                {1, 2, rows.kernel, columns.kernel}, false, {}, arguments);
  return problem.ok() ? std::optional(problem.value()) : std::nullopt;
}

class Filled {
 public:
  /// The strip of `rows` output rows from first_row on.
  Filled(const Problem& problem, std::int64_t first_row, std::int64_t rows)
      : problem_(problem),
        first_row_(first_row),
        rows_(rows),
        layout_(problem, rows, problem.columns.output, 0),
        buffer_(static_cast<std::size_t>(problem.in_channels * layout_.channel_step()),
                std::numeric_limits<float>::quiet_NaN()),
        x_(testing::numbered(problem.x_sizes())) {
    PlaneFiller<float> filler(problem_, x_, layout_);
    filler.fill(0, 0, problem.in_channels, first_row, rows, buffer_.data());
  }

  /// How many reads find something else.
  int wrong_reads() const {
    int wrong = 0;
    for (std::int64_t c = 0; c < problem_.in_channels; ++c) {
      for (std::int64_t i = 0; i < rows_; ++i) {
        for (std::int64_t q = 0; q < problem_.columns.output; ++q) {
          wrong += wrong_taps(c, i, q);
        }
      }
    }
    return wrong;
  }

 private:
  int wrong_taps(std::int64_t c, std::int64_t i, std::int64_t q) const {
    int wrong = 0;
    auto offset = layout_.offsets().begin();
    for (std::int64_t r = 0; r < problem_.rows.kernel; ++r) {
      const auto h = source_index(problem_.rows, problem_.padding_mode, first_row_ + i, r);
      for (std::int64_t s = 0; s < problem_.columns.kernel; ++s, ++offset) {
        const auto w = source_index(problem_.columns, problem_.padding_mode, q, s);
        const float expected = h == nowhere || w == nowhere ? 0 : x_.at<float>({0, c, h, w});
        const auto place = c * layout_.channel_step() + *offset + i * layout_.pitch() + q;
        wrong += buffer_.at(static_cast<std::size_t>(place)) == expected ? 0 : 1;
      }
    }
    return wrong;
  }

  const Problem& problem_;
  std::int64_t first_row_;
  std::int64_t rows_;
  PlaneLayout layout_;
  std::vector<float> buffer_;
  Tensor x_;
};

/// Calls visit(axis) for every axis of few columns.
template <class Visitor>
void for_each_axis(std::int64_t stride, Visitor&& visit) {
  for (std::int64_t kernel = 1; kernel <= 5; ++kernel) {
    for (std::int64_t dilation = 1; dilation <= 3; ++dilation) {
      for (std::int64_t input = 1; input <= 9; ++input) {
        for (std::int64_t before = 0; before <= 4; ++before) {
          for (const std::int64_t after : {0, 3}) {
            visit(Axis{.input = input,
                       .kernel = kernel,
                       .stride = stride,
                       .dilation = dilation,
                       .pad_before = before,
                       .pad_after = after});
          }
        }
      }
    }
  }
}

class PlaneBuffer : public ::testing::TestWithParam<int> {};

TEST_P(PlaneBuffer, EveryTapFindsWhatItReads) {
  int axes = 0;
  for (const PaddingMode mode :
       {PaddingMode::zeros, PaddingMode::reflect, PaddingMode::replicate, PaddingMode::circular}) {
    for_each_axis(GetParam(), [&](const Axis& axis) {
      const auto problem = problem_with(axis, mode);
      if (!problem || HasFailure()) {
        return;
      }
      ++axes;
      EXPECT_EQ(Filled(*problem, 0, problem->rows.output).wrong_reads() +
                    Filled(*problem, 1, 2).wrong_reads(),
                0)
          << "input " << axis.input << ", kernel " << axis.kernel << ", dilation " << axis.dilation
          << ", padding " << axis.pad_before << ' ' << axis.pad_after << ", " << name(mode);
    });
  }
  EXPECT_GT(axes, 2000);  // not few that fit
}

INSTANTIATE_TEST_SUITE_P(Strides, PlaneBuffer, ::testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace conv2d
