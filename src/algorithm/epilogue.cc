#include "algorithm/epilogue.h"

#include "algorithm/vector_types.h"
#include "simd/finish.h"
#include "tensor/convert.h"
#include "tensor/dispatch.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace conv2d {
namespace {

using functional::Epilogue;

template <class T>
constexpr bool has_vectors = std::is_same_v<T, float> || std::is_same_v<T, double>;

/// The type in which an element is added and compared.
template <class T>
using Wide = std::conditional_t<is_half_type<T>, float, T>;

template <class T>
T add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;  // modulo 2^32, as all sums of integers
    return static_cast<T>(static_cast<Bits>(a) + static_cast<Bits>(b));
  } else {
    return static_cast<T>(static_cast<Wide<T>>(a) + static_cast<Wide<T>>(b));
  }
}

/// The limits in the type of the results, as torch.clamp takes its scalars.
template <class T>
struct LimitsOf {
  explicit LimitsOf(const Epilogue& epilogue) {
    if (epilogue.low) {
      low = static_cast<Wide<T>>(convert<T>(*epilogue.low));
    }
    if (epilogue.high) {
      high = static_cast<Wide<T>>(convert<T>(*epilogue.high));
    }
  }
  T kept(T value) const {
    const auto wide = static_cast<Wide<T>>(value);
    return wide < low ? static_cast<T>(low) : wide > high ? static_cast<T>(high) : value;
  }

  static constexpr bool floating = !std::is_integral_v<T>;
  Wide<T> low =
      floating ? -std::numeric_limits<Wide<T>>::infinity() : std::numeric_limits<Wide<T>>::min();
  Wide<T> high =
      floating ? std::numeric_limits<Wide<T>>::infinity() : std::numeric_limits<Wide<T>>::max();
};

/// Numbers without an order have none.
struct NoLimits {
  explicit NoLimits(const Epilogue& /*epilogue*/) {}
  template <class T>
  T kept(T value) const {
    return value;
  }
};

template <class T>
using Limits = std::conditional_t<is_complex_type<T>, NoLimits, LimitsOf<T>>;

/// Elements `step` apart.
template <class T>
struct Line {
  T* first;
  Index step;
};

/// Where there is no residual, its first element is nullptr.
template <class T>
void finish_line(Line<T> values, Line<const T> residual, const Limits<T>& limits, Index count) {
  if constexpr (has_vectors<T>) {
    if (values.step == 1 && (residual.first == nullptr || residual.step == 1)) {
      simd::finish(values.first, residual.first, limits.low, limits.high,
                   static_cast<std::size_t>(count));
      return;
    }
  }
  for (Index i = 0; i < count; ++i) {
    T& value = values.first[i * values.step];
    value = limits.kept(residual.first == nullptr ? value
                                                  : add(value, residual.first[i * residual.step]));
  }
}

/// What is added from there on along a dimension.
template <class T>
Line<const T> residual_line(const Epilogue& epilogue, const ResultPlace& first, int dim) {
  if (!epilogue.residual) {
    return {nullptr, 0};
  }
  const Strides& strides = epilogue.residual->strides();
  return {static_cast<const T*>(epilogue.residual->data()) + first.offset(strides), strides[dim]};
}

template <class T>
class Finisher {
 public:
  Finisher(const MutableTensorView& y, const Epilogue& epilogue)
      : y_(y), epilogue_(epilogue), limits_(epilogue) {}

  void finish(const ResultPart& part) const {
    const Index rows = y_.sizes()[2];
    const Index first = part.first_column;
    const Index columns = std::min(part.columns, y_.sizes()[3] - first);
    const Index k = part.first_channel;
    for (Index row = part.first_row; row < part.first_row + part.rows; ++row) {
      const Index n = row / rows;
      const Index p = row % rows;
      if (y_.strides()[1] == 1) {
        for (Index q = 0; q < columns; ++q) {
          line({n, k, p, first + q}, 1, part.channels);
        }
      } else {
        for (Index i = 0; i < part.channels; ++i) {
          line({n, k + i, p, first}, 3, columns);
        }
      }
    }
  }

 private:
  /// `count` elements from `first` on along a dimension.
  void line(const ResultPlace& first, int dim, Index count) const {
    const Strides& strides = y_.strides();
    finish_line<T>({static_cast<T*>(y_.data()) + first.offset(strides), strides[dim]},
                   residual_line<T>(epilogue_, first, dim), limits_, count);
  }

  const MutableTensorView& y_;
  const Epilogue& epilogue_;
  Limits<T> limits_;
};

std::optional<Error> check_limit(const std::optional<double>& limit, DType dtype) {
  if (!limit) {
    return std::nullopt;
  }
  if (is_complex(dtype)) {
    return Error{concat("complex numbers have no order: results of ", name(dtype),
                        " take no lower or upper limit")};
  }
  if (std::isnan(*limit)) {
    return Error{"a limit of the results must be a number, but got nan"};
  }
  constexpr double least = std::numeric_limits<std::int32_t>::min();
  constexpr double most = std::numeric_limits<std::int32_t>::max();
  if (is_integer(dtype) && (*limit != std::trunc(*limit) || *limit < least || *limit > most)) {
    return Error{concat("a limit of results of ", name(dtype),
                        " must be a whole number of that type, but got ", *limit)};
  }
  return std::nullopt;
}

}  // namespace

bool changes_results(const Epilogue* epilogue) noexcept {
  return epilogue != nullptr && (epilogue->residual || epilogue->low || epilogue->high);
}

std::optional<Error> check(const Epilogue& epilogue, const Sizes& result, DType dtype) {
  if (auto error = check_limit(epilogue.low, dtype)) {
    return error;
  }
  if (auto error = check_limit(epilogue.high, dtype)) {
    return error;
  }
  if (epilogue.low && epilogue.high && *epilogue.low > *epilogue.high) {
    return Error{concat("the lower limit of the results, ", *epilogue.low,
                        ", is above the upper limit, ", *epilogue.high)};
  }
  const functional::OptionalView& residual = epilogue.residual;
  if (residual && (residual->sizes() != result || residual->dtype() != dtype)) {
    return Error{concat("the residual must be of the result's sizes, ", to_string(result),
                        ", and dtype, ", name(dtype), ", but got ", to_string(residual->sizes()),
                        " of ", name(residual->dtype()))};
  }
  return std::nullopt;
}

Epilogue with_batch(Epilogue epilogue) {
  if (epilogue.residual && epilogue.residual->rank() == 3) {
    epilogue.residual = epilogue.residual->unsqueeze(0);
  }
  return epilogue;
}

void finish(const MutableTensorView& result, const Epilogue* epilogue, const ResultPart& part) {
  if (!changes_results(epilogue)) {
    return;
  }
  dispatch(result.dtype(),
           [&]<class T>(std::type_identity<T>) { Finisher<T>(result, *epilogue).finish(part); });
}

template <class T>
void finish_sums(T* sums, Index count, const Epilogue* epilogue, const ResultPlace& first) {
  if (changes_results(epilogue)) {
    finish_line<T>({sums, 1}, residual_line<T>(*epilogue, first, 3), Limits<T>(*epilogue), count);
  }
}
template void finish_sums(float*, Index, const Epilogue*, const ResultPlace&);
template void finish_sums(double*, Index, const Epilogue*, const ResultPlace&);

void finish_all(const MutableTensorView& result, const Epilogue* epilogue) {
  if (!changes_results(epilogue)) {
    return;
  }
  const Sizes& sizes = result.sizes();
  parallel_for(sizes[0] * sizes[2], [&](Index begin, Index end) {
    finish(result, epilogue, {0, sizes[1], begin, end - begin});
  });
}

}  // namespace conv2d
