#include "diagram/equation.h"

#include "diagram/header.h"

#include <algorithm>

namespace conv2d::diagram {
namespace {

class Writer {
 public:
  Writer(const Palette& palette, const explain::OutputSum& sum) : palette_(palette), sum_(sum) {}

  std::vector<Run> head() const {
    const explain::Index& at = sum_.output;
    return {{"output[" + std::to_string(at.channel) + ", " + std::to_string(at.row) + ", " +
                 std::to_string(at.column) + "]",
             palette_.text_of(Role::output), true},
            plain(" = "),
            {exact(sum_.value, sum_.dtype), palette_.text_of(Role::output), true},
            quiet("   " + counted(sum_.counting, "product") +
                  (sum_.has_bias ? " and the bias" : "") + ", added in this order:")};
  }

  std::vector<Run> channel(std::size_t index, std::int64_t most_terms) const {
    const explain::ChannelSum& channel = sum_.channels[index];
    std::vector<Run> line = {quiet("channel " + std::to_string(channel.channel) + ":  ")};
    if (channel.terms > most_terms) {
      line.push_back(quiet(counted(channel.terms, "product") + ", together "));
    } else {
      products(line, channel.channel);
      line.push_back(plain(" = "));
    }
    line.push_back({exact(channel.sum, sum_.sum_dtype), palette_.ink, true});
    if (index > 0) {
      line.push_back(quiet("   so far "));
      line.push_back(plain(exact(channel.running, sum_.sum_dtype)));
    }
    return line;
  }

  std::vector<Run> left_out(std::size_t count) const {
    return {quiet("\u2026 " + counted(static_cast<std::int64_t>(count), "channel") + " more")};
  }

  std::vector<Run> total() const {
    const Run value = {exact(sum_.value, sum_.dtype), palette_.text_of(Role::output), true};
    if (!sum_.has_bias) {
      return {quiet("in all:  "), value};
    }
    return {quiet("with the bias:  "),
            plain(exact(sum_.sum, sum_.sum_dtype)),
            plain(" + "),
            number(sum_.bias, Role::weight),
            plain(" = "),
            value};
  }

 private:
  Run plain(std::string text) const { return {std::move(text), palette_.ink}; }
  Run quiet(std::string text) const { return {std::move(text), palette_.quiet_ink}; }

  /// Negative numbers in brackets, since a sign stands before them.
  Run number(const explain::Scalar& value, Role role) const {
    const std::string digits = exact(value, sum_.sum_dtype);
    return {value.real() < 0 ? "(" + digits + ")" : digits, palette_.text_of(role)};
  }

  void products(std::vector<Run>& line, std::int64_t channel) const {
    bool first = true;
    for (const explain::Term& term : sum_.terms) {
      if (term.channel != channel || !term.counts()) {
        continue;
      }
      if (!first) {
        line.push_back(plain(" + "));
      }
      first = false;
      line.push_back(number(term.input_value, Role::input));
      line.push_back(plain("\u00B7"));
      line.push_back(number(term.weight_value, Role::weight));
    }
    if (first) {
      line.push_back(quiet("all of it meets padding"));
    }
  }

  const Palette& palette_;
  const explain::OutputSum& sum_;
};

}  // namespace

std::string exact(const explain::Scalar& value, DType dtype) {
  std::string text = explain::to_text(value, dtype);
  if (!text.empty() && text.front() == '-') {
    text.replace(0, 1, "\u2212");
  }
  return text;
}

std::vector<std::vector<Run>> equation(const Palette& palette, const explain::OutputSum& sum,
                                       std::size_t channels, std::int64_t terms) {
  const Writer writer(palette, sum);
  std::vector<std::vector<Run>> lines = {writer.head()};
  const std::size_t count = sum.channels.size();
  const std::size_t first = count <= channels ? count : channels - 1;
  for (std::size_t index = 0; index < first; ++index) {
    lines.push_back(writer.channel(index, terms));
  }
  if (first < count) {
    if (count - first > 1) {
      lines.push_back(writer.left_out(count - first - 1));
    }
    lines.push_back(writer.channel(count - 1, terms));
  }
  lines.push_back(writer.total());
  return lines;
}

}  // namespace conv2d::diagram
