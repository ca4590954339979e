// JSON as text, written from the front to the end: all that the page is told.
#pragma once

#include <conv2d/dtype.h>
#include <conv2d/explain.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace conv2d::web {

class Json {
 public:
  Json& object() { return open('{'); }
  Json& array() { return open('['); }
  Json& end_object() { return close('}'); }
  Json& end_array() { return close(']'); }
  Json& key(std::string_view name);
  Json& value(std::string_view text);
  Json& value(const char* text) { return value(std::string_view(text)); }
  Json& value(double number);
  Json& value(std::int64_t number);
  Json& value(bool is_true);
  template <class Value>
  Json& field(std::string_view name, const Value& given) {
    key(name);
    return value(given);
  }
  std::string take() { return std::move(text_); }

 private:
  Json& open(char bracket);
  Json& close(char bracket);
  void separate();

  std::string text_;
  bool first_ = true;
};

}  // namespace conv2d::web
