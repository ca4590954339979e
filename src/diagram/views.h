// The views of a diagram, each a file.
#pragma once

#include "diagram/subject.h"

#include <conv2d/diagram.h>

namespace conv2d::diagram {

drawing::Drawing draw_slide(const Subject& subject, const Options& options);
drawing::Drawing draw_im2col(const Subject& subject, const Options& options);
drawing::Drawing draw_matrix(const Subject& subject, const Options& options);
drawing::Drawing draw_gradient(const Subject& subject, const Options& options);
drawing::Drawing draw_cost(const Subject& subject, const Options& options);

}  // namespace conv2d::diagram
