// How a command says that it cannot, and how main() shows it.
#pragma once

#include <conv2d/repr.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace conv2d::cli {

/// What the shell sees.
enum class ExitCode : int {
  ok = 0,
  comparison_failed = 1,  ///< conv2d onnx: results differ by more than the tolerance
  bad_input = 2,          ///< wrong usage, files that cannot be read or written, impossible layers
};

/// A wrong part of an argument, to be shown with a caret under it.
class ArgumentError : public std::invalid_argument {
 public:
  ArgumentError(const std::string& sentence, std::string text, std::size_t position,
                std::size_t length)
      : std::invalid_argument(sentence),
        text_(std::move(text)),
        position_(position),
        length_(length) {}

  /// The text on one line and carets on the next, both with a line break at their end:
  ///   Conv2d(3, 6, 5, strid=2)
  ///                   ^^^^^
  /// Of a long text, the part around the carets.
  std::string picture() const;

 private:
  std::string text_;
  std::size_t position_;
  std::size_t length_;
};

/// The command did its work, and what it was asked to check does not hold. Already reported.
class ComparisonFailed : public std::runtime_error {
 public:
  ComparisonFailed() : std::runtime_error("the comparison failed") {}
};

/// Throws std::invalid_argument with the sentence.
[[noreturn]] void refuse(const std::string& sentence);

}  // namespace conv2d::cli
