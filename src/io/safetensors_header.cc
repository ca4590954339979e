// Parsed event by event instead of into a tree: a tree keeps the last of two equal keys without a
// word, and grows with any nesting that a hostile file makes up.

#include "io/safetensors_header.h"

#include "io/message.h"

#include <nlohmann/json.hpp>

#include <array>
#include <set>
#include <span>
#include <utility>

namespace conv2d::io {
namespace {

constexpr std::string_view metadata_key = "__metadata__";

/// Where in the document an event belongs.
enum class Place { outside, file, tensor, dtype, shape, offsets, metadata, metadata_value };

class HeaderEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderEvents(const std::string& source) : source_(source) {}

  SafeTensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t /*size*/) override {
    if (place_ == Place::outside && !seen_file_) {
      seen_file_ = true;
      return enter(Place::file);
    }
    if (place_ == Place::file) {
      return enter(in_metadata_ ? Place::metadata : Place::tensor);
    }
    malformed("an object");
  }

  bool end_object() override {
    if (place_ == Place::tensor) {
      finish_tensor();
    }
    return enter(place_ == Place::file ? Place::outside : Place::file);
  }

  bool key(string_t& key) override {
    switch (place_) {
      case Place::file:
        return begin_tensor(key);
      case Place::tensor:
        return begin_field(key);
      default:  // Place::metadata: nowhere else is there an object
        key_ = key;
        return enter(Place::metadata_value);
    }
  }

  bool string(string_t& value) override {
    if (place_ == Place::dtype) {
      header_.entries.back().dtype = value;
      return enter(Place::tensor);
    }
    if (place_ == Place::metadata_value) {
      if (!header_.metadata.emplace(key_, value).second) {
        refuse(source_, "its metadata has the key ", in_quotes(key_), " twice");
      }
      return enter(Place::metadata);
    }
    malformed("a text");
  }

  bool start_array(std::size_t /*size*/) override {
    if (inside_array_ || (place_ != Place::shape && place_ != Place::offsets)) {
      malformed("a list");
    }
    inside_array_ = true;
    count_ = 0;
    return true;
  }

  bool end_array() override {
    inside_array_ = false;
    if (place_ == Place::offsets) {
      if (count_ != 2) {
        refuse(source_, "the 'data_offsets' of ", in_quotes(key_), " must be two integers");
      }
      header_.entries.back().begin = numbers_[0];
      header_.entries.back().end = numbers_[1];
    } else {
      finish_shape();
    }
    return enter(Place::tensor);
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (!inside_array_) {
      malformed("a number");
    }
    if (count_ == numbers_.size()) {
      refuse(source_, "the tensor ", in_quotes(key_), " has more than ", Sizes::max_rank,
             " dimensions");
    }
    numbers_[count_++] = value;
    return true;
  }

  bool number_integer(number_integer_t value) override {
    refuse(source_, "its header has the negative number ", value);
  }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    refuse(source_, "its header has the number ", in_quotes(text),
           " where an integer from 0 to 2^63 - 1 belongs");
  }
  bool null() override { malformed("null"); }
  bool boolean(bool /*value*/) override { malformed("true or false"); }
  bool binary(binary_t& /*value*/) override { malformed("binary data"); }

  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const nlohmann::json::exception& /*error*/) override {
    refuse(source_, "its header is not valid JSON at byte ", position);
  }

 private:
  bool enter(Place place) {
    place_ = place;
    return true;
  }

  bool begin_tensor(const std::string& name) {
    if (!names_.insert(name).second) {
      refuse(source_, "its header has the key ", in_quotes(name), " twice");
    }
    in_metadata_ = name == metadata_key;
    if (!in_metadata_) {
      header_.entries.push_back({.name = name});
      key_ = name;
      fields_ = {};
    }
    return true;
  }

  bool begin_field(const std::string& field) {
    static constexpr std::array<std::pair<std::string_view, Place>, 3> known{
        {{"dtype", Place::dtype}, {"shape", Place::shape}, {"data_offsets", Place::offsets}}};
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (field == known[i].first && !std::exchange(fields_[i], true)) {
        return enter(known[i].second);
      }
    }
    refuse(source_, "the tensor ", in_quotes(key_), " has the field ", in_quotes(field),
           ", which is unknown or comes twice");
  }

  void finish_shape() {
    std::array<std::int64_t, Sizes::max_rank> extents{};
    for (std::size_t i = 0; i < count_; ++i) {
      if (!std::in_range<std::int64_t>(numbers_[i])) {
        refuse(source_, "the tensor ", in_quotes(key_), " has an extent beyond 2^63 - 1");
      }
      extents[i] = static_cast<std::int64_t>(numbers_[i]);
    }
    header_.entries.back().shape = Sizes(std::span<const std::int64_t>(extents.data(), count_));
  }

  void finish_tensor() {
    if (!fields_[0] || !fields_[1] || !fields_[2]) {
      refuse(source_, "the tensor ", in_quotes(key_),
             " must have the fields 'dtype', 'shape' and 'data_offsets'");
    }
  }

  [[noreturn]] void malformed(std::string_view what) const {
    refuse(source_, "its header has ", what, " in a place where the format has none");
  }

  const std::string& source_;
  SafeTensorsHeader header_;
  std::set<std::string, std::less<>> names_;
  std::string key_;  // the tensor, or the metadata's key, that values belong to
  std::array<bool, 3> fields_{};
  std::array<std::uint64_t, Sizes::max_rank> numbers_{};
  std::size_t count_ = 0;
  Place place_ = Place::outside;
  bool seen_file_ = false;
  bool in_metadata_ = false;
  bool inside_array_ = false;
};

}  // namespace

SafeTensorsHeader parse_safetensors_header(std::string_view json, const std::string& source) {
  HeaderEvents events(source);
  nlohmann::json::sax_parse(json.begin(), json.end(), &events);
  return events.take();
}

}  // namespace conv2d::io
