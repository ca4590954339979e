#include "io/message.h"

#include <cerrno>
#include <system_error>

namespace conv2d::io {

std::string system_reason() { return std::generic_category().message(errno); }

}  // namespace conv2d::io
