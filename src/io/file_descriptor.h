// An open file that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace conv2d::io {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(); }

  bool is_open() const noexcept { return descriptor_ >= 0; }
  int get() const noexcept { return descriptor_; }
  /// Takes over another descriptor.
  void reset(int descriptor) noexcept {
    close();
    descriptor_ = descriptor;
  }
  /// Whether the system had nothing to complain about: some report a failed write only here.
  bool close() noexcept {
    const int descriptor = std::exchange(descriptor_, -1);
    return descriptor < 0 || ::close(descriptor) == 0;
  }

 private:
  int descriptor_;
};

}  // namespace conv2d::io
