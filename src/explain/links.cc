// What an input element, a weight or a bias touches: the sums of output_sum.cc read the other way
// round.
#include "base/error.h"
#include "explain/layer.h"
#include "explain/state.h"

#include <algorithm>

namespace conv2d::explain {
namespace {

TermKind kind_of(TermKind row, TermKind column) noexcept {
  return row == TermKind::input ? column : row;
}

/// A window (p, q) of the convolution is an output for Conv2d, an input for ConvTranspose2d.
template <class Visitor>
void walk_uses_of_input(const Layer& layer, const Index& input, Visitor&& visit) {
  const AxisMap rows = layer.rows();
  const AxisMap columns = layer.columns();
  const std::int64_t filters = layer.out_channels_per_group();
  const std::int64_t first = input.channel / layer.in_channels_per_group() * filters;
  for (std::int64_t k = first; k < first + filters; ++k) {
    const bool go_on =
        rows.for_each_use(input.row, [&](std::int64_t p, std::int64_t r, TermKind row_kind) {
          return columns.for_each_use(
              input.column, [&](std::int64_t q, std::int64_t s, TermKind column_kind) {
                return visit(Link{.output = {k, p, q, input.batch},
                                  .input = input,
                                  .weight = layer.weight_index(input.channel, k, r, s),
                                  .kind = kind_of(row_kind, column_kind)});
              });
        });
    if (!go_on) {
      return;
    }
  }
}

/// One tap of an axis in one window, as the layer sees it.
struct Use {
  std::int64_t input;
  std::int64_t output;
  TermKind kind;
};

Use use_of(const AxisMap& map, std::int64_t window, std::int64_t r) noexcept {
  if (map.transposed()) {
    return {window, map.axis().position(window, r), TermKind::input};
  }
  const Tap tap = map.tap(window, r);
  return {tap.index, window, tap.kind};
}

template <class Visitor>
void walk_uses_of_weight(const Layer& layer, const WeightIndex& weight, Visitor&& visit) {
  const AxisMap rows = layer.rows();
  const AxisMap columns = layer.columns();
  const Span row_windows = rows.windows(weight.r);
  const Span column_windows = columns.windows(weight.s);
  // The weight's first dimension counts over all groups, its second within one.
  const std::int64_t group = weight.first / (layer.problem.out_channels_per_group());
  const std::int64_t second = group * layer.problem.in_channels_per_group() + weight.second;
  const std::int64_t in_channel = layer.transposed() ? weight.first : second;
  const std::int64_t out_channel = layer.transposed() ? second : weight.first;
  for (std::int64_t n = 0; n < layer.problem.batch; ++n) {
    for (std::int64_t p = row_windows.first; p <= row_windows.last; ++p) {
      const Use row = use_of(rows, p, weight.r);
      for (std::int64_t q = column_windows.first; q <= column_windows.last; ++q) {
        const Use column = use_of(columns, q, weight.s);
        if (!visit(Link{.output = {out_channel, row.output, column.output, n},
                        .input = {in_channel, row.input, column.input, n},
                        .weight = weight,
                        .kind = kind_of(row.kind, column.kind)})) {
          return;
        }
      }
    }
  }
}

/// Keeps what is visited up to a limit.
template <class T>
auto keep(std::vector<T>& list, std::int64_t limit) {
  return [&list, limit](const T& item) {
    list.push_back(item);
    return static_cast<std::int64_t>(list.size()) < limit;
  };
}

}  // namespace

Links Explanation::touched_by_input(const Index& input, std::int64_t limit) const {
  const Layer& layer = state_->layer;
  layer.require_input(input);
  Links links{.count = layer.out_channels_per_group() * layer.rows().uses(input.row) *
                       layer.columns().uses(input.column)};
  if (limit > 0) {
    walk_uses_of_input(layer, input, keep(links.list, limit));
  }
  return links;
}

Links Explanation::touched_by_weight(const WeightIndex& weight, std::int64_t limit) const {
  const Layer& layer = state_->layer;
  layer.require_weight(weight);
  Links links{.count = layer.problem.batch * layer.rows().windows(weight.r).size() *
                       layer.columns().windows(weight.s).size()};
  if (limit > 0) {
    walk_uses_of_weight(layer, weight, keep(links.list, limit));
  }
  return links;
}

Outputs Explanation::touched_by_bias(std::int64_t channel, std::int64_t limit) const {
  const Layer& layer = state_->layer;
  if (!layer.problem.bias) {
    throw_invalid("the layer has no bias: it was made with bias=False");
  }
  if (channel < 0 || channel >= layer.out_channels()) {
    throw_invalid(concat("there is no bias ", channel, ": counted from 0, the layer has ",
                         layer.out_channels()));
  }
  const std::int64_t columns = layer.columns().outputs();
  const std::int64_t plane = layer.rows().outputs() * columns;
  Outputs outputs{.count = layer.problem.batch * plane};
  const std::int64_t kept = std::clamp<std::int64_t>(limit, 0, outputs.count);
  for (std::int64_t i = 0; i < kept; ++i) {
    outputs.list.push_back({channel, i % plane / columns, i % columns, i / plane});
  }
  return outputs;
}

void Explanation::for_each_link(const Index& input,
                                const std::function<bool(const Link&)>& visit) const {
  state_->layer.require_input(input);
  walk_uses_of_input(state_->layer, input, visit);
}

void Explanation::for_each_link(const WeightIndex& weight,
                                const std::function<bool(const Link&)>& visit) const {
  state_->layer.require_weight(weight);
  walk_uses_of_weight(state_->layer, weight, visit);
}

}  // namespace conv2d::explain
