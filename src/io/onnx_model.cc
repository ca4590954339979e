// An ONNX model whose graph is one convolution.
// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3, messages ModelProto, GraphProto,
// NodeProto and ValueInfoProto

#include "conv2d/io.h"
#include "io/message.h"
#include "io/onnx_messages.h"
#include "io/protobuf.h"

#include <optional>
#include <string_view>

namespace conv2d::io {
namespace {

void check_operator(const OnnxNode& node, std::string_view domain, const std::string& source) {
  const bool convolution = node.op_type == "Conv" || node.op_type == "ConvTranspose";
  const bool integer = node.op_type == "ConvInteger";
  if ((!convolution && !integer) || (!domain.empty() && domain != "ai.onnx")) {
    refuse(source, "its node is ", in_quotes(node.op_type), " of domain ", in_quotes(domain),
           "; Conv, ConvTranspose and ConvInteger of ONNX's own are supported");
  }
  const std::size_t most = integer ? 4 : 3;
  if (node.inputs.size() < 2 || node.inputs.size() > most || node.outputs.size() != 1) {
    refuse(source, node.op_type, " takes 2 to ", most, " inputs and gives 1 output, but has ",
           node.inputs.size(), " and ", node.outputs.size());
  }
}

void decode_node(Bytes bytes, OnnxNode& node, const std::string& source) {
  std::string_view domain;
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    switch (field.number()) {
      case 1:
        node.inputs.emplace_back(field.text());
        break;
      case 2:
        node.outputs.emplace_back(field.text());
        break;
      case 4:
        node.op_type = field.text();
        break;
      case 7:
        domain = field.text();
        break;
      default:  // attributes below; its name and documentation
        break;
    }
  }
  check_operator(node, domain, source);
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    if (field.number() == 5) {
      decode_attribute(field.bytes(), node, source);
    }
  }
  check_attributes(node, source);
}

/// The name of a ValueInfoProto.
std::string value_name(Bytes bytes, const std::string& source) {
  std::string name;
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    if (field.number() == 1) {
      name = field.text();
    }
  }
  return name;
}

OnnxNode decode_graph(Bytes bytes, const std::string& source) {
  OnnxNode node;
  std::size_t nodes = 0;
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    switch (field.number()) {
      case 1:
        if (++nodes == 1) {
          decode_node(field.bytes(), node, source);
        }
        break;
      case 5: {
        auto [name, tensor] = decode_tensor_proto(field.bytes(), source);
        if (!node.initializers.emplace(name, std::move(tensor)).second) {
          refuse(source, "the initializer ", in_quotes(name), " comes twice");
        }
        break;
      }
      case 11:
        node.graph_inputs.push_back(value_name(field.bytes(), source));
        break;
      case 15:
        refuse(source, "it has sparse initializers, which are not supported");
      default:  // outputs, types and documentation
        break;
    }
  }
  if (nodes != 1) {
    refuse(source, "its graph has ", nodes, " nodes; a model of one convolution is supported");
  }
  return node;
}

}  // namespace

OnnxNode decode_onnx(Bytes bytes, const std::string& source) {
  std::optional<Bytes> graph;
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    if (field.number() == 7) {
      graph = field.bytes();
    }
  }
  if (!graph) {
    refuse(source, "is not an ONNX model: it has no graph");
  }
  return decode_graph(*graph, source);
}

OnnxNode read_onnx(const Path& path) { return decode_onnx(read_file(path), path.string()); }

}  // namespace conv2d::io
