// Random convolutions that fit: small, and odd in every way the arguments allow.
#pragma once

#include <conv2d/functional.h>

#include "support/random.h"

#include <algorithm>
#include <ostream>

namespace conv2d::testing {

struct Configuration {
  Sizes input;   // N, C, H, W
  Sizes weight;  // K, C/G, R, S
  Sizes output;  // N, K, P, Q
  functional::Conv2dArguments arguments;
};

inline std::ostream& operator<<(std::ostream& out, const Configuration& c) {
  const auto& a = c.arguments;
  return out << "input " << to_string(c.input) << ", weight " << to_string(c.weight) << ", stride "
             << a.stride.h << ' ' << a.stride.w << ", padding " << a.padding.top() << ' '
             << a.padding.bottom() << ' ' << a.padding.left() << ' ' << a.padding.right()
             << ", dilation " << a.dilation.h << ' ' << a.dilation.w << ", groups " << a.groups
             << ", " << name(a.padding_mode);
}

/// One axis: what is drawn, and the output size counted window by window.
struct RandomAxis {
  std::int64_t kernel, stride, dilation, before, after, input, output;

  RandomAxis(Random& random, PaddingMode mode, std::int64_t taps)
      : kernel(taps),
        stride(random.between(1, 4)),
        dilation(random.between(1, 3)),
        before(random.between(0, 3)),
        after(random.between(0, 3)),
        input(0),
        output(0) {
    const std::int64_t extent = dilation * (kernel - 1) + 1;
    const std::int64_t widest = std::max(before, after);
    const std::int64_t least = mode == PaddingMode::reflect     ? widest + 1
                               : mode == PaddingMode::circular  ? widest
                               : mode == PaddingMode::replicate ? 1
                                                                : 0;
    input = std::max({least, extent - before - after, std::int64_t{1}}) + random.between(0, 6);
    for (std::int64_t start = 0; start + extent <= before + input + after; start += stride) {
      ++output;
    }
  }
};

/// With as many taps along rows and columns as drawn.
template <class Taps>
Configuration random_configuration(Random& random, Taps&& taps) {
  const auto mode = static_cast<PaddingMode>(random.between(0, 3));
  const RandomAxis rows(random, mode, taps());
  const RandomAxis columns(random, mode, taps());
  const std::int64_t batch = random.between(1, 3);
  const std::int64_t groups = random.between(1, 3);
  const std::int64_t channels = random.between(1, 3);
  const std::int64_t filters = groups * random.between(1, 3);
  return {.input = {batch, groups * channels, rows.input, columns.input},
          .weight = {filters, channels, rows.kernel, columns.kernel},
          .output = {batch, filters, rows.output, columns.output},
          .arguments = {.stride = Pair(rows.stride, columns.stride),
                        .padding = Padding(rows.before, rows.after, columns.before, columns.after),
                        .dilation = Pair(rows.dilation, columns.dilation),
                        .groups = groups,
                        .padding_mode = mode}};
}

inline Configuration random_configuration(Random& random) {
  return random_configuration(random, [&] { return random.between(1, 4); });
}

}  // namespace conv2d::testing
