// What stands above every diagram, and how sizes and indices are written.
#pragma once

#include "diagram/pen.h"
#include "diagram/subject.h"

#include <cstdint>
#include <string>

namespace conv2d::diagram {

inline constexpr double margin = 28;

/// "3×5×5"
std::string by(std::int64_t channels, std::int64_t rows, std::int64_t columns);
/// "1 channel", "3 channels"
std::string counted(std::int64_t count, const std::string& one);

/// The layer, what it makes of which sizes, and by what arithmetic. Returns where it ends.
double draw_header(Pen& pen, const Subject& subject);
/// How wide that is.
double header_width(const Subject& subject);

}  // namespace conv2d::diagram
