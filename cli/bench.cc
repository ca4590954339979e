// conv2d bench: times forward passes of layers.
#include "bench/layer_list.h"
#include "command_syntax.h"
#include "commands.h"
#include "terminal.h"

#include <memory>
#include <string>
#include <vector>

namespace conv2d::cli {
namespace {

struct BenchArguments {
  std::string layers;
  bool list = false;
};

constexpr const char* bench_help = R"(Examples:
  conv2d bench --list)";

std::string list_text(const std::vector<Descriptor>& layers) {
  std::string text;
  for (const Descriptor& layer : layers) {
    text += to_text(layer) + '\n';
  }
  return text;
}

void bench(const BenchArguments& arguments) {
  const std::vector<Descriptor> layers = arguments.layers.empty()
                                             ? parse_layer_list(suite_text, "the list of layers")
                                             : read_layer_list(arguments.layers);
  print(list_text(layers));
}

}  // namespace

void add_bench(CLI::App& program) {
  CommandSyntax command(program, "bench", "Time forward passes of layers");
  auto arguments = std::make_shared<BenchArguments>();
  command.option("--layers", arguments->layers,
                 "A list of layers, oneDNN's problem descriptors; without it, a list of 80 of "
                 "well-known networks",
                 "FILE");
  command.flag("--list", arguments->list, "Only print the layers, as descriptors");
  command.finish(bench_help, [arguments] { bench(*arguments); });
}

}  // namespace conv2d::cli
