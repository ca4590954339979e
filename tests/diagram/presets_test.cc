#include <conv2d/diagram.h>

#include "drawings.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace conv2d::diagram {
namespace {

TEST(Presets, HaveTheFramesOfTheAnimationsTheyAreNamedAfter) {
  // Of conv_arithmetic's GIFs, in the order of its README; and of CS231n's demonstration.
  const std::vector<std::int64_t> frames = {4,  36, 25, 49, 4,  9,  9,  9,
                                            16, 25, 25, 25, 25, 25, 36, 18};
  ASSERT_EQ(presets().size(), frames.size());
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Preset& preset = presets()[i];
    EXPECT_EQ(test::diagram_of(preset).frames(), frames[i]) << preset.name;
    EXPECT_FALSE(preset.meaning.empty());
    names.insert(preset.name);
  }
  EXPECT_EQ(names.size(), frames.size());
}

TEST(Presets, OfTransposedLayersAreTransposes) {
  for (const Preset& preset : presets()) {
    const bool named = preset.name.ends_with("_transposed");
    EXPECT_EQ(test::diagram_of(preset).explanation().transposed(), named) << preset.name;
  }
}

TEST(Presets, OfCs231nHasItsParametersAndMultiplyAdds) {
  const Diagram diagram = test::diagram_of(presets().back());
  const explain::Cost cost = diagram.explanation().cost();
  EXPECT_EQ(presets().back().name, "cs231n");
  EXPECT_EQ(cost.parameters(), 56);
  EXPECT_EQ(cost.multiply_adds, 486);
  EXPECT_EQ(diagram.output().sizes(), (Sizes{2, 3, 3}));
}

TEST(Views, HaveTheirNames) {
  const std::vector<std::string> expected = {"slide", "im2col", "matrix", "gradient", "cost"};
  std::vector<std::string> names;
  for (const View view : views()) {
    names.emplace_back(name(view));
  }
  EXPECT_EQ(names, expected);
}

}  // namespace
}  // namespace conv2d::diagram
