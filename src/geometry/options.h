// What can be known to be wrong with a layer's arguments before any input is seen.
#pragma once

#include <conv2d/options.h>

#include "base/error.h"

#include <optional>

namespace conv2d {

std::optional<Error> check(const Conv2dOptions& options);
std::optional<Error> check(const ConvTranspose2dOptions& options);
std::optional<Error> check(const LazyConv2dOptions& options);
std::optional<Error> check(const UnfoldOptions& options);
std::optional<Error> check(const FoldOptions& options);

}  // namespace conv2d
