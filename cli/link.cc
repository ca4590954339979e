#include "link.h"

#include "failure.h"
#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace conv2d::cli {
namespace {

std::optional<int> hex_digit(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::size_t at = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<int>(at));
}

/// As addresses write text: '+' is a space, %2C a comma.
std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool two_more = text[i] == '%' && i + 2 < text.size();
    const std::optional<int> high = two_more ? hex_digit(text[i + 1]) : std::nullopt;
    const std::optional<int> low = two_more ? hex_digit(text[i + 2]) : std::nullopt;
    if (high && low) {
      result += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

template <class Number>
Number number_of(const std::string& text, const char* what) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    refuse(fmt::format("--link: {} takes a number, but got '{}'", what, text));
  }
  return number;
}

/// "0:1.5;12:-3"
Edits edits_of(const std::string& text, const char* what) {
  Edits edits;
  for (const std::string& part : split(text, ';')) {
    if (part.empty()) {
      continue;
    }
    const std::size_t colon = part.find(':');
    if (colon == std::string::npos) {
      refuse(fmt::format("--link: {} takes index:number;index:number, but got '{}'", what, part));
    }
    const auto value = number_of<double>(part.substr(colon + 1), what);
    if (!std::isfinite(value)) {
      refuse(fmt::format("--link: {} takes finite numbers, but got '{}'", what, part));
    }
    edits[number_of<std::int64_t>(part.substr(0, colon), what)] = value;
  }
  return edits;
}

void take(Link& link, const std::string& name, const std::string& value) {
  if (name == "layer") {
    link.layer = value;
  } else if (name == "input") {
    link.input = value;
  } else if (name == "at") {
    link.at = value;
  } else if (name == "view") {
    link.view = value;
  } else if (name == "seed") {
    link.seed = number_of<std::uint64_t>(value, "seed");
  } else if (name == "flipped") {
    link.flipped = value == "1";
  } else if (name == "x") {
    link.input_edits = edits_of(value, "x");
  } else if (name == "w") {
    link.weight_edits = edits_of(value, "w");
  } else if (name == "b") {
    link.bias_edits = edits_of(value, "b");
  }
}

}  // namespace

Link parse_link(const std::string& text) {
  const std::size_t hash = text.find('#');
  Link link;
  for (const std::string& part :
       split(text.substr(hash == std::string::npos ? 0 : hash + 1), '&')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    take(link, part.substr(0, equals),
         decoded(std::string_view(part).substr(std::min(equals + 1, part.size()))));
  }
  if (link.layer.empty() || link.input.empty()) {
    refuse(fmt::format("--link takes an address with #layer=...&input=..., but got '{}'", text));
  }
  return link;
}

void apply_edits(const Edits& edits, Tensor& tensor, const char* what) {
  if (edits.empty()) {
    return;
  }
  Tensor wide = tensor.to(DType::float64);
  for (const auto& [index, value] : edits) {
    if (index < 0 || index >= wide.numel()) {
      refuse(fmt::format("--link changes element {} of the {}, which has {}", index, what,
                         counted(wide.numel(), "element")));
    }
    wide.data<double>()[index] = value;
  }
  copy(wide, tensor.mutable_view());
}

void flip(Tensor& weight) {
  Tensor wide = weight.to(DType::float64);
  const std::int64_t taps = weight.size(2) * weight.size(3);
  for (std::int64_t begin = 0; begin < wide.numel(); begin += taps) {
    std::reverse(wide.data<double>() + begin, wide.data<double>() + begin + taps);
  }
  copy(wide, weight.mutable_view());
}

}  // namespace conv2d::cli
