// safetensors: against a reader and writer of a few lines of Python made from the format's
// description, and against headers that lie.

#include "support.h"

#include <gtest/gtest.h>

#include "io/elements.h"

namespace conv2d::io {
namespace {

SafeTensors from_safetensors(Bytes bytes) { return decode_safetensors(bytes, "x.safetensors"); }

std::vector<std::byte> safetensors_with(std::string_view json, std::size_t data) {
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    text += static_cast<char>(json.size() >> (8 * i));
  }
  text += json;
  return bytes_of(text + std::string(data, '\1'));
}

std::string safetensors_refusal(std::string_view json, std::size_t data = 4) {
  return refusal([&] { from_safetensors(safetensors_with(json, data)); });
}

TEST(SafeTensors, RoundTripKeepsEveryBitOfEveryDtype) {
  const TemporaryFolder folder;
  std::map<std::string, Tensor> tensors;
  NamedViews views;
  for (const DType dtype : all_dtypes) {
    if (dtype != DType::complex128) {
      views.emplace(name(dtype),
                    tensors.emplace(name(dtype), counting({2, 3, 5}, dtype)).first->second);
    }
  }
  const Tensor turned = counting({2, 3, 4, 5}, DType::float32).clone(MemoryFormat::channels_last);
  views.emplace("channels last", turned);
  const Tensor scalar = Tensor::full({}, 2.5);
  views.emplace("", scalar);
  const Tensor empty({3, 0});
  views.emplace("empty", empty);
  write_safetensors(folder / "x", views, {{"format", "pt"}, {"note", "\"\n\xc3\xa4"}});
  const SafeTensors read = read_safetensors(folder / "x");
  ASSERT_EQ(read.tensors.size(), views.size());
  for (const auto& [name, view] : views) {
    EXPECT_TRUE(same(read.tensors.at(name), view)) << name;
  }
  EXPECT_EQ(read.metadata.at("format"), "pt");
  EXPECT_EQ(read.metadata.at("note"), "\"\n\xc3\xa4");
  EXPECT_TRUE(read.skipped.empty());
}

TEST(SafeTensors, PythonReadsWhatWeWriteAlignedAndWithoutGaps) {
  const TemporaryFolder folder;
  const Tensor weight = counting({2, 3}, DType::float32);
  const Tensor bias = counting({3}, DType::int8);
  const Tensor wide = counting({2}, DType::float64);
  write_safetensors(folder / "x", {{"conv.weight", weight}, {"a", bias}, {"b", wide}},
                    {{"format", "pt"}});
  run_python(folder, R"(
import sys, json, struct, numpy as np
data = open(sys.argv[1] + '/x', 'rb').read()
n, = struct.unpack('<Q', data[:8])
assert n % 8 == 0
header = json.loads(data[8:8 + n])
assert header.pop('__metadata__') == {'format': 'pt'}
covered = 0
types = dict(F32='<f4', F64='<f8', I8='i1')
read = {}
for name, entry in sorted(header.items(), key=lambda item: item[1]['data_offsets']):
    begin, end = entry['data_offsets']
    dtype = np.dtype(types[entry['dtype']])
    assert begin == covered and begin % dtype.itemsize == 0
    covered = end
    read[name] = np.frombuffer(data[8 + n + begin:8 + n + end], dtype).reshape(entry['shape'])
assert covered == len(data) - 8 - n
assert read['conv.weight'].tolist() == [[0, 1, 2], [3, 4, 5]]
assert read['a'].tolist() == [0, 1, 2] and read['b'].tolist() == [0, 1]
)");
}

TEST(SafeTensors, ReadsTorchStateDicts) {
  const TemporaryFolder folder;
  // What safetensors.torch.save_file lays down, after the format's description.
  run_python(folder, R"(
import sys, json, struct, torch
torch.manual_seed(1)
state = torch.nn.Sequential(torch.nn.Conv2d(3, 6, 5), torch.nn.BatchNorm2d(6)).state_dict()
state['half'] = torch.arange(6).to(torch.bfloat16)
codes = {torch.float32: 'F32', torch.int64: 'I64', torch.bfloat16: 'BF16'}
header, data = {'__metadata__': {'format': 'pt'}}, b''
for name, tensor in sorted(state.items()):
    raw = bytes(tensor.contiguous().reshape(-1).view(torch.uint8).numpy()) if tensor.dim() else \
          struct.pack('<q', tensor.item())
    header[name] = dict(dtype=codes[tensor.dtype], shape=list(tensor.shape),
                        data_offsets=[len(data), len(data) + len(raw)])
    data += raw
text = json.dumps(header).encode()
text += b' ' * (-len(text) % 8)
open(sys.argv[1] + '/x', 'wb').write(struct.pack('<Q', len(text)) + text + data)
import numpy as np
np.save(sys.argv[1] + '/weight.npy', state['0.weight'].numpy())
)");
  const SafeTensors read = read_safetensors(folder / "x");
  EXPECT_TRUE(same(read.tensors.at("0.weight"), read_npy(folder / "weight.npy")));
  EXPECT_TRUE(same(read.tensors.at("half"), counting({6}, DType::bfloat16)));
  EXPECT_EQ(read.skipped.size(), 1U);
  EXPECT_EQ(read.skipped.at("1.num_batches_tracked"), "I64");
  EXPECT_EQ(read.metadata.at("format"), "pt");
}

TEST(SafeTensors, ComplexDoublesCannotBeWritten) {
  const TemporaryFolder folder;
  const Tensor z = counting({2}, DType::complex128);
  EXPECT_NE(refusal([&] {
              write_safetensors(folder / "x", {{"z", z}});
            }).find("'z' is complex128, for which safetensors has no dtype"),
            std::string::npos);
  EXPECT_TRUE(folder.names().empty());
}

TEST(SafeTensors, NamesThatTheFormatCannotHoldAreRefused) {
  const TemporaryFolder folder;
  const Tensor z({2});
  EXPECT_NE(refusal([&] { write_safetensors(folder / "x", {{"__metadata__", z}}); }), "");
  EXPECT_NE(refusal([&] {
              write_safetensors(folder / "x", {{"\xff", z}});
            }).find("UTF-8"),
            std::string::npos);
  EXPECT_TRUE(folder.names().empty());
}

TEST(SafeTensors, EveryCutIsRefused) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x", {{"a", counting({2}, DType::float32)}}, {{"k", "v"}});
  expect_every_cut_refused(read_file(folder / "x"), from_safetensors);
}

TEST(SafeTensors, NoChangedByteCrashes) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x", {{"a", counting({2}, DType::float32)}}, {{"k", "v"}});
  expect_no_crash_on_any_change(read_file(folder / "x"), from_safetensors);
}

TEST(SafeTensors, AnEmptyHeaderHoldsNothing) {
  EXPECT_TRUE(from_safetensors(safetensors_with("{}", 0)).tensors.empty());
  EXPECT_TRUE(from_safetensors(safetensors_with("{}      ", 0)).tensors.empty());
}

TEST(SafeTensors, AHeaderLengthBeyondTheFileIsRefused) {
  for (const auto last : {std::byte{0x00}, std::byte{0x01}, std::byte{0x7f}, std::byte{0xff}}) {
    std::vector<std::byte> bytes = safetensors_with("{}", 0);
    bytes[1] = std::byte{1};
    bytes[7] = last;
    EXPECT_NE(refusal([&] { from_safetensors(bytes); }).find("but at most 2 are possible"),
              std::string::npos);
  }
}

TEST(SafeTensors, HeadersThatLieAreRefusedWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "does not fill the 4 bytes"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,4]}})",
       "does not fill the 4 bytes"},
      {R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}})",
       "an extent beyond 2^63 - 1"},
      {R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})",
       "'99999999999999999999' where an integer"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "the negative number -1"},
      {R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", "the number '1.5'"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})",
       "more than 8 dimensions"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "within the 4 bytes"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "lies at bytes 4 to 0"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", "lies at bytes 1 to 4"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "1 bytes at its end belong"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
       "'b' lies at bytes 2 to 4"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
       R"("b":{"dtype":"X9","shape":[4],"data_offsets":[0,4]}})",
       "lies at bytes 0 to 4"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,18446744073709551615]}})",
       "within the 4 bytes"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
       R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       "the key 'a' twice"},
      {R"({"a":{"dtype":"U8","dtype":"U8"}})", "'dtype', which is unknown or comes twice"},
      {R"({"a":{"color":"red"}})", "'color', which is unknown"},
      {R"({"a":{"dtype":"U8","shape":[4]}})", "must have the fields"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}})", "must be two integers"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,1,2]}})", "must be two integers"},
      {R"({"a":{"dtype":{},"shape":[4]}})", "has an object in a place"},
      {R"({"a":{"dtype":"U8","shape":[[4]]}})", "has a list in a place"},
      {R"({"a":{"dtype":"U8","shape":["4"]}})", "has a text in a place"},
      {R"({"a":{"dtype":null}})", "has null in a place"},
      {R"({"a":{"dtype":true}})", "has true or false in a place"},
      {R"({"a":{"dtype":7}})", "has a number in a place"},
      {R"({"a":[]})", "has a list in a place"},
      {R"({"__metadata__":{"a":{}}})", "has an object in a place"},
      {R"({"__metadata__":{"a":1}})", "has a number in a place"},
      {R"({"__metadata__":{"a":"1","a":"2"}})", "metadata has the key 'a' twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", "the key '__metadata__' twice"},
      {R"([])", "does not begin with '{'"},
      {R"({"a")", "not valid JSON"},
      {R"({}{})", "not valid JSON"},
      {"{\"\xff\":{}}", "not valid JSON"},
  };
  for (const auto& [json, reason] : cases) {
    const std::string message = safetensors_refusal(json);
    EXPECT_NE(message.find(reason), std::string::npos) << json << " -> " << message;
    EXPECT_EQ(message.find("x.safetensors: "), 0U) << message;
  }
}

TEST(SafeTensors, DeepNestingIsRefusedAtOnce) {
  EXPECT_NE(safetensors_refusal("{\"a\":" + std::string(100'000, '[')), "");
  EXPECT_NE(safetensors_refusal("{\"a\":" + std::string(100'000, '{')), "");
}

TEST(SafeTensors, UnknownDtypesAreSkippedAndTheRestIsRead) {
  const SafeTensors read =
      from_safetensors(safetensors_with(R"({"a":{"dtype":"F8_E4M3","shape":[3],)"
                                        R"("data_offsets":[0,3]},"b":{"dtype":"U8",)"
                                        R"("shape":[1],"data_offsets":[3,4]}})",
                                        4));
  EXPECT_EQ(read.skipped.at("a"), "F8_E4M3");
  EXPECT_EQ(read.tensors.at("b").at<std::uint8_t>({0}), 1);
}

}  // namespace
}  // namespace conv2d::io
