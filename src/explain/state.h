// What stands behind the public Explanation.
#pragma once

#include <conv2d/explain.h>

#include "explain/layer.h"

namespace conv2d::explain {

struct Explanation::State {
  Layer layer;
};

}  // namespace conv2d::explain
