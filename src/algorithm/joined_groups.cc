// Convolution in groups whose outputs share a vector, forward, float32 and float64: groups of up to
// 8 inputs and outputs.
//
// Math      y[n,k,p,q] = bias[k]
//             + sum over i, r, s of w[k,i,r,s] * x[n, c + i, p*sh + r*dh - top, ...]
//           with c the first channel of k's group
// Order     of a sum: i, r, s, each step one fused multiply-add; the bias last. That is the
//           definition's, so the bits are the reference's where vectors have fused multiply-adds,
//           whatever the threads, the batch, the memory layout and the width of vectors.
// Lanes     of B groups take turns in a vector: output o of the b-th group is lane o*B + b. So that
//           a load gives each lane its own group's input, the i-th inputs of the B groups lie side
//           by side: a block of B elements, repeated over the vector (simd/joined_groups.h)
// Loops     images, strips of output rows, B groups, windows of columns, rows (outermost first);
//           then the register tile: i, r, s
// Input     each row once for a window of columns, channels joined, in a ring of the rows that a
//           kernel spans, which stays in L1 unless taps lie far apart. Never a whole tensor.
//           Contiguous planes are turned first
// Border    by its index map, column by column, when rows are joined. Columns of zeros are read,
//           unless a weight is infinite or NaN: then pixels are computed one by one, without them.
//           Rows of zeros are left out
// Output    a vector's lanes put back in order, straight to where channels lie side by side; else
//           row by row through scratch memory
// Weights   packed as [B groups][i][r][s][lanes]: those of B groups stay in L1 for a strip
// Not for   groups of more channels, which fill vectors by themselves; single channels
//           (depthwise_channels.cc, depthwise_rows.cc)
#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/distances.h"
#include "algorithm/joined_groups_worker.h"
#include "algorithm/packed_header.h"
#include "algorithm/run_items.h"
#include "algorithm/streaming.h"
#include "algorithm/vector_types.h"
#include "base/quantity.h"

#include <algorithm>

namespace conv2d {
namespace {

using joined_groups::Cut;
using joined_groups::Joint;
using joined_groups::Worker;

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::forward) {
    return "only the forward pass";
  }
  if (const auto reason = refuses_types(problem.types)) {
    return reason;
  }
  if (const auto reason = refuses_distances(problem)) {
    return reason;
  }
  constexpr Index most = 8;
  const Index inputs = problem.in_channels_per_group();
  const Index outputs = problem.out_channels_per_group();
  if (inputs > most || outputs > most || std::max(inputs, outputs) <= 1) {
    return "only for groups of up to 8 inputs and outputs, several of one or the other";
  }
  return std::nullopt;
}

/// Measured: planes are worth being turned for groups that fill vectors, of several inputs and of
/// taps enough for each pixel. Large planes are read in every column by planar.cc, few of its lanes
/// idle.
template <class T>
bool turning_pays(const Problem& problem, const Joint<T>& joint) {
  constexpr Index some_products = 16;
  constexpr Index large = Index{96} * 96;
  const bool fills = 4 * problem.out_channels >= 3 * joint.count * joint.lanes &&
                     (joint.outputs <= 4 || joint.outputs == 8);
  return fills && joint.inputs > 1 && problem.products() >= some_products &&
         (problem.columns.stride > 1 || problem.rows.output * problem.columns.output <= large);
}

std::optional<std::string_view> yields(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() -> std::optional<std::string_view> {
    const Joint<T> joint(problem);
    if (problem.groups == 1) {
      return "a single group is a layer like any other";
    }
    if (joint.vectors > 1) {
      return "a group takes several vectors";
    }
    if (problem.columns.stride > problem.columns.extent()) {
      return "columns that no output reads would be joined too";
    }
    if (joint.block == 1 && problem.rows.kernel * problem.columns.kernel == 1) {
      return "pixels that are read once can be read where they lie";
    }
    if (8 * joint.block * joint.outputs <= joint.lanes) {
      return "outputs would leave most of a vector idle";
    }
    if (problem.format != MemoryFormat::channels_last && !turning_pays(problem, joint)) {
      return "planes would be turned into channels and back";
    }
    return std::nullopt;
  });
}

/// Weights of groups that share a vector.
template <class T>
Index joint_weights(const Problem& problem, const Joint<T>& joint) {
  return joint.inputs * problem.rows.kernel * problem.columns.kernel * joint.lanes;
}

std::size_t packed_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    const Joint<T> joint(problem);
    return header_bytes + at(joint.count * joint_weights(problem, joint)) * sizeof(T);
  });
}

/// From [k][i][r][s] of any strides; lanes of no output have zeros.
template <class T>
void turn_joint(const Problem& problem, const Joint<T>& joint, TensorView weight, Index index,
                T* to) {
  const Strides& strides = weight.strides();
  const auto part = joint.part(problem, index);
  const auto lane_of = joint.order_of_outputs();
  std::fill_n(to, joint_weights(problem, joint), T{});
  for (Index i = 0; i < joint.inputs; ++i) {
    for (Index r = 0; r < problem.rows.kernel; ++r) {
      for (Index s = 0; s < problem.columns.kernel; ++s, to += joint.lanes) {
        const T* const from = static_cast<const T*>(weight.data()) +
                              part.first_output * strides[0] + i * strides[1] + r * strides[2] +
                              s * strides[3];
        for (Index output = 0; output < part.outputs; ++output) {
          to[lane_of[at(output)]] = from[output * strides[0]];
        }
      }
    }
  }
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  in_its_type(problem, [&]<class T>() {
    const Joint<T> joint(problem);
    const Index each = joint_weights(problem, joint);
    T* const to = reinterpret_cast<T*>(packed + header_bytes);
    for (Index index = 0; index < joint.count; ++index) {
      turn_joint(problem, joint, weight, index, to + index * each);
    }
    write_header({joint.lanes, all_finite(to, joint.count * each)}, packed);
  });
}

std::size_t workspace_bytes(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() {
    const Cut<T> cut(problem, false);
    const std::size_t shared = at(cut.joint.count * cut.joint.lanes) * sizeof(T) +
                               at(2 * cut.joint.lanes) * sizeof(simd::LaneIndex<T>);
    return at(num_threads()) * Worker<T>::bytes(problem, cut) + shared;
  });
}

template <class T>
Pieces describe_as(const Problem& problem) {
  const Cut<T> cut(problem, problem.format == MemoryFormat::channels_last);
  const Joint<T>& joint = cut.joint;
  const Index pixels =
      cut.next_tile(divide_up(std::min(cut.window, problem.columns.output), cut.classes.apart));
  const Index taps = problem.columns.kernel;
  const auto products = static_cast<double>(pixels * taps);
  const bool shares = cut.tiles != &cut.any();
  const Index loaded = shares ? (pixels - 1) * cut.classes.stride + taps : pixels * taps;
  const double cycles = std::max(products, static_cast<double>(loaded + taps));
  return {
      .tile = concat(counted(pixels, "pixel"), " x 1 vector of ", joint.lanes, " outputs of ",
                     counted(joint.block, "group")),
      .blocking = concat(counted(cut.strips, "strip"), " of ", counted(cut.rows, "output row"),
                         " an image; ", counted(joint.block, "group"), " of ", problem.groups,
                         " at a time, joined row by row"),
      .efficiency = products / cycles * static_cast<double>(problem.out_channels) /
                    static_cast<double>(joint.count * joint.lanes),
  };
}

Pieces describe(const Problem& problem) {
  return in_its_type(problem, [&]<class T>() { return describe_as<T>(problem); });
}

template <class T>
std::vector<T> joined_bias(const Problem& problem, const Joint<T>& joint,
                           const functional::OptionalView& bias) {
  std::vector<T> values(at(joint.count * joint.lanes), T{});
  for (Index index = 0; index < joint.count; ++index) {
    const auto part = joint.part(problem, index);
    for (Index k = 0; k < part.outputs; ++k) {
      values[at(index * joint.lanes + k)] = bias_of<T>(bias, part.first_output + k);
    }
  }
  return values;
}

template <class T>
bool streams_result(const Problem& problem, const Operands& operands, const Joint<T>& joint) {
  return operands.result.strides()[1] == 1 && crowds_caches_with_input(operands) &&
         joint.block * joint.outputs == joint.lanes && problem.groups % joint.block == 0 &&
         pixels_are_aligned(operands.result, problem.out_channels, joint.lanes);
}

template <class T>
void run_as(const Problem& problem, const Operands& operands) {
  const bool channels_last = operands.first.strides()[1] == 1 && operands.result.strides()[1] == 1;
  const Cut<T> cut(problem, channels_last);
  const PackedHeader header = read_header(operands.packed, cut.joint.lanes);
  const joined_groups::Run<T> shared{
      .problem = problem,
      .operands = operands,
      .cut = cut,
      .weights = reinterpret_cast<const T*>(operands.packed + header_bytes),
      .bias = joined_bias(problem, cut.joint, operands.bias),
      .order_of_inputs = cut.joint.order_of_inputs(),
      .order_of_outputs = cut.joint.order_of_outputs(),
      .leaves_out_columns = !header.finite && problem.padding_mode == PaddingMode::zeros,
      .streams = streams_result(problem, operands, cut.joint),
  };
  run_items(cut.items(problem), [&](int) { return Worker<T>(shared); });
}

void run(const Problem& problem, const Operands& operands) {
  in_its_type(problem, [&]<class T>() { run_as<T>(problem, operands); });
}

}  // namespace

extern const Algorithm joined_groups_algorithm;
constexpr Algorithm joined_groups_algorithm = {
    .name = "joined_groups",
    .purpose = "sums in vector registers that several groups' outputs share",
    .refuses = refuses,
    .yields = yields,
    .workspace_bytes = workspace_bytes,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
    .finishes = true,
    .takes_columns = true,
    .describe = describe,
};

}  // namespace conv2d
