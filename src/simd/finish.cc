#include "simd/finish.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/finish.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Comparisons with NaN are false, so that it stays.
template <class D, class V>
HWY_INLINE V limited(D d, V value, hn::TFromD<D> low, hn::TFromD<D> high) {
  const auto least = hn::Set(d, low);
  const auto most = hn::Set(d, high);
  const auto raised = hn::IfThenElse(hn::Lt(value, least), least, value);
  return hn::IfThenElse(hn::Gt(raised, most), most, raised);
}

template <class T, class D>
HWY_INLINE void finish_vector(D d, T* HWY_RESTRICT values, const T* HWY_RESTRICT residual, T low,
                              T high) {
  auto value = hn::LoadU(d, values);
  if (residual != nullptr) {
    value = hn::Add(value, hn::LoadU(d, residual));
  }
  hn::StoreU(limited(d, value, low, high), d, values);
}

template <class T>
void finish_all(T* HWY_RESTRICT values, const T* HWY_RESTRICT residual, T low, T high,
                std::size_t count) {
  const hn::ScalableTag<T> vectors;
  const hn::CappedTag<T, 1> single;
  const std::size_t lanes = hn::Lanes(vectors);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    finish_vector(vectors, values + i, residual == nullptr ? nullptr : residual + i, low, high);
  }
  for (; i < count; ++i) {
    finish_vector(single, values + i, residual == nullptr ? nullptr : residual + i, low, high);
  }
}

void finish_floats(float* values, const float* residual, float low, float high, std::size_t count) {
  finish_all(values, residual, low, high, count);
}

#if HWY_HAVE_FLOAT64
void finish_doubles(double* values, const double* residual, double low, double high,
                    std::size_t count) {
  finish_all(values, residual, low, high, count);
}
#else
void finish_doubles(double* values, const double* residual, double low, double high,
                    std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const double value = residual == nullptr ? values[i] : values[i] + residual[i];
    values[i] = value < low ? low : value > high ? high : value;
  }
}
#endif

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(finish_floats);
HWY_EXPORT(finish_doubles);

template <>
void finish(float* values, const float* residual, float low, float high,
            std::size_t count) noexcept {
  prepare();
  HWY_DYNAMIC_DISPATCH(finish_floats)(values, residual, low, high, count);
}

template <>
void finish(double* values, const double* residual, double low, double high,
            std::size_t count) noexcept {
  prepare();
  HWY_DYNAMIC_DISPATCH(finish_doubles)(values, residual, low, high, count);
}

}  // namespace conv2d::simd
#endif
