#include "bench/values.h"

namespace conv2d::cli {
namespace {

constexpr double least_normal = 0x1p-126;  // of float32
constexpr double spacing = 0x1p-149;       // of the numbers below it

}  // namespace

std::string_view name(Values values) noexcept {
  return values == Values::subnormal ? "subnormal" : "uniform";
}

double scale_of(Values values) noexcept { return values == Values::subnormal ? least_normal : 1; }

void fill(MutableTensorView tensor, Values values, Generator& generator) {
  // The bounds themselves may be drawn, and the least normal number is none of these.
  const double most = values == Values::subnormal ? least_normal - spacing : 1;
  generator.fill_uniform(tensor, -most, most);
}

}  // namespace conv2d::cli
