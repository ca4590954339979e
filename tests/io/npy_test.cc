// npy: against NumPy in both directions, and against files made to hurt.

#include "support.h"

#include <gtest/gtest.h>

namespace conv2d::io {
namespace {

Tensor from_npy(Bytes bytes) { return decode_npy(bytes, "x.npy"); }

/// A version 1.0 file with this dict and this many zero bytes after it.
std::vector<std::byte> npy_with(std::string_view dict, std::size_t data) {
  std::string text = "\x93NUMPY\x01";
  text += '\0';
  text += static_cast<char>(dict.size());
  text += static_cast<char>(dict.size() >> 8U);
  text += dict;
  return bytes_of(text + std::string(data, '\0'));
}

std::string npy_refusal(std::string_view dict, std::size_t data = 0) {
  return refusal([&] { from_npy(npy_with(dict, data)); });
}

TEST(Npy, RoundTripKeepsEveryBitOfEveryDtype) {
  const TemporaryFolder folder;
  for (const DType dtype : all_dtypes) {
    const Tensor tensor = counting({2, 3, 4, 5}, dtype);
    write_npy(folder / "x.npy", tensor);
    // NumPy has no bfloat16; float32 holds each of its values.
    const DType stored = dtype == DType::bfloat16 ? DType::float32 : dtype;
    EXPECT_TRUE(same(read_npy(folder / "x.npy"), tensor.to(stored))) << name(dtype);
  }
}

TEST(Npy, RoundTripKeepsEveryView) {
  const TemporaryFolder folder;
  const Tensor tensor = counting({2, 3, 4, 5}, DType::float32);
  const TensorView view = tensor;
  const Tensor channels_last = view.clone(MemoryFormat::channels_last);
  const TensorView backwards(tensor.data<float>() + 119, DType::float32, {120}, {-1});
  const TensorView repeated(tensor.data(), DType::float32, {7, 5}, {0, 1});
  const Tensor scalar = Tensor::full({}, 3.5);
  const Tensor empty({0, 3});
  for (const TensorView& written :
       {view, view.permute({3, 1, 0, 2}), view.slice(3, 1, 5, 2), view.select(1, 2),
        TensorView(channels_last), backwards, repeated, TensorView(scalar), TensorView(empty)}) {
    write_npy(folder / "x.npy", written);
    EXPECT_TRUE(same(read_npy(folder / "x.npy"), written));
  }
}

TEST(Npy, NumpyReadsWhatWeWrite) {
  const TemporaryFolder folder;
  for (const DType dtype : all_dtypes) {
    write_npy(folder / (std::string(name(dtype)) + ".npy"), counting({2, 3, 4, 5}, dtype));
  }
  write_npy(folder / "scalar.npy", Tensor::full({}, 3.5));
  write_npy(folder / "vector.npy", counting({7}, DType::int32));
  write_npy(folder / "empty.npy", Tensor({0, 3}));
  run_python(folder, R"(
import sys, numpy as np
load = lambda name: np.load(sys.argv[1] + '/' + name + '.npy')
for name in 'float16 float32 float64 int8 uint8 int32 complex64 complex128 bfloat16'.split():
    dtype = np.dtype('float32' if name == 'bfloat16' else name)
    want = np.arange(120).astype(dtype).reshape(2, 3, 4, 5)
    if dtype.kind == 'c':
        want = want * dtype.type(1 - 1j)
    got = load(name)
    assert got.dtype == dtype and got.shape == want.shape and (got == want).all(), name
assert load('scalar').shape == () and load('scalar') == 3.5
assert load('vector').tolist() == [0, 1, 2, 3, 4, 5, 6]
assert load('empty').shape == (0, 3)
)");
}

TEST(Npy, ReadsWhatNumpyWrites) {
  const TemporaryFolder folder;
  run_python(folder, R"(
import sys, numpy as np
for dtype in 'float16 float32 float64 int8 uint8 int32 complex64 complex128'.split():
    for shape in [(2, 3, 4, 5), (7,), (), (0, 3), (1, 1, 3)]:
        x = np.arange(np.prod(shape, dtype=int)).astype(dtype).reshape(shape)
        if np.dtype(dtype).kind == 'c':
            x = x * np.dtype(dtype).type(1 - 1j)
        for byte_order in '<>':
            for order in 'CF':
                for version in (1, 2, 3):
                    y = np.array(x.astype(np.dtype(dtype).newbyteorder(byte_order)), order=order)
                    size = 'x'.join(map(str, shape))
                    code = 'l' if byte_order == '<' else 'b'
                    name = f'{sys.argv[1]}/{dtype}-{size}-{code}{order}{version}.npy'
                    with open(name, 'wb') as f:
                        np.lib.format.write_array(f, y, version=(version, 0))
)");
  int files = 0;
  for (const DType dtype : all_dtypes) {
    for (const auto& [size, sizes] :
         {std::pair("2x3x4x5", Sizes{2, 3, 4, 5}), std::pair("7", Sizes{7}), std::pair("", Sizes{}),
          std::pair("0x3", Sizes{0, 3}), std::pair("1x1x3", Sizes{1, 1, 3})}) {
      for (const char* variant :
           {"lC1", "lC2", "lC3", "lF1", "lF2", "lF3", "bC1", "bC2", "bC3", "bF1", "bF2", "bF3"}) {
        const std::string file = std::string(name(dtype)) + "-" + size + "-" + variant + ".npy";
        if (dtype != DType::bfloat16) {
          EXPECT_TRUE(same(read_npy(folder / file), counting(sizes, dtype))) << file;
          ++files;
        }
      }
    }
  }
  EXPECT_EQ(static_cast<std::size_t>(files), folder.names().size());
}

TEST(Npy, EveryCutIsRefused) {
  const TemporaryFolder folder;
  write_npy(folder / "x.npy", counting({2, 3}, DType::float32));
  expect_every_cut_refused(read_file(folder / "x.npy"), from_npy);
}

TEST(Npy, NoChangedByteCrashes) {
  const TemporaryFolder folder;
  write_npy(folder / "x.npy", counting({2, 3}, DType::float32));
  expect_no_crash_on_any_change(read_file(folder / "x.npy"), from_npy);
}

TEST(Npy, HeaderMayBeWrittenAsPythonWouldReadIt) {
  const Tensor tensor =
      from_npy(npy_with("{\"shape\":(2L,3,),'fortran_order':True,\n'descr' : '<f4'}  ", 24));
  EXPECT_EQ(tensor.sizes(), (Sizes{2, 3}));
}

TEST(Npy, ClaimsBeyondTheFileAreRefusedWithoutAllocating) {
  for (const char* shape :
       {"(1000000000000,)", "(9223372036854775807,)", "(4294967296, 4294967296)",
        "(9223372036854775807, 9223372036854775807, 2)", "(2, 3)"}) {
    const std::string dict =
        std::string("{'descr': '<f8', 'fortran_order': False, 'shape': ") + shape + "}";
    EXPECT_NE(npy_refusal(dict, 16).find("but 16 bytes follow it"), std::string::npos) << shape;
  }
  EXPECT_EQ(from_npy(npy_with("{'descr': '<f8', 'fortran_order': True, "
                              "'shape': (9223372036854775807, 0, 9223372036854775807)}",
                              0))
                .numel(),
            0);
}

TEST(Npy, MalformedHeadersAreRefusedWithTheReason) {
  const auto with = [](const char* descr, const char* order, const char* shape) {
    return std::string("{'descr': ") + descr + ", 'fortran_order': " + order +
           ", 'shape': " + shape + "}";
  };
  const std::pair<std::string, const char*> cases[] = {
      {with("'<f4'", "False", "(-1,)"), "must be an integer from 0"},
      {with("'<f4'", "False", "(9223372036854775808,)"), "must be an integer from 0"},
      {with("'<f4'", "False", "(1)"), "',' is missing"},
      {with("'<f4'", "False", "(1 2)"), "',' is missing"},
      {with("'<f4'", "False", "(1,2"), "')' is missing"},
      {with("'<f4'", "False", "()") + "x", "must be one dict"},
      {with("'<f4'", "False", "(1,1,1,1,1,1,1,1,1)"), "more than 8 dimensions"},
      {with("'<f4'", "0", "()"), "must be True or False"},
      {with("<f4", "False", "()"), "a text in quotes is missing"},
      {with("[('a', '<f4')]", "False", "()"), "several fields"},
      {with("'<i8'", "False", "()"), "'<i8' is not supported; allowed are float16, float32"},
      {with("'|b1'", "False", "()"), "'|b1' is not supported"},
      {with("'<U3'", "False", "()"), "'<U3' is not supported"},
      {with("'|O'", "False", "()"), "'|O' is not supported"},
      {with("''", "False", "()"), "'' is not supported"},
      {"{'descr': '<f4', 'shape': ()}", "must be one dict with the keys"},
      {"{'descr': '<f4', 'descr': '<f4'}", "'descr' is unknown or comes twice"},
      {"{'color': 'red'}", "'color' is unknown"},
      {"", "'{' is missing"},
  };
  for (const auto& [dict, reason] : cases) {
    const std::string message = npy_refusal(dict, 4);
    EXPECT_NE(message.find(reason), std::string::npos) << dict << " -> " << message;
    EXPECT_EQ(message.find("x.npy: "), 0U) << message;
  }
}

TEST(Npy, BytesAfterTheArrayAreRefused) {
  const std::string message =
      npy_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 5);
  EXPECT_NE(message.find("float32 [1], but 5 bytes follow"), std::string::npos) << message;
}

TEST(Npy, OtherFilesAreNotNpy) {
  EXPECT_NE(refusal([] { from_npy(bytes_of("PK\x03\x04")); }).find("not an npy file"),
            std::string::npos);
  EXPECT_NE(refusal([] { from_npy(bytes_of("\x93NUMPY\x04")); }).find("npy version 4"),
            std::string::npos);
}

}  // namespace
}  // namespace conv2d::io
