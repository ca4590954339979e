// What canvas and painting share of cairo: letters, and pixels as tensors.
#pragma once

#include <conv2d/tensor.h>

#include <cairo.h>

namespace conv2d::figure {

/// The same letters at the same places whatever the machine's own settings are.
void use_plain_letters(cairo_t* context);

/// uint8 (3, height, width) of an image in CAIRO_FORMAT_RGB24.
Tensor to_tensor(cairo_surface_t* image);

}  // namespace conv2d::figure
