// All of the core library.
#pragma once

#include <conv2d/dtype.h>       // IWYU pragma: export
#include <conv2d/explain.h>     // IWYU pragma: export
#include <conv2d/filters.h>     // IWYU pragma: export
#include <conv2d/functional.h>  // IWYU pragma: export
#include <conv2d/machine.h>     // IWYU pragma: export
#include <conv2d/nn.h>          // IWYU pragma: export
#include <conv2d/options.h>     // IWYU pragma: export
#include <conv2d/plan.h>        // IWYU pragma: export
#include <conv2d/random.h>      // IWYU pragma: export
#include <conv2d/repr.h>        // IWYU pragma: export
#include <conv2d/sizes.h>       // IWYU pragma: export
#include <conv2d/tensor.h>      // IWYU pragma: export
#include <conv2d/threads.h>     // IWYU pragma: export
#include <conv2d/tuning.h>      // IWYU pragma: export
