// Writes protocol buffer messages, for tests: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace conv2d::io {

class ProtoWriter {
 public:
  ProtoWriter& integer(unsigned field, std::int64_t value) {
    varint(field << 3U);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  ProtoWriter& integers(unsigned field, std::initializer_list<std::int64_t> values) {
    for (const std::int64_t value : values) {
      integer(field, value);
    }
    return *this;
  }
  ProtoWriter& packed(unsigned field, std::initializer_list<std::int64_t> values) {
    ProtoWriter inside;
    for (const std::int64_t value : values) {
      inside.varint(static_cast<std::uint64_t>(value));
    }
    return bytes(field, inside.text());
  }
  ProtoWriter& bytes(unsigned field, std::string_view contents) {
    varint(field << 3U | 2U);
    varint(contents.size());
    text_ += contents;
    return *this;
  }
  ProtoWriter& message(unsigned field, const ProtoWriter& contents) {
    return bytes(field, contents.text());
  }
  ProtoWriter& packed_floats(unsigned field, std::initializer_list<float> values) {
    std::string inside;
    for (const float value : values) {
      inside += little(std::bit_cast<std::uint32_t>(value));
    }
    return bytes(field, inside);
  }
  ProtoWriter& packed_doubles(unsigned field, std::initializer_list<double> values) {
    std::string inside;
    for (const double value : values) {
      inside += little(std::bit_cast<std::uint64_t>(value));
    }
    return bytes(field, inside);
  }
  ProtoWriter& single_float(unsigned field, float value) {
    varint(field << 3U | 5U);
    text_ += little(std::bit_cast<std::uint32_t>(value));
    return *this;
  }
  ProtoWriter& single_double(unsigned field, double value) {
    varint(field << 3U | 1U);
    text_ += little(std::bit_cast<std::uint64_t>(value));
    return *this;
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) {
      text_ += static_cast<char>(value | 0x80U);
    }
    text_ += static_cast<char>(value);
  }
  const std::string& text() const { return text_; }

 private:
  template <class T>
  static std::string little(T bits) {
    std::string out;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      out += static_cast<char>(bits >> (8 * i));
    }
    return out;
  }

  std::string text_;
};

}  // namespace conv2d::io
