// A model with one Conv node, as the bytes of an ONNX file: protocol buffers by hand, for there is
// nothing to it but lengths.
// Source: onnx/onnx.proto (field numbers), protobuf.dev/programming-guides/encoding.
#pragma once

#include "peer.h"

#include <string>
#include <vector>

namespace peer {

/// The fields of a message, one after the other.
class Message {
 public:
  Message& number(int field, std::int64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Message& bytes(int field, const std::string& value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    text_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.text_); }
  const std::string& text() const { return text_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      text_ += static_cast<char>(value | 0x80);
    }
    text_ += static_cast<char>(value);
  }

  std::string text_;
};

inline Message integers_attribute(const std::string& name,
                                  const std::vector<std::int64_t>& values) {
  Message attribute;
  attribute.bytes(1, name);
  for (const std::int64_t value : values) {
    attribute.number(8, value);
  }
  return attribute.number(20, 7);  // INTS
}

inline Message float_tensor_info(const std::string& name, const std::vector<std::int64_t>& sizes) {
  Message shape;
  for (const std::int64_t size : sizes) {
    shape.message(1, Message().number(1, size));
  }
  const Message tensor = Message().number(1, 1).message(2, shape);
  return Message().bytes(1, name).message(2, Message().message(1, tensor));
}

inline Message node(const std::string& type, const std::vector<std::string>& inputs,
                    const std::string& output) {
  Message result;
  for (const std::string& input : inputs) {
    result.bytes(1, input);
  }
  return result.bytes(2, output).bytes(4, type);
}

inline Message conv_node(const Job& job, const std::string& input, const std::string& output) {
  return node("Conv", {input, "w"}, output)
      .message(5, integers_attribute("kernel_shape", {job.r, job.s}))
      .message(5, integers_attribute("strides", {job.stride_h, job.stride_w}))
      .message(5, integers_attribute("dilations", {job.dilation_h, job.dilation_w}))
      .message(5, integers_attribute("pads", {job.top, job.left, job.bottom, job.right}))
      .message(5, Message().bytes(1, "group").number(3, job.groups).number(20, 2));
}

/// x -> y; where they are channels-last, with a Transpose on each side.
inline std::string conv_model(const Job& job, const std::vector<float>& weights, bool nhwc) {
  const std::string raw(reinterpret_cast<const char*>(weights.data()),
                        weights.size() * sizeof(float));
  const Message tensor = Message()
                             .number(1, job.k)
                             .number(1, job.c / job.groups)
                             .number(1, job.r)
                             .number(1, job.s)
                             .number(2, 1)
                             .bytes(8, "w")
                             .bytes(9, raw);
  Message graph;
  if (nhwc) {
    graph.message(
        1, node("Transpose", {"x"}, "planes").message(5, integers_attribute("perm", {0, 3, 1, 2})));
    graph.message(1, conv_node(job, "planes", "sums"));
    graph.message(
        1, node("Transpose", {"sums"}, "y").message(5, integers_attribute("perm", {0, 2, 3, 1})));
    graph.message(11, float_tensor_info("x", {job.n, job.h, job.w, job.c}));
    graph.message(12, float_tensor_info("y", {job.n, job.p, job.q, job.k}));
  } else {
    graph.message(1, conv_node(job, "x", "y"));
    graph.message(11, float_tensor_info("x", {job.n, job.c, job.h, job.w}));
    graph.message(12, float_tensor_info("y", {job.n, job.k, job.p, job.q}));
  }
  graph.bytes(2, "layer").message(5, tensor);
  return Message()
      .number(1, 8)  // ir_version
      .message(7, graph)
      .message(8, Message().bytes(1, "").number(2, 13))
      .text();
}

}  // namespace peer
