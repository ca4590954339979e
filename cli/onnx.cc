// conv2d onnx: ONNX node test folders, as the standard ships them.
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/io.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace conv2d::cli {
namespace {

namespace fs = std::filesystem;

struct OnnxArguments {
  std::vector<std::string> folders;
  double rtol = 1e-3;
  double atol = 1e-7;
};

constexpr const char* onnx_help = R"(Example:
  conv2d onnx /usr/share/libonnx-testdata/data/node/test_conv_*

A folder has model.onnx, whose graph is one Conv, ConvTranspose or ConvInteger node, and folders
test_data_set_0, test_data_set_1, ... of input_0.pb, input_1.pb, ... and output_0.pb.
A value passes where |ours - theirs| <= atol + rtol * |theirs|.
Exits with 1 where a value does not, with 2 where a folder could not be run.)";

struct Comparison {
  double largest_difference = 0;
  std::int64_t values = 0;
  std::int64_t failed = 0;
};

Comparison compare(const Tensor& ours, const Tensor& theirs, const OnnxArguments& tolerance) {
  const Tensor a = ours.to(DType::float64);
  const Tensor b = theirs.to(DType::float64);
  Comparison result{.values = a.numel()};
  const auto* x = a.data<double>();
  const auto* y = b.data<double>();
  for (std::int64_t i = 0; i < result.values; ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) {
      continue;
    }
    const double difference = std::abs(x[i] - y[i]);
    // Written so that a NaN on one side fails.
    const bool passes = difference <= tolerance.atol + tolerance.rtol * std::abs(y[i]);
    result.failed += passes ? 0 : 1;
    result.largest_difference = std::isnan(difference)
                                    ? std::numeric_limits<double>::infinity()
                                    : std::max(result.largest_difference, difference);
  }
  return result;
}

// The node's inputs in the operator's order, from the model or from the data set.
std::vector<std::optional<Tensor>> read_inputs(const io::OnnxNode& node, const fs::path& data_set) {
  std::vector<std::optional<Tensor>> inputs;
  for (const std::string& name : node.inputs) {
    const auto stored = node.initializers.find(name);
    const auto given = std::find(node.graph_inputs.begin(), node.graph_inputs.end(), name);
    if (name.empty()) {
      inputs.emplace_back();
    } else if (stored != node.initializers.end()) {
      inputs.emplace_back(stored->second.clone());
    } else if (given != node.graph_inputs.end()) {
      inputs.emplace_back(io::read_onnx_tensor(
          data_set / fmt::format("input_{}.pb", given - node.graph_inputs.begin())));
    } else {
      refuse(fmt::format("{}: the model says nowhere what its input '{}' is",
                         data_set.parent_path().string(), name));
    }
  }
  return inputs;
}

Tensor run_node(const io::OnnxNode& node, const fs::path& data_set) {
  constexpr std::size_t most_inputs = 4;
  const std::vector<std::optional<Tensor>> inputs = read_inputs(node, data_set);
  if (inputs.size() < 2 || !inputs[0] || !inputs[1] || inputs.size() > most_inputs) {
    refuse(fmt::format("{}: a {} node takes 2 to 4 inputs, the first two of which are required",
                       data_set.parent_path().string(), node.op_type));
  }
  std::array<functional::OptionalView, most_inputs> views;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i]) {
      views[i] = inputs[i]->view();
    }
  }
  try {
    return io::run_onnx(node, *views[0], *views[1], views[2], views[3]);
  } catch (const std::invalid_argument& error) {
    refuse(fmt::format("{}: {}", data_set.string(), error.what()));
  }
}

std::vector<fs::path> data_sets_of(const fs::path& folder) {
  std::vector<fs::path> data_sets;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with("test_data_set_")) {
      data_sets.push_back(entry.path());
    }
  }
  if (error) {
    refuse(fmt::format("{}: {}", folder.string(), error.message()));
  }
  if (data_sets.empty()) {
    refuse(fmt::format("{}: there is no folder test_data_set_0 in it", folder.string()));
  }
  std::sort(data_sets.begin(), data_sets.end());
  return data_sets;
}

// One line of the report; whether the data set passed.
bool check_data_set(const io::OnnxNode& node, const fs::path& data_set, const std::string& name,
                    const OnnxArguments& arguments) {
  const Tensor ours = run_node(node, data_set);
  const Tensor theirs = io::read_onnx_tensor(data_set / "output_0.pb");
  if (ours.sizes() != theirs.sizes()) {
    print(fmt::format("FAIL  {}: output {}, but {} was expected\n", name, by(ours.sizes()),
                      by(theirs.sizes())));
    return false;
  }
  const Comparison result = compare(ours, theirs, arguments);
  print(fmt::format(
      "{}  {}: largest difference {:.3g} among {}{}\n", result.failed == 0 ? "pass" : "FAIL", name,
      result.largest_difference, counted(result.values, "value"),
      result.failed == 0 ? "" : fmt::format(", {} beyond the tolerance", grouped(result.failed))));
  return result.failed == 0;
}

struct Tally {
  std::int64_t passed = 0;
  std::int64_t failed = 0;
  std::int64_t refused = 0;
};

void check_folder(const fs::path& folder, const OnnxArguments& arguments, Tally& tally) {
  const io::OnnxNode node = io::read_onnx(folder / "model.onnx");
  for (const fs::path& data_set : data_sets_of(folder)) {
    const std::string name = fmt::format("{} ({})", data_set.string(), node.op_type);
    ++(check_data_set(node, data_set, name, arguments) ? tally.passed : tally.failed);
  }
}

void onnx(const OnnxArguments& arguments) {
  if (!(arguments.rtol >= 0) || !(arguments.atol >= 0)) {
    refuse(fmt::format("--rtol and --atol must be 0 or more, but got {} and {}", arguments.rtol,
                       arguments.atol));
  }
  Tally tally;
  for (const std::string& folder : arguments.folders) {
    try {
      check_folder(folder, arguments, tally);
    } catch (const std::invalid_argument& error) {
      if (arguments.folders.size() == 1) {
        throw;
      }
      ++tally.refused;  // the others are looked at all the same
      print(fmt::format("error {}\n", error.what()));
    }
  }
  print(fmt::format("{} passed, {} failed, {} could not be run (rtol {:g}, atol {:g})\n",
                    tally.passed, tally.failed, tally.refused, arguments.rtol, arguments.atol));
  if (tally.failed > 0) {
    throw ComparisonFailed();
  }
  if (tally.refused > 0) {
    refuse(fmt::format("{} could not be run", counted(tally.refused, "folder")));
  }
}

}  // namespace

void add_onnx(CLI::App& program) {
  CommandSyntax command(program, "onnx", "Run ONNX node tests and compare");
  auto arguments = std::make_shared<OnnxArguments>();
  command.require("DIR", arguments->folders, "Node test folders", "DIR");
  command.option("--rtol", arguments->rtol, "Relative tolerance", "FLOAT");
  command.option("--atol", arguments->atol, "Absolute tolerance", "FLOAT");
  command.finish(onnx_help, [arguments] { onnx(*arguments); });
}

}  // namespace conv2d::cli
