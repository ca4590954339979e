// npz: against NumPy in both directions, and against archives that lie about their sizes.

#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace conv2d::io {
namespace {

NamedTensors from_npz(Bytes bytes) { return decode_npz(bytes, "x.npz"); }

NamedViews views_of(const std::map<std::string, Tensor>& tensors) {
  NamedViews views;
  for (const auto& [name, tensor] : tensors) {
    views.emplace(name, tensor);
  }
  return views;
}

/// A small archive with one deflated array.
std::vector<std::byte> deflated() {
  const TemporaryFolder folder;
  run_python(folder, R"(
import sys, numpy as np
np.savez_compressed(sys.argv[1] + '/x.npz', a=np.zeros((20, 20), 'float32'))
)");
  return read_file(folder / "x.npz");
}

/// Changes a little-endian 32-bit number in the central directory's only entry.
void set_in_directory(std::vector<std::byte>& zip, std::size_t at, std::uint32_t value) {
  const std::vector<std::byte> signature = bytes_of("PK\x01\x02");
  auto entry = std::ranges::search(zip, signature).begin();
  for (std::size_t i = 0; i < 4; ++i) {
    entry[static_cast<std::ptrdiff_t>(at + i)] = static_cast<std::byte>(value >> (8 * i));
  }
}

TEST(Npz, RoundTripKeepsEveryArray) {
  const TemporaryFolder folder;
  std::map<std::string, Tensor> tensors;
  for (const DType dtype : all_dtypes) {
    tensors.emplace(name(dtype), counting({2, 3, 4}, dtype));
  }
  write_npz(folder / "x.npz", views_of(tensors));
  const NamedTensors read = read_npz(folder / "x.npz");
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const DType stored = name == "bfloat16" ? DType::float32 : tensor.dtype();
    EXPECT_TRUE(same(read.at(name), tensor.to(stored))) << name;
  }
}

TEST(Npz, NumpyReadsWhatWeWrite) {
  const TemporaryFolder folder;
  const Tensor a = counting({2, 3}, DType::float32);
  const Tensor b = counting({4}, DType::complex128);
  write_npz(
      folder / "x.npz",
      {{"layer.weight", a}, {"b/\xc3\xa4", TensorView(b)}, {"turned", a.view().permute({1, 0})}});
  run_python(folder, R"(
import sys, zipfile, numpy as np
file = sys.argv[1] + '/x.npz'
assert zipfile.ZipFile(file).testzip() is None
z = np.load(file)
assert sorted(z.files) == ['b/ä', 'layer.weight', 'turned'], z.files
assert z['layer.weight'].tolist() == [[0, 1, 2], [3, 4, 5]]
assert z['turned'].tolist() == [[0, 3], [1, 4], [2, 5]]
assert z['b/ä'].tolist() == [0, 1 - 1j, 2 - 2j, 3 - 3j]
)");
}

TEST(Npz, ReadsWhatNumpyWrites) {
  const TemporaryFolder folder;
  run_python(folder, R"(
import sys, numpy as np
x = np.arange(120, dtype='float32').reshape(2, 3, 4, 5)
arrays = dict(x=x, turned=x.T, zeros=np.zeros((300, 300)))
np.savez(sys.argv[1] + '/stored.npz', **arrays)
np.savez_compressed(sys.argv[1] + '/deflated.npz', **arrays)
np.savez(sys.argv[1] + '/empty.npz')
)");
  const Tensor x = counting({2, 3, 4, 5}, DType::float32);
  for (const char* file : {"stored.npz", "deflated.npz"}) {
    const NamedTensors arrays = read_npz(folder / file);
    ASSERT_EQ(arrays.size(), 3U);
    EXPECT_TRUE(same(arrays.at("x"), x));
    EXPECT_TRUE(same(arrays.at("turned"), x.view().permute({3, 2, 1, 0})));
    EXPECT_TRUE(same(arrays.at("zeros"), Tensor({300, 300}, DType::float64)));
  }
  EXPECT_TRUE(read_npz(folder / "empty.npz").empty());
}

TEST(Npz, TheSameArraysGiveTheSameFile) {
  const TemporaryFolder folder;
  const Tensor a = counting({2, 3}, DType::float32);
  write_npz(folder / "1.npz", {{"a", a}});
  write_npz(folder / "2.npz", {{"a", a}});
  EXPECT_EQ(read_file(folder / "1.npz"), read_file(folder / "2.npz"));
}

TEST(Npz, NothingToWriteIsRefused) {
  const TemporaryFolder folder;
  EXPECT_NE(refusal([&] { write_npz(folder / "x.npz", {}); }).find("at least one array"),
            std::string::npos);
  EXPECT_TRUE(folder.names().empty());
}

TEST(Npz, NamesThatZipCannotHoldAreRefused) {
  const TemporaryFolder folder;
  const Tensor a({1});
  EXPECT_NE(refusal([&] { write_npz(folder / "x.npz", {{"\xff\xfe", a}}); }), "");
  EXPECT_TRUE(folder.names().empty());
}

TEST(Npz, EveryCutIsRefused) { expect_every_cut_refused(deflated(), from_npz); }

TEST(Npz, NoChangedByteCrashes) { expect_no_crash_on_any_change(deflated(), from_npz); }

TEST(Npz, ChangedDataIsRefused) {
  const TemporaryFolder folder;
  write_npz(folder / "x.npz", {{"a", counting({100}, DType::uint8)}});
  std::vector<std::byte> bytes = read_file(folder / "x.npz");
  const auto data = std::ranges::search(bytes, bytes_of("\x40\x41\x42\x43")).begin();
  ASSERT_NE(data, bytes.end());
  *data ^= std::byte{1};
  EXPECT_NE(refusal([&] { from_npz(bytes); }).find("entry 'a' is damaged"), std::string::npos);
}

TEST(Npz, ClaimsBeyondDeflateAreRefusedWithoutAllocating) {
  std::vector<std::byte> zip = deflated();
  set_in_directory(zip, 24, 0xfffffff0U);
  const std::string message = refusal([&] { from_npz(zip); });
  EXPECT_NE(message.find("more than deflate can hold"), std::string::npos) << message;
}

TEST(Npz, AWrongSizeIsRefused) {
  for (const std::uint32_t size : {100U, 3000U}) {
    std::vector<std::byte> zip = deflated();
    set_in_directory(zip, 24, size);
    EXPECT_NE(refusal([&] { from_npz(zip); }), "") << size;
  }
}

TEST(Npz, EntriesThatShareTheirBytesAreRefused) {
  const TemporaryFolder folder;
  // The second directory entry points to the first one's data: the bomb that multiplies.
  run_python(folder, R"(
import sys, struct, zipfile, io, numpy as np
buffer = io.BytesIO()
np.savez(buffer, a=np.zeros(1000, 'uint8'), b=np.zeros(1000, 'uint8'))
z = bytearray(buffer.getvalue())
first = z.index(b'PK\x01\x02')
second = z.index(b'PK\x01\x02', first + 4)
z[second + 42:second + 46] = z[first + 42:first + 46]
cut = struct.unpack('<I', z[first + 20:first + 24])[0]
# Drop the second entry's own bytes, so that the packed sizes pass the file's.
begin = z.index(b'PK\x03\x04', 4)
removed = first - begin
del z[begin:first]
end = z.index(b'PK\x05\x06')
z[end + 16:end + 20] = struct.pack('<I', first - removed)
open(sys.argv[1] + '/x.npz', 'wb').write(z)
)");
  const std::string message = refusal([&] { read_npz(folder / "x.npz"); });
  EXPECT_NE(message.find("more packed bytes than the archive has"), std::string::npos) << message;
}

TEST(Npz, OtherContentsAreRefused) {
  const TemporaryFolder folder;
  run_python(folder, R"(
import sys, io, warnings, zipfile, numpy as np
warnings.simplefilter('ignore')
def archive(name, method, *entries):
    with zipfile.ZipFile(sys.argv[1] + '/' + name, 'w', method) as z:
        for entry, data in entries:
            z.writestr(entry, data)
buffer = io.BytesIO()
np.save(buffer, np.zeros(3, 'float32'))
array = buffer.getvalue()
buffer = io.BytesIO()
np.save(buffer, np.zeros(3, 'int64'))
wide = buffer.getvalue()
archive('text', zipfile.ZIP_STORED, ('readme.txt', 'hello'))
archive('twice', zipfile.ZIP_STORED, ('a.npy', array), ('a.npy', array))
archive('bzip2', zipfile.ZIP_BZIP2, ('a.npy', array))
archive('wide', zipfile.ZIP_STORED, ('a.npy', wide))
archive('broken', zipfile.ZIP_STORED, ('a.npy', array[:-1]))
)");
  const auto message = [&](const char* file) { return refusal([&] { read_npz(folder / file); }); };
  EXPECT_NE(message("text").find("'readme.txt' of the archive is not an npy"), std::string::npos);
  EXPECT_NE(message("twice").find("'a' comes twice"), std::string::npos);
  EXPECT_NE(message("bzip2").find("packed by method 12"), std::string::npos);
  EXPECT_NE(message("wide").find("'a': its dtype '<i8' is not supported"), std::string::npos);
  EXPECT_NE(message("broken").find("but 11 bytes follow it"), std::string::npos);
}

}  // namespace
}  // namespace conv2d::io
