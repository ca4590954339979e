// The layer as matrices: im2col, and the one sparse matrix that the whole layer is.
#include "base/checked.h"
#include "base/error.h"
#include "explain/layer.h"
#include "explain/state.h"
#include "explain/terms.h"
#include "reference/arithmetic.h"

namespace conv2d::explain {
namespace {

std::size_t length(std::int64_t count) noexcept { return static_cast<std::size_t>(count); }

/// Row-major index of an input element within its image.
std::int64_t flat_input(const Layer& layer, const Index& input) {
  return (input.channel * layer.rows().inputs() + input.row) * layer.columns().inputs() +
         input.column;
}

std::int64_t flat_weight(const Layer& layer, const WeightIndex& index) {
  const Sizes& sizes = layer.weight;
  return ((index.first * sizes[1] + index.second) * sizes[2] + index.r) * sizes[3] + index.s;
}

/// Calls visit with a function that reads the tensor's elements as Scalars.
template <class Visitor>
void with_elements(const TensorView& view, Visitor&& visit) {
  dispatch(view.dtype(), [&]<class T>(std::type_identity<T>) {
    const reference::Array4<const T> elements(view);
    visit([&](std::int64_t i, std::int64_t j, std::int64_t k, std::int64_t l) {
      return convert<Scalar>(elements(i, j, k, l));
    });
  });
}

/// Source indices of the im2col rows that belong to input channel c.
void fill_channel(const Layer& layer, std::int64_t c, Im2col& matrix) {
  const AxisMap rows = layer.rows();
  const AxisMap columns = layer.columns();
  for (std::int64_t r = 0; r < rows.taps(); ++r) {
    for (std::int64_t s = 0; s < columns.taps(); ++s) {
      for (std::int64_t p = 0; p < rows.outputs(); ++p) {
        const Tap row = rows.tap(p, r);
        for (std::int64_t q = 0; q < columns.outputs(); ++q) {
          const Tap column = columns.tap(q, s);
          const bool counts = row.index != nowhere && column.index != nowhere;
          matrix.source.push_back(counts ? flat_input(layer, {c, row.index, column.index})
                                         : nowhere);
        }
      }
    }
  }
}

void fill_values(const Layer& layer, std::int64_t batch, Im2col& matrix) {
  const std::int64_t columns = layer.columns().inputs();
  const std::int64_t plane = layer.rows().inputs() * columns;
  matrix.values.reserve(matrix.source.size());
  with_elements(*layer.input_values, [&](auto&& element) {
    for (const std::int64_t source : matrix.source) {
      matrix.values.push_back(
          source == nowhere
              ? Scalar{}
              : element(batch, source / plane, source % plane / columns, source % columns));
    }
  });
}

/// One row of the sparse matrix for every output, its entries in the order of the sum.
void fill_rows(const Layer& layer, SparseMatrix& matrix) {
  const std::int64_t rows = layer.rows().outputs();
  const std::int64_t columns = layer.columns().outputs();
  matrix.row_begin.push_back(0);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const Index output{i / columns / rows, i / columns % rows, i % columns};
    walk_terms(layer, output, [&](const Term& term) {
      if (term.counts()) {
        matrix.column.push_back(flat_input(layer, term.input));
        matrix.weight.push_back(flat_weight(layer, term.weight));
      }
      return true;
    });
    matrix.row_begin.push_back(static_cast<std::int64_t>(matrix.column.size()));
  }
}

}  // namespace

Im2col Explanation::im2col(std::int64_t batch, std::int64_t limit) const {
  const Layer& layer = state_->layer;
  layer.require_image(batch);
  const AxisMap rows = layer.rows();
  const AxisMap columns = layer.columns();
  const Checked height = Checked(layer.in_channels()) * rows.taps() * columns.taps();
  const Checked width = Checked(rows.outputs()) * columns.outputs();
  require_within(limit, height * width, "entries of the im2col matrix");
  Im2col matrix{.rows = height.value(), .columns = width.value()};
  matrix.source.reserve(length(matrix.rows * matrix.columns));
  for (std::int64_t c = 0; c < layer.in_channels(); ++c) {
    fill_channel(layer, c, matrix);
  }
  if (layer.has_values()) {
    fill_values(layer, batch, matrix);
  }
  return matrix;
}

SparseMatrix Explanation::matrix(std::int64_t limit) const {
  const Layer& layer = state_->layer;
  const Checked rows =
      Checked(layer.out_channels()) * layer.rows().outputs() * layer.columns().outputs();
  const Checked entries = Checked(layer.in_channels_per_group()) * layer.out_channels() *
                          layer.rows().pairs() * layer.columns().pairs();
  require_within(limit, rows, "rows of the layer's matrix");
  require_within(limit, entries, "entries of the layer's matrix");
  const Checked columns =
      Checked(layer.in_channels()) * layer.rows().inputs() * layer.columns().inputs();
  if (!columns.ok()) {
    throw_invalid("the layer is too large: its matrix has 2^63 columns or more");
  }
  SparseMatrix matrix{.rows = rows.value(), .columns = columns.value()};
  matrix.row_begin.reserve(length(matrix.rows + 1));
  matrix.column.reserve(length(entries.value()));
  matrix.weight.reserve(length(entries.value()));
  fill_rows(layer, matrix);
  if (layer.has_values()) {
    const Sizes& sizes = layer.weight;
    matrix.values.reserve(matrix.weight.size());
    with_elements(*layer.weight_values, [&](auto&& element) {
      for (const std::int64_t weight : matrix.weight) {
        const std::int64_t filter = weight / sizes[3] / sizes[2];
        matrix.values.push_back(element(filter / sizes[1], filter % sizes[1],
                                        weight / sizes[3] % sizes[2], weight % sizes[3]));
      }
    });
  }
  return matrix;
}

}  // namespace conv2d::explain
