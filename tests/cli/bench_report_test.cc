// What the benchmark says of a run, from numbers that are known beforehand.
#include "bench/report.h"
#include "bench/roofline.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace conv2d::cli {
namespace {

BenchRun known_run() {
  BenchRun run{.settings = {.threads = 2, .layout = MemoryFormat::channels_last},
               .peak_operations = 200e9,
               .bytes_per_second = 20e9};
  run.layers.push_back({.name = "fast",
                        .shape = "1x1x8x8",
                        .kernel = "1 of 3x3",
                        .algorithm = "direct",
                        .samples = 30,
                        .min_seconds = 1e-3,
                        .median_seconds = 2e-3,
                        .plan_seconds = 7e-6,
                        .operations = 1e8,
                        .bytes = 1e6,
                        .workspace_bytes = 2048,
                        .max_error = 1e-7,
                        .error_bound = 2e-6});
  run.layers.push_back(run.layers[0]);
  run.layers[1].name = "slow & <odd>";
  run.layers[1].min_seconds = 4e-3;
  run.layers[1].algorithm = "planar";
  run.layers.push_back({.name = "none", .algorithm = "direct", .refusal = "not \"this\" one"});
  return run;
}

TEST(BenchReport, TheTableShowsRatesAndTheirMean) {
  const std::string text = table_text(known_run());
  EXPECT_NE(text.find(", 2 threads, nhwc, default precision; at most 200 GFLOP/s, and 20 GB/s"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find(
          "  1 ms    2 ms      100      50%  direct     7.0 us      2 KiB  1.0e-07  2.0e-06\n"),
      std::string::npos)
      << text;
  // sqrt(50% * 12.5%)
  EXPECT_NE(text.find("2 layers; the geometric mean is 25% of the peak\n"
                      "not timed: none (not \"this\" one)\n"),
            std::string::npos)
      << text;
}

TEST(BenchReport, JsonSaysTheSameInNumbers) {
  const std::string text = json_text(known_run());
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["name"], "fast");
  EXPECT_EQ(first["threads"], 2);
  EXPECT_EQ(first["layout"], "nhwc");
  EXPECT_DOUBLE_EQ(first["plan_s"], 7e-6);
  EXPECT_DOUBLE_EQ(first["gflops"], 100);
  EXPECT_DOUBLE_EQ(first["peak_fraction"], 0.5);
  EXPECT_EQ(first["workspace_bytes"], 2048);
  const auto last = nlohmann::json::parse(text.substr(text.find("{\"name\":\"none\"")));
  EXPECT_EQ(last["refused"], "not \"this\" one");
  EXPECT_FALSE(last.contains("min_s"));
}

TEST(BenchReport, CsvDoublesQuotes) {
  const std::string text = csv_text(known_run());
  EXPECT_NE(text.find("\"none\",\"forward\",2,\"nhwc\",\"default\",\"uniform\",\"direct\",,,,,,,,,,"
                      "\"not \"\"this\"\" one\"\r\n"),
            std::string::npos)
      << text;
}

TEST(BenchReport, OtherValuesThanUsualAreNamedAtTheTop) {
  BenchRun run = known_run();
  run.settings.values = Values::subnormal;
  EXPECT_NE(machine_text(run).find(", default precision, subnormal inputs; at most"),
            std::string::npos)
      << machine_text(run);
}

TEST(BenchReport, ARunWithoutTimesSaysSo) {
  BenchRun run = known_run();
  run.layers.erase(run.layers.begin(), run.layers.begin() + 2);
  EXPECT_NE(table_text(run).find("nothing was timed\nnot timed: none"), std::string::npos);
  EXPECT_EQ(roofline_svg(run).find("<title>"), std::string::npos);
}

TEST(Roofline, PointsStandWhereTheirRatesAre) {
  const std::string svg = roofline_svg(known_run());
  // 100 operations a byte lie at the right end of 10..100, 100 GFLOP/s in the middle of 10..1000.
  EXPECT_NE(svg.find("<circle cx=\"940.0\" cy=\"300.0\" r=\"4\" fill=\"#0072b2\""),
            std::string::npos)
      << svg;
  EXPECT_NE(svg.find("<title>slow &amp; &lt;odd&gt;: planar, 25 GFLOP/s</title>"),
            std::string::npos)
      << svg;
}

}  // namespace
}  // namespace conv2d::cli
