// The layers: torch.nn's Conv2d, ConvTranspose2d, LazyConv2d, Unfold and Fold.
//
// A layer owns its parameters. Copying a layer copies them; moving moves them. Calls on one layer
// from several threads are safe as long as nobody changes its parameters.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/options.h>
#include <conv2d/plan.h>
#include <conv2d/random.h>
#include <conv2d/tensor.h>

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace conv2d {

using functional::GradientMask;
using functional::Gradients;

/// Parameters by name: "weight", "bias"; views of the layer's own memory.
using StateDict = std::map<std::string, TensorView, std::less<>>;

class KeptWeight;

/// The parameters of a convolution and what both layers do with them.
///
/// A layer packs its weight at its first call, in the order in which its algorithm reads it, and
/// keeps that besides the weight itself. It stops doing so when mutable_weight() hands out a view,
/// because it cannot see what is written through it; keep_packed() says that no more will be.
class ConvParameters {
 public:
  const Tensor& weight() const noexcept { return weight_; }
  /// Absent where the layer was made with bias=false.
  const std::optional<Tensor>& bias() const noexcept { return bias_; }
  /// For writing: an optimiser's step, a loaded filter. From now on the layer packs its weight at
  /// each call.
  MutableTensorView mutable_weight() noexcept;
  /// Nothing more will be written through views of the weight that are out: the layer may pack its
  /// weight once again, until the next mutable_weight().
  void keep_packed();
  /// Throws std::invalid_argument where there is no bias.
  MutableTensorView mutable_bias();

  StateDict state_dict() const;
  /// Copies "weight" and, where the layer has one, "bias" from the entries whose names begin with
  /// `prefix`. Throws std::invalid_argument, in torch's words, for a missing or unexpected key, a
  /// size or a dtype that does not fit; nothing has changed then.
  void load_state_dict(const StateDict& state, std::string_view prefix = "");

 protected:
  /// Draws initial weights.
  ConvParameters(const Sizes& weight_sizes, std::int64_t out_channels, bool bias, DType dtype);
  /// Takes these. Throws std::invalid_argument where they are not of those sizes and that dtype.
  ConvParameters(const Sizes& weight_sizes, std::int64_t out_channels, bool bias, DType dtype,
                 Tensor given_weight, std::optional<Tensor> given_bias);
  ConvParameters(const ConvParameters& other);
  ConvParameters& operator=(const ConvParameters& other);
  ConvParameters(ConvParameters&&) noexcept = default;
  ConvParameters& operator=(ConvParameters&&) noexcept = default;
  ~ConvParameters() = default;

  std::optional<TensorView> bias_view() const;
  /// nullptr while somebody may write to the weight.
  KeptWeight* kept_weight() const noexcept { return kept_.get(); }

 private:
  Tensor weight_;
  std::optional<Tensor> bias_;
  std::shared_ptr<KeptWeight> kept_;
};

/// A layer that correlates its input with out_channels learned filters, each of
/// (in_channels/groups, kernel_size.h, kernel_size.w) weights.
///
/// Initial weights are torch's, bit for bit, for the same manual_seed: uniform in
/// +-1/sqrt(in_channels/groups * kernel_size.h * kernel_size.w). Integer layers start at zero.
/// https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
class Conv2d : public ConvParameters {
 public:
  /// Throws std::invalid_argument for arguments that no input could fit.
  explicit Conv2d(const Conv2dOptions& options);
  /// With weights (out_channels, in_channels/groups, kernel_size) and bias (out_channels) that are
  /// there already: they are moved in, and no random number is drawn; nobody else may write to them
  /// any more. Throws std::invalid_argument where they do not fit the options.
  Conv2d(const Conv2dOptions& options, Tensor weight, std::optional<Tensor> bias = std::nullopt);
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, Pair kernel_size, Pair stride = 1,
         Padding padding = 0, Pair dilation = 1, std::int64_t groups = 1, bool bias = true,
         PaddingMode padding_mode = PaddingMode::zeros, DType dtype = DType::float32)
      : Conv2d(Conv2dOptions{in_channels, out_channels, kernel_size, stride, padding, dilation,
                             groups, bias, padding_mode, dtype}) {}

  const Conv2dOptions& options() const noexcept { return options_; }

  /// (N, C, H, W) -> (N, K, P, Q), or (C, H, W) -> (K, P, Q).
  Tensor operator()(TensorView input, const functional::Epilogue& epilogue = {}) const;
  /// Gradients with respect to input, weight and bias.
  Gradients backward(TensorView grad_output, TensorView input, GradientMask wanted = {}) const;
  /// The sizes that an input of these sizes gives. Throws as the call would.
  Sizes output_sizes(const Sizes& input) const;
  Plan plan(const Sizes& input) const;

 private:
  functional::Conv2dArguments arguments() const;
  Conv2dOptions options_;
};

/// The layer whose output sizes are Conv2d's input sizes: each input value adds a weighted copy of
/// every filter to the output. weight is (in_channels, out_channels/groups, R, S).
/// https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
class ConvTranspose2d : public ConvParameters {
 public:
  explicit ConvTranspose2d(const ConvTranspose2dOptions& options);
  /// With weights (in_channels, out_channels/groups, kernel_size) and bias that are there already.
  ConvTranspose2d(const ConvTranspose2dOptions& options, Tensor weight,
                  std::optional<Tensor> bias = std::nullopt);
  ConvTranspose2d(std::int64_t in_channels, std::int64_t out_channels, Pair kernel_size,
                  Pair stride = 1, Padding padding = 0, Pair output_padding = 0,
                  std::int64_t groups = 1, bool bias = true, Pair dilation = 1,
                  PaddingMode padding_mode = PaddingMode::zeros, DType dtype = DType::float32)
      : ConvTranspose2d(ConvTranspose2dOptions{in_channels, out_channels, kernel_size, stride,
                                               padding, output_padding, groups, bias, dilation,
                                               padding_mode, dtype}) {}

  const ConvTranspose2dOptions& options() const noexcept { return options_; }

  Tensor operator()(TensorView input, const functional::Epilogue& epilogue = {}) const;
  /// With output_padding chosen so that the output's rows and columns are `output_size`.
  /// Throws std::invalid_argument, naming the range, where no output_padding below the stride
  /// gives that size.
  Tensor operator()(TensorView input, Pair output_size,
                    const functional::Epilogue& epilogue = {}) const;
  Gradients backward(TensorView grad_output, TensorView input, GradientMask wanted = {}) const;
  /// The gradients of a call with `output_size`.
  Gradients backward(TensorView grad_output, TensorView input, Pair output_size,
                     GradientMask wanted = {}) const;
  Sizes output_sizes(const Sizes& input) const;
  Plan plan(const Sizes& input) const;

 private:
  functional::ConvTranspose2dArguments arguments() const;
  functional::ConvTranspose2dArguments arguments_for(const Sizes& input, Pair output_size) const;
  Tensor apply(TensorView input, const functional::ConvTranspose2dArguments& arguments,
               const functional::Epilogue& epilogue) const;
  ConvTranspose2dOptions options_;
};

/// Becomes a Conv2d at its first input, whose channels it takes.
/// https://pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html
class LazyConv2d {
 public:
  explicit LazyConv2d(const LazyConv2dOptions& options);
  LazyConv2d(std::int64_t out_channels, Pair kernel_size, Pair stride = 1, Padding padding = 0,
             Pair dilation = 1, std::int64_t groups = 1, bool bias = true,
             PaddingMode padding_mode = PaddingMode::zeros, DType dtype = DType::float32)
      : LazyConv2d(LazyConv2dOptions{out_channels, kernel_size, stride, padding, dilation, groups,
                                     bias, padding_mode, dtype}) {}

  const LazyConv2dOptions& options() const noexcept { return options_; }
  /// Whether the first input has come.
  bool initialized() const noexcept { return layer_.has_value(); }
  /// Draws the weights for that many input channels; without effect on an initialized layer.
  void initialize(std::int64_t in_channels);
  /// Initializes from the input where need be, then computes.
  Tensor operator()(TensorView input);
  /// The layer that it became. Throws std::invalid_argument before the first input.
  Conv2d& layer();
  const Conv2d& layer() const;

 private:
  LazyConv2dOptions options_;
  std::optional<Conv2d> layer_;
};

/// im2col as a layer. https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
class Unfold {
 public:
  explicit Unfold(const UnfoldOptions& options) : options_(options) {}
  explicit Unfold(Pair kernel_size, Pair dilation = 1, Pair padding = 0, Pair stride = 1)
      : options_{kernel_size, dilation, padding, stride} {}
  const UnfoldOptions& options() const noexcept { return options_; }
  Tensor operator()(TensorView input) const;
  /// The gradient with respect to an input of these sizes: fold.
  Tensor backward(TensorView grad_output, const Sizes& input) const;
  Sizes output_sizes(const Sizes& input) const;

 private:
  UnfoldOptions options_;
};

/// col2im as a layer. https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
class Fold {
 public:
  explicit Fold(const FoldOptions& options) : options_(options) {}
  Fold(Pair output_size, Pair kernel_size, Pair dilation = 1, Pair padding = 0, Pair stride = 1)
      : options_{output_size, kernel_size, dilation, padding, stride} {}
  const FoldOptions& options() const noexcept { return options_; }
  Tensor operator()(TensorView input) const;
  /// The gradient with respect to the input: unfold.
  Tensor backward(TensorView grad_output) const;
  Sizes output_sizes(const Sizes& input) const;

 private:
  FoldOptions options_;
};

}  // namespace conv2d
