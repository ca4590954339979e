#include "bench/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

// One output of the definition.
class Definition {
 public:
  Definition(TensorView input, TensorView weight, const functional::Conv2dArguments& arguments)
      : input_(input), weight_(weight), arguments_(arguments) {}

  double at(const OutputIndex& y) const {
    const std::int64_t channels = weight_.size(1);
    const std::int64_t group = y.k / (weight_.size(0) / arguments_.groups);
    const std::int64_t top = y.p * arguments_.stride.h - arguments_.padding.top();
    const std::int64_t left = y.q * arguments_.stride.w - arguments_.padding.left();
    double sum = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t r = 0; r < weight_.size(2); ++r) {
        for (std::int64_t s = 0; s < weight_.size(3); ++s) {
          const std::int64_t h = top + r * arguments_.dilation.h;
          const std::int64_t w = left + s * arguments_.dilation.w;
          if (h >= 0 && h < input_.size(2) && w >= 0 && w < input_.size(3)) {
            sum += static_cast<double>(weight_.at<float>({y.k, c, r, s})) *
                   static_cast<double>(input_.at<float>({y.n, group * channels + c, h, w}));
          }
        }
      }
    }
    return sum;
  }

 private:
  TensorView input_;
  TensorView weight_;
  const functional::Conv2dArguments& arguments_;
};

double distance(double got, double wanted) {
  const double difference = std::abs(got - wanted);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
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
  const Definition definition(input, weight, arguments);
  double largest = 0;
  for (const std::int64_t position : judged_outputs(output.numel())) {
    const OutputIndex y = index_of(position, output.sizes());
    const auto got = static_cast<double>(output.at<float>({y.n, y.k, y.p, y.q}));
    largest = std::max(largest, distance(got, definition.at(y)));
  }
  const auto products = static_cast<double>(weight.size(1) * weight.size(2) * weight.size(3));
  return largest / products;
}

}  // namespace conv2d::cli
