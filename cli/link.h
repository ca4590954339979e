// The address of the page, whose part behind '#' is a layer with its numbers.
#pragma once

#include <conv2d/tensor.h>

#include <cstdint>
#include <map>
#include <string>

namespace conv2d::cli {

/// Numbers that are others than those of the seed, by row-major index.
using Edits = std::map<std::int64_t, double>;

struct Link {
  std::string layer;
  std::string input;       ///< "3x5x5"
  std::string at;          ///< "0,1,2"; empty where the address does not say
  std::string view;        ///< likewise
  std::uint64_t seed = 0;  ///< of the example numbers
  bool flipped = false;    ///< kernels turned by 180 degrees, before the edits
  Edits input_edits;
  Edits weight_edits;
  Edits bias_edits;
};

/// Reads what stands behind the '#', or all of it where there is none. Names that a figure does not
/// need are passed over. Throws std::invalid_argument for an address without layer and input, and
/// for numbers that are none.
Link parse_link(const std::string& text);

/// Writes them into the tensor. Throws std::invalid_argument for an index outside, calling the
/// tensor `what`.
void apply_edits(const Edits& edits, Tensor& tensor, const char* what);
/// Turns each (R, S) kernel of a weight by 180 degrees.
void flip(Tensor& weight);

}  // namespace conv2d::cli
