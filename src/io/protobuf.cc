#include "io/protobuf.h"

#include "io/message.h"

namespace conv2d::io {

void ProtoField::require(WireType wanted) const {
  if (type_ != wanted) {
    refuse(*source_, "is damaged or not ONNX: field ", number_, " of a message has wire type ",
           static_cast<int>(type_), " where ", static_cast<int>(wanted), " is expected");
  }
}

void ProtoField::refuse_width(std::size_t width) const {
  refuse(*source_, "is damaged or not ONNX: field ", number_, " of a message has ", bytes_.size(),
         " bytes, not a multiple of ", width);
}

std::uint64_t ProtoReader::varint() {
  constexpr unsigned longest = 10;  // bytes of 7 bits for 64
  std::uint64_t value = 0;
  for (unsigned i = 0; i < longest; ++i) {
    const auto byte = std::to_integer<std::uint64_t>(take(1).front());
    value |= (byte & 0x7fU) << (7 * i);
    if (byte < 0x80U) {
      return value;
    }
  }
  refuse(*source_, "is damaged or not ONNX: a number in it has more than 10 bytes");
}

Bytes ProtoReader::take(std::uint64_t count) {
  if (count > rest_.size()) {
    refuse(*source_, "is damaged or not ONNX: it ends too early, where ", count,
           " bytes are promised and ", rest_.size(), " are left");
  }
  const Bytes taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

ProtoField ProtoReader::next() {
  const std::uint64_t tag = varint();
  ProtoField field;
  field.source_ = source_;
  field.number_ = static_cast<std::uint32_t>(tag >> 3U);
  field.type_ = static_cast<WireType>(tag & 7U);
  constexpr std::uint64_t largest_number = (std::uint64_t{1} << 29U) - 1;
  if (tag >> 3U == 0 || tag >> 3U > largest_number) {
    refuse(*source_, "is damaged or not ONNX: it has a field of number ", tag >> 3U);
  }
  switch (field.type_) {
    case WireType::varint:
      field.scalar_ = varint();
      return field;
    case WireType::fixed64:
      field.scalar_ = load_little<std::uint64_t>(take(8), 0);
      return field;
    case WireType::fixed32:
      field.scalar_ = load_little<std::uint32_t>(take(4), 0);
      return field;
    case WireType::bytes:
      field.bytes_ = take(varint());
      return field;
  }
  refuse(*source_, "is damaged or not ONNX: it has a field of wire type ", tag & 7U);
}

}  // namespace conv2d::io
