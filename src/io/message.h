// How the readers and writers word a refusal: the file first, then one sentence.
#pragma once

#include "base/error.h"
#include "base/wording.h"  // in_quotes() for names out of files

#include <string>

namespace conv2d::io {

/// Throws std::invalid_argument: "photo.png: the parts, one after the other".
template <class... Parts>
[[noreturn]] void refuse(const std::string& source, const Parts&... parts) {
  throw_invalid(concat(source, ": ", parts...));
}

/// What the system says about the last call that failed: "No space left on device".
std::string system_reason();

}  // namespace conv2d::io
