// Which way up a photograph is.
#pragma once

#include "conv2d/io.h"

namespace conv2d::io {

/// The orientation, 1 to 8, in the contents of a JPEG's APP1 segment; 1 (upright) where they are
/// not Exif, name none, or are damaged: the picture can be read all the same.
/// Source: Exif 2.3 (CIPA DC-008), section 4.6.4, tag 0x0112; TIFF 6.0, section 2.
int exif_orientation(Bytes app1) noexcept;

}  // namespace conv2d::io
