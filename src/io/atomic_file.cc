#include "io/atomic_file.h"

#include "io/message.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>

namespace conv2d::io {
namespace {

Path follow_links(const Path& path) {
  std::error_code none;
  Path followed = std::filesystem::canonical(path, none);
  return none ? path : followed;
}

/// A new name in the folder of `target`. Short: a target of 255 bytes, the longest that file
/// systems take, leaves no room for a suffix.
Path temporary_beside(const Path& target) {
  static std::atomic<unsigned> count{0};
  return target.parent_path() / concat(".conv2d-", ::getpid(), "-", count++, ".tmp");
}

/// Opens a file that did not exist before. Names that a killed process left behind are passed over.
std::pair<Path, int> create_beside(const Path& target) {
  constexpr int attempts = 1000;
  Path path;
  int descriptor = -1;
  for (int i = 0; i < attempts && descriptor < 0; ++i) {
    path = temporary_beside(target);
    descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno != EEXIST) {
      break;
    }
  }
  return {path, descriptor};
}

/// The permissions of the target, where there is one.
std::optional<mode_t> permissions_of(const Path& target, const std::string& source) {
  struct stat status {};
  if (::stat(target.c_str(), &status) != 0) {
    return std::nullopt;
  }
  if (!S_ISREG(status.st_mode)) {
    refuse(source, "cannot be written: it exists and is not a regular file");
  }
  return status.st_mode & 07777U;
}

}  // namespace

AtomicFile::AtomicFile(const Path& path)
    : source_(path.string()), target_(follow_links(path)), file_(-1) {
  const auto permissions = permissions_of(target_, source_);
  if (!target_.has_filename()) {
    refuse(source_, "cannot be written: it names no file");
  }
  const auto [temporary, descriptor] = create_beside(target_);
  if (descriptor < 0) {
    refuse(source_, "cannot be written: ", system_reason());
  }
  temporary_ = temporary;
  file_.reset(descriptor);
  if (permissions) {
    // Kept where the file system can; what it holds matters more than who may read it.
    static_cast<void>(::fchmod(descriptor, *permissions));
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(Bytes bytes) {
  // Linux writes at most 2^31 - 4096 bytes a call.
  constexpr std::size_t most = std::size_t{1} << 30U;
  while (!bytes.empty()) {
    const ssize_t put = ::write(file_.get(), bytes.data(), std::min(bytes.size(), most));
    if (put < 0 && errno != EINTR) {
      refuse(source_, "cannot be written: ", system_reason());
    }
    bytes = bytes.subspan(put > 0 ? static_cast<std::size_t>(put) : 0);
  }
}

void AtomicFile::commit() {
  if (::fsync(file_.get()) != 0 || !file_.close() ||
      std::rename(temporary_.c_str(), target_.c_str()) != 0) {
    refuse(source_, "cannot be written: ", system_reason());
  }
  temporary_.clear();
  sync_folder();
}

/// Makes the rename survive a power cut. Some file systems cannot; the file is in place then too.
void AtomicFile::sync_folder() const {
  const Path folder = target_.has_parent_path() ? target_.parent_path() : Path(".");
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.is_open()) {
    static_cast<void>(::fsync(opened.get()));
  }
}

void write_file(const Path& path, Bytes bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace conv2d::io
