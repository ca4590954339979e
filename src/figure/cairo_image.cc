#include "figure/cairo_image.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace conv2d::figure {

void use_plain_letters(cairo_t* context) {
  cairo_font_options_t* const options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

Tensor to_tensor(cairo_surface_t* image) {
  cairo_surface_flush(image);
  const int height = cairo_image_surface_get_height(image);
  const int width = cairo_image_surface_get_width(image);
  const std::ptrdiff_t stride = cairo_image_surface_get_stride(image);
  const unsigned char* const bytes = cairo_image_surface_get_data(image);
  Tensor result = Tensor::uninitialized({3, height, width}, DType::uint8);
  auto* to = result.data<std::uint8_t>();
  for (const unsigned shift : {16U, 8U, 0U}) {
    for (int y = 0; y < height; ++y) {
      const auto* const row = reinterpret_cast<const std::uint32_t*>(bytes + y * stride);
      to = std::transform(row, row + width, to, [shift](std::uint32_t pixel) {
        return static_cast<std::uint8_t>(pixel >> shift);
      });
    }
  }
  return result;
}

}  // namespace conv2d::figure
