#include "nn/layer_syntax.h"

#include "base/error.h"
#include "base/wording.h"

#include <charconv>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

namespace conv2d {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_part(char c) { return is_letter(c) || is_digit(c) || c == '.'; }

enum class Kind : std::uint8_t {
  word,
  string,
  number,
  punctuation,
  unfinished_string,
  unknown,
  end
};

struct Token {
  Kind kind = Kind::end;
  Span span;
  std::string_view text;  // a string's without its quotes
};

// Cuts the text into tokens, one at a time.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
    if (at_ == text_.size()) {
      return {Kind::end, {at_, 0}, {}};
    }
    const char c = text_[at_];
    if (is_letter(c)) {
      return take_word(Kind::word, 1);
    }
    if (is_digit(c) || (c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      return take_word(Kind::number, 1);
    }
    if (c == '\'' || c == '"') {
      return take_string(c);
    }
    if (std::string_view("()[],=").find(c) != std::string_view::npos) {
      return take(Kind::punctuation, 1);
    }
    return take(Kind::unknown, character_length());
  }

 private:
  Token take(Kind kind, std::size_t length) {
    const Token token{kind, {at_, length}, text_.substr(at_, length)};
    at_ += length;
    return token;
  }

  Token take_word(Kind kind, std::size_t length) {
    while (at_ + length < text_.size() && is_word_part(text_[at_ + length])) {
      ++length;
    }
    return take(kind, length);
  }

  Token take_string(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) {
      return take(Kind::unfinished_string, text_.size() - at_);
    }
    Token token = take(Kind::string, end + 1 - at_);
    token.text = token.text.substr(1, token.text.size() - 2);
    return token;
  }

  // A character outside ASCII is several bytes: the first, then bytes of the form 10xxxxxx.
  std::size_t character_length() const {
    std::size_t length = 1;
    while (at_ + length < text_.size() &&
           (static_cast<unsigned char>(text_[at_ + length]) & 0xc0U) == 0x80U) {
      ++length;
    }
    return length;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Recursive descent with one token of look-ahead. Each function returns false, or nothing, once
// failure_ is set; the first failure is the one reported.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), lexer_(text), token_(lexer_.next()) {}

  std::variant<LayerSyntax, ParseFailure> parse() {
    LayerSyntax layer;
    if (!parse_name(layer) || !parse_arguments(layer) || !parse_end()) {
      return *failure_;
    }
    return layer;
  }

 private:
  void advance() { token_ = lexer_.next(); }
  bool at(char c) const { return token_.kind == Kind::punctuation && token_.text[0] == c; }

  bool fail(std::string message, Span span) {
    failure_ = ParseFailure{std::move(message), span};
    return false;
  }

  // The token is not what the grammar asks for here.
  bool unexpected(std::string_view wanted) {
    if (token_.kind == Kind::end) {
      return fail(concat("the text ends where ", wanted, " should stand"), token_.span);
    }
    if (token_.kind == Kind::unfinished_string) {
      return fail(concat("the quote ", text_[token_.span.position], " is never closed"),
                  token_.span);
    }
    return fail(concat("expected ", wanted, ", but found ", in_quotes(text_of(token_.span))),
                token_.span);
  }

  std::string_view text_of(Span span) const { return text_.substr(span.position, span.length); }

  bool parse_name(LayerSyntax& layer) {
    if (token_.kind != Kind::word) {
      return unexpected("a layer such as Conv2d(3, 6, 5)");
    }
    layer.name = token_.text;
    layer.name_span = token_.span;
    advance();
    return true;
  }

  bool parse_arguments(LayerSyntax& layer) {
    if (!at('(')) {
      return unexpected(concat("'(' after ", in_quotes(layer.name)));
    }
    const Span opening = token_.span;
    advance();
    while (!at(')')) {
      if (token_.kind == Kind::end) {
        return fail("this '(' is never closed", opening);
      }
      if (!parse_argument(layer) || !parse_separator(')', opening)) {
        return false;
      }
    }
    layer.closing = token_.span;
    advance();
    return true;
  }

  // A comma, or the closing bracket, which is left in place.
  bool parse_separator(char closing, Span opening) {
    if (at(',')) {
      advance();
      return true;
    }
    if (token_.kind == Kind::end) {
      return fail(concat("this '", text_of(opening), "' is never closed"), opening);
    }
    return at(closing) || unexpected(concat("',' or '", closing, "'"));
  }

  bool parse_argument(LayerSyntax& layer) {
    SyntaxArgument argument;
    if (token_.kind == Kind::word) {
      const Token word = token_;
      advance();
      if (at('=')) {
        advance();
        argument.name = word.text;
        argument.name_span = word.span;
      } else {
        argument.value = {word.text, word.text, word.span};
        return add(layer, std::move(argument));
      }
    }
    return parse_value(argument.value) && add(layer, std::move(argument));
  }

  // As in Python: once an argument is named, the later ones must be.
  bool add(LayerSyntax& layer, SyntaxArgument argument) {
    if (argument.name.empty() && !layer.arguments.empty() && !layer.arguments.back().name.empty()) {
      return fail(concat("the argument ", in_quotes(argument.value.text), " needs a name, because ",
                         in_quotes(layer.arguments.back().name), " before it has one"),
                  argument.value.span);
    }
    layer.arguments.push_back(std::move(argument));
    return true;
  }

  bool parse_value(SyntaxValue& value) {
    value.span = token_.span;
    value.text = text_of(token_.span);
    if (token_.kind == Kind::word || token_.kind == Kind::string) {
      value.value = token_.text;
      advance();
      return true;
    }
    if (at('(') || at('[')) {
      return parse_tuple(value);
    }
    const std::optional<std::int64_t> number = parse_integer("a value");
    if (!number) {
      return false;
    }
    value.value = *number;
    return true;
  }

  bool parse_tuple(SyntaxValue& value) {
    const Span opening = token_.span;
    const char closing = at('(') ? ')' : ']';
    advance();
    std::vector<std::int64_t> numbers;
    while (!at(closing)) {
      const std::optional<std::int64_t> number = parse_integer("an integer");
      if (!number) {
        return false;
      }
      numbers.push_back(*number);
      if (!parse_separator(closing, opening)) {
        return false;
      }
    }
    value.span.length = token_.span.position + 1 - value.span.position;
    value.text = text_of(value.span);
    value.value = std::move(numbers);
    advance();
    return true;
  }

  std::optional<std::int64_t> parse_integer(std::string_view wanted) {
    if (token_.kind != Kind::number) {
      unexpected(wanted);
      return std::nullopt;
    }
    std::int64_t number = 0;
    const char* end = token_.text.data() + token_.text.size();
    const auto [stopped, problem] = std::from_chars(token_.text.data(), end, number);
    if (stopped != end) {
      fail(concat(in_quotes(token_.text), " is not an integer"), token_.span);
      return std::nullopt;
    }
    if (problem == std::errc::result_out_of_range) {
      fail(concat(in_quotes(token_.text), " does not fit 64 bits: integers go from ",
                  std::numeric_limits<std::int64_t>::min(), " to ",
                  std::numeric_limits<std::int64_t>::max()),
           token_.span);
      return std::nullopt;
    }
    advance();
    return number;
  }

  bool parse_end() {
    if (token_.kind == Kind::end) {
      return true;
    }
    std::size_t end = text_.size();
    while (is_space(text_[end - 1])) {
      --end;
    }
    const Span rest{token_.span.position, end - token_.span.position};
    return fail(concat("unexpected ", in_quotes(text_of(rest)), " after the layer"), rest);
  }

  std::string_view text_;
  Lexer lexer_;
  Token token_;
  std::optional<ParseFailure> failure_;
};

}  // namespace

std::variant<LayerSyntax, ParseFailure> parse_layer_syntax(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace conv2d
