// The taps of an output in the order of the sum: input channel, then r, then s. Both layers add in
// this order (reference.h); a transposed layer's (p, q) follow from (r, s).
#pragma once

#include "explain/layer.h"

#include <cstdint>

namespace conv2d::explain {

/// A product meets an input element only where both its row and its column do.
inline TermKind kind_of(const Tap& row, const Tap& column) noexcept {
  for (const TermKind kind : {TermKind::padding, TermKind::gap, TermKind::border}) {
    if (row.kind == kind || column.kind == kind) {
      return kind;
    }
  }
  return TermKind::input;
}

/// Calls visit(Term&) for every tap, without values; stops where it returns false.
template <class Visitor>
void walk_terms(const Layer& layer, const Index& output, Visitor&& visit) {
  const AxisMap rows = layer.rows();
  const AxisMap columns = layer.columns();
  const std::int64_t channels = layer.in_channels_per_group();
  const std::int64_t first = output.channel / layer.out_channels_per_group() * channels;
  for (std::int64_t c = first; c < first + channels; ++c) {
    for (std::int64_t r = 0; r < rows.taps(); ++r) {
      const Tap row = rows.tap(output.row, r);
      for (std::int64_t s = 0; s < columns.taps(); ++s) {
        const Tap column = columns.tap(output.column, s);
        Term term{.channel = c, .r = r, .s = s, .row = row.position, .column = column.position};
        term.kind = kind_of(row, column);
        term.weight = layer.weight_index(c, output.channel, r, s);
        if (term.counts()) {
          term.input = {c, row.index, column.index, output.batch};
        }
        if (!visit(term)) {
          return;
        }
      }
    }
  }
}

}  // namespace conv2d::explain
