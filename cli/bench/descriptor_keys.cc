#include "bench/descriptor_keys.h"

#include "failure.h"
#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace conv2d::cli {
namespace {

struct KeyRule {
  std::string_view key;
  std::int64_t least;
};

constexpr std::array<KeyRule, 16> key_rules = {{{"g", 1},
                                                {"mb", 1},
                                                {"ic", 1},
                                                {"ih", 1},
                                                {"iw", 1},
                                                {"oc", 1},
                                                {"oh", 1},
                                                {"ow", 1},
                                                {"kh", 1},
                                                {"kw", 1},
                                                {"sh", 1},
                                                {"sw", 1},
                                                {"ph", 0},
                                                {"pw", 0},
                                                {"dh", 0},
                                                {"dw", 0}}};
constexpr std::array<std::string_view, 6> keys_of_depth = {"id", "od", "kd", "sd", "pd", "dd"};

// The key that the text begins with, null where it begins with none.
const KeyRule* rule_of(std::string_view text) {
  const auto* const found =
      std::find_if(key_rules.begin(), key_rules.end(),
                   [&](const KeyRule& rule) { return text.starts_with(rule.key); });
  return found == key_rules.end() ? nullptr : found;
}

bool is_about_depth(std::string_view text) {
  return std::any_of(keys_of_depth.begin(), keys_of_depth.end(),
                     [&](std::string_view key) { return text.starts_with(key); });
}

}  // namespace

DescriptorKeys::DescriptorKeys(std::string text, std::string place)
    : text_(std::move(text)), place_(std::move(place)) {
  for (std::size_t at = 0; at < text_.size();) {
    if (text_[at] == '_') {
      ++at;
    } else if (text_[at] == 'n') {
      read_name(at + 1);
      return;
    } else {
      read_entry(at);
    }
  }
}

void DescriptorKeys::read_entry(std::size_t& at) {
  const std::size_t begin = at;
  const std::string_view rest = std::string_view(text_).substr(at);
  if (is_about_depth(rest)) {
    fail_at("this is a key of 3-D convolutions, and only 2-D ones are timed", begin, begin + 2);
  }
  const KeyRule* const rule = rule_of(rest);
  if (rule == nullptr) {
    fail_at("expected a key such as ic, ih, oc, kh or ph", begin, begin + 1);
  }
  const char* const number = text_.data() + begin + rule->key.size();
  const char* const end = text_.data() + text_.size();
  std::int64_t value = 0;
  const auto [stopped, problem] = std::from_chars(number, end, value);
  at = static_cast<std::size_t>(stopped - text_.data());
  const std::size_t shown = std::max(at, begin + rule->key.size());
  if (problem == std::errc::invalid_argument) {
    fail_at(fmt::format("a number must follow {}", rule->key), begin, shown);
  }
  if (problem != std::errc() || value < rule->least || value > largest_number) {
    fail_at(fmt::format("{} takes a number from {} to {}", rule->key, rule->least, largest_number),
            begin, shown);
  }
  if (find(rule->key) != nullptr) {
    fail_at(fmt::format("{} is given twice", rule->key), begin, shown);
  }
  entries_.push_back({rule->key, value, begin, at});
}

void DescriptorKeys::read_name(std::size_t at) {
  std::size_t end = text_.size();
  if (at < end && text_[at] == '"') {
    if (end - at < 2 || text_.back() != '"') {
      fail_at("the name's second quote is missing", at, end);
    }
    ++at;
    --end;
  }
  name_ = text_.substr(at, end - at);
  if (const std::size_t quote = name_.find('"'); quote != std::string::npos) {
    fail_at("a quote within a name", at + quote, at + quote + 1);
  }
}

const DescriptorKeys::Entry* DescriptorKeys::find(std::string_view key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<std::int64_t> DescriptorKeys::value(std::string_view key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? std::nullopt : std::optional(entry->value);
}

std::int64_t DescriptorKeys::required(std::string_view key) const {
  const Entry* entry = find(key);
  if (entry == nullptr) {
    fail_at(fmt::format("{} is missing", key), 0, text_.size());
  }
  return entry->value;
}

bool DescriptorKeys::has_any(std::string_view keys) const {
  const std::vector<std::string> words = split(keys, ' ');
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& key) { return find(key) != nullptr; });
}

void DescriptorKeys::fail(const std::string& sentence, std::string_view keys) const {
  std::size_t begin = text_.size();
  std::size_t end = 0;
  for (const std::string& key : split(keys, ' ')) {
    if (const Entry* entry = find(key)) {
      begin = std::min(begin, entry->begin);
      end = std::max(end, entry->end);
    }
  }
  fail_at(sentence, end == 0 ? 0 : begin, end == 0 ? text_.size() : end);
}

void DescriptorKeys::fail_at(const std::string& sentence, std::size_t begin,
                             std::size_t end) const {
  throw ArgumentError(place_ + sentence, text_, begin, end - begin);
}

}  // namespace conv2d::cli
