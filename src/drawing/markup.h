// Text inside SVG and HTML.
#pragma once

#include <string>
#include <string_view>

namespace conv2d::drawing {

/// With the signs that markup is made of replaced: as content, or in double quotes as an attribute.
std::string escaped(std::string_view text);

}  // namespace conv2d::drawing
