#include "terminal.h"

#include "failure.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <system_error>

namespace conv2d::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto redrawn_every = 100ms;

// nullptr where there is none.
const char* variable(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
}

bool stderr_is_terminal() {
  const char* terminal = variable("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

// How long work goes on before anything is drawn.
std::chrono::duration<double> patience() {
  constexpr double most = 3600;
  const char* given = variable("CONV2D_PROGRESS_AFTER");
  if (given == nullptr) {
    return 500ms;
  }
  const std::string_view text = given;
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  // Written so that NaN is refused too.
  if (error != std::errc() || end != text.data() + text.size() ||
      !(seconds >= 0 && seconds <= most)) {
    refuse(
        fmt::format("CONV2D_PROGRESS_AFTER takes seconds from 0 to {}, but got '{}'", most, text));
  }
  return std::chrono::duration<double>(seconds);
}

}  // namespace

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw std::system_error(errno, std::generic_category(), "standard output");
  }
}

void flush() {
  if (std::fflush(stdout) != 0) {
    throw std::system_error(errno, std::generic_category(), "standard output");
  }
}

Progress::Progress(std::string label)
    : label_(std::move(label)),
      visible_(stderr_is_terminal()),
      start_(std::chrono::steady_clock::now()) {
  const auto wait = patience();
  if (visible_) {
    drawer_ = std::jthread([this, wait](const std::stop_token& stop) { draw_until(stop, wait); });
  }
}

Progress::~Progress() {
  if (visible_) {
    drawer_.request_stop();
    drawer_.join();
  }
}

void Progress::draw_until(const std::stop_token& stop, std::chrono::duration<double> wait) const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, wait, [] { return false; });
  if (std::chrono::steady_clock::now() - start_ < wait) {
    return;
  }
  while (!stop.stop_requested()) {
    draw();
    stopped.wait_for(lock, stop, redrawn_every, [] { return false; });
  }
  draw();  // where it ended
  std::fputs("\r\x1b[K", stderr);
}

void Progress::draw() const {
  constexpr int width = 30;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const double done = done_;
  if (done < 0) {
    std::fputs(fmt::format("\r{} {:.1f} s\x1b[K", label_, elapsed.count()).c_str(), stderr);
    return;
  }
  const int filled = std::clamp(static_cast<int>(done * width), 0, width);
  const std::string bar = fmt::format("{:=<{}}{:{}}", "", filled, "", width - filled);
  std::fputs(
      fmt::format("\r{} [{}] {:3.0f}% {:.1f} s\x1b[K", label_, bar, done * 100, elapsed.count())
          .c_str(),
      stderr);
}

}  // namespace conv2d::cli
