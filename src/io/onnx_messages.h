// The parts of an ONNX model that are read by more than one file.
#pragma once

#include "conv2d/io.h"

#include <string>
#include <utility>

namespace conv2d::io {

/// A TensorProto: its name and its elements.
std::pair<std::string, Tensor> decode_tensor_proto(Bytes bytes, const std::string& source);

/// Reads an AttributeProto into the node, whose op_type is known.
void decode_attribute(Bytes bytes, OnnxNode& node, const std::string& source);

/// Checks that the node's lists fit one another: 1-D or 2-D, all of one rank.
void check_attributes(const OnnxNode& node, const std::string& source);

}  // namespace conv2d::io
