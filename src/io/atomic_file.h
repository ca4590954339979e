// A file that appears whole or not at all: written beside its target, then renamed over it.
#pragma once

#include "conv2d/io.h"
#include "io/file_descriptor.h"

#include <span>
#include <string>
#include <string_view>

namespace conv2d::io {

/// Until commit() returns, the target is as it was; without commit() nothing stays behind. A target
/// that exists keeps its permissions; a symbolic link keeps pointing, and what it points to is
/// replaced. Every function throws std::invalid_argument with the path and the system's reason.
class AtomicFile {
 public:
  /// Throws where the target exists and is not a regular file, or its folder cannot be written to.
  explicit AtomicFile(const Path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Appends.
  void write(Bytes bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  /// Brings the bytes to the disk and puts the file in place.
  void commit();

 private:
  void sync_folder() const;

  std::string source_;  // what messages call it
  Path target_;
  Path temporary_;
  FileDescriptor file_;
};

}  // namespace conv2d::io
