#include "algorithm/separable_factors.h"

#include <cmath>

namespace conv2d::separable {
namespace {

struct Place {
  Index row;
  Index column;
};

/// Of the largest magnitude; the first of several. Where a weight is NaN it need not be found.
Place largest(const float* taps, Index rows, Index columns) {
  Place found{0, 0};
  float most = 0;
  for (Index r = 0; r < rows; ++r) {
    for (Index s = 0; s < columns; ++s) {
      const float size = std::abs(taps[r * columns + s]);
      if (size > most) {
        most = size;
        found = {r, s};
      }
    }
  }
  return found;
}

/// Whether a weight is the product but for so many units; never where either is infinite or NaN.
bool is_near(double weight, double product, double units) {
  return std::abs(weight - product) <= units * 0x1p-24 * std::abs(weight);
}

/// The largest number of which all of these are whole multiples. Remainders of floating-point
/// numbers are exact, so Euclid's algorithm is.
double common_measure(const float* first, Index step, Index count) {
  double measure = 0;
  for (Index i = 0; i < count; ++i) {
    double other = std::abs(first[i * step]);
    while (other > 0) {
      const double rest = std::fmod(measure, other);
      measure = other;
      other = rest;
    }
  }
  return measure;
}

/// column[r] * row[s] with each in double is taps[r][s], for all of them.
template <class Column, class Row>
bool is_product(const float* taps, Index rows, Index columns, double units, Column&& column,
                Row&& row) {
  for (Index r = 0; r < rows; ++r) {
    for (Index s = 0; s < columns; ++s) {
      if (!is_near(taps[r * columns + s], column(r) * row(s), units)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

bool factor(const float* taps, Index rows, Index columns, float* column, float* row) {
  const Place top = largest(taps, rows, columns);
  const float* const cross_row = taps + top.row * columns;
  const float* const cross_column = taps + top.column;
  const double most = cross_row[top.column];
  // Most filters are told apart here, by their first few weights; 2 units pay for the roundings.
  const bool may_be = std::isfinite(most) && most != 0 &&
                      is_product(
                          taps, rows, columns, most_units + 2,
                          [&](Index r) { return cross_column[r * columns] / most; },
                          [&](Index s) { return static_cast<double>(cross_row[s]); });
  if (!may_be) {
    return false;
  }
  // Larger ones would overflow with inputs that are not outlandish.
  constexpr double most_whole = 0x1p62;
  const double measure = common_measure(cross_column, columns, rows);
  for (Index r = 0; r < rows; ++r) {
    const double whole = cross_column[r * columns] / measure;
    if (std::abs(whole) > most_whole) {
      return false;
    }
    column[r] = static_cast<float>(whole);
  }
  for (Index s = 0; s < columns; ++s) {
    row[s] = static_cast<float>(cross_row[s] / static_cast<double>(column[top.row]));
  }
  return is_product(
      taps, rows, columns, most_units, [&](Index r) { return static_cast<double>(column[r]); },
      [&](Index s) { return static_cast<double>(row[s]); });
}

}  // namespace conv2d::separable
