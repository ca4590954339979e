#include "simd/dispatch.h"

#include <hwy/highway.h>

#include <cstdlib>

namespace conv2d::simd {
namespace {

/// Where all is compiled for one target, as on ARM and in WebAssembly, nothing is to be found out
/// or chosen, and nothing of Highway's library is called.
constexpr bool one_target = (HWY_TARGETS & (HWY_TARGETS - 1)) == 0;

std::int64_t in_use() noexcept {
  if constexpr (one_target) {
    return HWY_TARGETS;
  } else {
    return hwy::SupportedTargets() & HWY_TARGETS;
  }
}

std::int64_t available() noexcept {
  if constexpr (!one_target) {
    hwy::SetSupportedTargetsForTest(0);
  }
  return in_use();
}

void use(std::int64_t targets) noexcept {
  if constexpr (!one_target) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
}

/// A smaller bit is a better target.
std::int64_t best(std::int64_t targets) noexcept { return targets & -targets; }

/// Bits of a target and of all that are worse.
std::int64_t no_wider_than(std::int64_t target) noexcept { return ~(target - 1); }

std::int64_t find(std::string_view name) noexcept {
  for (std::int64_t left = available(); left != 0; left &= left - 1) {
    if (name == hwy::TargetName(best(left))) {
      return best(left);
    }
  }
  return 0;
}

}  // namespace

std::vector<std::string_view> instruction_sets() {
  std::vector<std::string_view> names;
  for (std::int64_t left = available(); left != 0; left &= left - 1) {
    names.emplace_back(hwy::TargetName(best(left)));
  }
  return names;
}

std::string_view instructions_in_use() noexcept {
  prepare();
  return hwy::TargetName(best(in_use()));
}

bool use_instructions(std::string_view name) noexcept {
  const std::int64_t target = name.empty() ? best(available()) : find(name);
  if (target == 0) {
    return false;
  }
  use(available() & no_wider_than(target));
  return true;
}

void prepare() noexcept {
  // Once. std::call_once takes longer to ask, and runs ask often.
  static const bool chosen = [] {
    // Nothing here changes the environment.
    const char* wanted = std::getenv("CONV2D_INSTRUCTIONS");  // NOLINT(concurrency-mt-unsafe)
    return (wanted != nullptr && use_instructions(wanted)) || use_instructions("");
  }();
  static_cast<void>(chosen);
}

}  // namespace conv2d::simd
