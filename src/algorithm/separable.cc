// Separable image filters, forward, float32: where precision is default, and where each filter of
// the layer is, to a few roundings, the product of a column and a row.
//
// Math      w[k,r,s] = u[k,r] * v[k,s], and so
//             t[p,q+s] = sum over r of u[k,r] * x[n, c, p + r - top, q + s - left]
//             y[n,k,p,q] = bias[k] + sum over s of v[k,s] * t[p,q+s]
//           R + S multiply-adds instead of R*S. Whether a filter is such a product is seen when the
//           weight is packed (separable_factors.h). Where one is not, the layer is run, and was
//           packed, by the algorithm that a plan would have asked next, and has its bits
// Order     of the first sum: r; of the second: s; each step one fused multiply-add, rows beyond a
//           border of zeros left out, its columns taken as zeros; the bias last. So the bits are
//           the same for any threads, batch, memory layout and width of vectors; but they are not
//           the definition's. docs/separable.md derives that their bound is not larger
// Loops     images, strips of output rows, tiles of columns, channels, eight rows, outputs of the
//           channel (outermost first); then the sums along columns (simd/depthwise_rows.h), which
//           stay in a cache, and of them those along rows (simd/separable.h)
// Input     where it lies, by pointers to rows; tiles that cannot be read so are copied.
//           Channels that lie side by side and have one filter are one long row, whose taps are C
//           numbers apart
// Border    rows through the index map, by pointers; columns in the sums: they are sums of the
//           border's columns as those of the inner columns that they repeat
// Inf, NaN  come out where the definition has them. Sums of large numbers may overflow on the way
//           where the definition's do not: such outputs are computed once more by the definition
// Not for   small maps and small kernels, which the plain sum computes as fast
#include "algorithm/algorithm.h"
#include "algorithm/bias.h"
#include "algorithm/epilogue.h"
#include "algorithm/packed_header.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/run.h"
#include "algorithm/run_items.h"
#include "algorithm/separable_cut.h"
#include "algorithm/separable_factors.h"
#include "algorithm/separable_worker.h"
#include "base/quantity.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace conv2d {

extern const Algorithm separable_algorithm;

namespace {

std::optional<std::string_view> refuses(const Problem& problem) {
  if (problem.pass != Pass::forward) {
    return "only the forward pass";
  }
  if (problem.types != Types{DType::float32, DType::float32, DType::float32}) {
    return "only float32";
  }
  if (problem.precision == Precision::exact) {
    return "only where precision is default: its sums round otherwise than the definition's";
  }
  if (problem.in_channels_per_group() != 1) {
    return "only for one input channel a group";
  }
  constexpr Index image_channels = 4;
  if (problem.in_channels > image_channels) {
    return "only for the channels of an image, 4 at most: other layers' weights are learned";
  }
  constexpr Index many = 16;
  if (problem.out_channels_per_group() > many) {
    return "only for 16 filters of a channel and fewer: of many, one will be no product";
  }
  const Index kernel = std::min(problem.rows.kernel, problem.columns.kernel);
  constexpr Index least_kernel = 5;
  if (kernel < least_kernel) {
    return "only for kernels of 5x5 and larger";
  }
  constexpr Index some = 4;
  constexpr Index larger_kernel = 7;
  if (problem.out_channels_per_group() >= some && kernel < larger_kernel) {
    return "with 4 filters of a channel and more only for kernels of 7x7 and larger";
  }
  const auto plain = [](const Axis& axis) { return axis.stride == 1 && axis.dilation == 1; };
  if (!plain(problem.rows) || !plain(problem.columns)) {
    return "only for stride 1 and dilation 1";
  }
  constexpr Index small = 1024;
  if (problem.rows.output * problem.columns.output < small) {
    return "maps of less than 1024 pixels, which the plain sum computes as fast";
  }
  return std::nullopt;
}

/// Measured: the sums along columns and those along rows together take as long as 25 products where
/// the channels of an image come from memory.
std::optional<std::string_view> yields(const Problem& problem) {
  constexpr Index larger_kernel = 7;
  const Index kernel = std::min(problem.rows.kernel, problem.columns.kernel);
  if (problem.in_channels > 1 && kernel < larger_kernel) {
    return "kernels below 7x7 of several channels, which the plain sum computes as fast";
  }
  return std::nullopt;
}

/// The algorithm that computes the layer where some filter is no product.
const Algorithm& next_of(const Problem& problem) {
  const auto table = algorithms();
  const auto takes = [&](const Algorithm* algorithm) {
    return algorithm != &separable_algorithm && algorithm->takes(problem);
  };
  return **std::find_if(table.begin(), table.end(), takes);
}

/// A packed weight: a header; the weights as [k][r][s]; then the factors, or what the next
/// algorithm packs.
struct Packed {
  const Algorithm* by;  ///< whose form it has; nullptr where there are factors
};

Index filters(const Problem& problem) { return problem.out_channels; }

Index taps_of(const Problem& problem) {
  return filters(problem) * problem.rows.kernel * problem.columns.kernel;
}

Index factors_of(const Problem& problem) {
  return filters(problem) * (problem.rows.kernel + problem.columns.kernel);
}

/// Where the factors begin, or the next algorithm's form.
std::size_t form_at(const Problem& problem) {
  constexpr auto line = static_cast<Index>(header_bytes / sizeof(float));
  return header_bytes + at(divide_up(taps_of(problem), line)) * header_bytes;
}

std::size_t form_bytes(const Algorithm& algorithm, const Problem& problem) {
  return algorithm.packed_bytes == nullptr ? 0 : algorithm.packed_bytes(problem);
}

std::size_t packed_bytes(const Problem& problem) {
  return form_at(problem) +
         std::max(at(factors_of(problem)) * sizeof(float), form_bytes(next_of(problem), problem));
}

/// From [k][r][s] of any strides.
void copy_taps(TensorView weight, float* to) {
  const Sizes& sizes = weight.sizes();
  const Strides& strides = weight.strides();
  const auto* from = static_cast<const float*>(weight.data());
  for (Index k = 0; k < sizes[0]; ++k) {
    for (Index r = 0; r < sizes[2]; ++r) {
      for (Index s = 0; s < sizes[3]; ++s) {
        *to++ = from[k * strides[0] + r * strides[2] + s * strides[3]];
      }
    }
  }
}

bool factor_all(const Problem& problem, const float* taps, float* factors) {
  const Index rows = problem.rows.kernel;
  const Index columns = problem.columns.kernel;
  for (Index k = 0; k < filters(problem); ++k) {
    float* const column = factors + k * (rows + columns);
    if (!separable::factor(taps + k * rows * columns, rows, columns, column, column + rows)) {
      return false;
    }
  }
  return true;
}

void pack(const Problem& problem, TensorView weight, std::byte* packed) {
  auto* const taps = reinterpret_cast<float*>(packed + header_bytes);
  std::byte* const form = packed + form_at(problem);
  copy_taps(weight, taps);
  Packed header{nullptr};
  if (!factor_all(problem, taps, reinterpret_cast<float*>(form))) {
    header.by = &next_of(problem);
    if (header.by->pack != nullptr) {
      header.by->pack(problem, weight, form);
    }
  }
  std::memcpy(packed, &header, sizeof header);
}

std::size_t workspace_bytes(const Problem& problem) {
  std::size_t worker = 0;
  for (const Index together : {Index{1}, problem.in_channels}) {
    const separable::Cut cut(problem, false, together);
    worker = std::max(worker, separable::Worker::bytes(problem, cut));
  }
  const std::size_t own = at(num_threads()) * worker + 2 * at(problem.out_channels) * sizeof(float);
  return std::max(own, next_of(problem).workspace_bytes(problem));
}

/// What holds for every weight, that of the next algorithm, and what is done where filters are
/// products.
Pieces describe(const Problem& problem) {
  const Algorithm& next = next_of(problem);
  const Pieces otherwise = next.describe == nullptr ? Pieces{} : next.describe(problem);
  const separable::Cut cut(problem, true,
                           problem.format == MemoryFormat::contiguous ? 1 : problem.in_channels);
  return {
      .tile = concat("where filters are a column times a row, 8 vectors of ", cut.lanes,
                     " pixels; else, by ", next.name, ", ", otherwise.tile),
      .blocking = concat(counted(cut.strips, "strip"), " of ", counted(cut.rows, "output row"),
                         " a channel in ", counted(static_cast<Index>(cut.tiles.size()), "tile"),
                         " of columns, 8 rows at a time; else ", otherwise.blocking),
      .efficiency = otherwise.efficiency,
  };
}

/// By the algorithm that packed the weight; where the problem is one of another size or format, the
/// one that this one's own turn.
void run_next(const Problem& problem, const Operands& operands, const Algorithm* packed_by) {
  const Algorithm& next = next_of(problem);
  Operands handed = operands;
  handed.second = TensorView(operands.packed + header_bytes, DType::float32, problem.w_sizes());
  handed.packed = operands.packed + form_at(problem);
  std::optional<Tensor> again;
  if (&next != packed_by && next.pack != nullptr) {
    again = Tensor::uninitialized({static_cast<Index>(next.packed_bytes(problem))}, DType::uint8);
    auto* const to = static_cast<std::byte*>(again->data());
    next.pack(problem, handed.second, to);
    handed.packed = to;
  }
  run_and_finish(next, problem, handed);
}

/// How many channels are computed as one: all, where they lie side by side and have one filter.
Index together(const Problem& problem, const Operands& operands, const float* factors,
               const std::vector<float>& bias) {
  const Index step = problem.rows.kernel + problem.columns.kernel;
  const Index others = factors_of(problem) - step;
  const bool alike =
      std::memcmp(factors, factors + step, at(others) * sizeof(float)) == 0 &&
      std::memcmp(bias.data(), bias.data() + 1, (bias.size() - 1) * sizeof(float)) == 0;
  return problem.out_channels_per_group() == 1 &&
                 channels_interleave(operands.first.strides(), problem.in_channels) &&
                 channels_interleave(operands.result.strides(), problem.in_channels) && alike
             ? problem.in_channels
             : 1;
}

void run_factored(const Problem& problem, const Operands& operands) {
  const auto* const factors = reinterpret_cast<const float*>(operands.packed + form_at(problem));
  std::vector<float> bias = bias_or_zeros<float>(problem, operands.bias, problem.out_channels);
  const Index channels = together(problem, operands, factors, bias);
  separable::Run shared{
      .problem = problem,
      .operands = operands,
      .cut = separable::Cut(problem, operands.first.strides()[3] == channels, channels),
      .taps = reinterpret_cast<const float*>(operands.packed + header_bytes),
      .factors = factors,
      .bias = std::move(bias),
      .limits = {},
  };
  const Index step = problem.rows.kernel + problem.columns.kernel;
  for (Index k = 0; k < problem.out_channels; ++k) {
    shared.limits.push_back(separable::limit_of(problem, shared.factors + k * step));
  }
  run_items(shared.cut.items(problem), [&](int) { return separable::Worker(shared); });
}

void run(const Problem& problem, const Operands& operands) {
  Packed header{};
  std::memcpy(&header, operands.packed, sizeof header);
  if (header.by == nullptr) {
    run_factored(problem, operands);
  } else {
    run_next(problem, operands, header.by);
  }
}

}  // namespace

constexpr Algorithm separable_algorithm = {
    .name = "separable",
    .purpose = "filters that are a column times a row by R + S products instead of R*S",
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
