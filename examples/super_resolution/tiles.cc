#include "tiles.h"

#include <algorithm>
#include <cmath>

namespace super_resolution {
namespace {

using conv2d::MutableTensorView;
using conv2d::Tensor;
using conv2d::TensorView;

/// Along one axis: what a tile fills, and what is read for it.
struct Cut {
  std::int64_t begin, end;
  std::int64_t read_begin, read_end;
};

Cut cut_at(std::int64_t begin, std::int64_t tile, std::int64_t overlap, std::int64_t size) {
  const std::int64_t end = std::min(begin + tile, size);
  return {.begin = begin,
          .end = end,
          .read_begin = std::max<std::int64_t>(begin - overlap, 0),
          .read_end = std::min(begin + tile + overlap, size)};
}

/// `tile` on the network's grid. A picture narrower than the grid is not cut: layers may run by
/// another algorithm, with other bits, on a part of so few pixels.
std::int64_t step_between_tiles(std::int64_t tile, std::int64_t height, std::int64_t width) {
  if (std::min(height, width) < Network::grid) {
    return std::max({height, width, tile});
  }
  return (tile + Network::grid - 1) / Network::grid * Network::grid;
}

/// To the next whole number; copying to uint8 cuts off what is left.
void round_up_halves(Tensor& values) {
  auto* const begin = values.data<float>();
  std::transform(begin, begin + values.numel(), begin,
                 [](float x) { return std::floor(x + 0.5F); });
}

void fill_tile(const Network& network, TensorView rgb, MutableTensorView output, const Cut& rows,
               const Cut& columns) {
  constexpr std::int64_t scale = Network::scale;
  const TensorView read =
      rgb.slice(1, rows.read_begin, rows.read_end).slice(2, columns.read_begin, columns.read_end);
  Tensor large = network(read.to(conv2d::DType::float32));
  if (output.dtype() == conv2d::DType::uint8) {
    round_up_halves(large);
  }
  const std::int64_t top = scale * (rows.begin - rows.read_begin);
  const std::int64_t left = scale * (columns.begin - columns.read_begin);
  const std::int64_t height = scale * (rows.end - rows.begin);
  const std::int64_t width = scale * (columns.end - columns.begin);
  conv2d::copy(large.view().slice(1, top, top + height).slice(2, left, left + width),
               output.slice(1, scale * rows.begin, scale * rows.end)
                   .slice(2, scale * columns.begin, scale * columns.end));
}

}  // namespace

void upscale(const Network& network, TensorView rgb, MutableTensorView output, std::int64_t tile,
             const Progress& progress) {
  const std::int64_t overlap = network.overlap();
  const std::int64_t height = rgb.size(1);
  const std::int64_t width = rgb.size(2);
  const std::int64_t step = step_between_tiles(tile, height, width);
  std::int64_t done = 0;
  for (std::int64_t row = 0; row < height; row += step) {
    for (std::int64_t column = 0; column < width; column += step) {
      const Cut rows = cut_at(row, step, overlap, height);
      const Cut columns = cut_at(column, step, overlap, width);
      fill_tile(network, rgb, output, rows, columns);
      done += (rows.end - rows.begin) * (columns.end - columns.begin);
      progress(static_cast<double>(done) / static_cast<double>(height * width));
    }
  }
}

}  // namespace super_resolution
