// Lists of layers: files of descriptors, one a line.
#pragma once

#include "bench/descriptor.h"

#include <string>
#include <string_view>
#include <vector>

namespace conv2d::cli {

/// The text of bench/suite.txt, which is compiled into the command.
extern const std::string_view suite_text;

/// Each line is a descriptor, empty, or a comment from # on. Words that begin with -- before a
/// descriptor are those of oneDNN's benchdnn, and skipped: only the layer itself is read, and
/// --deconv, which makes the layer of its line a transposed one. `source` is what complaints call
/// the list. Throws ArgumentError, std::invalid_argument where no layer is
/// in it.
std::vector<Descriptor> parse_layer_list(std::string_view text, const std::string& source);

/// From a file. Throws as parse_layer_list and io::read_file do.
std::vector<Descriptor> read_layer_list(const std::string& file);

}  // namespace conv2d::cli
