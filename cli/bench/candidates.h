// Every algorithm that can run a layer, timed against the others.
#pragma once

#include <conv2d/plan.h>
#include <conv2d/tensor.h>

#include <string>
#include <vector>

namespace conv2d::cli {

struct CandidateTime {
  std::string algorithm;
  double seconds = 0;  ///< the shortest of its runs
  bool own = false;    ///< the one that the plan chose for itself
};

/// The names of those that a tuning may choose from for this plan: all but the reference.
std::vector<std::string> candidates_of(const Plan& plan);

/// Times them in turns, so that what disturbs one disturbs all, each with its weight packed and the
/// output allocated; the fastest first. One that takes three times as long as another, and is not
/// the plan's own, is given up after a few runs. The plan is one without a bias, for a batch of
/// inputs of a floating dtype.
std::vector<CandidateTime> time_candidates(const Plan& plan);

}  // namespace conv2d::cli
