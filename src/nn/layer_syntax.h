// The grammar of a layer text, before anyone asks which layer it is:
//
//   layer     NAME '(' [ argument { ',' argument } [ ',' ] ] ')'
//   argument  [ NAME '=' ] value
//   value     INTEGER | WORD | STRING | tuple
//   tuple     '(' INTEGER ',' ... ')' or '[' INTEGER ',' ... ']', with an optional comma at its end
//
// NAME and WORD may have dots in them (torch.nn.Conv2d, torch.float64); a STRING is a WORD in
// single or double quotes. Space between the words does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace conv2d {

/// A part of the text: text.substr(position, length).
struct Span {
  std::size_t position = 0;
  std::size_t length = 0;
};

/// One clear sentence, and the part of the text that it is about.
struct ParseFailure {
  std::string message;
  Span span;
};

/// What stands in an argument's place. The views are into the text that was parsed.
struct SyntaxValue {
  std::variant<std::int64_t, std::string_view, std::vector<std::int64_t>> value;
  std::string_view text;  ///< as it was written
  Span span;
};

struct SyntaxArgument {
  std::string_view name;  ///< empty for a positional one
  Span name_span;
  SyntaxValue value;
};

struct LayerSyntax {
  std::string_view name;
  Span name_span;
  std::vector<SyntaxArgument> arguments;
  Span closing;  ///< the ')' at the end, where a missing argument would have stood
};

std::variant<LayerSyntax, ParseFailure> parse_layer_syntax(std::string_view text);

}  // namespace conv2d
