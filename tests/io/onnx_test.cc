// ONNX: every place an element can lie in, every attribute, and messages that lie.

#include "proto_writer.h"
#include "support.h"

#include <gtest/gtest.h>

namespace conv2d::io {
namespace {

Tensor decode_tensor(const ProtoWriter& proto) {
  return decode_onnx_tensor(bytes_of(proto.text()), "x.pb");
}
std::string tensor_refusal(const ProtoWriter& proto) {
  return refusal([&] { decode_tensor(proto); });
}

/// A TensorProto's beginning: dims and data_type.
ProtoWriter tensor(std::initializer_list<std::int64_t> dims, int data_type) {
  return ProtoWriter().integers(1, dims).integer(2, data_type);
}

ProtoWriter ints(std::string_view name, std::initializer_list<std::int64_t> values) {
  return ProtoWriter().bytes(1, name).integers(8, values).integer(20, 7);
}
ProtoWriter text(std::string_view name, std::string_view value) {
  return ProtoWriter().bytes(1, name).bytes(4, value).integer(20, 3);
}
ProtoWriter number(std::string_view name, std::int64_t value) {
  return ProtoWriter().bytes(1, name).integer(3, value).integer(20, 2);
}

ProtoWriter node(std::string_view op, std::initializer_list<ProtoWriter> attributes,
                 std::initializer_list<std::string_view> inputs = {"x", "w"}) {
  ProtoWriter proto;
  for (const std::string_view input : inputs) {
    proto.bytes(1, input);
  }
  proto.bytes(2, "y").bytes(3, "node's name").bytes(4, op);
  for (const ProtoWriter& attribute : attributes) {
    proto.message(5, attribute);
  }
  return proto;
}

ProtoWriter model(const ProtoWriter& graph) {
  return ProtoWriter().integer(1, 8).bytes(2, "a test").message(7, graph);
}

OnnxNode from_onnx(const ProtoWriter& proto) {
  return decode_onnx(bytes_of(proto.text()), "x.onnx");
}
OnnxNode decode_one(std::string_view op, std::initializer_list<ProtoWriter> attributes) {
  return from_onnx(model(ProtoWriter().message(1, node(op, attributes))));
}
std::string node_refusal(std::string_view op, std::initializer_list<ProtoWriter> attributes) {
  return refusal([&] { decode_one(op, attributes); });
}

TEST(OnnxTensor, ReadsRawBytesOfEveryDtype) {
  const std::pair<int, DType> types[] = {
      {1, DType::float32},    {2, DType::uint8},       {3, DType::int8},
      {6, DType::int32},      {10, DType::float16},    {11, DType::float64},
      {14, DType::complex64}, {15, DType::complex128}, {16, DType::bfloat16}};
  for (const auto& [code, dtype] : types) {
    const Tensor expected = counting({2, 3}, dtype);
    const std::string_view raw(static_cast<const char*>(expected.data()), 6 * element_size(dtype));
    EXPECT_TRUE(same(decode_tensor(tensor({2, 3}, code).bytes(9, raw)), expected)) << name(dtype);
  }
}

TEST(OnnxTensor, ReadsElementsFromTheFieldOfTheirType) {
  EXPECT_TRUE(same(decode_tensor(tensor({3}, 1).packed_floats(4, {0, 1, 2})),
                   counting({3}, DType::float32)));
  EXPECT_TRUE(same(decode_tensor(tensor({2}, 14).packed_floats(4, {0, 0, 1, -1})),
                   Tensor::from<complex64>({2}, {{0, 0}, {1, -1}})));
  EXPECT_TRUE(same(decode_tensor(tensor({3}, 11).packed_doubles(10, {0, 1, 2})),
                   counting({3}, DType::float64)));
  EXPECT_TRUE(same(decode_tensor(tensor({2}, 15).packed_doubles(10, {0, 0, 1, -1})),
                   Tensor::from<complex128>({2}, {{0, 0}, {1, -1}})));
  EXPECT_TRUE(same(decode_tensor(tensor({3}, 6).packed(5, {-1, 0, 2147483647})),
                   Tensor::from<std::int32_t>({3}, {-1, 0, 2147483647})));
  EXPECT_TRUE(same(decode_tensor(tensor({3}, 3).packed(5, {-128, 0, 127})),
                   Tensor::from<std::int8_t>({3}, {-128, 0, 127})));
  EXPECT_TRUE(same(decode_tensor(tensor({3}, 2).packed(5, {0, 1, 255})),
                   Tensor::from<std::uint8_t>({3}, {0, 1, 255})));
  // Halves lie there as their bits: 1 is 0x3c00 in float16, 0x3f80 in bfloat16.
  EXPECT_TRUE(
      same(decode_tensor(tensor({2}, 10).packed(5, {0, 0x3c00})), counting({2}, DType::float16)));
  EXPECT_TRUE(
      same(decode_tensor(tensor({2}, 16).packed(5, {0, 0x3f80})), counting({2}, DType::bfloat16)));
}

TEST(OnnxTensor, RepeatedFieldsMayBeUnpackedOrInPieces) {
  EXPECT_TRUE(same(decode_tensor(tensor({3}, 1).single_float(4, 0).packed_floats(4, {1, 2})),
                   counting({3}, DType::float32)));
  EXPECT_TRUE(same(decode_tensor(tensor({2}, 11).single_double(10, 0).single_double(10, 1)),
                   counting({2}, DType::float64)));
  EXPECT_TRUE(same(decode_tensor(tensor({3}, 6).integer(5, 0).packed(5, {1, 2})),
                   counting({3}, DType::int32)));
  EXPECT_EQ(decode_tensor(ProtoWriter().packed(1, {2, 1}).integer(2, 6).packed(5, {1, 2})).sizes(),
            (Sizes{2, 1}));
}

TEST(OnnxTensor, ScalarsAndEmptyTensorsAreRead) {
  EXPECT_TRUE(same(decode_tensor(tensor({}, 2).packed(5, {7})), Tensor::full({}, 7, DType::uint8)));
  EXPECT_TRUE(same(decode_tensor(tensor({0, 3}, 1)), Tensor({0, 3})));
}

TEST(OnnxTensor, WhatDoesNotFitIsRefusedWithTheReason) {
  const std::pair<ProtoWriter, const char*> cases[] = {
      {tensor({3}, 1).packed_floats(4, {1, 2}), "float32 [3], but holds 2 numbers"},
      {tensor({3}, 1).bytes(9, "12345678"), "float32 [3], but holds 8 bytes"},
      {tensor({1LL << 40}, 1), "but holds 0 numbers"},
      {tensor({1LL << 62, 1LL << 62}, 1).bytes(9, "1234"), "but holds 4 bytes"},
      {tensor({1LL << 62, 1LL << 62}, 1).packed_floats(4, {1}), "but holds 1 numbers"},
      {tensor({1}, 14).packed_floats(4, {1}), "complex64 [1], but holds 1 numbers"},
      {tensor({-1}, 1), "the extent -1"},
      {tensor({1, 1, 1, 1, 1, 1, 1, 1, 1}, 1), "more than 8 dimensions"},
      {tensor({1}, 7).integer(7, 1), "ONNX data type 7; allowed are 1 float32"},
      {tensor({1}, 8).bytes(6, "text"), "ONNX data type 8"},
      {ProtoWriter(), "ONNX data type 0"},
      {tensor({1}, 2).packed(5, {256}), "the number 256, which its element type"},
      {tensor({1}, 3).packed(5, {-129}), "the number -129"},
      {tensor({1}, 6).packed(5, {1LL << 40}), "the number 1099511627776"},
      {tensor({1}, 10).packed(5, {1 << 16}), "the number 65536"},
      {tensor({1}, 1).bytes(4, "12345"), "has 5 bytes, not a multiple of 4"},
      {tensor({1}, 1).integer(4, 1), "wire type 0 where 2 is expected"},
      {tensor({1}, 1).integer(9, 1), "wire type 0 where 2 is expected"},
      {ProtoWriter().bytes(2, "1"), "wire type 2 where 0 is expected"},
      {tensor({1}, 1).bytes(3, ""), "in segments"},
      {tensor({1}, 1).bytes(13, ""), "in another file"},
      {tensor({1}, 1).integer(14, 1), "in another file"},
      {ProtoWriter().integer(0, 1), "a field of number 0"},
  };
  for (const auto& [proto, reason] : cases) {
    const std::string message = tensor_refusal(proto);
    EXPECT_NE(message.find(reason), std::string::npos) << reason << " -> " << message;
    EXPECT_EQ(message.find("x.pb: "), 0U) << message;
  }
}

TEST(OnnxTensor, BytesThatAreNoMessageAreRefused) {
  const auto message = [](std::string_view text) {
    return refusal([&] { decode_onnx_tensor(bytes_of(text), "x.pb"); });
  };
  EXPECT_NE(message("\x0b").find("a field of wire type 3"), std::string::npos);
  EXPECT_NE(message(std::string(11, '\xff')).find("more than 10 bytes"), std::string::npos);
  EXPECT_NE(message("\x4a\xff\xff\xff\xff\x7f").find("34359738367 bytes are promised and 0"),
            std::string::npos);
  EXPECT_NE(message("\x08\x80").find("ends too early"), std::string::npos);
}

TEST(OnnxTensor, EveryCutIsRefused) {
  // The elements last: a message cut between two fields is a message.
  const std::string text = tensor({2, 3}, 1).bytes(9, std::string(24, '\1')).text();
  expect_every_cut_refused(bytes_of(text), [](Bytes cut) { decode_onnx_tensor(cut, "x.pb"); });
}

TEST(OnnxModel, ReadsEveryAttribute) {
  const ProtoWriter graph =
      ProtoWriter()
          .message(1, node("ConvTranspose",
                           {ints("kernel_shape", {3, 5}), ints("strides", {2, 1}),
                            ints("dilations", {1, 2}), ints("pads", {1, 2, 3, 4}),
                            ints("output_padding", {1, 0}), ints("output_shape", {10, 8}),
                            number("group", 2), text("auto_pad", "NOTSET")},
                           {"x", "w", ""}))
          .bytes(2, "graph's name")
          .message(5, tensor({2}, 6).packed(5, {0, 1}).bytes(8, "w"))
          .message(11, ProtoWriter().bytes(1, "x"))
          .message(12, ProtoWriter().bytes(1, "y"));
  const OnnxNode read = from_onnx(model(graph));
  EXPECT_EQ(read.op_type, "ConvTranspose");
  EXPECT_EQ(read.inputs, (std::vector<std::string>{"x", "w", ""}));
  EXPECT_EQ(read.outputs, std::vector<std::string>{"y"});
  EXPECT_EQ(read.graph_inputs, std::vector<std::string>{"x"});
  EXPECT_TRUE(same(read.initializers.at("w"), counting({2}, DType::int32)));
  using List = std::vector<std::int64_t>;
  EXPECT_EQ(read.kernel_shape, (List{3, 5}));
  EXPECT_EQ(read.strides, (List{2, 1}));
  EXPECT_EQ(read.dilations, (List{1, 2}));
  EXPECT_EQ(read.pads, (List{1, 2, 3, 4}));
  EXPECT_EQ(read.output_padding, (List{1, 0}));
  EXPECT_EQ(read.output_shape, (List{10, 8}));
  EXPECT_EQ(read.group, 2);
  EXPECT_EQ(read.auto_pad, AutoPad::notset);
}

TEST(OnnxModel, WhatIsNoSingleConvolutionIsRefused) {
  const ProtoWriter conv = node("Conv", {});
  const ProtoWriter two = tensor({1}, 6).packed(5, {0}).bytes(8, "w");
  const std::pair<ProtoWriter, const char*> cases[] = {
      {ProtoWriter(), "it has no graph"},
      {model(ProtoWriter()), "its graph has 0 nodes"},
      {model(ProtoWriter().message(1, conv).message(1, conv)), "its graph has 2 nodes"},
      {model(ProtoWriter().message(1, node("Gemm", {}))), "its node is 'Gemm'"},
      {model(ProtoWriter().message(1, node("Conv", {}).bytes(7, "com.example"))),
       "'Conv' of domain 'com.example'"},
      {model(ProtoWriter().message(1, node("Conv", {}, {"x"}))), "takes 2 to 3 inputs"},
      {model(ProtoWriter().message(1, node("Conv", {}, {"x", "w", "b", "c"}))), "but has 4 and 1"},
      {model(ProtoWriter().message(1, node("Conv", {}).bytes(2, "z"))), "but has 2 and 2"},
      {model(ProtoWriter().message(1, conv).message(5, two).message(5, two)), "'w' comes twice"},
      {model(ProtoWriter().message(1, conv).message(15, two)), "sparse"},
  };
  for (const auto& [proto, reason] : cases) {
    const std::string message = refusal([&] { from_onnx(proto); });
    EXPECT_NE(message.find(reason), std::string::npos) << reason << " -> " << message;
  }
}

TEST(OnnxModel, AttributesThatDoNotFitAreRefused) {
  const auto has = [](const std::string& message, const char* reason) {
    EXPECT_NE(message.find(reason), std::string::npos) << reason << " -> " << message;
  };
  has(node_refusal("Conv", {ints("output_shape", {3, 3})}), "Conv has no attribute 'output_shape'");
  has(node_refusal("Conv", {ints("storage_order", {3})}), "no attribute 'storage_order'");
  has(node_refusal("Conv", {text("auto_pad", "SAME")}), "auto_pad is 'SAME'; allowed are NOTSET");
  has(node_refusal("Conv", {ints("strides", {1, 1}), ints("pads", {1, 1})}), "do not agree");
  has(node_refusal("Conv", {ints("pads", {1, 1, 1})}), "pads has 3 numbers");
  has(node_refusal("Conv", {ints("strides", {1, 1, 1})}), "is a 3-D node");
  has(node_refusal("Conv", {ints("pads", {1, 1, 1, 1, 1, 1, 1})}), "more than 6 numbers");
  has(node_refusal("Conv", {ints("pads", {0, 1, 0, 0}), text("auto_pad", "VALID")}), "both");
}

TEST(OnnxModel, EveryCutIsRefused) {
  const std::string text = model(ProtoWriter().message(1, node("Conv", {}))).text();
  expect_every_cut_refused(bytes_of(text), [](Bytes cut) { decode_onnx(cut, "x.onnx"); });
}

TEST(OnnxModel, NoChangedByteCrashes) {
  const ProtoWriter graph =
      ProtoWriter()
          .message(1, node("Conv", {ints("pads", {1, 2, 3, 4}), text("auto_pad", "NOTSET")}))
          .message(5, tensor({2}, 6).packed(5, {0, 1}).bytes(8, "w"));
  expect_no_crash_on_any_change(bytes_of(model(graph).text()),
                                [](Bytes changed) { decode_onnx(changed, "x.onnx"); });
}

OnnxNode conv_node(std::string op = "Conv") {
  OnnxNode made;
  made.op_type = std::move(op);
  return made;
}

TEST(OnnxRun, AttributesMeanWhatOursMean) {
  OnnxNode asymmetric = conv_node();
  asymmetric.pads = {1, 2, 3, 4};
  asymmetric.strides = {2, 1};
  asymmetric.dilations = {1, 2};
  asymmetric.group = 2;
  asymmetric.kernel_shape = {3, 2};
  const Tensor x = counting({2, 4, 5, 6}, DType::float32);
  const Tensor w = counting({6, 2, 3, 2}, DType::float32);
  const Tensor b = counting({6}, DType::float32);
  EXPECT_TRUE(same(
      run_onnx(asymmetric, x, w, TensorView(b)),
      functional::conv2d(x, w, TensorView(b), Pair(2, 1), Padding(1, 3, 2, 4), Pair(1, 2), 2)));
}

TEST(OnnxRun, AOneDimensionalNodeRunsAsOneOfHeightOne) {
  OnnxNode line = conv_node();
  line.pads = {1, 2};
  line.strides = {2};
  line.dilations = {1};
  const Tensor x = counting({2, 3, 8}, DType::float64);
  const Tensor w = counting({4, 3, 3}, DType::float64);
  const Tensor y = run_onnx(line, x, w);
  EXPECT_EQ(y.sizes(), (Sizes{2, 4, 5}));
  EXPECT_TRUE(same(y, functional::conv2d(x.view().unsqueeze(2), w.view().unsqueeze(2), {},
                                         Pair(1, 2), Padding(0, 0, 1, 2))
                          .view()
                          .squeeze(2)));
  line = conv_node("ConvTranspose");
  line.strides = {2};
  line.output_shape = {16};
  EXPECT_EQ(run_onnx(line, x, counting({3, 4, 3}, DType::float64)).sizes(), (Sizes{2, 4, 16}));
}

TEST(OnnxRun, OutputShapeCutsTheOddRowWhereOnnxSays) {
  // The full result has 2 * (3 - 1) + 4 = 8 rows and columns; 5 are wanted, so 3 go.
  const Tensor x = counting({1, 1, 3, 3}, DType::float64);
  const Tensor w = counting({1, 1, 4, 4}, DType::float64);
  OnnxNode wanted = conv_node("ConvTranspose");
  wanted.strides = {2, 2};
  wanted.output_shape = {5, 5};
  EXPECT_TRUE(
      same(run_onnx(wanted, x, w), functional::conv_transpose2d(x, w, {}, 2, Padding(2, 1, 2, 1))));
  wanted.auto_pad = AutoPad::same_lower;
  EXPECT_TRUE(
      same(run_onnx(wanted, x, w), functional::conv_transpose2d(x, w, {}, 2, Padding(2, 1, 2, 1))));
  wanted.auto_pad = AutoPad::same_upper;
  EXPECT_TRUE(
      same(run_onnx(wanted, x, w), functional::conv_transpose2d(x, w, {}, 2, Padding(1, 2, 1, 2))));
  wanted.output_shape = {9, 8};  // one more row than there are: added at the bottom
  EXPECT_TRUE(
      same(run_onnx(wanted, x, w), functional::conv_transpose2d(x, w, {}, 2, 0, Pair(1, 0))));
}

TEST(OnnxRun, SameGivesInputTimesStride) {
  const Tensor x = counting({1, 1, 3, 4}, DType::float64);
  const Tensor w = counting({1, 1, 5, 4}, DType::float64);
  OnnxNode upper = conv_node("ConvTranspose");
  upper.strides = {2, 3};
  upper.auto_pad = AutoPad::same_upper;
  // Full: 2 * 2 + 5 = 9 rows for 6, 3 * 3 + 4 = 13 columns for 12.
  EXPECT_TRUE(same(run_onnx(upper, x, w),
                   functional::conv_transpose2d(x, w, {}, Pair(2, 3), Padding(1, 2, 0, 1))));
  upper.auto_pad = AutoPad::same_lower;
  EXPECT_TRUE(same(run_onnx(upper, x, w),
                   functional::conv_transpose2d(x, w, {}, Pair(2, 3), Padding(2, 1, 1, 0))));
  OnnxNode conv = conv_node();
  conv.strides = {2, 2};
  conv.auto_pad = AutoPad::same_upper;
  const Tensor even = counting({1, 1, 2, 2}, DType::float64);
  EXPECT_TRUE(
      same(run_onnx(conv, x, even), functional::conv2d(x, even, {}, 2, Padding(0, 1, 0, 0))));
  conv.auto_pad = AutoPad::same_lower;
  EXPECT_TRUE(
      same(run_onnx(conv, x, even), functional::conv2d(x, even, {}, 2, Padding(1, 0, 0, 0))));
  conv.auto_pad = AutoPad::valid;
  EXPECT_TRUE(same(run_onnx(conv, x, even), functional::conv2d(x, even, {}, 2)));
}

TEST(OnnxRun, ZeroPointsAreTakenOffBeforeTheSum) {
  const OnnxNode integer = conv_node("ConvInteger");
  const Tensor x = Tensor::from<std::uint8_t>({1, 1, 1, 2}, {0, 255});
  const Tensor w = Tensor::from<std::int8_t>({2, 1, 1, 1}, {-128, 127});
  const Tensor x_zero = Tensor::full({}, 255, DType::uint8);
  const Tensor w_zero = Tensor::from<std::int8_t>({2}, {127, -1});
  EXPECT_TRUE(same(run_onnx(integer, x, w),
                   Tensor::from<std::int32_t>({1, 2, 1, 2}, {0, -32640, 0, 32385})));
  EXPECT_TRUE(same(run_onnx(integer, x, w, TensorView(x_zero), TensorView(w_zero)),
                   Tensor::from<std::int32_t>({1, 2, 1, 2}, {65025, 0, -32640, 0})));
}

TEST(OnnxRun, OperandsThatDoNotFitAreRefused) {
  const Tensor x = counting({1, 1, 3, 3}, DType::float32);
  const Tensor w = counting({1, 1, 3, 3}, DType::float32);
  const Tensor line({1, 1, 3});
  const Tensor bytes({1, 1, 3, 3}, DType::uint8);
  const Tensor two({2}, DType::uint8);
  const auto message = [](const OnnxNode& made, const Tensor& a, const Tensor& b,
                          functional::OptionalView third = {},
                          functional::OptionalView fourth = {}) {
    return refusal([&] { run_onnx(made, a, b, third, fourth); });
  };
  const auto has = [](const std::string& text, const char* reason) {
    EXPECT_NE(text.find(reason), std::string::npos) << reason << " -> " << text;
  };
  OnnxNode kernel = conv_node();
  kernel.kernel_shape = {3, 2};
  has(message(kernel, x, w), "kernel_shape is not that of w, whose sizes are [1, 1, 3, 3]");
  OnnxNode strides = conv_node();
  strides.strides = {1};
  has(message(strides, x, w), "an attribute of 1 numbers");
  OnnxNode pads = conv_node();
  pads.pads = {1, 1};
  has(message(pads, x, w), "pads has 2 numbers");
  has(message(conv_node(), x, line), "must both have 4 dimensions");
  has(message(conv_node(), x, w, {}, TensorView(two)), "got a fourth input");
  OnnxNode group = conv_node();
  group.group = 0;
  EXPECT_NE(message(group, x, w), "");
  OnnxNode shape = conv_node("ConvTranspose");
  shape.output_shape = {-1, 3};
  has(message(shape, x, w), "outside 0 to 2^63 - 1");
  shape.output_shape = {3, 3};
  shape.strides = {INT64_MAX, 1};
  has(message(shape, x, w), "outside 0 to 2^63 - 1");
  has(message(conv_node("ConvInteger"), x, bytes), "must be int8 or uint8, but got float32");
  has(message(conv_node("ConvInteger"), bytes, bytes, TensorView(two)), "must be one uint8, but");
  has(message(conv_node("ConvInteger"), bytes, bytes, {}, TensorView(two)), "or one a filter");
  has(message(conv_node("ConvInteger"), bytes, bytes, TensorView(x)), "but got float32");
}

}  // namespace
}  // namespace conv2d::io
