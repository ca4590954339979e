#include "terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <system_error>

namespace conv2d::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 500ms;
constexpr auto redrawn_every = 100ms;

bool stderr_is_terminal() {
  // Nothing here changes the environment.
  const char* terminal = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
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
  if (!visible_) {
    return;
  }
  drawer_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, patience, [] { return false; });
    while (!stop.stop_requested()) {
      draw();
      stopped.wait_for(lock, stop, redrawn_every, [] { return false; });
    }
  });
}

Progress::~Progress() {
  if (visible_) {
    drawer_.request_stop();
    drawer_.join();
    if (std::chrono::steady_clock::now() - start_ > patience) {
      std::fputs("\r\x1b[K", stderr);
    }
  }
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
