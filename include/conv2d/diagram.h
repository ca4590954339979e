// Diagrams: what a layer does to an input, number by number, as drawings.
//                                                                       (library conv2d_diagram)
//   diagram::Diagram d(Conv2d(options), std::move(input));
//   std::string svg = drawing::to_svg(d.draw({.at = {.channel = 0, .row = 1, .column = 2}}));
#pragma once

#include <conv2d/drawing.h>
#include <conv2d/explain.h>
#include <conv2d/nn.h>
#include <conv2d/tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::diagram {

enum class View : std::uint8_t {
  slide,     ///< the window over the input, the filters, the sums, the outputs
  im2col,    ///< the layer as a product of two matrices
  matrix,    ///< the layer as one sparse matrix
  gradient,  ///< how the gradients of input, weight and bias add up, output by output
  cost,      ///< parameters, operations, bytes, and the algorithm that runs
};

/// "slide", "im2col", "matrix", "gradient" or "cost".
std::string_view name(View view) noexcept;
/// All of them in that order.
std::span<const View> views() noexcept;

struct Options {
  View view = View::slide;
  drawing::Theme theme = drawing::Theme::light;
  explain::Index at = {};  ///< the output that is looked at; of image 0
  bool stepping = false;   ///< a frame of many: the outputs after `at` are not there yet
};

/// A place of an axis where the kernel may look: in the input, beyond its border, or (of a
/// transposed layer) between two of its elements.
struct Place {
  std::int64_t at = 0;  ///< 0 is the first element; the places before it are negative
  explain::TermKind kind = explain::TermKind::input;
  std::int64_t source = -1;  ///< the input index that is read there, or -1: a zero
  bool unread = false;       ///< by any output
};

/// A layer with values on one image: a copy of the one and the other itself; cheap to copy.
class Diagram {
 public:
  /// `input` is (C, H, W) or (1, C, H, W). Throws std::invalid_argument where the layer's call
  /// would, for a batch, and for complex numbers, which have no place on a line.
  Diagram(const Conv2d& layer, Tensor input);
  Diagram(const ConvTranspose2d& layer, Tensor input);

  const explain::Explanation& explanation() const noexcept;
  /// (K, P, Q) of the layer's dtype: what it computes.
  const Tensor& output() const noexcept;

  /// Every place of the rows and of the columns that is drawn, in order.
  std::vector<Place> rows() const;
  std::vector<Place> columns() const;

  /// One for each output: K*P*Q.
  std::int64_t frames() const noexcept;
  /// The output that a frame ends with, 0 <= frame < frames(): row by row, channel by channel.
  explain::Index output_of(std::int64_t frame) const noexcept;

  /// Throws std::invalid_argument where `at` lies outside.
  drawing::Drawing draw(const Options& options = {}) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

// ---- examples ---------------------------------------------------------------------------------

/// Small whole numbers that can be added up by eye, the same for the same sizes and seed: 0 to 3
/// where they are an input, -1 to 2 where they are weights (0 to 2 in an unsigned dtype).
/// Seed 0 gives a 5x5 plane and a 3x3 kernel the numbers of A guide to convolution arithmetic
/// (arXiv:1603.07285, figure 1.1), once for each channel and turned a little in each.
Tensor example_input(const Sizes& sizes, DType dtype = DType::float32, std::uint64_t seed = 0);
/// A layer with such weights and such a bias.
Conv2d example_layer(const Conv2dOptions& options, std::uint64_t seed = 0);
ConvTranspose2d example_layer(const ConvTranspose2dOptions& options, std::uint64_t seed = 0);

/// A figure that others have made well known.
struct Preset {
  std::string_view name;   ///< "same_padding_no_strides_transposed"
  std::string_view layer;  ///< as torch prints it
  Sizes input;
  std::string_view meaning;  ///< one line
};
/// The fifteen animations of conv_arithmetic (https://github.com/vdumoulin/conv_arithmetic), by its
/// names, and the demonstration of CS231n's notes
/// (https://cs231n.github.io/convolutional-networks).
std::span<const Preset> presets();

// ---- pages ------------------------------------------------------------------------------------

/// A page of its own, without any other file, that steps through the frames: by buttons, a slider
/// and the keyboard. Throws std::invalid_argument for more than most_frames.
std::string to_html(const Diagram& diagram, const Options& options = {});
inline constexpr std::int64_t most_frames = 1024;

}  // namespace conv2d::diagram
