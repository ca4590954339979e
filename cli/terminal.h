// What goes to the terminal: results to stdout, progress to stderr.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

namespace conv2d::cli {

/// Writes to stdout. Throws std::system_error where it cannot be written.
void print(std::string_view text);
/// Pushes everything out. Throws std::system_error.
void flush();

/// A line on stderr that says how far long work has come. It appears only on a terminal, only when
/// the work takes longer than half a second, or so many as CONV2D_PROGRESS_AFTER says, and is wiped
/// away at the end, after it was drawn once more.
class Progress {
 public:
  /// Throws std::invalid_argument where CONV2D_PROGRESS_AFTER is no number of seconds.
  explicit Progress(std::string label);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// Whether anybody could see it: work need not be cut into parts otherwise.
  bool visible() const noexcept { return visible_; }
  /// The part of the work that is done, 0 to 1. Until the first call the line counts seconds.
  void set(double done) noexcept { done_ = done; }

 private:
  void draw_until(const std::stop_token& stop, std::chrono::duration<double> wait) const;
  void draw() const;

  std::string label_;
  bool visible_;
  std::chrono::steady_clock::time_point start_;
  std::atomic<double> done_ = -1;
  std::jthread drawer_;
};

}  // namespace conv2d::cli
