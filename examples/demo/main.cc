// A photograph through two Conv2d layers, drawn and explained: demo [IMAGE]
#include "parts.h"

#include <conv2d/figure.h>
#include <conv2d/io.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace {

namespace figure = conv2d::figure;

constexpr int bad_input = 2;  // exit code

struct Settings {
  // The astronaut Eileen Collins, in Debian's python3-skimage (NASA, public domain).
  std::filesystem::path image = "/usr/lib/python3/dist-packages/skimage/data/astronaut.png";
  std::filesystem::path output_dir = "out";
  figure::SheetOptions sheet;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : "; ") + part;
  }
  return text;
}

demo::Files files_in(const std::filesystem::path& folder) {
  return {.sheet = folder / "demo.png",
          .input = folder / "conv2d_3_6_5_input.npy",
          .weights = folder / "conv2d_3_6_5.safetensors",
          .output = folder / "conv2d_3_6_5_output.npy"};
}

void print_files(const demo::Files& files) {
  std::cout << files.sheet.string() << ": all of it, drawn\n"
            << files.weights.string() << ": the random layer, as PyTorch's users keep theirs\n"
            << files.input.string() << ": the photograph as that layer took it\n"
            << files.output.string() << ": the six channels that it gave\n\n";
}

void run(const Settings& settings) {
  const demo::Photograph photo = demo::load_photograph(settings.image);
  std::filesystem::create_directories(settings.output_dir);
  std::cout << settings.image.string() << ": " << joined(photo.description) << "\n\n";
  const demo::Run filters = demo::run_filters(photo);
  const demo::Run random = demo::run_random_layer(photo);
  std::cout << "1. Filters that people designed, on the photograph's luminance\n\n";
  demo::report(filters, photo.luminance);
  std::cout << "2. Filters before any learning, on its red, green and blue\n\n";
  demo::report(random, photo.rgb);

  std::vector<figure::Panel> panels = demo::filter_panels(photo, filters);
  const std::vector<figure::Panel> more = demo::random_panels(random);
  panels.insert(panels.end(), more.begin(), more.end());
  figure::SheetOptions sheet = settings.sheet;
  sheet.title = "A photograph through two Conv2d layers";
  sheet.subtitle = photo.name + ": " + joined(photo.description);

  const demo::Files files = files_in(settings.output_dir);
  conv2d::io::write_png(files.sheet, figure::contact_sheet(panels, sheet));
  demo::write_check(photo, random, files);
  print_files(files);
  demo::print_check(files);
}

int parse_and_run(int argc, char** argv) {
  Settings settings;
  CLI::App app("A photograph through two Conv2d layers, drawn and explained.");
  app.add_option("IMAGE", settings.image, "a PNG or JPEG; an astronaut unless told");
  app.add_option("--output-dir", settings.output_dir, "where files go: out unless told");
  app.add_option("--columns", settings.sheet.columns, "panels in a row of the contact sheet");
  app.add_option("--panel-edge", settings.sheet.panel_edge, "pixels of a panel: 360 unless told");
  app.add_option("--ratio", settings.sheet.ratio, "2 for screens of double density");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_input;
  }
  run(settings);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "demo: %s\n", error.what());
    return bad_input;
  }
}
