#include "bench/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace conv2d::cli {
namespace {

constexpr std::int64_t most_judged = 1024;

struct OutputIndex {
  std::int64_t n;
  std::int64_t k;
  std::int64_t p;
  std::int64_t q;
};

OutputIndex index_of(std::int64_t position, const Sizes& sizes) {
  const std::int64_t q = position % sizes[3];
  const std::int64_t row = position / sizes[3];
  const std::int64_t plane = row / sizes[2];
  return {plane / sizes[1], plane % sizes[1], row % sizes[2], q};
}

// What is judged, a convolution or a transposed one.
struct JudgedLayer {
  bool transposed;
  Pair stride;
  const Padding& padding;
  Pair dilation;
  std::int64_t groups;
};

// Along one axis: which input an output meets with a tap.
struct JudgedAxis {
  bool transposed;
  std::int64_t stride;
  std::int64_t before;
  std::int64_t dilation;
  std::int64_t input;

  // Nothing beyond the border, and where an output lies between those that the tap leads to.
  std::optional<std::int64_t> source(std::int64_t output, std::int64_t tap) const {
    const std::int64_t at =
        transposed ? output + before - tap * dilation : output * stride - before + tap * dilation;
    const std::int64_t step = transposed ? stride : 1;
    return at < 0 || at % step != 0 || at / step >= input ? std::nullopt : std::optional(at / step);
  }
};

// One output of the definition.
class Definition {
 public:
  Definition(TensorView input, TensorView weight, const JudgedLayer& layer)
      : input_(input),
        weight_(weight),
        transposed_(layer.transposed),
        channels_(input.size(1) / layer.groups),
        outputs_(transposed_ ? weight.size(1) : weight.size(0) / layer.groups),
        rows_{transposed_, layer.stride.h, layer.padding.top(), layer.dilation.h, input.size(2)},
        columns_{transposed_, layer.stride.w, layer.padding.left(), layer.dilation.w,
                 input.size(3)} {}

  std::int64_t products() const { return channels_ * weight_.size(2) * weight_.size(3); }

  double at(const OutputIndex& y) const {
    double sum = 0;
    for (std::int64_t c = 0; c < channels_; ++c) {
      const std::int64_t channel = y.k / outputs_ * channels_ + c;
      for (std::int64_t r = 0; r < weight_.size(2); ++r) {
        for (std::int64_t s = 0; s < weight_.size(3); ++s) {
          const auto h = rows_.source(y.p, r);
          const auto w = columns_.source(y.q, s);
          if (h && w) {
            sum +=
                static_cast<double>(transposed_ ? weight_.at<float>({channel, y.k % outputs_, r, s})
                                                : weight_.at<float>({y.k, c, r, s})) *
                static_cast<double>(input_.at<float>({y.n, channel, *h, *w}));
          }
        }
      }
    }
    return sum;
  }

 private:
  TensorView input_;
  TensorView weight_;
  bool transposed_;
  std::int64_t channels_;  ///< of a group
  std::int64_t outputs_;   ///< of a group
  JudgedAxis rows_;
  JudgedAxis columns_;
};

double distance(double got, double wanted) {
  const double difference = std::abs(got - wanted);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

double largest_error_of(const Definition& definition, TensorView output) {
  double largest = 0;
  for (const std::int64_t position : judged_outputs(output.numel())) {
    const OutputIndex y = index_of(position, output.sizes());
    const auto got = static_cast<double>(output.at<float>({y.n, y.k, y.p, y.q}));
    largest = std::max(largest, distance(got, definition.at(y)));
  }
  return largest / static_cast<double>(definition.products());
}

}  // namespace

std::vector<std::int64_t> judged_outputs(std::int64_t count) {
  std::vector<std::int64_t> outputs(static_cast<std::size_t>(std::min(count, most_judged)));
  if (count <= most_judged) {
    std::iota(outputs.begin(), outputs.end(), 0);
    return outputs;
  }
  outputs[0] = 0;
  outputs[1] = count - 1;
  // Multiples of the golden ratio, as parts of one, lie apart from each other however many there
  // are (Knuth, The Art of Computer Programming 3, section 6.4).
  constexpr double golden = 0.61803398874989485;
  for (std::size_t i = 2; i < outputs.size(); ++i) {
    const double turns = golden * static_cast<double>(i);
    outputs[i] =
        static_cast<std::int64_t>((turns - std::floor(turns)) * static_cast<double>(count));
  }
  return outputs;
}

double largest_error(TensorView input, TensorView weight,
                     const functional::Conv2dArguments& arguments, TensorView output) {
  const auto& a = arguments;
  return largest_error_of(
      Definition(input, weight, {false, a.stride, a.padding, a.dilation, a.groups}), output);
}

double largest_transposed_error(TensorView input, TensorView weight,
                                const functional::ConvTranspose2dArguments& arguments,
                                TensorView output) {
  const auto& a = arguments;
  return largest_error_of(
      Definition(input, weight, {true, a.stride, a.padding, a.dilation, a.groups}), output);
}

}  // namespace conv2d::cli
