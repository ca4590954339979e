// A program that goes by a tuning, as anybody's would: `tuned_layers FILE` loads it, runs each of
// its layers by the plan that follows, and says what came out. tune_test.py reads that.
#include <conv2d/nn.h>
#include <conv2d/plan.h>
#include <conv2d/random.h>
#include <conv2d/tuning.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <variant>

namespace {

using conv2d::DType;
using conv2d::MemoryFormat;
using conv2d::Plan;
using conv2d::Sizes;
using conv2d::Tensor;
using conv2d::TensorView;

/// Plans of a layer without its bias, for two images.
class Layer {
 public:
  explicit Layer(const conv2d::TunedLayer& line)
      : options_(line.layer), input_{2, line.input[0], line.input[1], line.input[2]} {}

  Plan plan(MemoryFormat format, DType dtype = DType::float32) const {
    if (const auto* o = std::get_if<conv2d::Conv2dOptions>(&options_)) {
      const Sizes weight{o->out_channels, o->in_channels / o->groups, o->kernel_size.h,
                         o->kernel_size.w};
      return Plan::conv2d(
          input_, weight, false, dtype,
          {o->stride, o->padding, o->dilation, o->groups, o->padding_mode, o->precision}, format);
    }
    const auto& o = std::get<conv2d::ConvTranspose2dOptions>(options_);
    const Sizes weight{o.in_channels, o.out_channels / o.groups, o.kernel_size.h, o.kernel_size.w};
    return Plan::conv_transpose2d(
        input_, weight, false, dtype,
        {o.stride, o.padding, o.output_padding, o.groups, o.dilation, o.precision}, format);
  }

 private:
  conv2d::LayerOptions options_;
  Sizes input_;
};

Tensor random_tensor(const Sizes& sizes, conv2d::Generator& generator) {
  Tensor tensor(sizes);
  generator.fill_uniform(tensor, -1, 1);
  return tensor;
}

/// In the plan's own format; contiguous when it comes out.
Tensor result(const Plan& plan, TensorView x, TensorView w) {
  Tensor y(plan.output_sizes(), plan.dtype(), plan.format());
  plan.run(x.to(plan.dtype()).clone(plan.format()), w.to(plan.dtype()), std::nullopt, y);
  return y.clone(MemoryFormat::contiguous);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const auto bytes = static_cast<std::size_t>(a.numel()) * sizeof(float);
  return a.sizes() == b.sizes() && std::memcmp(a.data(), b.data(), bytes) == 0;
}

/// The largest |y - y'| / n, which Plan::error_bound() bounds.
double error_of(const Tensor& y, const Tensor& truth, const Sizes& weight) {
  double largest = 0;
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    largest = std::max(largest, std::abs(y.data<float>()[i] - truth.data<double>()[i]));
  }
  return largest / static_cast<double>(weight[1] * weight[2] * weight[3]);
}

MemoryFormat other(MemoryFormat format) {
  return format == MemoryFormat::contiguous ? MemoryFormat::channels_last
                                            : MemoryFormat::contiguous;
}

void run(const conv2d::TunedLayer& line) {
  const Layer layer(line);
  const Plan plan = layer.plan(line.format);
  conv2d::Generator generator(0);
  const Tensor x = random_tensor(plan.input_sizes(), generator);
  const Tensor w = random_tensor(plan.weight_sizes(), generator);
  const Tensor y = result(plan, x, w);
  const Tensor untuned = result(plan.with_tuning({}), x, w);
  const Tensor turned = result(layer.plan(other(line.format)), x, w);
  std::cout << R"({"planned": ")" << plan.algorithm() << R"(", "as_untuned": )"
            << same_bits(y, untuned) << R"(, "as_in_the_other_layout": )" << same_bits(y, turned);
  if (const std::optional<double> bound = plan.error_bound()) {
    const Tensor truth = result(layer.plan(line.format, DType::float64), x, w);
    std::cout << R"(, "error": )" << error_of(y, truth, plan.weight_sizes()) << R"(, "bound": )"
              << *bound;
  }
  std::cout << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const conv2d::Tuning tuning = conv2d::load_tuning(argc == 2 ? argv[1] : "");
    conv2d::set_default_tuning(tuning);
    std::cout << std::boolalpha;
    for (const conv2d::TunedLayer& line : tuning.layers()) {
      run(line);
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
