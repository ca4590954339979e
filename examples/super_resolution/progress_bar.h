// A line on stderr that says how far the work has come.
#pragma once

#include <string>

namespace super_resolution {

/// Drawn where stderr is a terminal, and wiped away at the end.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  /// The part of the work that is done, 0 to 1.
  void set(double done) const;

 private:
  std::string label_;
  bool visible_;
};

}  // namespace super_resolution
