// What the tests of files share: tensors to write, folders to write to, and Python to check
// against.
#pragma once

#include "conv2d/io.h"
#include "conv2d/tensor.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::io {

/// A folder of its own that ends with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  Path operator/(std::string_view name) const { return path_ / name; }
  const Path& path() const { return path_; }
  /// The names of all files in it, hidden ones too, in order.
  std::vector<std::string> names() const;

 private:
  Path path_;
};

inline constexpr DType all_dtypes[] = {
    DType::float32, DType::float64, DType::bfloat16,  DType::float16,    DType::int8,
    DType::uint8,   DType::int32,   DType::complex64, DType::complex128,
};

/// 0, 1, 2, ... row by row; complex numbers are 0, 1-1i, 2-2i, ... . Exact in every dtype up to
/// 127.
Tensor counting(const Sizes& sizes, DType dtype);

/// The same sizes, dtype and bytes of every element.
testing::AssertionResult same(TensorView a, TensorView b);

std::vector<std::byte> bytes_of(std::string_view text);
std::string text_of(Bytes bytes);

/// What it threw, which must be std::invalid_argument; "" where it threw nothing.
std::string refusal(const std::function<void()>& run);

/// Every shorter beginning of `bytes` is refused in one line.
void expect_every_cut_refused(Bytes bytes, const std::function<void(Bytes)>& decode);

/// With any one byte changed, it is refused or read: no crash, no other exception.
void expect_no_crash_on_any_change(Bytes bytes, const std::function<void(Bytes)>& decode);

/// Runs a Python script, the folder being sys.argv[1]; fails the test where the script does.
void run_python(const TemporaryFolder& folder, std::string_view script);

}  // namespace conv2d::io
