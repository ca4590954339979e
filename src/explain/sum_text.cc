// The arithmetic of one output in plain words.
#include "base/error.h"
#include "conv2d/explain.h"
#include "explain/table.h"

#include <algorithm>

namespace conv2d::explain {
namespace {

// What Detail::brief says.
constexpr std::size_t longest_listed = 128;
constexpr std::size_t most_channels = 16;

std::string place(const Index& index) {
  return concat("(", index.channel, ", ", index.row, ", ", index.column, ")");
}

std::string place(const WeightIndex& index) {
  return concat("(", index.first, ", ", index.second, ", ", index.r, ", ", index.s, ")");
}

/// What a tap meets: an element, an element through the border, or nothing and why.
std::string met(const Term& term) {
  std::string position = concat("(", term.row, ", ", term.column, ")");
  switch (term.kind) {
    case TermKind::input:
      return place(term.input);
    case TermKind::border:
      return concat(place(term.input), " for ", position);
    case TermKind::padding:
      return concat("padding at ", position);
    case TermKind::gap:
      return concat("gap at ", position);
  }
  return position;
}

std::string heading(const OutputSum& sum) {
  std::string text =
      concat(sum.transposed ? "ConvTranspose2d" : "Conv2d", ": output (channel ",
             sum.output.channel, ", row ", sum.output.row, ", column ", sum.output.column, ")");
  if (sum.output.batch != 0) {
    text += concat(" of image ", sum.output.batch);
  }
  if (sum.terms.empty()) {
    return text + ": there are no input channels to sum over\n";
  }
  const std::int64_t first = sum.channels.front().channel;
  const std::int64_t last = sum.channels.back().channel;
  const std::string channels = first == last ? concat(" ", first) : concat("s ", first, "..", last);
  text += concat("\nsums over input channel", channels, " and ", sum.terms.back().r + 1, " x ",
                 sum.terms.back().s + 1, " taps: ", sum.counting, " of ", sum.terms.size(),
                 " terms count, added in this order\n");
  if (sum.transposed) {
    text += "gaps and padding are places in the input with stride - 1 zeros between its elements\n";
  }
  return text;
}

std::string term_lines(const OutputSum& sum) {
  const DType in = sum.dtype;
  std::vector<Align> columns = {Align::right, Align::right, Align::right, Align::left, Align::left};
  std::vector<std::string> titles = {"c", "r", "s", "input", "weight"};
  if (sum.has_values) {
    columns.insert(columns.end(), {Align::right, Align::left, Align::right, Align::left,
                                   Align::right, Align::right});
    titles.insert(titles.end(), {"value", "*", "weight", "=", "product", "sum so far"});
  }
  Table table(columns);
  table.add(titles);
  for (const Term& term : sum.terms) {
    std::vector<std::string> cells = {concat(term.channel), concat(term.r), concat(term.s),
                                      met(term)};
    if (term.counts()) {
      cells.push_back(place(term.weight));
    }
    if (term.counts() && sum.has_values) {
      cells.insert(cells.end(),
                   {to_text(term.input_value, in), "*", to_text(term.weight_value, in), "=",
                    to_text(term.product, sum.sum_dtype), to_text(term.running, sum.sum_dtype)});
    }
    table.add(cells);
  }
  return table.text(2);
}

std::string channel_lines(const OutputSum& sum) {
  Table table({Align::right, Align::right, Align::right, Align::right});
  std::vector<std::string> titles = {"channel", "terms"};
  if (sum.has_values) {
    titles.insert(titles.end(), {"its products alone", "sum so far"});
  }
  table.add(titles);
  const std::size_t count = sum.channels.size();
  const std::size_t edge = most_channels / 2;
  for (std::size_t i = 0; i < count; ++i) {
    if (count > most_channels && i == edge) {
      i = count - edge;
      table.add({concat("... ", i - edge, " channels are left out here ...")});
    }
    const ChannelSum& channel = sum.channels[i];
    std::vector<std::string> cells = {concat(channel.channel), concat(channel.terms)};
    if (sum.has_values) {
      cells.insert(cells.end(),
                   {to_text(channel.sum, sum.sum_dtype), to_text(channel.running, sum.sum_dtype)});
    }
    table.add(cells);
  }
  return concat("  ", sum.terms.size(), " terms are more than ", longest_listed,
                ": each channel's are shown as one line\n", table.text(2));
}

/// How the digits shown were made from each other.
std::string rounding(const OutputSum& sum) {
  if (is_integer(sum.dtype)) {
    return "  integers are exact; a sum beyond int32 wraps around modulo 2^32\n";
  }
  if (is_complex(sum.dtype)) {
    return concat("  (a+bi)*(c+di) is (ac-bd)+(ad+bc)i; each real product and sum is rounded to ",
                  name(sum.dtype == DType::complex64 ? DType::float32 : DType::float64), "\n");
  }
  return concat("  each term is one fused multiply-add: products are not rounded, sums are, to ",
                name(sum.sum_dtype), "\n");
}

std::string closing(const OutputSum& sum) {
  Table table({Align::left, Align::right});
  table.add({"sum", to_text(sum.sum, sum.sum_dtype)});
  if (sum.has_bias) {
    table.add({"+ bias", to_text(sum.bias, sum.dtype)});
    table.add({"= sum + bias", to_text(sum.total, sum.sum_dtype)});
  }
  const bool rounded = sum.dtype != sum.sum_dtype;
  table.add({rounded ? concat("output, rounded to ", name(sum.dtype)) : "output",
             to_text(sum.value, sum.dtype)});
  return table.text(2) + rounding(sum);
}

}  // namespace

std::string to_text(const OutputSum& sum, Detail detail) {
  std::string text = heading(sum);
  if (!sum.terms.empty()) {
    const bool listed = detail == Detail::full || sum.terms.size() <= longest_listed;
    text += listed ? term_lines(sum) : channel_lines(sum);
  }
  if (sum.has_values) {
    return text + closing(sum);
  }
  return text + (sum.has_bias ? concat("  then bias ", sum.output.channel, " is added\n") : "");
}

}  // namespace conv2d::explain
