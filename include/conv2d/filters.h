// Named image filters: the kernels that every course on convolution begins with.
#pragma once

#include <conv2d/nn.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace conv2d {

/// A small kernel and what it shows.
struct Filter {
  std::string_view name;     ///< "sobel_x"
  std::string_view meaning;  ///< one sentence
  std::int64_t rows;
  std::int64_t columns;
  std::span<const float> values;  ///< row by row, as Conv2d applies them: not turned
};

/// sobel_x, sobel_y, gaussian, sharpen, emboss, and more; in that order.
std::span<const Filter> filters() noexcept;
/// Throws std::invalid_argument, listing the names, for any other.
const Filter& find_filter(std::string_view name);

/// A layer that applies each of the filters to each of the channels on its own: `channels` groups,
/// output channel c*filters.size() + f is filter f of channel c. 'same' padding, replicate mode,
/// no bias. All filters must have one size.
Conv2d filter_layer(std::span<const Filter> filters, std::int64_t channels);

}  // namespace conv2d
