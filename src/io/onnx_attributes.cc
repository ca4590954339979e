// The attributes of ONNX's convolutions.
// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3, message AttributeProto

#include "io/message.h"
#include "io/onnx_messages.h"
#include "io/protobuf.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace conv2d::io {
namespace {

using List = std::vector<std::int64_t>;

/// The lists that attributes fill. Those of ConvTranspose alone come last.
struct NamedList {
  std::string_view name;
  List OnnxNode::*list;
};
constexpr std::array<NamedList, 6> lists{{
    {"kernel_shape", &OnnxNode::kernel_shape},
    {"strides", &OnnxNode::strides},
    {"dilations", &OnnxNode::dilations},
    {"pads", &OnnxNode::pads},
    {"output_padding", &OnnxNode::output_padding},
    {"output_shape", &OnnxNode::output_shape},
}};
constexpr std::size_t common_lists = 4;

/// What an AttributeProto can hold that a convolution may use.
struct Attribute {
  std::string_view name;
  std::int64_t integer = 0;
  std::string_view text;
  List integers;
};

Attribute read_attribute(Bytes bytes, const std::string& source) {
  constexpr std::size_t longest = 6;  // the pads of a 3-D node, which then gets its own sentence
  Attribute attribute;
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    switch (field.number()) {
      case 1:
        attribute.name = field.text();
        break;
      case 3:
        attribute.integer = static_cast<std::int64_t>(field.integer());
        break;
      case 4:
        attribute.text = field.text();
        break;
      case 8:
        field.for_each_integer([&](std::uint64_t value) {
          if (attribute.integers.size() == longest) {
            refuse(source, "an attribute of its node has more than ", longest, " numbers");
          }
          attribute.integers.push_back(static_cast<std::int64_t>(value));
        });
        break;
      default:  // documentation, the attribute's type, which its name says too, and other kinds
        break;
    }
  }
  return attribute;
}

AutoPad parse_auto_pad(std::string_view text, const std::string& source) {
  constexpr std::array<std::pair<std::string_view, AutoPad>, 4> names{{
      {"NOTSET", AutoPad::notset},
      {"VALID", AutoPad::valid},
      {"SAME_UPPER", AutoPad::same_upper},
      {"SAME_LOWER", AutoPad::same_lower},
  }};
  for (const auto& [name, value] : names) {
    if (name == text) {
      return value;
    }
  }
  refuse(source, "auto_pad is ", in_quotes(text),
         "; allowed are NOTSET, VALID, SAME_UPPER and SAME_LOWER");
}

}  // namespace

void decode_attribute(Bytes bytes, OnnxNode& node, const std::string& source) {
  Attribute attribute = read_attribute(bytes, source);
  if (attribute.name == "auto_pad") {
    node.auto_pad = parse_auto_pad(attribute.text, source);
    return;
  }
  if (attribute.name == "group") {
    node.group = attribute.integer;
    return;
  }
  const std::size_t known = node.op_type == "ConvTranspose" ? lists.size() : common_lists;
  for (std::size_t i = 0; i < known; ++i) {
    if (lists[i].name == attribute.name) {
      node.*lists[i].list = std::move(attribute.integers);
      return;
    }
  }
  refuse(source, node.op_type, " has no attribute ", in_quotes(attribute.name));
}

void check_attributes(const OnnxNode& node, const std::string& source) {
  std::size_t rank = 0;
  for (const auto& [name, member] : lists) {
    const List& list = node.*member;
    const std::size_t sides = name == "pads" ? 2 : 1;
    if (list.empty()) {
      continue;
    }
    if (list.size() % sides != 0 || (rank != 0 && list.size() / sides != rank)) {
      refuse(source, "the attributes of its node have ranks that do not agree: ", name, " has ",
             list.size(), " numbers");
    }
    rank = list.size() / sides;
  }
  if (rank > 2) {
    refuse(source, "is a ", rank, "-D node; 1-D and 2-D ones are supported");
  }
  if (node.auto_pad != AutoPad::notset &&
      std::ranges::any_of(node.pads, [](std::int64_t pad) { return pad != 0; })) {
    refuse(source, "its node has both auto_pad and pads; only one of them is allowed");
  }
}

}  // namespace conv2d::io
