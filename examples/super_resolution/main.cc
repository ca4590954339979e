// A picture four times as wide and as high: super_resolution [IMAGE] [-o OUTPUT]
#include "network.h"
#include "picture.h"
#include "progress_bar.h"
#include "tiles.h"

#include <conv2d/conv2d.h>
#include <conv2d/io.h>

#include <CLI/CLI.hpp>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>

namespace {

using conv2d::Tensor;
using super_resolution::Network;

constexpr int bad_input = 2;  // exit code
constexpr std::int64_t smallest_tile = 16;
constexpr std::int64_t largest_tile = 4096;

struct Settings {
  // The astronaut Eileen Collins, in Debian's python3-skimage (NASA, public domain).
  std::filesystem::path image = "/usr/lib/python3/dist-packages/skimage/data/astronaut.png";
  std::filesystem::path output;
  std::filesystem::path weights = "build/weights/esrgan_slim_x4.safetensors";
  std::string precision = "default";
  std::int64_t tile = 256;
  int threads = conv2d::num_threads();
  int measured_runs = 0;
};

/// Layers allocate their outputs and free them. Left alone, glibc hands large blocks back to the
/// system, which clears every page anew for the next layer: a fifth of the time went there.
void keep_freed_memory() {
#ifdef __GLIBC__
  // No other thread has started yet.
  mallopt(M_MMAP_THRESHOLD, std::numeric_limits<int>::max());  // NOLINT(concurrency-mt-unsafe)
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());  // NOLINT(concurrency-mt-unsafe)
#endif
}

Network load_network(const std::filesystem::path& path, conv2d::Precision precision) {
  if (!std::filesystem::exists(path)) {
    throw std::invalid_argument("there are no weights at " + path.string() +
                                "; `make super-resolution` brings them");
  }
  try {
    return Network(conv2d::io::read_safetensors(path).tensors, precision);
  } catch (const std::invalid_argument& error) {
    const std::string reason = error.what();
    throw std::invalid_argument(
        reason.find(path.string()) == std::string::npos ? path.string() + ": " + reason : reason);
  }
}

void check(const Settings& settings) {
  if (settings.tile < smallest_tile || settings.tile > largest_tile) {
    throw std::invalid_argument("a tile must have between " + std::to_string(smallest_tile) +
                                " and " + std::to_string(largest_tile) + " pixels a side, not " +
                                std::to_string(settings.tile));
  }
  const std::string ending = settings.output.extension().string();
  if (ending != ".png" && ending != ".npy") {
    throw std::invalid_argument("the output must end in .png or .npy, but is " +
                                settings.output.string());
  }
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Prints the seconds of each run, one a line, for programs that compare.
void measure(const Settings& settings, const Network& network, const Tensor& rgb, Tensor& output) {
  for (int run = 0; run < settings.measured_runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    super_resolution::upscale(network, rgb, output, settings.tile, [](double) {});
    std::cout << seconds_since(start) << '\n';
  }
}

void enlarge(const Settings& settings, const Network& network, const Tensor& rgb, Tensor& output) {
  const auto start = std::chrono::steady_clock::now();
  {
    const super_resolution::ProgressBar bar("enlarging");
    super_resolution::upscale(network, rgb, output, settings.tile,
                              [&bar](double done) { bar.set(done); });
  }
  std::cout << settings.image.string() << ": " << rgb.size(2) << " x " << rgb.size(1) << " pixels\n"
            << settings.output.string() << ": " << output.size(2) << " x " << output.size(1)
            << " pixels, computed in " << seconds_since(start) << " s\n";
}

void run(const Settings& settings) {
  check(settings);
  conv2d::set_num_threads(settings.threads);
  const Tensor rgb = super_resolution::read_rgb(settings.image);
  const Network network =
      load_network(settings.weights, conv2d::parse_precision(settings.precision));
  const bool as_picture = settings.output.extension() == ".png";
  Tensor output =
      Tensor::uninitialized({3, Network::scale * rgb.size(1), Network::scale * rgb.size(2)},
                            as_picture ? conv2d::DType::uint8 : conv2d::DType::float32);
  if (settings.measured_runs > 0) {
    measure(settings, network, rgb, output);
  } else {
    enlarge(settings, network, rgb, output);
  }
  if (settings.output.has_parent_path()) {
    std::filesystem::create_directories(settings.output.parent_path());
  }
  if (as_picture) {
    conv2d::io::write_png(settings.output, output);
  } else {
    conv2d::io::write_npy(settings.output, output);
  }
}

int parse_and_run(int argc, char** argv) {
  Settings settings;
  CLI::App app("A picture four times as wide and as high, by the network ESRGAN-slim.");
  app.add_option("IMAGE", settings.image, "a PNG or JPEG; an astronaut unless told");
  app.add_option("-o,--output", settings.output,
                 "a .png, or a .npy of float32 before rounding; out/NAME_x4.png unless told");
  app.add_option("--weights", settings.weights, "a safetensors file")->capture_default_str();
  app.add_option("--precision", settings.precision,
                 "exact: sums in the definition's order, slower; else default");
  app.add_option("--tile", settings.tile,
                 "pixels a side that are enlarged at once: less takes less memory")
      ->capture_default_str();
  app.add_option("--threads", settings.threads, "every processor's unless told");
  app.add_option("--measure", settings.measured_runs,
                 "enlarge so many times and print the seconds of each");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_input;
  }
  if (settings.output.empty()) {
    settings.output = "out/" + settings.image.stem().string() + "_x4.png";
  }
  run(settings);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  try {
    return parse_and_run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("super_resolution: there is not enough memory for the enlarged picture\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "super_resolution: %s\n", error.what());
  }
  return bad_input;
}
