// ONNX's TensorProto: sizes, an element type, and the elements either as raw little-endian bytes or
// in the repeated field that the element type prescribes.
// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3, message TensorProto

#include "conv2d/io.h"
#include "io/elements.h"
#include "io/message.h"
#include "io/onnx_messages.h"
#include "io/protobuf.h"

#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace conv2d::io {
namespace {

/// Field numbers of TensorProto.
enum Field : std::uint32_t {
  dims = 1,
  data_type = 2,
  segment = 3,
  float_data = 4,
  int32_data = 5,
  tensor_name = 8,
  raw_data = 9,
  double_data = 10,
  external_data = 13,
  data_location = 14,
};

struct ElementType {
  std::uint64_t code;  // TensorProto.DataType
  DType dtype;
  Field field;  // where elements lie that are not raw
};

constexpr std::array<ElementType, 9> element_types{{
    {1, DType::float32, float_data},
    {2, DType::uint8, int32_data},
    {3, DType::int8, int32_data},
    {6, DType::int32, int32_data},
    {10, DType::float16, int32_data},
    {11, DType::float64, double_data},
    {14, DType::complex64, float_data},
    {15, DType::complex128, double_data},
    {16, DType::bfloat16, int32_data},
}};

const ElementType& element_type(std::uint64_t code, const std::string& source) {
  for (const ElementType& type : element_types) {
    if (type.code == code) {
      return type;
    }
  }
  refuse(source, "its tensor has ONNX data type ", code,
         "; allowed are 1 float32, 2 uint8, 3 int8, 6 int32, 10 float16, 11 float64, 14 complex64, "
         "15 complex128 and 16 bfloat16");
}

struct TensorHeader {
  std::string name;
  Sizes sizes;
  std::uint64_t data_type = 0;
  std::optional<Bytes> raw;
};

void read_dims(const ProtoField& field, std::vector<std::int64_t>& extents,
               const std::string& source) {
  field.for_each_integer([&](std::uint64_t value) {
    const auto extent = static_cast<std::int64_t>(value);
    if (extent < 0) {
      refuse(source, "its tensor has the extent ", extent, "; extents are not negative");
    }
    if (extents.size() == Sizes::max_rank) {
      refuse(source, "its tensor has more than ", Sizes::max_rank, " dimensions");
    }
    extents.push_back(extent);
  });
}

TensorHeader read_header(Bytes bytes, const std::string& source) {
  TensorHeader header;
  std::vector<std::int64_t> extents;
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    switch (field.number()) {
      case dims:
        read_dims(field, extents, source);
        break;
      case data_type:
        header.data_type = field.integer();
        break;
      case tensor_name:
        header.name = field.text();
        break;
      case raw_data:
        header.raw = field.bytes();
        break;
      case segment:
        refuse(source, "its tensor is stored in segments, which are not supported");
      case external_data:
        refuse(source, "its tensor lies in another file, which is not supported");
      case data_location:
        if (field.integer() != 0) {
          refuse(source, "its tensor lies in another file, which is not supported");
        }
        break;
      default:  // the elements, read later; and documentation
        break;
    }
  }
  header.sizes = Sizes(std::span<const std::int64_t>(extents));
  return header;
}

/// Calls visit(value) for every number in the repeated field `type.field`.
template <class Visit>
void for_each_number(Bytes bytes, const ElementType& type, const std::string& source,
                     Visit&& visit) {
  for (ProtoReader reader(bytes, source); !reader.at_end();) {
    const ProtoField field = reader.next();
    if (field.number() != type.field) {
      continue;
    }
    if (type.field == float_data) {
      field.for_each_fixed<std::uint32_t>(visit);
    } else if (type.field == double_data) {
      field.for_each_fixed<std::uint64_t>(visit);
    } else {
      field.for_each_integer(visit);
    }
  }
}

/// Stores numbers as T, one after the other; each must fit.
template <class T>
class Sink {
 public:
  Sink(void* to, const std::string& source) : to_(static_cast<std::byte*>(to)), source_(source) {}

  void operator()(std::uint64_t value) {
    // Integers come sign-extended to 64 bits, floats as their bits.
    const auto narrow = static_cast<T>(value);
    if (static_cast<std::uint64_t>(narrow) != value) {
      refuse(source_, "its tensor has the number ", static_cast<std::int64_t>(value),
             ", which its element type does not hold");
    }
    std::memcpy(to_, &narrow, sizeof(T));
    to_ += sizeof(T);
  }

 private:
  std::byte* to_;
  const std::string& source_;
};

template <class T>
void fill(Bytes bytes, const ElementType& type, void* to, const std::string& source) {
  for_each_number(bytes, type, source, Sink<T>(to, source));
}

/// Elements from the repeated field: counted first, so that nothing is allocated for a claim.
Tensor read_numbers(Bytes bytes, const ElementType& type, const Sizes& sizes,
                    const std::string& source) {
  std::uint64_t count = 0;
  for_each_number(bytes, type, source, [&](std::uint64_t) { ++count; });
  const std::uint64_t parts = is_complex(type.dtype) ? 2 : 1;
  const auto numel = sizes.numel();
  if (!numel || count % parts != 0 || count / parts != static_cast<std::uint64_t>(*numel)) {
    refuse(source, "its tensor promises ", name(type.dtype), " ", to_string(sizes), ", but holds ",
           count, " numbers");
  }
  Tensor tensor = Tensor::uninitialized(sizes, type.dtype);
  switch (type.dtype) {
    case DType::float32:
    case DType::complex64:
      fill<std::uint32_t>(bytes, type, tensor.data(), source);
      break;
    case DType::float64:
    case DType::complex128:
      fill<std::uint64_t>(bytes, type, tensor.data(), source);
      break;
    case DType::float16:
    case DType::bfloat16:
      fill<std::uint16_t>(bytes, type, tensor.data(), source);
      break;
    case DType::uint8:
      fill<std::uint8_t>(bytes, type, tensor.data(), source);
      break;
    case DType::int8:
      fill<std::int8_t>(bytes, type, tensor.data(), source);
      break;
    case DType::int32:
      fill<std::int32_t>(bytes, type, tensor.data(), source);
      break;
  }
  return tensor;
}

}  // namespace

std::pair<std::string, Tensor> decode_tensor_proto(Bytes bytes, const std::string& source) {
  TensorHeader header = read_header(bytes, source);
  const ElementType& type = element_type(header.data_type, source);
  if (!header.raw) {
    return {std::move(header.name), read_numbers(bytes, type, header.sizes, source)};
  }
  const auto needed = byte_count(header.sizes, type.dtype);
  if (!needed || *needed != header.raw->size()) {
    refuse(source, "its tensor promises ", name(type.dtype), " ", to_string(header.sizes),
           ", but holds ", header.raw->size(), " bytes");
  }
  return {std::move(header.name),
          tensor_from(*header.raw, type.dtype, header.sizes, std::endian::little, source)};
}

Tensor decode_onnx_tensor(Bytes bytes, const std::string& source) {
  return decode_tensor_proto(bytes, source).second;
}

Tensor read_onnx_tensor(const Path& path) {
  return decode_onnx_tensor(read_file(path), path.string());
}

}  // namespace conv2d::io
