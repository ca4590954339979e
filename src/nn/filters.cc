#include "conv2d/filters.h"

#include "base/checked.h"
#include "base/error.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace conv2d {
namespace {

constexpr std::array<float, 9> identity = {0, 0, 0, 0, 1, 0, 0, 0, 0};
// Sobel and Feldman, 1968: a central difference across, a (1 2 1) average along.
constexpr std::array<float, 9> sobel_x = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
constexpr std::array<float, 9> sobel_y = {-1, -2, -1, 0, 0, 0, 1, 2, 1};
// The outer product of (1 2 1)/4 with itself: the smallest binomial Gaussian.
constexpr std::array<float, 9> gaussian = {1 / 16.F, 2 / 16.F, 1 / 16.F, 2 / 16.F, 4 / 16.F,
                                           2 / 16.F, 1 / 16.F, 2 / 16.F, 1 / 16.F};
constexpr std::array<float, 9> box = {1 / 9.F, 1 / 9.F, 1 / 9.F, 1 / 9.F, 1 / 9.F,
                                      1 / 9.F, 1 / 9.F, 1 / 9.F, 1 / 9.F};
// The identity minus the Laplacian below.
constexpr std::array<float, 9> sharpen = {0, -1, 0, -1, 5, -1, 0, -1, 0};
constexpr std::array<float, 9> laplacian = {0, 1, 0, 1, -4, 1, 0, 1, 0};
// A difference along the diagonal, on top of the picture itself.
constexpr std::array<float, 9> emboss = {-2, -1, 0, -1, 1, 1, 0, 1, 2};
// The outer product of (1 4 6 4 1)/16 with itself.
constexpr std::array<float, 25> gaussian5 = {
    1 / 256.F,  4 / 256.F,  6 / 256.F,  4 / 256.F,  1 / 256.F,  4 / 256.F,  16 / 256.F,
    24 / 256.F, 16 / 256.F, 4 / 256.F,  6 / 256.F,  24 / 256.F, 36 / 256.F, 24 / 256.F,
    6 / 256.F,  4 / 256.F,  16 / 256.F, 24 / 256.F, 16 / 256.F, 4 / 256.F,  1 / 256.F,
    4 / 256.F,  6 / 256.F,  4 / 256.F,  1 / 256.F};

constexpr std::array<Filter, 9> table = {{
    {"sobel_x", "brightness that rises to the right: vertical edges", 3, 3, sobel_x},
    {"sobel_y", "brightness that rises downwards: horizontal edges", 3, 3, sobel_y},
    {"gaussian", "a small blur: neighbours weighted by distance, 1 2 1 each way", 3, 3, gaussian},
    {"sharpen", "the picture plus its difference from its neighbours", 3, 3, sharpen},
    {"emboss", "light from the top left: the picture plus a diagonal difference", 3, 3, emboss},
    {"laplacian", "the difference of a pixel from its four neighbours: edges of any direction", 3,
     3, laplacian},
    {"box", "the mean of the nine pixels", 3, 3, box},
    {"gaussian5", "a wider blur: 1 4 6 4 1 each way", 5, 5, gaussian5},
    {"identity", "the picture as it is", 3, 3, identity},
}};

}  // namespace

std::span<const Filter> filters() noexcept { return table; }

const Filter& find_filter(std::string_view name) {
  const auto* const found = std::find_if(table.begin(), table.end(),
                                         [&](const Filter& filter) { return filter.name == name; });
  if (found == table.end()) {
    std::string names;
    for (const Filter& filter : table) {
      names += concat(names.empty() ? "" : ", ", filter.name);
    }
    throw_invalid(concat("there is no filter '", name, "'; the filters are ", names));
  }
  return *found;
}

Conv2d filter_layer(std::span<const Filter> filters, std::int64_t channels) {
  if (filters.empty() || channels < 1) {
    throw_invalid(concat("filter_layer: needs at least one filter and one channel, but got ",
                         filters.size(), " and ", channels));
  }
  const std::int64_t rows = filters[0].rows;
  const std::int64_t columns = filters[0].columns;
  const auto count = static_cast<std::int64_t>(filters.size());
  const Checked outputs = Checked(channels) * count;
  if (!outputs.ok()) {
    throw_invalid(concat("filter_layer: ", count, " filters of ", channels,
                         " channels are more than 2^63 - 1 output channels"));
  }
  Tensor weight = Tensor::uninitialized({outputs.value(), 1, rows, columns});
  auto* value = weight.data<float>();
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    for (const Filter& filter : filters) {
      if (filter.rows != rows || filter.columns != columns) {
        throw_invalid(concat("filter_layer: all filters must have one size, but ", filters[0].name,
                             " is ", rows, "x", columns, " and ", filter.name, " is ", filter.rows,
                             "x", filter.columns));
      }
      if (static_cast<std::int64_t>(filter.values.size()) != rows * columns) {
        throw_invalid(concat("filter_layer: ", filter.name, " is ", rows, "x", columns, " but has ",
                             filter.values.size(), " values"));
      }
      value = std::copy(filter.values.begin(), filter.values.end(), value);
    }
  }
  const Conv2dOptions options{.in_channels = channels,
                              .out_channels = outputs.value(),
                              .kernel_size = Pair(rows, columns),
                              .padding = same,
                              .groups = channels,
                              .bias = false,
                              .padding_mode = PaddingMode::replicate};
  return Conv2d(options, std::move(weight));
}

}  // namespace conv2d
