// The keys and numbers of a descriptor, and where each stands in its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::cli {

/// Products of two stay within 63 bits.
inline constexpr std::int64_t largest_number = std::int64_t{1} << 30;

/// Knows which keys there are and what numbers they take; what they mean together is for others.
class DescriptorKeys {
 public:
  /// `place` begins every complaint. Throws ArgumentError, as all members do.
  DescriptorKeys(std::string text, std::string place);

  /// What stood behind n, without quotes.
  const std::string& name() const noexcept { return name_; }
  std::optional<std::int64_t> value(std::string_view key) const;
  std::int64_t required(std::string_view key) const;
  /// Of keys with spaces between them, "ih oh kh".
  bool has_any(std::string_view keys) const;
  /// Complains, with carets from the first to the last of these keys.
  [[noreturn]] void fail(const std::string& sentence, std::string_view keys) const;

 private:
  struct Entry {
    std::string_view key;
    std::int64_t value;
    std::size_t begin;
    std::size_t end;
  };
  const Entry* find(std::string_view key) const;
  void read_entry(std::size_t& at);
  void read_name(std::size_t at);
  [[noreturn]] void fail_at(const std::string& sentence, std::size_t begin, std::size_t end) const;

  std::string text_;
  std::string place_;
  std::string name_;
  std::vector<Entry> entries_;
};

}  // namespace conv2d::cli
