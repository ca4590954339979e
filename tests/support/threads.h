// A number of threads for the length of a scope.
#pragma once

#include <conv2d/threads.h>

#include "algorithm/run.h"

namespace conv2d::testing {

/// In programs that include this all problems are for all threads, however small.
inline const bool all_are_shared = [] {
  share_small_problems(true);
  return true;
}();

class Threads {
 public:
  explicit Threads(int count) : before_(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace conv2d::testing
