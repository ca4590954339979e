// Transposed convolution by phases, float32 and float64: ConvTranspose2d, and the gradient of a
// Conv2d's input.
//
// Math      dx[n,c,h,w] = bias[c] + sum over k, r, s of w[k,c,r,s] * dy[n,k,p,q]
//           where h = p*sh + r*dh - top and w = q*sw + s*dw - left
// Phases    rows h that leave the same a when divided by the stride meet the same taps: those r for
//           which a + top - r*dh is a multiple of sh, every (sh / gcd(sh, dh))-th. With h = a +
//           i*sh such a tap reads p = i + (a + top - r*dh) / sh: a convolution of stride 1 with
//           some of the taps, and no multiplication by an inserted zero. Columns likewise. At most
//           sh*sw phases, and R*S: where the stride outgrows the kernel, between lies the bias
//           alone
// Order     of a sum: k, r, s, the definition's. Along p that is from the last to the first, so the
//           planar convolution runs backwards (planar_convolution.h); bits are the reference's
// Output    a phase stores every sh-th row and every sw-th column
// Epilogue  a phase's own, with every sh-th row and every sw-th column of the residual: the planar
//           convolution finishes what it has just computed. Where taps lead to a part of the result
//           alone, all of it is made the bias and finished before; phases store over that
// Not for   other borders than zeros, where an input is read from several taps of one window
// Source    V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning, 2016,
//           chapter 4
#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/column_windows.h"
#include "algorithm/distances.h"
#include "algorithm/epilogue.h"
#include "algorithm/packed_header.h"
#include "algorithm/planar_convolution.h"
#include "algorithm/vector_types.h"
#include "base/error.h"
#include "base/quantity.h"
#include "simd/planar.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace conv2d {
namespace {

/// The rows or columns of one phase.
struct PhaseAxis {
  Index first;      ///< index of the result: first, first + stride, ...
  Axis axis;        ///< of the convolution over dy
  Index first_tap;  ///< of the kernel
  Index tap_step;
};

/// The index, below the stride, from which a tap is read.
Index first_reader(const Axis& axis, Index tap) {
  const Index first = (tap * axis.dilation - axis.pad_before) % axis.stride;
  return first < 0 ? first + axis.stride : first;
}

PhaseAxis phase_axis(const Axis& axis, Index tap, Index step) {
  const Index first = first_reader(axis, tap);
  const Index reads = (first + axis.pad_before - tap * axis.dilation) / axis.stride;
  PhaseAxis phase{first, axis, tap, step};
  phase.axis.input = axis.output;
  phase.axis.output = first < axis.input ? (axis.input - first - 1) / axis.stride + 1 : 0;
  phase.axis.kernel = (axis.kernel - tap - 1) / step + 1;
  phase.axis.stride = 1;
  phase.axis.dilation = axis.dilation / std::gcd(axis.stride, axis.dilation);
  phase.axis.pad_before = (phase.axis.kernel - 1) * phase.axis.dilation - reads;
  phase.axis.pad_after = 0;
  return phase;
}

/// One for each index below the stride that a tap leads to, the result's size whatever it is: a
/// packed weight serves any.
std::vector<PhaseAxis> phases_along(const Axis& axis) {
  const Index step = axis.stride / std::gcd(axis.stride, axis.dilation);
  std::vector<PhaseAxis> phases;
  for (Index tap = 0; tap < std::min(step, axis.kernel); ++tap) {
    phases.push_back(phase_axis(axis, tap, step));
  }
  return phases;
}

struct PhasePair {
  PhaseAxis rows;
  PhaseAxis columns;

  bool empty() const { return rows.axis.output == 0 || columns.axis.output == 0; }
  /// The forward convolution over dy that gives the phase.
  Problem problem(const Problem& transposed) const {
    Problem forward = transposed;
    forward.pass = Pass::forward;
    std::swap(forward.in_channels, forward.out_channels);
    forward.rows = rows.axis;
    forward.columns = columns.axis;
    return forward;
  }
};

std::vector<PhasePair> phases_of(const Problem& problem) {
  std::vector<PhasePair> phases;
  for (const PhaseAxis& rows : phases_along(problem.rows)) {
    for (const PhaseAxis& columns : phases_along(problem.columns)) {
      phases.push_back({rows, columns});
    }
  }
  return phases;
}

/// Whether taps lead to every element of the result.
bool cover(const Axis& axis) {
  const std::vector<PhaseAxis> phases = phases_along(axis);
  const auto reached = std::count_if(phases.begin(), phases.end(),
                                     [](const PhaseAxis& phase) { return phase.axis.output > 0; });
  return reached == std::min(axis.stride, axis.input);
}

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::backward_data) {
    return "only the transposed pass";
  }
  if (problem.padding_mode != PaddingMode::zeros) {
    return "only zeros beyond the border";
  }
  if (const auto reason = refuses_distances(problem)) {
    return reason;
  }
  return refuses_types(problem.types);
}

std::size_t phase_workspace_bytes(const Problem& phase) {
  return in_its_type(phase, [&]<class T>() { return planar::workspace_bytes<T>(phase); });
}

Pieces describe_phase(const Problem& phase) {
  return in_its_type(phase, [&]<class T>() { return planar::describe<T>(phase); });
}

std::size_t workspace_bytes(const Problem& problem) {
  std::size_t most = 0;
  for (const PhasePair& phase : phases_of(problem)) {
    if (!phase.empty()) {
      most = std::max(most, workspace_by_columns(phase.problem(problem), phase_workspace_bytes));
    }
  }
  return most;
}

/// In the words of the phase with the most taps, which takes longest.
Pieces describe(const Problem& problem) {
  Pieces pieces;
  Index phases = 0;
  Index most_taps = 0;
  for (const PhasePair& phase : phases_of(problem)) {
    const Index taps = phase.empty() ? 0 : phase.rows.axis.kernel * phase.columns.axis.kernel;
    phases += taps > 0 ? 1 : 0;
    if (taps > most_taps) {
      most_taps = taps;
      pieces = describe_by_columns(phase.problem(problem), phase_workspace_bytes, describe_phase);
    }
  }
  if (phases == 0) {
    return {.tile = "none", .blocking = "no tap leads into the result", .efficiency = 1};
  }
  pieces.blocking = concat(counted(phases, "phase"), " of ", phases == 1 ? "" : "up to ",
                           counted(most_taps, "tap"), "; ", pieces.blocking);
  return pieces;
}

std::size_t packed_bytes(const Problem& problem) {
  const Index elements = problem.out_channels * problem.in_channels_per_group() *
                         problem.rows.kernel * problem.columns.kernel;
  return header_bytes + at(elements) * element_size(problem.types.w);
}

/// From one element to the next of `count` that lie `step` apart: with one there is no next, and
/// the step may be as large as a stride.
Index distance(Index count, Index step, Index stride) { return count > 1 ? step * stride : stride; }

/// A phase's part of the weight, as filters from dy's channels to the result's.
planar::Filters filters_of(const Problem& problem, const PhasePair& phase, TensorView weight) {
  const Strides& strides = weight.strides();
  const Index filters = problem.out_channels_per_group();
  const PhaseAxis& rows = phase.rows;
  const PhaseAxis& columns = phase.columns;
  const Index first = rows.first_tap * strides[2] + columns.first_tap * strides[3];
  const auto* begin = static_cast<const std::byte*>(weight.data()) +
                      first * static_cast<Index>(element_size(weight.dtype()));
  return {
      TensorView(begin, weight.dtype(),
                 {problem.in_channels_per_group(), filters, rows.axis.kernel, columns.axis.kernel},
                 {strides[1], strides[0], distance(rows.axis.kernel, rows.tap_step, strides[2]),
                  distance(columns.axis.kernel, columns.tap_step, strides[3])}),
      filters * strides[0]};
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  in_its_type(problem, [&]<class T>() {
    auto* to = reinterpret_cast<T*>(packed + header_bytes);
    bool finite = true;
    for (const PhasePair& phase : phases_of(problem)) {
      const Problem forward = phase.problem(problem);
      finite &= planar::pack(forward, filters_of(problem, phase, weight), to);
      to += planar::packed_elements(forward);
    }
    write_header({static_cast<Index>(simd::planar_kernels<T>().lanes), finite}, packed);
  });
}

/// The rows and columns of a phase, of a tensor of the result's sizes.
template <class Void>
BasicTensorView<Void> strided_part(const Problem& problem, const PhasePair& phase,
                                   const BasicTensorView<Void>& whole) {
  return whole.slice(2, phase.rows.first, problem.rows.input, problem.rows.stride)
      .slice(3, phase.columns.first, problem.columns.input, problem.columns.stride);
}

/// Where no tap leads to, there is the bias alone.
template <class T>
void fill(const MutableTensorView& result, const functional::OptionalView& bias) {
  for (Index n = 0; n < result.sizes()[0]; ++n) {
    for (Index c = 0; c < result.sizes()[1]; ++c) {
      const T value = bias_of<T>(bias, c);
      for (Index h = 0; h < result.sizes()[2]; ++h) {
        for (Index w = 0; w < result.sizes()[3]; ++w) {
          result.at<T>({n, c, h, w}) = value;
        }
      }
    }
  }
}

template <class T>
void run_phase(const Problem& problem, const PhasePair& phase, const Operands& operands,
               const T* packed, bool finite) {
  const auto strided = [&](const auto& whole) { return strided_part(problem, phase, whole); };
  const functional::Epilogue epilogue = part_of(operands.epilogue, strided);
  Operands some = operands;
  some.result = strided(operands.result);
  some.epilogue = &epilogue;
  const auto run_part = [&](const Problem& part, const Operands& views) {
    planar::run(planar::Task<T>{
        .problem = part,
        .operands = views,
        .packed = packed,
        .finite = finite,
        .backwards = true,
    });
  };
  run_by_columns(phase.problem(problem), some, phase_workspace_bytes, run_part);
}

void run(const Problem& problem, const Operands& operands) {
  in_its_type(problem, [&]<class T>() {
    const auto lanes = static_cast<Index>(simd::planar_kernels<T>().lanes);
    const PackedHeader header = read_header(operands.packed, lanes);
    const auto* packed = reinterpret_cast<const T*>(operands.packed + header_bytes);
    if (!cover(problem.rows) || !cover(problem.columns)) {
      fill<T>(operands.result, operands.bias);
      finish_all(operands.result, operands.epilogue);
    }
    for (const PhasePair& phase : phases_of(problem)) {
      if (!phase.empty()) {
        run_phase(problem, phase, operands, packed, header.finite);
      }
      packed += planar::packed_elements(phase.problem(problem));
    }
  });
}

}  // namespace

extern const Algorithm transposed_algorithm;
constexpr Algorithm transposed_algorithm = {
    .name = "transposed",
    .purpose =
        "a planar convolution of stride 1 for each remainder of rows and columns by the stride",
    .refuses = refuses,
    .workspace_bytes = workspace_bytes,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
    .finishes = true,
    .describe = describe,
};

}  // namespace conv2d
