#include "simd/peak.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/peak.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using PeakFloats = hn::ScalableTag<float>;

// Two start in a cycle and end four or five cycles later: ten are enough, and 16 registers hold 12.
constexpr int chains = 12;

float multiply_add(std::int64_t steps) {
  const PeakFloats d;
  hn::Vec<PeakFloats> sum[chains];
  for (int i = 0; i < chains; ++i) {
    sum[i] = hn::Set(d, static_cast<float>(i));
  }
  // Numbers that stay numbers however often this is done.
  const auto factor = hn::Set(d, 0.5F);
  const auto term = hn::Set(d, 1.0F);
  for (std::int64_t step = 0; step < steps; ++step) {
    for (auto& chain : sum) {
      chain = hn::MulAdd(chain, factor, term);
    }
  }
  for (int i = 1; i < chains; ++i) {
    sum[0] = hn::Add(sum[0], sum[i]);
  }
  return hn::GetLane(sum[0]);
}

float add_all(const float* values, std::size_t count) {
  const PeakFloats d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t at_once = 8;
  hn::Vec<PeakFloats> sum[at_once];
  for (auto& part : sum) {
    part = hn::Zero(d);
  }
  for (std::size_t i = 0; i + at_once * lanes <= count; i += at_once * lanes) {
    for (std::size_t j = 0; j < at_once; ++j) {
      sum[j] = hn::Add(sum[j], hn::LoadU(d, values + i + j * lanes));
    }
  }
  for (std::size_t j = 1; j < at_once; ++j) {
    sum[0] = hn::Add(sum[0], sum[j]);
  }
  return hn::GetLane(sum[0]);
}

const Peak& peak_table() {
  static const Peak found = {
      .vector_bytes = static_cast<int>(hn::Lanes(PeakFloats()) * sizeof(float)),
      .fused = HWY_NATIVE_FMA != 0,
      .flops_per_step = 2.0 * chains * static_cast<double>(hn::Lanes(PeakFloats())),
      .multiply_add = multiply_add,
      .add_all = add_all,
  };
  return found;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(peak_table);

const Peak& peak() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(peak_table)();
}

}  // namespace conv2d::simd
#endif
