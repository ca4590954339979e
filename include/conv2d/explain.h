// What a convolution does to each number: the size arithmetic, the terms of an output in the order
// in which they are added, what an input or a weight touches, the matrices, the cost.
//
//   explain::Explanation e(Conv2dOptions{.in_channels = 3, .out_channels = 6, .kernel_size = 5},
//                          {3, 32, 32});          // from sizes alone
//   explain::Explanation v(layer, input);         // with values: both are borrowed
//   std::cout << to_text(v.output({.channel = 0, .row = 4, .column = 7}));
//
// Both layers are told in the same words: an output is the sum over input channels and taps (r, s)
// of the kernel. All indices count from 0. Values are made with the arithmetic and in the order of
// the reference (channel, then r, then s, the bias last), so an output's value is the layer's, bit
// for bit. Letters: N batch, C input channels, K output channels, H W input, P Q output, R S
// kernel, G groups.
#pragma once

#include <conv2d/dtype.h>
#include <conv2d/nn.h>
#include <conv2d/options.h>
#include <conv2d/sizes.h>
#include <conv2d/tensor.h>

#include <complex>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::explain {

/// An element of any dtype, widened exactly; the imaginary part is 0 where the dtype has none.
using Scalar = std::complex<double>;

/// An element of the input or of the output. `batch` is 0 for unbatched sizes.
struct Index {
  std::int64_t channel = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
  std::int64_t batch = 0;

  friend bool operator==(const Index&, const Index&) = default;
};

/// An element of the weight as the layer stores it: weight[first][second][r][s].
///   Conv2d           first = output channel k, second = input channel within its group
///   ConvTranspose2d  first = input channel c, second = output channel within its group
struct WeightIndex {
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::int64_t r = 0;
  std::int64_t s = 0;

  friend bool operator==(const WeightIndex&, const WeightIndex&) = default;
};

/// Consecutive indices first..last, both included.
struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

// ---- sizes ------------------------------------------------------------------------------------

/// How one axis (rows or columns) gets from the input's size to the output's.
///   Conv2d           output = floor((padded - extent) / stride) + 1
///   ConvTranspose2d  output = (input - 1)*stride - pads + (extent - 1) + output_padding + 1
/// Source: Dumoulin and Visin, A guide to convolution arithmetic, arXiv:1603.07285.
struct AxisSize {
  std::int64_t input = 0;
  std::int64_t kernel = 0;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_before = 0;  ///< resolved: 'same' has become a number here
  std::int64_t pad_after = 0;
  std::int64_t output_padding = 0;  ///< ConvTranspose2d alone
  std::int64_t padded = 0;     ///< Conv2d: input + pads. ConvTranspose2d: (input - 1)*stride + 1,
                               ///< the input with stride - 1 zeros between its elements
  std::int64_t extent = 0;     ///< from the first tap to the last: dilation*(kernel - 1) + 1
  std::int64_t remainder = 0;  ///< what the floor drops: padded positions after the last window
  std::int64_t output = 0;
  std::string formula;  ///< with numbers: "floor((7 + 1 + 1 - 2*(3 - 1) - 1) / 3) + 1 = floor(4 /
                        ///< 3) + 1 = 2"
  /// Input indices that no output reads, in order: at the end because of the floor, between
  /// because the stride steps over them, at the edges because a transposed layer's padding crops
  /// all that they would add to. In border modes an index read through the border is read.
  std::vector<Range> unread;
  std::int64_t unread_count = 0;
};

struct SizeArithmetic {
  AxisSize rows;
  AxisSize columns;
};

// ---- the terms of an output -------------------------------------------------------------------

/// What a tap of the kernel meets.
enum class TermKind : std::uint8_t {
  input,    ///< an element of the input
  border,   ///< a position outside, read from the input by reflect, replicate or circular
  padding,  ///< a position outside in zeros mode: left out of the sum
  gap,      ///< ConvTranspose2d: between two elements of the strided input: left out of the sum
};

/// "input", "border", "padding" or "gap".
std::string_view name(TermKind kind) noexcept;

/// One tap of one input channel. The fields for values are 0 where there are none.
struct Term {
  std::int64_t channel = 0;  ///< input channel, counted over all groups
  std::int64_t r = 0;
  std::int64_t s = 0;
  /// Where the tap looks; may lie outside. Conv2d: the row and column of the input,
  /// p*stride + r*dilation - pad. ConvTranspose2d: those of the input with stride - 1 zeros
  /// between its elements, p + pad - r*dilation.
  std::int64_t row = 0;
  std::int64_t column = 0;
  TermKind kind = TermKind::input;
  Index input;  ///< the element that is read, for the kinds input and border
  WeightIndex weight;

  Scalar input_value;
  Scalar weight_value;
  /// Rounded to sum_dtype to be shown. The sum of real numbers takes it unrounded: a term is one
  /// fused multiply-add. For integers modulo 2^32, as an int32.
  Scalar product;
  Scalar running;  ///< the sum of all terms up to and including this one, rounded after each

  /// Whether it is a part of the sum.
  bool counts() const noexcept { return kind == TermKind::input || kind == TermKind::border; }
};

/// What one input channel adds.
struct ChannelSum {
  std::int64_t channel = 0;
  std::int64_t terms = 0;  ///< how many of its taps count
  Scalar sum;              ///< its products alone, added in order from zero
  /// The running sum of the output after this channel. For integers that is the sum of the `sum`s
  /// so far. Floating additions are rounded, so there it may differ from theirs in the last
  /// digits: the layer adds product by product and never channel by channel.
  Scalar running;
};

/// The complete arithmetic of one output: value = round(terms in order, then + bias).
struct OutputSum {
  bool transposed = false;
  bool has_values = false;
  bool has_bias = false;
  DType dtype = DType::float32;      ///< of the output
  DType sum_dtype = DType::float32;  ///< that the sum is made in: float32 for float16 and bfloat16
  Index output;
  std::int64_t group = 0;
  std::int64_t counting = 0;         ///< how many terms count
  std::vector<Term> terms;           ///< every tap in the order of the sum: c, r, s
  std::vector<ChannelSum> channels;  ///< one for each input channel of the group
  Scalar sum;                        ///< the last running sum, before the bias
  Scalar bias;
  Scalar total;  ///< sum + bias, in sum_dtype
  Scalar value;  ///< total as an element of the output: the same bits that the layer computes
};

// ---- what touches what ------------------------------------------------------------------------

/// One product of the layer: this input element times this weight is a term of this output.
struct Link {
  Index output;
  Index input;
  WeightIndex weight;
  TermKind kind = TermKind::input;  ///< input or border

  friend bool operator==(const Link&, const Link&) = default;
};

/// All links of an element: how many, and the first of them.
struct Links {
  std::int64_t count = 0;
  std::vector<Link> list;  ///< the first `limit` of them; list.size() < count where it is cut
};

/// All outputs that a bias is added to.
struct Outputs {
  std::int64_t count = 0;
  std::vector<Index> list;  ///< the first `limit` of them
};

// ---- matrices ---------------------------------------------------------------------------------

/// im2col of one image: column p*Q + q holds what output (p, q) reads, row (c*R + r)*S + s what
/// tap (c, r, s) meets. With the weight as a (K, C*R*S) matrix (one group), output = weight * this.
/// For ConvTranspose2d it is the im2col of the convolution over the zero-stuffed input, the taps
/// numbered as in its weight.
struct Im2col {
  std::int64_t rows = 0;             ///< C*R*S
  std::int64_t columns = 0;          ///< P*Q
  std::vector<std::int64_t> source;  ///< row-major: (c*H + h)*W + w of the input, or -1: a zero
  std::vector<Scalar> values;        ///< likewise row-major; empty without values
};

/// The whole layer as one matrix, one image, without the bias: y = C x with y of K*P*Q elements
/// and x of C*H*W, both row-major. Compressed sparse rows: the entries of row i are
/// row_begin[i] .. row_begin[i+1]-1, in the order of the sum. Border modes may read an element
/// twice: then a row has several entries in one column, which add.
/// The matrix of a ConvTranspose2d is the transpose of that of the Conv2d with the same weight.
struct SparseMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::int64_t> row_begin;  ///< rows + 1 of them
  std::vector<std::int64_t> column;     ///< of each entry
  std::vector<std::int64_t> weight;     ///< of each entry: the row-major index into the weight
  std::vector<Scalar> values;           ///< of each entry; empty without values
};

// ---- cost -------------------------------------------------------------------------------------

/// What the layer costs on these sizes, whole batch.
struct Cost {
  std::int64_t weights = 0;  ///< K * C/G * R * S
  std::int64_t biases = 0;   ///< K, or 0
  /// Parameters if every output of an image had its own weights and bias instead of sharing them.
  std::int64_t unshared_parameters = 0;
  /// By the definition, taps in the padding too. Conv2d: N*K*P*Q * C/G*R*S. ConvTranspose2d:
  /// N*C*H*W * K/G*R*S, every input element times every weight that it meets.
  std::int64_t multiply_adds = 0;
  std::int64_t multiply_adds_done = 0;  ///< the links: those whose input and output both exist
  std::int64_t input_bytes = 0;
  std::int64_t weight_bytes = 0;  ///< with the bias
  std::int64_t output_bytes = 0;
  std::int64_t im2col_bytes = 0;    ///< of the whole batch: N * C*R*S * P*Q elements of the input
  double im2col_ratio = 0;          ///< im2col_bytes / input_bytes
  double arithmetic_intensity = 0;  ///< 2*multiply_adds / (input + weight + output bytes)

  std::int64_t parameters() const noexcept { return weights + biases; }
};

/// What one output of a chain of layers sees of the chain's input.
struct ReceptiveField {
  Pair size = 1;    ///< rows and columns from the first seen to the last
  Pair stride = 1;  ///< how far apart in the input neighbouring outputs look
};

/// After each layer of the chain, first to last: size grows by (extent - 1) * the stride so far.
/// Two 3x3 layers see 5x5, three see 7x7. Throws std::invalid_argument where the options are
/// invalid or a size leaves 63 bits.
std::vector<ReceptiveField> receptive_fields(std::span<const Conv2dOptions> chain);

// ---- all of it --------------------------------------------------------------------------------

/// A list or matrix is at most this long unless the caller allows more.
inline constexpr std::int64_t default_limit = std::int64_t{1} << 20U;

/// A layer on an input of known sizes, with or without values. Cheap to copy. With values it
/// borrows the layer's parameters and the input, which must outlive it.
///
/// Every constructor throws std::invalid_argument where the layer or its call would, and where an
/// axis, padded, is longer than 2^24 = 16,777,216. Every question throws std::invalid_argument for
/// an index outside, naming the index and the sizes.
class Explanation {
 public:
  /// `input` is (N, C, H, W) or (C, H, W).
  Explanation(const Conv2dOptions& options, const Sizes& input);
  Explanation(const ConvTranspose2dOptions& options, const Sizes& input);
  /// With values. The input's dtype must go with the layer's, as in the call.
  Explanation(const Conv2d& layer, TensorView input);
  Explanation(const ConvTranspose2d& layer, TensorView input);
  /// A temporary layer would be gone at the first question.
  Explanation(const Conv2d&& layer, TensorView input) = delete;
  Explanation(const ConvTranspose2d&& layer, TensorView input) = delete;

  bool transposed() const noexcept;
  bool has_values() const noexcept;
  /// As the caller counts them: three where the input is unbatched.
  const Sizes& input_sizes() const noexcept;
  const Sizes& weight_sizes() const noexcept;
  const Sizes& output_sizes() const noexcept;

  SizeArithmetic sizes() const;
  Cost cost() const;

  /// The complete arithmetic of one output. Throws std::invalid_argument where it has more than
  /// `limit` terms.
  OutputSum output(const Index& output, std::int64_t limit = default_limit) const;
  /// The same terms one by one, none kept; `visit` returns whether to go on.
  void for_each_term(const Index& output, const std::function<bool(const Term&)>& visit) const;

  /// Every output that an input element is a part of. Order: k, r, p, s, q, that of the sum of
  /// its gradient.
  Links touched_by_input(const Index& input, std::int64_t limit = default_limit) const;
  /// Every output that a weight is a part of, with the input that it meets there. Order: n, then
  /// p, q (ConvTranspose2d: h, w), that of the sum of its gradient.
  Links touched_by_weight(const WeightIndex& weight, std::int64_t limit = default_limit) const;
  /// Every output of a channel: where its bias is added. Throws where the layer has no bias.
  Outputs touched_by_bias(std::int64_t channel, std::int64_t limit = default_limit) const;
  /// The same one by one, none kept; `visit` returns whether to go on.
  void for_each_link(const Index& input, const std::function<bool(const Link&)>& visit) const;
  void for_each_link(const WeightIndex& weight,
                     const std::function<bool(const Link&)>& visit) const;

  /// Both throw std::invalid_argument, naming the number, where the matrix has more than `limit`
  /// entries (SparseMatrix: entries or rows).
  Im2col im2col(std::int64_t batch = 0, std::int64_t limit = default_limit) const;
  SparseMatrix matrix(std::int64_t limit = default_limit) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

// ---- in plain words ---------------------------------------------------------------------------

/// How much of a long sum to_text writes.
enum class Detail : std::uint8_t {
  brief,  ///< at most 128 taps term by term; of a longer sum each channel's subtotal, of more than
          ///< 16 channels the first 8 and the last 8; what is left out is said
  full,   ///< every tap
};

/// Lines, each ending in a newline. Numbers are the shortest digits that read back to the same
/// bits in the type they are computed in, so what is shown adds up in that type.
std::string to_text(const OutputSum& sum, Detail detail = Detail::brief);
std::string to_text(const SizeArithmetic& sizes);
std::string to_text(const Cost& cost);
/// "0.1" for float32's 0.1; complex as "1-2.5i". Round-trips in `dtype`; float16 and bfloat16 are
/// written as the float32 that they are computed with.
std::string to_text(const Scalar& value, DType dtype);
/// "[2, 6..9]"
std::string to_text(std::span<const Range> ranges);

}  // namespace conv2d::explain
