// The bridge from the oracle to the library: every public function and layer, for the Python that
// has PyTorch. Tensors cross it in both directions as DLPack capsules, so nothing is copied, and
// each comparison exercises from_dlpack and to_dlpack as well.
//
// A capsule is named "dltensor" until its tensor is taken, and "used_dltensor" from then on.
// Source: https://dmlc.github.io/dlpack/latest/python_spec.html.
#include <conv2d/conv2d.h>

#include <dlpack/dlpack.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace py = pybind11;

namespace conv2d {
namespace {

constexpr const char* fresh_name = "dltensor";
constexpr const char* used_name = "used_dltensor";

Tensor take(const py::capsule& capsule) {
  auto* managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), fresh_name));
  if (managed == nullptr) {
    throw py::error_already_set();
  }
  Tensor tensor = from_dlpack(managed);
  PyCapsule_SetName(capsule.ptr(), used_name);
  return tensor;
}

void delete_untaken(PyObject* capsule) {
  if (PyCapsule_IsValid(capsule, fresh_name) != 0) {
    auto* managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, fresh_name));
    managed->deleter(managed);
  }
}

py::object give(Tensor&& tensor) {
  return py::reinterpret_steal<py::object>(
      PyCapsule_New(to_dlpack(std::move(tensor)), fresh_name, delete_untaken));
}

py::object give(std::optional<Tensor>&& tensor) {
  return tensor ? give(std::move(*tensor)) : py::object(py::none());
}

/// A parameter of a layer, in place: what is written to it is written to the layer.
template <class Layer>
py::object give_parameter(const std::shared_ptr<Layer>& layer, MutableTensorView view) {
  return give(Tensor::adopt(layer, view.data(), view.dtype(), view.sizes(), view.strides()));
}

/// An argument that may be None, kept alive for the length of a call.
class Optional {
 public:
  explicit Optional(const py::object& object) {
    if (!object.is_none()) {
      tensor_ = take(object.cast<py::capsule>());
    }
  }
  functional::OptionalView view() const {
    return tensor_ ? functional::OptionalView(*tensor_) : std::nullopt;
  }

 private:
  std::optional<Tensor> tensor_;
};

Pair pair(const py::handle& object) {
  if (py::isinstance<py::int_>(object)) {
    return object.cast<std::int64_t>();
  }
  const auto both = object.cast<std::pair<std::int64_t, std::int64_t>>();
  return {both.first, both.second};
}

Padding padding(const py::handle& object) {
  if (py::isinstance<py::str>(object)) {
    return Padding(object.cast<std::string>());
  }
  if (py::isinstance<py::tuple>(object) && py::len(object) == 4) {
    const auto sides = object.cast<std::vector<std::int64_t>>();
    return {sides[0], sides[1], sides[2], sides[3]};
  }
  return pair(object);
}

/// Keyword arguments, taken one by one; whatever is left at the end nobody asked for.
class Keywords {
 public:
  explicit Keywords(const py::kwargs& given) : given_(given) {}

  template <class T, class Read>
  T take(const char* name, T otherwise, Read&& read) {
    return given_.contains(name) ? read(given_.attr("pop")(name)) : otherwise;
  }
  Pair take_pair(const char* name, Pair otherwise) { return take(name, otherwise, pair); }
  Padding take_padding() { return take<Padding>("padding", 0, padding); }
  PaddingMode take_padding_mode() {
    return take("padding_mode", PaddingMode::zeros, [](const py::object& text) {
      return parse_padding_mode(text.cast<std::string>());
    });
  }
  DType take_dtype() {
    return take("dtype", DType::float32,
                [](const py::object& text) { return parse_dtype(text.cast<std::string>()); });
  }
  Precision take_precision() {
    return take("precision", Precision::standard,
                [](const py::object& text) { return parse_precision(text.cast<std::string>()); });
  }
  std::int64_t take_integer(const char* name, std::int64_t otherwise) {
    return take(name, otherwise,
                [](const py::object& value) { return value.cast<std::int64_t>(); });
  }
  bool take_bool(const char* name, bool otherwise) {
    return take(name, otherwise, [](const py::object& value) { return value.cast<bool>(); });
  }
  void require_none_left() const {
    if (!given_.empty()) {
      throw py::type_error("unknown arguments: " + py::repr(given_).cast<std::string>());
    }
  }

 private:
  py::dict given_;
};

functional::Conv2dArguments conv2d_arguments(const py::kwargs& given) {
  Keywords keywords(given);
  const functional::Conv2dArguments arguments{
      .stride = keywords.take_pair("stride", 1),
      .padding = keywords.take_padding(),
      .dilation = keywords.take_pair("dilation", 1),
      .groups = keywords.take_integer("groups", 1),
      .padding_mode = keywords.take_padding_mode(),
      .precision = keywords.take_precision(),
  };
  keywords.require_none_left();
  return arguments;
}

functional::ConvTranspose2dArguments conv_transpose2d_arguments(const py::kwargs& given) {
  Keywords keywords(given);
  const functional::ConvTranspose2dArguments arguments{
      .stride = keywords.take_pair("stride", 1),
      .padding = keywords.take_padding(),
      .output_padding = keywords.take_pair("output_padding", 0),
      .groups = keywords.take_integer("groups", 1),
      .dilation = keywords.take_pair("dilation", 1),
      .precision = keywords.take_precision(),
  };
  keywords.require_none_left();
  return arguments;
}

Conv2dOptions conv2d_options(std::int64_t in_channels, std::int64_t out_channels,
                             const py::object& kernel_size, const py::kwargs& given) {
  Keywords keywords(given);
  const Conv2dOptions options{
      .in_channels = in_channels,
      .out_channels = out_channels,
      .kernel_size = pair(kernel_size),
      .stride = keywords.take_pair("stride", 1),
      .padding = keywords.take_padding(),
      .dilation = keywords.take_pair("dilation", 1),
      .groups = keywords.take_integer("groups", 1),
      .bias = keywords.take_bool("bias", true),
      .padding_mode = keywords.take_padding_mode(),
      .dtype = keywords.take_dtype(),
      .precision = keywords.take_precision(),
  };
  keywords.require_none_left();
  return options;
}

ConvTranspose2dOptions conv_transpose2d_options(std::int64_t in_channels, std::int64_t out_channels,
                                                const py::object& kernel_size,
                                                const py::kwargs& given) {
  Keywords keywords(given);
  const ConvTranspose2dOptions options{
      .in_channels = in_channels,
      .out_channels = out_channels,
      .kernel_size = pair(kernel_size),
      .stride = keywords.take_pair("stride", 1),
      .padding = keywords.take_padding(),
      .output_padding = keywords.take_pair("output_padding", 0),
      .groups = keywords.take_integer("groups", 1),
      .bias = keywords.take_bool("bias", true),
      .dilation = keywords.take_pair("dilation", 1),
      .padding_mode = keywords.take_padding_mode(),
      .dtype = keywords.take_dtype(),
      .precision = keywords.take_precision(),
  };
  keywords.require_none_left();
  return options;
}

LazyConv2dOptions lazy_conv2d_options(std::int64_t out_channels, const py::object& kernel_size,
                                      const py::kwargs& given) {
  const Conv2dOptions options = conv2d_options(0, out_channels, kernel_size, given);
  return {options.out_channels, options.kernel_size, options.stride, options.padding,
          options.dilation,     options.groups,      options.bias,   options.padding_mode,
          options.dtype,        options.precision};
}

std::vector<std::int64_t> list(const Sizes& sizes) { return {sizes.begin(), sizes.end()}; }
Sizes sizes_of(const std::vector<std::int64_t>& values) { return Sizes(values); }

using Mask = std::tuple<bool, bool, bool>;

py::tuple give_gradients(Gradients&& gradients) {
  return py::make_tuple(give(std::move(gradients.input)), give(std::move(gradients.weight)),
                        give(std::move(gradients.bias)));
}

GradientMask gradient_mask(const Mask& mask) {
  return {std::get<0>(mask), std::get<1>(mask), std::get<2>(mask)};
}

/// backward_of(grad_output, input, weight, mask, **arguments) -> (input, weight, bias).
template <auto backward, auto arguments>
py::tuple backward_of(const py::capsule& grad_output, const py::capsule& input,
                      const py::capsule& weight, const Mask& mask, const py::kwargs& given) {
  return give_gradients(backward(take(grad_output), take(input), take(weight), arguments(given),
                                 gradient_mask(mask)));
}

/// double_backward_of(ggx, ggw, ggb, grad_output, input, weight, mask, **arguments)
/// -> (grad_output, input, weight).
template <auto double_backward, auto arguments>
py::tuple double_backward_of(const py::object& of_input, const py::object& of_weight,
                             const py::object& of_bias, const py::capsule& grad_output,
                             const py::capsule& input, const py::capsule& weight, const Mask& mask,
                             const py::kwargs& given) {
  const Optional ggx(of_input);
  const Optional ggw(of_weight);
  const Optional ggb(of_bias);
  functional::SecondGradients second = double_backward(
      {.input = ggx.view(), .weight = ggw.view(), .bias = ggb.view()}, take(grad_output),
      take(input), take(weight), arguments(given),
      {.grad_output = std::get<0>(mask), .input = std::get<1>(mask), .weight = std::get<2>(mask)});
  return py::make_tuple(give(std::move(second.grad_output)), give(std::move(second.input)),
                        give(std::move(second.weight)));
}

/// forward_of(input, weight, bias, **arguments) -> output.
template <auto arguments, class Function>
auto forward_of(Function function) {
  return [function](const py::capsule& input, const py::capsule& weight, const py::object& bias,
                    const py::kwargs& given) {
    const Optional optional_bias(bias);
    return give(function(take(input), take(weight), optional_bias.view(), arguments(given)));
  };
}

void define_functions(py::module_& module) {
  module.def("conv2d",
             forward_of<conv2d_arguments>([](TensorView input, TensorView weight,
                                             functional::OptionalView bias, const auto& arguments) {
               return functional::conv2d(input, weight, bias, arguments);
             }));
  module.def("conv_transpose2d",
             forward_of<conv_transpose2d_arguments>([](TensorView input, TensorView weight,
                                                       functional::OptionalView bias,
                                                       const auto& arguments) {
               return functional::conv_transpose2d(input, weight, bias, arguments);
             }));
  module.def("conv2d_backward", backward_of<functional::conv2d_backward, conv2d_arguments>);
  module.def("conv_transpose2d_backward",
             backward_of<functional::conv_transpose2d_backward, conv_transpose2d_arguments>);
  module.def("conv2d_double_backward",
             double_backward_of<functional::conv2d_double_backward, conv2d_arguments>);
  module.def(
      "conv_transpose2d_double_backward",
      double_backward_of<functional::conv_transpose2d_double_backward, conv_transpose2d_arguments>);
  module.def("unfold",
             [](const py::capsule& input, const py::object& kernel_size, const py::object& dilation,
                const py::object& sides, const py::object& stride) {
               return give(functional::unfold(take(input), pair(kernel_size), pair(dilation),
                                              pair(sides), pair(stride)));
             });
  module.def("fold", [](const py::capsule& input, const py::object& output_size,
                        const py::object& kernel_size, const py::object& dilation,
                        const py::object& sides, const py::object& stride) {
    return give(functional::fold(take(input), pair(output_size), pair(kernel_size), pair(dilation),
                                 pair(sides), pair(stride)));
  });
  module.def("pad", [](const py::capsule& input, const py::object& sides, const std::string& mode,
                       double value) {
    return give(functional::pad(take(input), padding(sides), parse_padding_mode(mode), value));
  });
}

StateDict views_of(const std::map<std::string, Tensor>& tensors) {
  StateDict views;
  for (const auto& [key, tensor] : tensors) {
    views.emplace(key, tensor);
  }
  return views;
}

/// What both convolution layers have: parameters, calls, gradients, text.
template <class Layer>
py::class_<Layer, std::shared_ptr<Layer>> define_convolution(py::module_& module,
                                                             const char* name) {
  using Shared = std::shared_ptr<Layer>;
  py::class_<Layer, Shared> layer(module, name);
  layer.def("weight",
            [](const Shared& self) { return give_parameter(self, self->mutable_weight()); });
  layer.def("bias", [](const Shared& self) {
    return self->bias() ? give_parameter(self, self->mutable_bias()) : py::object(py::none());
  });
  layer.def("state_dict", [](const Shared& self) {
    std::map<std::string, py::object> state;
    for (const auto& [key, view] : self->state_dict()) {
      state.emplace(key, give(view.clone()));
    }
    return state;
  });
  layer.def("load_state_dict",
            [](const Shared& self, const std::map<std::string, py::capsule>& state,
               const std::string& prefix) {
              std::map<std::string, Tensor> tensors;
              for (const auto& [key, capsule] : state) {
                tensors.emplace(key, take(capsule));
              }
              self->load_state_dict(views_of(tensors), prefix);
            });
  layer.def("__call__", [](const Shared& self, const py::capsule& input) {
    return give((*self)(take(input)));
  });
  layer.def("backward", [](const Shared& self, const py::capsule& grad_output,
                           const py::capsule& input, const Mask& mask) {
    return give_gradients(self->backward(take(grad_output), take(input), gradient_mask(mask)));
  });
  layer.def("output_sizes", [](const Shared& self, const std::vector<std::int64_t>& input) {
    return list(self->output_sizes(sizes_of(input)));
  });
  layer.def("__repr__", [](const Shared& self) { return repr(self->options()); });
  layer.def("copy", [](const Shared& self) { return std::make_shared<Layer>(*self); });
  return layer;
}

void define_lazy(py::module_& module) {
  using Shared = std::shared_ptr<LazyConv2d>;
  py::class_<LazyConv2d, Shared>(module, "LazyConv2d")
      .def(py::init(
          [](std::int64_t out_channels, const py::object& kernel_size, const py::kwargs& given) {
            return LazyConv2d(lazy_conv2d_options(out_channels, kernel_size, given));
          }))
      .def("initialized", [](const Shared& self) { return self->initialized(); })
      .def("initialize",
           [](const Shared& self, std::int64_t in_channels) { self->initialize(in_channels); })
      .def("layer",
           [](const Shared& self) { return std::shared_ptr<Conv2d>(self, &self->layer()); })
      .def("__call__",
           [](const Shared& self, const py::capsule& input) { return give((*self)(take(input))); })
      .def("__repr__", [](const Shared& self) { return repr(self->options()); });
}

void define_windows(py::module_& module) {
  py::class_<Unfold>(module, "Unfold")
      .def(py::init([](const py::object& kernel_size, const py::object& dilation,
                       const py::object& sides, const py::object& stride) {
        return Unfold(pair(kernel_size), pair(dilation), pair(sides), pair(stride));
      }))
      .def("__call__",
           [](const Unfold& self, const py::capsule& input) { return give(self(take(input))); })
      .def("backward",
           [](const Unfold& self, const py::capsule& grad_output,
              const std::vector<std::int64_t>& input) {
             return give(self.backward(take(grad_output), sizes_of(input)));
           })
      .def("output_sizes",
           [](const Unfold& self, const std::vector<std::int64_t>& input) {
             return list(self.output_sizes(sizes_of(input)));
           })
      .def("__repr__", [](const Unfold& self) { return repr(self.options()); });
  py::class_<Fold>(module, "Fold")
      .def(py::init([](const py::object& output_size, const py::object& kernel_size,
                       const py::object& dilation, const py::object& sides,
                       const py::object& stride) {
        return Fold(pair(output_size), pair(kernel_size), pair(dilation), pair(sides),
                    pair(stride));
      }))
      .def("__call__",
           [](const Fold& self, const py::capsule& input) { return give(self(take(input))); })
      .def("backward",
           [](const Fold& self, const py::capsule& grad_output) {
             return give(self.backward(take(grad_output)));
           })
      .def("output_sizes",
           [](const Fold& self, const std::vector<std::int64_t>& input) {
             return list(self.output_sizes(sizes_of(input)));
           })
      .def("__repr__", [](const Fold& self) { return repr(self.options()); });
}

void define_layers(py::module_& module) {
  define_convolution<Conv2d>(module, "Conv2d")
      .def(py::init([](std::int64_t in_channels, std::int64_t out_channels,
                       const py::object& kernel_size, const py::kwargs& given) {
        return Conv2d(conv2d_options(in_channels, out_channels, kernel_size, given));
      }));
  define_convolution<ConvTranspose2d>(module, "ConvTranspose2d")
      .def(py::init([](std::int64_t in_channels, std::int64_t out_channels,
                       const py::object& kernel_size, const py::kwargs& given) {
        return ConvTranspose2d(
            conv_transpose2d_options(in_channels, out_channels, kernel_size, given));
      }))
      .def("call_for_size",
           [](const ConvTranspose2d& self, const py::capsule& input, const py::object& size) {
             return give(self(take(input), pair(size)));
           })
      .def("backward_for_size",
           [](const ConvTranspose2d& self, const py::capsule& grad_output, const py::capsule& input,
              const py::object& size, const Mask& mask) {
             return give_gradients(
                 self.backward(take(grad_output), take(input), pair(size), gradient_mask(mask)));
           });
  define_lazy(module);
  define_windows(module);
}

void define_the_rest(py::module_& module) {
  module.def("there_and_back", [](const py::capsule& tensor) { return give(take(tensor)); });
  module.def("manual_seed", [](std::uint64_t seed, bool fused) {
    manual_seed(seed, fused ? UniformRounding::fused : UniformRounding::separate);
  });
  module.def("fill_uniform",
             [](const py::capsule& tensor, std::uint64_t seed, double from, double to) {
               Tensor taken = take(tensor);
               Generator(seed).fill_uniform(taken, from, to);
             });
  module.def("parse_and_repr", [](const std::string& text) { return repr(parse_layer(text)); });
  module.def("set_num_threads", set_num_threads);
}

}  // namespace
}  // namespace conv2d

PYBIND11_MODULE(conv2d_oracle, module) {
  module.doc() = "conv2d for its oracle: every tensor is a DLPack capsule";
  conv2d::define_functions(module);
  conv2d::define_layers(module);
  conv2d::define_the_rest(module);
}
