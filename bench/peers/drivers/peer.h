// What every driver of another library shares: the layer from its arguments, numbers to convolve,
// the clock, the judge, and the line that it prints. The rules are those of `conv2d bench`, so that
// times can be compared: weights prepared and outputs allocated before the clock starts, each
// sample one run, errors against the definition in float64.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace peer {

/// One layer and how to time it: key=value arguments, such as n=1 c=64 h=56 ... layouts=nchw,best.
struct Job {
  std::int64_t n, c, h, w;  ///< input
  std::int64_t k, p, q;     ///< output
  std::int64_t r, s, groups;
  std::int64_t stride_h, stride_w, dilation_h, dilation_w;  ///< dilation counts from 1
  std::int64_t top, bottom, left, right;                    ///< zeros beyond the border
  int threads, samples;
  std::vector<std::string> layouts;

  std::int64_t inputs() const { return n * c * h * w; }
  std::int64_t weights() const { return k * (c / groups) * r * s; }
  std::int64_t outputs() const { return n * k * p * q; }
};

inline Job read_job(int argc, char** argv) {
  std::map<std::string, std::string> values;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t at = word.find('=');
    values[word.substr(0, at)] = at == std::string::npos ? "" : word.substr(at + 1);
  }
  const auto number = [&](const char* key) { return std::stoll(values.at(key)); };
  Job job{number("n"),
          number("c"),
          number("h"),
          number("w"),
          number("k"),
          number("p"),
          number("q"),
          number("r"),
          number("s"),
          number("groups"),
          number("stride_h"),
          number("stride_w"),
          number("dilation_h"),
          number("dilation_w"),
          number("top"),
          number("bottom"),
          number("left"),
          number("right"),
          static_cast<int>(number("threads")),
          static_cast<int>(number("samples")),
          {}};
  std::stringstream layouts(values.at("layouts"));
  for (std::string layout; std::getline(layouts, layout, ',');) {
    job.layouts.push_back(layout);
  }
  return job;
}

/// Uniform in -1..1, the same in every run.
inline std::vector<float> numbers(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    value = static_cast<float>(static_cast<double>(seed >> 11) * 0x1p-52 - 1);
  }
  return values;
}

/// Elements of a tensor of four dimensions in memory that somebody else owns.
struct View {
  const float* data;
  std::int64_t strides[4];  ///< of n, c, h, w

  double at(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    return data[n * strides[0] + c * strides[1] + h * strides[2] + w * strides[3]];
  }
};

inline View view(const float* data, std::int64_t c, std::int64_t h, std::int64_t w, bool nhwc) {
  return nhwc ? View{data, {h * w * c, 1, w * c, c}} : View{data, {c * h * w, h * w, w, 1}};
}

/// The largest |y - y'| / n over a sample of the outputs, y' in double, n the number of products.
/// Weights lie as (k, c / groups, r, s).
inline double largest_error(const Job& job, View x, const std::vector<float>& weights, View y) {
  const std::int64_t channels = job.c / job.groups;
  const std::int64_t judged = std::min<std::int64_t>(job.outputs(), 512);
  double largest = 0;
  for (std::int64_t i = 0; i < judged; ++i) {
    const double turns = 0.61803398874989485 * static_cast<double>(i);
    const auto at =
        static_cast<std::int64_t>((turns - std::floor(turns)) * static_cast<double>(job.outputs()));
    const std::int64_t q = at % job.q, p = at / job.q % job.p;
    const std::int64_t k = at / (job.q * job.p) % job.k, n = at / (job.q * job.p * job.k);
    const std::int64_t first = k / (job.k / job.groups) * channels;
    double sum = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t r = 0; r < job.r; ++r) {
        for (std::int64_t s = 0; s < job.s; ++s) {
          const std::int64_t h = p * job.stride_h + r * job.dilation_h - job.top;
          const std::int64_t w = q * job.stride_w + s * job.dilation_w - job.left;
          if (h >= 0 && h < job.h && w >= 0 && w < job.w) {
            const auto at_weight =
                static_cast<std::size_t>(((k * channels + c) * job.r + r) * job.s + s);
            sum += x.at(n, first + c, h, w) * weights[at_weight];
          }
        }
      }
    }
    largest = std::max(largest, std::abs(y.at(n, k, p, q) - sum));
  }
  return largest / static_cast<double>(channels * job.r * job.s);
}

struct Times {
  double min_seconds;
  double median_seconds;
  std::size_t samples;
};

/// Runs until there are enough samples and a tenth of a second is over, ten seconds at most.
template <class Run>
Times sample(const Job& job, Run&& run) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto warming = Clock::now();
  do {
    run();
  } while (since(warming) < 0.02);
  std::vector<double> seconds;
  const auto begin = Clock::now();
  do {
    const auto start = Clock::now();
    run();
    seconds.push_back(since(start));
  } while ((seconds.size() < static_cast<std::size_t>(job.samples) || since(begin) < 0.1) &&
           since(begin) < 10);
  std::sort(seconds.begin(), seconds.end());
  return {seconds.front(), seconds[seconds.size() / 2], seconds.size()};
}

/// One JSON object a line, at once: should the next layout crash, this one is kept.
inline void report(const std::string& layout, const std::string& version,
                   const std::string& implementation, const Times& times, double error) {
  std::printf(
      "{\"layout\": \"%s\", \"version\": \"%s\", \"implementation\": \"%s\", "
      "\"min_s\": %.9g, \"median_s\": %.9g, \"samples\": %zu, \"max_error\": %.3g}\n",
      layout.c_str(), version.c_str(), implementation.c_str(), times.min_seconds,
      times.median_seconds, times.samples, error);
  std::fflush(stdout);
}

/// main() of a driver: time_layout(job, layout) for each that is asked for.
template <class TimeLayout>
int run_driver(int argc, char** argv, TimeLayout&& time_layout) {
  try {
    const Job job = read_job(argc, argv);
    for (const std::string& layout : job.layouts) {
      time_layout(job, layout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace peer
