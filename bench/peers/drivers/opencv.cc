// Times OpenCV's filter2D, for layers that are one filter on each channel: one kernel for all
// channels, as filter2D has it.
//   nchw  a plane for each channel, one after the other
//   nhwc  channels side by side
#include "peer.h"

#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

namespace {

void check(const peer::Job& job) {
  const bool one_each = job.c == job.groups;
  const bool plain = job.stride_h == 1 && job.stride_w == 1 && job.dilation_h == 1 &&
                     job.dilation_w == 1 && job.p == job.h && job.q == job.w &&
                     job.top == job.bottom && job.left == job.right;
  if (job.n != 1 || !one_each || !plain) {
    throw std::runtime_error("filter2D has no such layer");
  }
}

void time_layout(const peer::Job& job, const std::string& layout) {
  check(job);
  const bool nhwc = layout == "nhwc" && job.c > 1;
  if (nhwc && job.k != job.c) {
    throw std::runtime_error("filter2D makes one channel of each");
  }
  cv::setNumThreads(job.threads);
  std::vector<float> x = peer::numbers(job.inputs(), 1);
  std::vector<float> y(static_cast<std::size_t>(job.outputs()));
  std::vector<float> kernel = peer::numbers(job.r * job.s, 2);
  std::vector<float> weights;
  for (std::int64_t k = 0; k < job.k; ++k) {
    weights.insert(weights.end(), kernel.begin(), kernel.end());
  }
  const cv::Mat filter(static_cast<int>(job.r), static_cast<int>(job.s), CV_32F, kernel.data());
  const cv::Point anchor(static_cast<int>(job.left), static_cast<int>(job.top));
  const std::int64_t planes = nhwc ? 1 : job.k;
  const int type = CV_32FC(nhwc ? static_cast<int>(job.c) : 1);
  const int rows = static_cast<int>(job.h), columns = static_cast<int>(job.w);
  const peer::Times times = peer::sample(job, [&] {
    for (std::int64_t k = 0; k < planes; ++k) {
      const std::int64_t from = nhwc ? 0 : k / (job.k / job.groups) * job.h * job.w;
      const cv::Mat input(rows, columns, type, x.data() + from);
      cv::Mat output(rows, columns, type, y.data() + (nhwc ? 0 : k * job.p * job.q));
      cv::filter2D(input, output, CV_32F, filter, anchor, 0, cv::BORDER_CONSTANT);
    }
  });
  const double error =
      peer::largest_error(job, peer::view(x.data(), job.c, job.h, job.w, nhwc), weights,
                          peer::view(y.data(), job.k, job.p, job.q, nhwc));
  peer::report(layout, cv::getVersionString(), "filter2D", times, error);
}

}  // namespace

int main(int argc, char** argv) { return peer::run_driver(argc, argv, time_layout); }
