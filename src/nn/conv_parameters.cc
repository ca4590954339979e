#include "base/error.h"
#include "conv2d/nn.h"
#include "nn/default_generator.h"
#include "plan/kept_weight.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace conv2d {
namespace {

std::optional<Tensor> clone(const std::optional<Tensor>& tensor) {
  return tensor ? std::optional(tensor->clone()) : std::nullopt;
}

DType bias_dtype(DType dtype) { return is_integer(dtype) ? DType::int32 : dtype; }

void require_fit(const char* what, TensorView given, const Sizes& sizes, DType dtype) {
  if (given.sizes() != sizes || given.dtype() != dtype) {
    throw_invalid(concat("this layer needs a ", what, " of size ", to_string(sizes), " and dtype ",
                         name(dtype), ", but was given ", to_string(given.sizes()), " of ",
                         name(given.dtype())));
  }
}

/// torch's kaiming_uniform_(a=sqrt(5)) for a fan_in of weights a filter, operation by operation,
/// because the last bit of the bound is the last bit of every weight.
/// Source: He et al., ICCV 2015; torch/nn/init.py and torch/nn/modules/conv.py.
double weight_bound(double fan_in) {
  const double a = std::sqrt(5.0);
  const double gain = std::sqrt(2.0 / (1.0 + a * a));
  const double deviation = gain / std::sqrt(fan_in);
  return std::sqrt(3.0) * deviation;
}

}  // namespace

ConvParameters::ConvParameters(const Sizes& weight_sizes, std::int64_t out_channels, bool bias,
                               DType dtype)
    : weight_(weight_sizes, dtype), kept_(std::make_shared<KeptWeight>()) {
  if (bias) {
    bias_.emplace(Sizes{out_channels}, bias_dtype(dtype));
  }
  const double fan_in = static_cast<double>(weight_sizes[1]) *
                        static_cast<double>(weight_sizes[2]) * static_cast<double>(weight_sizes[3]);
  if (is_integer(dtype) || fan_in == 0) {
    return;
  }
  fill_uniform_from_default(weight_, weight_bound(fan_in));
  if (bias_) {
    fill_uniform_from_default(*bias_, 1.0 / std::sqrt(fan_in));
  }
}

ConvParameters::ConvParameters(const Sizes& weight_sizes, std::int64_t out_channels, bool bias,
                               DType dtype, Tensor given_weight, std::optional<Tensor> given_bias)
    : weight_(std::move(given_weight)),
      bias_(std::move(given_bias)),
      kept_(std::make_shared<KeptWeight>()) {
  if (bias_.has_value() != bias) {
    throw_invalid(concat("the layer's bias is ", bias ? "True" : "False", ", but it was given ",
                         bias_ ? "one" : "none"));
  }
  require_fit("weight", weight_, weight_sizes, dtype);
  if (bias_) {
    require_fit("bias", *bias_, {out_channels}, bias_dtype(dtype));
  }
}

ConvParameters::ConvParameters(const ConvParameters& other)
    : weight_(other.weight_.clone()),
      bias_(clone(other.bias_)),
      kept_(std::make_shared<KeptWeight>()) {}

ConvParameters& ConvParameters::operator=(const ConvParameters& other) {
  if (this != &other) {
    ConvParameters copied(other);  // all that can throw comes before anything changes
    *this = std::move(copied);
  }
  return *this;
}

MutableTensorView ConvParameters::mutable_weight() noexcept {
  kept_ = nullptr;
  return weight_.mutable_view();
}

void ConvParameters::keep_packed() { kept_ = std::make_shared<KeptWeight>(); }

MutableTensorView ConvParameters::mutable_bias() {
  if (!bias_) {
    throw_invalid("this layer was made with bias=False and has no bias to write to");
  }
  return bias_->mutable_view();
}

std::optional<TensorView> ConvParameters::bias_view() const {
  return bias_ ? std::optional(bias_->view()) : std::nullopt;
}

StateDict ConvParameters::state_dict() const {
  StateDict state{{"weight", weight_}};
  if (bias_) {
    state.emplace("bias", *bias_);
  }
  return state;
}

void ConvParameters::load_state_dict(const StateDict& state, std::string_view prefix) {
  struct Wanted {
    std::string key;
    Tensor* tensor;
  };
  std::vector<Wanted> wanted;
  wanted.push_back({std::string(prefix) + "weight", &weight_});
  const std::string bias_key = std::string(prefix) + "bias";
  if (bias_) {
    wanted.push_back({bias_key, &*bias_});
  }
  for (const auto& [key, tensor] : state) {
    const bool ours = std::any_of(wanted.begin(), wanted.end(),
                                  [&, &key = key](const Wanted& one) { return one.key == key; });
    if (key.starts_with(prefix) && !ours) {
      throw_invalid(concat("Unexpected key in state_dict: \"", key, "\"",
                           key == bias_key ? "; this layer was made with bias=False" : ""));
    }
  }
  for (const auto& [key, tensor] : wanted) {
    const auto found = state.find(key);
    if (found == state.end()) {
      throw_invalid(concat("Missing key in state_dict: \"", key, "\""));
    }
    const TensorView& given = found->second;
    if (given.sizes() != tensor->sizes() || given.dtype() != tensor->dtype()) {
      throw_invalid(concat("size mismatch for ", key, ": the state_dict has ",
                           to_string(given.sizes()), " of ", name(given.dtype()),
                           ", this layer needs ", to_string(tensor->sizes()), " of ",
                           name(tensor->dtype())));
    }
  }
  if (kept_) {
    keep_packed();
  }
  for (const auto& [key, tensor] : wanted) {
    copy(state.find(key)->second, *tensor);
  }
}

}  // namespace conv2d
