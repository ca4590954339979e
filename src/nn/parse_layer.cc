// From a layer text to the options of a layer: which layers there are, what their arguments are
// called, in torch's order, and which values they take. The grammar is in layer_syntax.cc.
#include "nn/parse_layer.h"

#include "base/error.h"
#include "base/wording.h"
#include "geometry/options.h"
#include "tensor/dtype.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace conv2d {
namespace {

// ---- Values -------------------------------------------------------------------------------------
// Each take() puts a value where it belongs, or returns the sentence that says why it cannot.

using Refusal = std::optional<std::string>;

struct Ignored {};  // torch's `device`: there is only one here

constexpr std::array<std::string_view, 3> padding_rules = {"same", "same_lower", "valid"};

const std::string_view* word_of(const SyntaxValue& given) {
  return std::get_if<std::string_view>(&given.value);
}

Refusal must_be(std::string_view name, std::string_view allowed, const SyntaxValue& given) {
  return concat(name, " must be ", allowed, ", but got ", in_quotes(given.text));
}

Refusal take(std::int64_t& target, std::string_view name, const SyntaxValue& given) {
  const auto* number = std::get_if<std::int64_t>(&given.value);
  if (number == nullptr) {
    return must_be(name, "an integer", given);
  }
  target = *number;
  return std::nullopt;
}

Refusal take(Pair& target, std::string_view name, const SyntaxValue& given) {
  const auto* numbers = std::get_if<std::vector<std::int64_t>>(&given.value);
  if (const auto* both = std::get_if<std::int64_t>(&given.value)) {
    target = *both;
  } else if (numbers != nullptr && numbers->size() == 2) {
    target = Pair((*numbers)[0], (*numbers)[1]);
  } else {
    return must_be(name, "an integer or a pair such as (5, 5)", given);
  }
  return std::nullopt;
}

Refusal take(Padding& target, std::string_view name, const SyntaxValue& given) {
  const auto* numbers = std::get_if<std::vector<std::int64_t>>(&given.value);
  if (const std::string_view* word = word_of(given)) {
    constexpr std::array rules = {same, same_lower, valid};
    const auto* const found = std::find(padding_rules.begin(), padding_rules.end(), *word);
    if (found == padding_rules.end()) {
      return concat("Invalid padding string ", in_quotes(*word),
                    ", should be one of {'same', 'same_lower', 'valid'}",
                    did_you_mean(*word, padding_rules));
    }
    target = rules[static_cast<std::size_t>(found - padding_rules.begin())];
  } else if (const auto* all = std::get_if<std::int64_t>(&given.value)) {
    target = *all;
  } else if (numbers->size() == 2) {
    target = Padding((*numbers)[0], (*numbers)[1]);
  } else if (numbers->size() == 4) {
    target = Padding((*numbers)[0], (*numbers)[1], (*numbers)[2], (*numbers)[3]);
  } else {
    return must_be(name,
                   "an integer, a pair (height, width), four sides (top, bottom, left, right), or "
                   "one of 'same', 'same_lower', 'valid'",
                   given);
  }
  return std::nullopt;
}

Refusal take(bool& target, std::string_view name, const SyntaxValue& given) {
  const std::string_view text = given.text;
  if (text == "True" || text == "true" || text == "1") {
    target = true;
  } else if (text == "False" || text == "false" || text == "0") {
    target = false;
  } else {
    return must_be(name, "True or False", given);
  }
  return std::nullopt;
}

Refusal take(PaddingMode& target, std::string_view name, const SyntaxValue& given) {
  constexpr std::array modes = {PaddingMode::zeros, PaddingMode::reflect, PaddingMode::replicate,
                                PaddingMode::circular};
  std::array<std::string_view, modes.size()> names;
  std::transform(modes.begin(), modes.end(), names.begin(),
                 [](PaddingMode mode) { return conv2d::name(mode); });
  const std::string_view* word = word_of(given);
  auto* const found = word == nullptr ? names.end() : std::find(names.begin(), names.end(), *word);
  if (found == names.end()) {
    return concat(name, " must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got ",
                  name, "=", word == nullptr ? in_quotes(given.text) : in_quotes(*word),
                  word == nullptr ? "" : did_you_mean(*word, names));
  }
  target = modes[static_cast<std::size_t>(found - names.begin())];
  return std::nullopt;
}

// torch.float64, float64 or 'float64'; torch's short names; None for torch's default.
Refusal take(DType& target, std::string_view name, const SyntaxValue& given) {
  const std::string_view* word = word_of(given);
  if (word == nullptr) {
    return must_be(name, "an element type such as torch.float64", given);
  }
  std::string_view wanted = *word;
  if (wanted.starts_with("torch.")) {
    wanted.remove_prefix(std::string_view("torch.").size());
  }
  if (wanted == "None") {
    target = DType::float32;
    return std::nullopt;
  }
  const std::optional<DType> dtype = find_dtype(wanted);
  if (!dtype) {
    std::array<std::string_view, dtype_count> names;
    for (std::size_t i = 0; i < names.size(); ++i) {
      names[i] = conv2d::name(static_cast<DType>(i));
    }
    return concat(name, " must be one of ", list_names(names), ", but got ", in_quotes(given.text),
                  did_you_mean(wanted, names));
  }
  target = *dtype;
  return std::nullopt;
}

Refusal take(Ignored& /*target*/, std::string_view name, const SyntaxValue& given) {
  const std::string_view* word = word_of(given);
  if (word == nullptr || (*word != "cpu" && *word != "None")) {
    return must_be(name, "'cpu' or None", given);
  }
  return std::nullopt;
}

// ---- Layers -------------------------------------------------------------------------------------

// One argument of a layer whose options are an Options: its name, and where its value goes.
template <class Options>
struct Parameter {
  std::string_view name;
  std::variant<std::int64_t Options::*, Pair Options::*, Padding Options::*, bool Options::*,
               PaddingMode Options::*, DType Options::*, Ignored>
      target;
};

// A layer: its arguments in torch's order, the first `required` of which have no default, and
// options that are a possible layer, into which the arguments are put.
template <class Options>
struct Grammar;

template <>
struct Grammar<Conv2dOptions> {
  using O = Conv2dOptions;
  static constexpr std::string_view name = "Conv2d";
  static constexpr std::size_t required = 3;
  static constexpr std::array<Parameter<O>, 11> parameters = {{{"in_channels", &O::in_channels},
                                                               {"out_channels", &O::out_channels},
                                                               {"kernel_size", &O::kernel_size},
                                                               {"stride", &O::stride},
                                                               {"padding", &O::padding},
                                                               {"dilation", &O::dilation},
                                                               {"groups", &O::groups},
                                                               {"bias", &O::bias},
                                                               {"padding_mode", &O::padding_mode},
                                                               {"device", Ignored{}},
                                                               {"dtype", &O::dtype}}};
  static O possible() { return {.in_channels = 1, .out_channels = 1, .kernel_size = 1}; }
};

template <>
struct Grammar<ConvTranspose2dOptions> {
  using O = ConvTranspose2dOptions;
  static constexpr std::string_view name = "ConvTranspose2d";
  static constexpr std::size_t required = 3;
  static constexpr std::array<Parameter<O>, 12> parameters = {
      {{"in_channels", &O::in_channels},
       {"out_channels", &O::out_channels},
       {"kernel_size", &O::kernel_size},
       {"stride", &O::stride},
       {"padding", &O::padding},
       {"output_padding", &O::output_padding},
       {"groups", &O::groups},
       {"bias", &O::bias},
       {"dilation", &O::dilation},
       {"padding_mode", &O::padding_mode},
       {"device", Ignored{}},
       {"dtype", &O::dtype}}};
  static O possible() { return {.in_channels = 1, .out_channels = 1, .kernel_size = 1}; }
};

template <>
struct Grammar<LazyConv2dOptions> {
  using O = LazyConv2dOptions;
  static constexpr std::string_view name = "LazyConv2d";
  static constexpr std::size_t required = 2;
  static constexpr std::array<Parameter<O>, 10> parameters = {{{"out_channels", &O::out_channels},
                                                               {"kernel_size", &O::kernel_size},
                                                               {"stride", &O::stride},
                                                               {"padding", &O::padding},
                                                               {"dilation", &O::dilation},
                                                               {"groups", &O::groups},
                                                               {"bias", &O::bias},
                                                               {"padding_mode", &O::padding_mode},
                                                               {"device", Ignored{}},
                                                               {"dtype", &O::dtype}}};
  static O possible() { return {.out_channels = 1, .kernel_size = 1}; }
};

template <>
struct Grammar<UnfoldOptions> {
  using O = UnfoldOptions;
  static constexpr std::string_view name = "Unfold";
  static constexpr std::size_t required = 1;
  static constexpr std::array<Parameter<O>, 4> parameters = {{{"kernel_size", &O::kernel_size},
                                                              {"dilation", &O::dilation},
                                                              {"padding", &O::padding},
                                                              {"stride", &O::stride}}};
  static O possible() { return {.kernel_size = 1}; }
};

template <>
struct Grammar<FoldOptions> {
  using O = FoldOptions;
  static constexpr std::string_view name = "Fold";
  static constexpr std::size_t required = 2;
  static constexpr std::array<Parameter<O>, 5> parameters = {{{"output_size", &O::output_size},
                                                              {"kernel_size", &O::kernel_size},
                                                              {"dilation", &O::dilation},
                                                              {"padding", &O::padding},
                                                              {"stride", &O::stride}}};
  static O possible() { return {.output_size = 1, .kernel_size = 1}; }
};

template <class Options>
constexpr auto parameter_names() {
  constexpr auto& parameters = Grammar<Options>::parameters;
  std::array<std::string_view, parameters.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i] = parameters[i].name;
  }
  return names;
}

// ---- From arguments to options ------------------------------------------------------------------

// An argument of the text together with the parameter that it is for.
struct Bound {
  std::size_t parameter;
  const SyntaxArgument* argument;
};

template <class Options>
std::optional<ParseFailure> too_many(const LayerSyntax& syntax, std::size_t first) {
  constexpr auto names = parameter_names<Options>();
  const Span from = syntax.arguments[first].value.span;
  return ParseFailure{concat(syntax.name, " takes at most ", names.size(), " arguments (",
                             list_names(names), "); this is number ", first + 1),
                      from};
}

template <class Options>
std::optional<ParseFailure> find_parameter(const LayerSyntax& syntax,
                                           const SyntaxArgument& argument, std::size_t& parameter) {
  constexpr auto names = parameter_names<Options>();
  const auto found = std::find(names.begin(), names.end(), argument.name);
  if (found == names.end()) {
    const std::string suggestion = did_you_mean(argument.name, names);
    return ParseFailure{
        concat(syntax.name, " has no argument ", in_quotes(argument.name),
               suggestion.empty() ? "." : suggestion, " It takes ", list_names(names)),
        argument.name_span};
  }
  parameter = static_cast<std::size_t>(found - names.begin());
  return std::nullopt;
}

template <class Options>
std::optional<ParseFailure> require_all(const LayerSyntax& syntax, std::span<const Bound> bound) {
  std::vector<std::string_view> missing;
  for (std::size_t i = 0; i < Grammar<Options>::required; ++i) {
    if (std::none_of(bound.begin(), bound.end(), [i](Bound b) { return b.parameter == i; })) {
      missing.push_back(Grammar<Options>::parameters[i].name);
    }
  }
  if (missing.empty()) {
    return std::nullopt;
  }
  return ParseFailure{concat(syntax.name, " is missing ", list_names(missing)), syntax.closing};
}

// Which argument is for which parameter.
template <class Options>
std::optional<ParseFailure> bind(const LayerSyntax& syntax,
                                 std::span<const SyntaxArgument> arguments,
                                 std::vector<Bound>& bound) {
  for (const SyntaxArgument& argument : arguments) {
    std::size_t parameter = bound.size();
    if (argument.name.empty()) {
      if (parameter == Grammar<Options>::parameters.size()) {
        return too_many<Options>(syntax, parameter);
      }
    } else if (auto failure = find_parameter<Options>(syntax, argument, parameter)) {
      return failure;
    }
    if (std::any_of(bound.begin(), bound.end(),
                    [parameter](Bound b) { return b.parameter == parameter; })) {
      return ParseFailure{concat(argument.name, " is given twice"), argument.name_span};
    }
    bound.push_back({parameter, &argument});
  }
  return require_all<Options>(syntax, bound);
}

template <class Options>
std::optional<ParseFailure> assign(Options& options, const Bound& bound) {
  const Parameter<Options>& parameter = Grammar<Options>::parameters[bound.parameter];
  const SyntaxValue& given = bound.argument->value;
  const auto put = [&](auto target) {
    if constexpr (std::is_same_v<decltype(target), Ignored>) {
      return take(target, parameter.name, given);
    } else {
      return take(options.*target, parameter.name, given);
    }
  };
  if (Refusal refusal = std::visit(put, parameter.target)) {
    return ParseFailure{*std::move(refusal), given.span};
  }
  return std::nullopt;
}

// check() knows whether the options are a possible layer, but not where they were written. The
// argument to point at is the one that brought the complaint about: put in one after the other, in
// the order written, the first after which the complaint is the final one.
template <class Options>
Span culprit(std::span<const Bound> bound, const std::string& complaint) {
  Options options = Grammar<Options>::possible();
  for (const Bound& next : bound) {
    assign(options, next);
    const std::optional<Error> error = check(options);
    if (error && error->message == complaint) {
      return next.argument->value.span;
    }
  }
  return bound.back().argument->value.span;
}

// torch prints a LazyConv2d as LazyConv2d(0, 6, kernel_size=(3, 3), ...), which its own constructor
// does not take: the 0 are the channels that it does not know yet.
template <class Options>
std::span<const SyntaxArgument> constructor_arguments(const LayerSyntax& syntax) {
  const std::span<const SyntaxArgument> all = syntax.arguments;
  if constexpr (std::is_same_v<Options, LazyConv2dOptions>) {
    const bool printed = all.size() >= 3 && all[1].name.empty() && all[0].value.text == "0" &&
                         all[2].name == "kernel_size";
    return printed ? all.subspan(1) : all;
  }
  return all;
}

template <class Options>
std::variant<LayerOptions, ParseFailure> build(const LayerSyntax& syntax) {
  std::vector<Bound> bound;
  if (auto failure = bind<Options>(syntax, constructor_arguments<Options>(syntax), bound)) {
    return *std::move(failure);
  }
  Options options = Grammar<Options>::possible();
  for (const Bound& next : bound) {
    if (auto failure = assign(options, next)) {
      return *std::move(failure);
    }
  }
  if (const std::optional<Error> error = check(options)) {
    return ParseFailure{error->message, culprit<Options>(bound, error->message)};
  }
  return LayerOptions(options);
}

std::string_view without_module(std::string_view name) {
  for (const std::string_view module : {"torch.nn.", "nn."}) {
    if (name.starts_with(module)) {
      return name.substr(module.size());
    }
  }
  return name;
}

// The layer of that name among all that LayerOptions has.
template <class... Options>
std::variant<LayerOptions, ParseFailure> build_named(const LayerSyntax& syntax,
                                                     const std::variant<Options...>* /*layers*/) {
  std::optional<std::variant<LayerOptions, ParseFailure>> result;
  const std::string_view name = syntax.name;
  (void)((name == Grammar<Options>::name && (result = build<Options>(syntax), true)) || ...);
  if (result) {
    return *std::move(result);
  }
  constexpr std::array<std::string_view, sizeof...(Options)> names = {Grammar<Options>::name...};
  const std::string suggestion = did_you_mean(name, names);
  return ParseFailure{
      concat("there is no layer ", in_quotes(name), suggestion.empty() ? "." : suggestion,
             " The layers are ", list_names(names)),
      syntax.name_span};
}

}  // namespace

std::variant<LayerOptions, ParseFailure> try_parse_layer(std::string_view text) {
  auto parsed = parse_layer_syntax(text);
  if (auto* failure = std::get_if<ParseFailure>(&parsed)) {
    return std::move(*failure);
  }
  auto& syntax = std::get<LayerSyntax>(parsed);
  syntax.name = without_module(syntax.name);
  return build_named(syntax, static_cast<const LayerOptions*>(nullptr));
}

LayerOptions parse_layer(std::string_view text) {
  auto parsed = try_parse_layer(text);
  if (const auto* failure = std::get_if<ParseFailure>(&parsed)) {
#if defined(__cpp_exceptions)
    throw ParseError(failure->message, failure->span.position, failure->span.length);
#else
    throw_invalid(failure->message);
#endif
  }
  return std::get<LayerOptions>(parsed);
}

}  // namespace conv2d
