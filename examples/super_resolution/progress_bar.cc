#include "progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace super_resolution {

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), visible_(isatty(STDERR_FILENO) == 1) {
  set(0);
}

ProgressBar::~ProgressBar() {
  if (visible_) {
    std::fputs("\r\x1b[K", stderr);
  }
}

void ProgressBar::set(double done) const {
  constexpr int width = 30;
  if (visible_) {
    const auto filled = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * width);
    const std::string bar = std::string(filled, '=') + std::string(width - filled, ' ');
    std::fprintf(stderr, "\r%s [%s] %3.0f%%\x1b[K", label_.c_str(), bar.c_str(), done * 100);
  }
}

}  // namespace super_resolution
