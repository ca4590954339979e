// The header of a safetensors file: a JSON object that names each tensor's dtype, shape and place.
#pragma once

#include "conv2d/tensor.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::io {

/// One tensor as the header describes it.
struct SafeTensorsEntry {
  std::string name;
  std::string dtype;  // as the file names it: "F32"
  Sizes shape;
  std::uint64_t begin = 0;  // of its bytes, counted from the end of the header
  std::uint64_t end = 0;
};

struct SafeTensorsHeader {
  std::vector<SafeTensorsEntry> entries;
  std::map<std::string, std::string, std::less<>> metadata;
};

/// Throws std::invalid_argument for anything that is not {"name": {"dtype": text, "shape":
/// [integers], "data_offsets": [begin, end]}, ..., "__metadata__": {text: text}}, and for a key
/// that comes twice. Memory stays within a small multiple of the text: nothing is kept of a
/// document of another form.
SafeTensorsHeader parse_safetensors_header(std::string_view json, const std::string& source);

}  // namespace conv2d::io
