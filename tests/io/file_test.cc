// Whole files: what is no regular file is refused, and what cannot be written leaves no trace.

#include "support.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

namespace conv2d::io {
namespace {

/// While it lives, no file can grow beyond `bytes`: writing fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

mode_t permissions(const Path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

std::string read_refusal(const Path& path) {
  return refusal([&] { read_file(path); });
}
std::string write_refusal(const Path& path, std::string_view text = "new") {
  return refusal([&] { write_file(path, bytes_of(text)); });
}

TEST(File, RoundTripKeepsEveryByte) {
  const TemporaryFolder folder;
  for (const std::string& text : {std::string(), std::string("a\0b\xff\n", 5)}) {
    write_file(folder / "x", bytes_of(text));
    EXPECT_EQ(text_of(read_file(folder / "x")), text);
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x"});
}

TEST(File, WhatIsNoRegularFileIsRefused) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_refusal(folder / "pipe"),
            (folder / "pipe").string() + ": is a named pipe, not a regular file");
  EXPECT_EQ(read_refusal(folder.path()),
            folder.path().string() + ": is a directory, not a regular file");
  EXPECT_EQ(read_refusal("/dev/zero"), "/dev/zero: is a device, not a regular file");
  EXPECT_EQ(read_refusal(folder / "absent"),
            (folder / "absent").string() + ": cannot be opened: No such file or directory");
}

TEST(File, WithoutPermissionIsRefused) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "the superuser may read everything";
  }
  const TemporaryFolder folder;
  write_file(folder / "x", bytes_of("secret"));
  std::filesystem::permissions(folder / "x", std::filesystem::perms::none);
  EXPECT_NE(read_refusal(folder / "x").find("Permission denied"), std::string::npos);
}

TEST(File, LargerThanMemoryIsRefused) {
  const TemporaryFolder folder;
  write_file(folder / "sparse", {});
  constexpr off_t size = off_t{1} << 42U;
  if (::truncate((folder / "sparse").c_str(), size) != 0) {
    GTEST_SKIP() << "this file system has no sparse file of 4 TiB";
  }
  EXPECT_NE(read_refusal(folder / "sparse").find("needs 4398046511104 bytes"), std::string::npos);
}

TEST(File, WritingReplacesAndKeepsPermissions) {
  const TemporaryFolder folder;
  write_file(folder / "x", bytes_of("old"));
  ASSERT_EQ(::chmod((folder / "x").c_str(), 0640), 0);
  write_file(folder / "x", bytes_of("new"));
  EXPECT_EQ(text_of(read_file(folder / "x")), "new");
  EXPECT_EQ(permissions(folder / "x"), 0640U);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x"});
}

TEST(File, NewFilesHaveTheUsualPermissions) {
  const TemporaryFolder folder;
  const mode_t mask = ::umask(027);
  write_file(folder / "x", bytes_of("new"));
  ::umask(mask);
  EXPECT_EQ(permissions(folder / "x"), 0640U);
}

TEST(File, WritingThroughALinkReplacesWhatItPointsTo) {
  const TemporaryFolder folder;
  write_file(folder / "target", bytes_of("old"));
  std::filesystem::create_symlink("target", folder / "link");
  write_file(folder / "link", bytes_of("new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(text_of(read_file(folder / "target")), "new");
}

TEST(File, TheLongestNameCanBeWritten) {
  const TemporaryFolder folder;
  const std::string longest(255, 'x');
  write_file(folder / longest, bytes_of("new"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{longest});
}

TEST(File, WhatCannotBeReplacedStays) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(write_refusal(folder / "pipe").find("not a regular file"), std::string::npos);
  EXPECT_NE(write_refusal(folder.path()).find("not a regular file"), std::string::npos);
  EXPECT_NE(write_refusal("/dev/null").find("not a regular file"), std::string::npos);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"pipe"});
}

TEST(File, ImpossiblePlacesAreRefused) {
  const TemporaryFolder folder;
  EXPECT_NE(write_refusal(folder / "absent/x").find("No such file"), std::string::npos);
  EXPECT_NE(write_refusal("").find("names no file"), std::string::npos);
  EXPECT_NE(write_refusal(folder / std::string(256, 'x')).find("name too long"), std::string::npos);
  EXPECT_TRUE(folder.names().empty());
}

TEST(File, AFullDiskLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  write_file(folder / "x.npy", bytes_of("old"));
  const Tensor large({1000});
  const std::function<void()> writers[] = {
      [&] { write_file(folder / "x.npy", bytes_of(std::string(4000, 'x'))); },
      [&] { write_npy(folder / "x.npy", large); },
      [&] {
        write_npz(folder / "x.npy", {{"x", large}});
      },
      [&] {
        write_safetensors(folder / "x.npy", {{"x", large}});
      },
      // One grey value a pixel, in an order that deflate cannot shorten to 64 bytes.
      [&] {
        Tensor noise({40, 40}, DType::uint8);
        for (int i = 0; i < 1600; ++i) {
          noise.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * i * 31 / 7);
        }
        write_png(folder / "x.npy", noise);
      },
  };
  for (const auto& write : writers) {
    std::string message;
    {
      const FileSizeLimit limit(64);
      message = refusal(write);
    }
    EXPECT_NE(message.find("cannot be written: File too large"), std::string::npos) << message;
    EXPECT_EQ(text_of(read_file(folder / "x.npy")), "old");
    EXPECT_EQ(folder.names(), std::vector<std::string>{"x.npy"});
  }
}

}  // namespace
}  // namespace conv2d::io
