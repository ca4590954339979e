// The node tests that ONNX itself publishes (Debian's libonnx-testdata): every Conv, ConvTranspose
// and ConvInteger among them, by the tolerance that ONNX's own test runner uses.

#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace conv2d::io {
namespace {

constexpr const char* data_folder = "/usr/share/libonnx-testdata/data/node";
constexpr const char* unsupported = "test_convtranspose_3d";

/// All published tests of our three operators.
std::vector<std::string> node_tests() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(data_folder)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name.starts_with("test_conv_") || name.starts_with("test_basic_conv") ||
                      name.starts_with("test_convtranspose") ||
                      name.starts_with("test_convinteger");
    if (ours && name != unsupported) {
      names.push_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

/// input_0.pb, input_1.pb, ... belong to the graph's inputs in their order.
NamedTensors read_inputs(const Path& folder, const OnnxNode& node) {
  NamedTensors inputs;
  for (std::size_t i = 0; i < node.graph_inputs.size(); ++i) {
    const Path file = folder / ("input_" + std::to_string(i) + ".pb");
    inputs.emplace(node.graph_inputs[i], read_onnx_tensor(file));
  }
  return inputs;
}

/// |got - expected| <= 1e-7 + 1e-3 |expected|: onnx.backend.test.case.node's defaults.
void expect_close(TensorView got, TensorView expected) {
  constexpr double relative = 1e-3;
  constexpr double absolute = 1e-7;
  ASSERT_EQ(got.sizes(), expected.sizes());
  ASSERT_EQ(got.dtype(), expected.dtype());
  const Tensor a = got.clone(MemoryFormat::contiguous).to(DType::float64);
  const Tensor b = expected.clone(MemoryFormat::contiguous).to(DType::float64);
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    const double x = a.data<double>()[i];
    const double y = b.data<double>()[i];
    EXPECT_LE(std::fabs(x - y), absolute + relative * std::fabs(y)) << "element " << i;
  }
}

class OnnxNodeTest : public testing::TestWithParam<std::string> {};

TEST_P(OnnxNodeTest, GivesThePublishedOutput) {
  const Path folder = Path(data_folder) / GetParam();
  const OnnxNode node = read_onnx(folder / "model.onnx");
  const Path data = folder / "test_data_set_0";
  const NamedTensors inputs = read_inputs(data, node);
  const auto input = [&](std::size_t i) {
    return i < node.inputs.size() && !node.inputs[i].empty()
               ? functional::OptionalView(inputs.at(node.inputs[i]))
               : functional::OptionalView();
  };
  const Tensor y = run_onnx(node, input(0).value(), input(1).value(), input(2), input(3));
  expect_close(y, read_onnx_tensor(data / "output_0.pb"));
}

INSTANTIATE_TEST_SUITE_P(Published, OnnxNodeTest, testing::ValuesIn(node_tests()),
                         [](const auto& test) { return test.param; });

TEST(OnnxNode, AllPublishedTestsAreThere) {
  // As of ONNX 1.12: 6 of Conv, 9 of ConvTranspose besides the 3-D one, 3 of ConvInteger.
  EXPECT_GE(node_tests().size(), 18U);
}

TEST(OnnxNode, ThreeDimensionalNodesAreRefused) {
  const Path folder = Path(data_folder) / unsupported;
  const OnnxNode node = read_onnx(folder / "model.onnx");
  const Tensor x = read_onnx_tensor(folder / "test_data_set_0" / "input_0.pb");
  const Tensor w = read_onnx_tensor(folder / "test_data_set_0" / "input_1.pb");
  EXPECT_EQ(refusal([&] { run_onnx(node, x, w); }),
            "ONNX ConvTranspose: x and w must both have 4 dimensions, or 3 for a 1-D node, but got "
            "sizes [1, 1, 3, 4, 5] and [1, 2, 3, 3, 3]");
}

TEST(OnnxNode, OtherOperatorsAreRefused) {
  const std::string message =
      refusal([] { read_onnx(Path(data_folder) / "test_qlinearconv" / "model.onnx"); });
  EXPECT_NE(message.find("'QLinearConv' of domain ''; Conv, ConvTranspose and ConvInteger"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace conv2d::io
