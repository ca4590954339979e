#include "support.h"

#include "tensor/dispatch.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace conv2d::io {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "conv2d-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary folder can be made");
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TemporaryFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

Tensor counting(const Sizes& sizes, DType dtype) {
  Tensor numbers(sizes, DType::float64);
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    numbers.data<double>()[i] = static_cast<double>(i);
  }
  Tensor result = numbers.to(dtype);
  if (is_complex(dtype)) {
    dispatch(dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_same_v<T, complex64> || std::is_same_v<T, complex128>) {
        for (std::int64_t i = 0; i < result.numel(); ++i) {
          T& z = result.data<T>()[i];
          z = T(z.real(), 0 - z.real());  // not -0
        }
      }
    });
  }
  return result;
}

testing::AssertionResult same(TensorView a, TensorView b) {
  if (a.dtype() != b.dtype() || a.sizes() != b.sizes()) {
    return testing::AssertionFailure() << name(a.dtype()) << " " << to_string(a.sizes()) << " and "
                                       << name(b.dtype()) << " " << to_string(b.sizes());
  }
  const Tensor left = a.clone(MemoryFormat::contiguous);
  const Tensor right = b.clone(MemoryFormat::contiguous);
  const std::size_t width = element_size(a.dtype());
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i) * width;
    if (std::memcmp(static_cast<const std::byte*>(left.data()) + at,
                    static_cast<const std::byte*>(right.data()) + at, width) != 0) {
      return testing::AssertionFailure() << "element " << i << " of " << to_string(a.sizes());
    }
  }
  return testing::AssertionSuccess();
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string refusal(const std::function<void()>& run) {
  try {
    run();
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

void expect_every_cut_refused(Bytes bytes, const std::function<void(Bytes)>& decode) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    // A copy of its own, so that a sanitizer sees a read beyond the cut.
    const std::vector<std::byte> cut(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(length));
    const std::string message = refusal([&] { decode(cut); });
    EXPECT_NE(message, "") << "cut to " << length << " of " << bytes.size() << " bytes";
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

void expect_no_crash_on_any_change(Bytes bytes, const std::function<void(Bytes)>& decode) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::byte change : {std::byte{0x01}, std::byte{0x80}, std::byte{0xff}}) {
      std::vector<std::byte> changed(bytes.begin(), bytes.end());
      changed[at] ^= change;
      const std::string message = refusal([&] { decode(changed); });
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }
}

void run_python(const TemporaryFolder& folder, std::string_view script) {
  const TemporaryFolder code;
  write_file(code / "script.py", bytes_of(script));
  const std::string command = std::string(CONV2D_PYTHON) + " '" + (code / "script.py").string() +
                              "' '" + folder.path().string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

}  // namespace conv2d::io
