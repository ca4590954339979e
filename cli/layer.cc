#include "layer.h"

#include "failure.h"
#include "text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <type_traits>
#include <utility>

namespace conv2d::cli {
namespace {

// model.safetensors:features.0 -> the file and the prefix of its keys, "features.0.".
struct WeightSource {
  std::string file;
  std::string prefix;
};

WeightSource parse_source(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || std::filesystem::exists(text)) {
    return {text, ""};
  }
  std::string prefix = text.substr(colon + 1);
  if (!prefix.empty() && prefix.back() != '.') {
    prefix += '.';
  }
  return {text.substr(0, colon), prefix};
}

// The prefixes under which a file has weights of convolutions, for the person who mistyped one.
std::string known_prefixes(const io::NamedTensors& tensors) {
  constexpr std::size_t shown = 8;
  constexpr std::string_view key_end = "weight";
  std::string list;
  std::size_t count = 0;
  for (const auto& [key, tensor] : tensors) {
    if (tensor.rank() != 4 || !key.ends_with(key_end)) {
      continue;
    }
    if (++count <= shown) {
      list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", key, by(tensor.sizes()));
    }
  }
  if (count == 0) {
    return "no convolution's weight is in it";
  }
  return fmt::format("it has {}{}", list,
                     count > shown ? fmt::format(" and {} more", count - shown) : "");
}

io::NamedTensors read_parameters(const WeightSource& source) {
  if (source.file.ends_with(".npz")) {
    return io::read_npz(source.file);
  }
  if (!source.file.ends_with(".safetensors")) {
    refuse(
        fmt::format("--weights takes FILE.safetensors or FILE.npz, each perhaps with :PREFIX, "
                    "but got '{}'",
                    source.file));
  }
  io::SafeTensors file = io::read_safetensors(source.file);
  for (const auto& [key, dtype] : file.skipped) {
    if (key == source.prefix + "weight" || key == source.prefix + "bias") {
      refuse(fmt::format("{}: '{}' is of {}, which no layer here has", source.file, key, dtype));
    }
  }
  return std::move(file.tensors);
}

std::optional<Tensor> take(io::NamedTensors& tensors, const std::string& key) {
  const auto found = tensors.find(key);
  if (found == tensors.end()) {
    return std::nullopt;
  }
  return std::move(found->second);
}

template <class Parameterized, class Options>
Parameterized with_weights_of(const WeightSource& source, const Options& options) {
  io::NamedTensors tensors = read_parameters(source);
  if (tensors.find(source.prefix + "weight") == tensors.end()) {
    refuse(fmt::format("{}: there is no '{}weight'; {}", source.file, source.prefix,
                       known_prefixes(tensors)));
  }
  Tensor weight = *take(tensors, source.prefix + "weight");
  std::optional<Tensor> bias = take(tensors, source.prefix + "bias");
  if (bias.has_value() != options.bias) {
    refuse(bias ? fmt::format("{}: there is a '{}bias', but the layer has bias=False", source.file,
                              source.prefix)
                : fmt::format("{}: there is no '{}bias'; give the layer bias=False", source.file,
                              source.prefix));
  }
  try {
    return Parameterized(options, std::move(weight), std::move(bias));
  } catch (const std::invalid_argument& error) {
    refuse(fmt::format("{}: {}", source.file, error.what()));
  }
}

std::string parameters_text(const Tensor& weight, const std::optional<Tensor>& bias) {
  if (!bias) {
    return counted(weight.numel(), "weight");
  }
  return fmt::format("{} weights + {} for the bias = {}", grouped(weight.numel()),
                     grouped(bias->numel()), counted(weight.numel() + bias->numel(), "parameter"));
}

// Conv2d or ConvTranspose2d.
template <class Parameterized, class Options>
Layer make_parameterized(const Options& options, const WeightArguments& arguments) {
  const double elements =
      static_cast<double>(options.out_channels) * static_cast<double>(options.in_channels) /
      static_cast<double>(options.groups) * static_cast<double>(options.kernel_size.h) *
      static_cast<double>(options.kernel_size.w);
  require_memory(elements * static_cast<double>(element_size(options.dtype)), "the weights");
  std::string from;
  std::optional<Parameterized> module;
  if (!arguments.file.empty()) {
    module.emplace(with_weights_of<Parameterized>(parse_source(arguments.file), options));
    from = arguments.file;
  } else {
    const std::uint64_t seed = arguments.seed.value_or(0);
    manual_seed(seed,
                arguments.separate_rounding ? UniformRounding::separate : UniformRounding::fused);
    module.emplace(options);
    from = is_integer(options.dtype)
               ? "all 0: torch draws no initial weights for integers; see --weights"
               : fmt::format("torch's initial weights for manual_seed({})", seed);
  }
  std::string weights =
      fmt::format("{}; {}", parameters_text(module->weight(), module->bias()), from);
  return {std::move(*module), {}, repr(options), std::move(weights)};
}

Layer make_filters(const FilterNames& filters, const Sizes& input,
                   const WeightArguments& arguments) {
  if (!arguments.file.empty() || arguments.seed) {
    refuse("named filters have their own weights: leave --weights and --seed out");
  }
  const LayerOptions options = layer_for(filters, input);
  Conv2d module = filter_layer(filters, std::get<Conv2dOptions>(options).in_channels);
  std::vector<std::string_view> names;
  for (const Filter& filter : filters) {
    names.push_back(filter.name);
  }
  std::string weights =
      fmt::format("{}; those of {}, applied to each channel",
                  counted(module.weight().numel(), "weight"), fmt::join(names, ", "));
  return {std::move(module), filters, repr(options), std::move(weights)};
}

}  // namespace

void add_weight_options(CommandSyntax& command, WeightArguments& arguments) {
  auto* file = command.option("--weights", arguments.file,
                              "Take the keys weight and bias, or PREFIX.weight and PREFIX.bias, "
                              "of a .safetensors or .npz",
                              "FILE[:PREFIX]");
  auto* seed = command.option("--seed", arguments.seed,
                              "Otherwise: torch's initial weights after manual_seed(N). "
                              "Without --weights and --seed: N = 0",
                              "N");
  auto* separate =
      command.flag("--separate-rounding", arguments.separate_rounding,
                   "Initial weights as torch has them on processors without fused multiply-add");
  CommandSyntax::exclude(seed, file);
  CommandSyntax::exclude(separate, file);
}

Sizes Layer::output_sizes(const Sizes& input) const {
  return std::visit([&](const auto& any) { return any.output_sizes(input); }, module);
}

std::optional<DType> Layer::dtype() const {
  return std::visit(
      [](const auto& any) -> std::optional<DType> {
        if constexpr (std::is_base_of_v<ConvParameters, std::decay_t<decltype(any)>>) {
          return any.options().dtype;
        } else {
          return std::nullopt;
        }
      },
      module);
}

StateDict Layer::state_dict() const {
  return std::visit(
      [](const auto& any) -> StateDict {
        if constexpr (std::is_base_of_v<ConvParameters, std::decay_t<decltype(any)>>) {
          return any.state_dict();
        } else {
          return {};
        }
      },
      module);
}

Layer make_layer(const LayerChoice& choice, const Sizes& input, const WeightArguments& arguments) {
  if (const auto* filters = std::get_if<FilterNames>(&choice)) {
    return make_filters(*filters, input, arguments);
  }
  const LayerOptions layer = layer_for(choice, input);
  if (const auto* conv = std::get_if<Conv2dOptions>(&layer)) {
    return make_parameterized<Conv2d>(*conv, arguments);
  }
  if (const auto* transpose = std::get_if<ConvTranspose2dOptions>(&layer)) {
    return make_parameterized<ConvTranspose2d>(*transpose, arguments);
  }
  if (!arguments.file.empty() || arguments.seed) {
    refuse(fmt::format("{} has no weights: leave --weights and --seed out", repr(layer)));
  }
  if (const auto* unfold = std::get_if<UnfoldOptions>(&layer)) {
    return {Unfold(*unfold), {}, repr(layer), "none"};
  }
  return {Fold(std::get<FoldOptions>(layer)), {}, repr(layer), "none"};
}

void require_memory(double bytes, const std::string& what) {
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  if (bytes > memory) {
    refuse(fmt::format("{} would take {}; this machine has {} of memory", what, bytes_text(bytes),
                       bytes_text(memory)));
  }
}

}  // namespace conv2d::cli
