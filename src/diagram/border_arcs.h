// From where the places beyond the border are read: which column each column, which row each row.
// A place that is beyond both reads the row of the one and the column of the other.
#pragma once

#include "diagram/cells.h"
#include "diagram/subject.h"

#include <conv2d/explain.h>

namespace conv2d::diagram {

/// What arcs take of the picture above and beside a plane; 0 where padding is read from nowhere.
double room_for_arcs(const Subject& subject);

/// Arcs along the edges of a plane of the input, for the window of an output.
void draw_border_arcs(Pen& pen, const Grid& plane, const Subject& subject,
                      const explain::Index& output);

}  // namespace conv2d::diagram
