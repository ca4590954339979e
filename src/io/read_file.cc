// A whole regular file into memory.

#include "conv2d/io.h"
#include "io/elements.h"
#include "io/file_descriptor.h"
#include "io/message.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace conv2d::io {
namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) {
    return "a directory";
  }
  if (S_ISFIFO(mode)) {
    return "a named pipe";
  }
  return S_ISSOCK(mode) ? "a socket" : "a device";
}

std::vector<std::byte> allocate(std::size_t size, const std::string& source) {
  require_memory(size, source);
  try {
    return std::vector<std::byte>(size);
  } catch (const std::bad_alloc&) {
    refuse(source, "has ", size, " bytes, more memory than the system gives");
  }
}

}  // namespace

std::vector<std::byte> read_file(const Path& path) {
  const std::string source = path.string();
  // O_NONBLOCK: opening a named pipe that nobody writes to must not wait.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    refuse(source, "cannot be opened: ", system_reason());
  }
  if (!S_ISREG(status.st_mode)) {
    refuse(source, "is ", kind_of(status.st_mode), ", not a regular file");
  }
  std::vector<std::byte> bytes = allocate(static_cast<std::size_t>(status.st_size), source);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno != EINTR) {
      refuse(source, "cannot be read: ", system_reason());
    }
    if (got == 0) {
      refuse(source, "became shorter while it was read");
    }
    done += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  return bytes;
}

}  // namespace conv2d::io
