#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace conv2d {

void throw_invalid(const std::string& message) {
#if defined(__cpp_exceptions)
  throw std::invalid_argument(message);
#else
  std::fprintf(stderr, "conv2d: %s\n", message.c_str());
  std::abort();
#endif
}

}  // namespace conv2d
