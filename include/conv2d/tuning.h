// Tuning: which algorithm is fastest for which layer, measured once and kept in a file.
//
// A plan chooses by reasons; `conv2d tune` measures, and a program that loads what it wrote runs
// its layers so. Only speed changes: an exact algorithm is replaced by others with the same bits
// alone, and in the default precision a tuning may say whether a layer is one that rounds
// otherwise, and by which algorithm's sums, the same for both memory formats. A tuning of another
// machine is as right, if not as fast.
#pragma once

#include <conv2d/repr.h>
#include <conv2d/sizes.h>
#include <conv2d/tensor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d {

/// One line of a tuning.
struct TunedLayer {
  LayerOptions layer;  ///< a Conv2d or a ConvTranspose2d, its precision with it; with or without
                       ///< bias, which does not matter
  Sizes input;         ///< (C, H, W): the batch does not matter
  MemoryFormat format = MemoryFormat::contiguous;  ///< of the input
  std::string algorithm;
  std::string note;  ///< for people: what was measured, without line breaks
};

/// Any number of layers and their algorithms. Cheap to copy, never changes.
class Tuning {
 public:
  /// Of no layer.
  Tuning() = default;
  /// Throws std::invalid_argument where a layer is none or does not take its input, where there is
  /// no such algorithm (or it is the reference, which is nobody's choice), and where two lines
  /// contradict each other.
  explicit Tuning(const std::vector<TunedLayer>& layers);

  const std::vector<TunedLayer>& layers() const noexcept;

  /// What the library makes of it.
  class State;
  const State* state() const noexcept { return state_.get(); }

 private:
  friend Tuning parse_tuning(std::string_view text, const std::string& source);
  explicit Tuning(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// The text of a tuning file, a layer a line, such as
///   conv2d tuning 1
///   direct  default  nhwc  64x56x56  Conv2d(64, 64, 3, padding=1)  # 1.02 ms, planar 1.31 ms
/// What follows a # is a note; lines without a layer are left out.
std::string to_text(const Tuning& tuning);
/// Reads it. Throws std::invalid_argument with `source`, the line, and what is allowed there.
Tuning parse_tuning(std::string_view text, const std::string& source);
/// From a file. Throws as parse_tuning does, and where it cannot be read.
Tuning load_tuning(const std::string& path);

/// The tuning that every plan, function and layer goes by from now on, unless told otherwise
/// (Plan::with_tuning). A program that never calls it goes by none.
void set_default_tuning(Tuning tuning);
Tuning default_tuning();

}  // namespace conv2d
