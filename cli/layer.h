// A layer with its weights, as the command line chose them.
#pragma once

#include "command_syntax.h"
#include "layer_argument.h"

#include <conv2d/io.h>
#include <conv2d/nn.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace conv2d::cli {

/// Where weights come from and go to.
struct WeightArguments {
  std::string file;                   ///< --weights FILE[:PREFIX]
  std::optional<std::uint64_t> seed;  ///< --seed; 0 where neither is given
  bool separate_rounding = false;     ///< --separate-rounding
};

/// Adds --weights, --seed and --separate-rounding.
void add_weight_options(CommandSyntax& command, WeightArguments& arguments);

using Module = std::variant<Conv2d, ConvTranspose2d, Unfold, Fold>;

struct Layer {
  Module module;
  FilterNames filters;  ///< where it was made from named filters
  std::string text;     ///< its repr
  std::string weights;  ///< one line: where its weights are from, and how many there are

  Sizes output_sizes(const Sizes& input) const;
  /// Of its weights and of what it takes; nothing for Unfold and Fold, which take any.
  std::optional<DType> dtype() const;
  /// "weight" and perhaps "bias"; empty for Unfold and Fold.
  StateDict state_dict() const;
};

/// Throws std::invalid_argument, also where the memory of this machine cannot hold the weights.
Layer make_layer(const LayerChoice& choice, const Sizes& input, const WeightArguments& arguments);

/// Throws std::invalid_argument where `bytes` are more than this machine's memory.
void require_memory(double bytes, const std::string& what);

}  // namespace conv2d::cli
