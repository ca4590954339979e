// The wire format of protocol buffers, read in place.
//
// ONNX needs five messages of a few fields each. A reader of a hundred lines that hands out views
// of the file allocates nothing at all, where a general parser builds every message a file claims;
// and the library needs neither generated code nor the protobuf runtime of the right version.
// Source: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include "conv2d/io.h"
#include "io/elements.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace conv2d::io {

/// How the bytes of a field are to be read.
enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field of a message.
class ProtoField {
 public:
  std::uint32_t number() const noexcept { return number_; }

  /// The value of an integer, bool or enum field.
  std::uint64_t integer() const {
    require(WireType::varint);
    return scalar_;
  }
  /// The contents of a bytes field or an embedded message.
  Bytes bytes() const {
    require(WireType::bytes);
    return bytes_;
  }
  std::string_view text() const {
    const Bytes contents = bytes();
    return {reinterpret_cast<const char*>(contents.data()), contents.size()};
  }
  /// Calls visit(value) for each value of a repeated integer field, packed or not.
  template <class Visit>
  void for_each_integer(Visit&& visit) const;
  /// Calls visit(bits) for each value of a repeated float (T 32 bits) or double (T 64 bits) field.
  template <class T, class Visit>
  void for_each_fixed(Visit&& visit) const;

 private:
  friend class ProtoReader;
  ProtoField() = default;
  void require(WireType wanted) const;
  [[noreturn]] void refuse_width(std::size_t width) const;

  std::uint32_t number_ = 0;
  WireType type_ = WireType::varint;
  std::uint64_t scalar_ = 0;
  Bytes bytes_;
  const std::string* source_ = nullptr;
};

/// The fields of a message, one after the other. Throws std::invalid_argument where the bytes are
/// not a message: a cut or overlong number, a length beyond the end, a wire type that ONNX has not.
class ProtoReader {
 public:
  ProtoReader(Bytes bytes, const std::string& source) : rest_(bytes), source_(&source) {}

  bool at_end() const noexcept { return rest_.empty(); }
  ProtoField next();
  std::uint64_t varint();

 private:
  Bytes take(std::uint64_t count);

  Bytes rest_;
  const std::string* source_;
};

template <class Visit>
void ProtoField::for_each_integer(Visit&& visit) const {
  if (type_ == WireType::varint) {
    visit(scalar_);
    return;
  }
  ProtoReader packed(bytes(), *source_);
  while (!packed.at_end()) {
    visit(packed.varint());
  }
}

template <class T, class Visit>
void ProtoField::for_each_fixed(Visit&& visit) const {
  if (type_ == (sizeof(T) == 4 ? WireType::fixed32 : WireType::fixed64)) {
    visit(static_cast<T>(scalar_));
    return;
  }
  const Bytes packed = bytes();
  if (packed.size() % sizeof(T) != 0) {
    refuse_width(sizeof(T));
  }
  for (std::size_t at = 0; at < packed.size(); at += sizeof(T)) {
    visit(load_little<T>(packed, at));
  }
}

}  // namespace conv2d::io
