// What `conv2d figure` draws: a layer with numbers on an image with numbers.
#pragma once

#include "input.h"
#include "layer.h"
#include "link.h"

#include <conv2d/diagram.h>

#include <optional>
#include <string>

namespace conv2d::cli {

struct FigureSubject {
  std::string layer;
  std::string input;  ///< sizes or a file
  WeightArguments weights;
  ColorArguments colors;
  std::optional<Link> link;  ///< where the numbers are those of a page
};

/// The layer's own weights where they are asked for, else small whole numbers. Throws
/// std::invalid_argument.
diagram::Diagram diagram_of(const FigureSubject& subject);

}  // namespace conv2d::cli
