// Plans: what they say, and what run() accepts.
#include <conv2d/plan.h>

#include "algorithm/algorithm.h"
#include "plan/choose.h"
#include "support/configurations.h"
#include "support/random.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace conv2d {
namespace {

using functional::Conv2dArguments;
using testing::Random;
using testing::refused;
using testing::same_bits;

Plan small_plan(bool bias = true) {
  return Plan::conv2d({2, 3, 8, 8}, {6, 3, 5, 5}, bias, DType::float32, {});
}

/// Vectors of pixels would be idle for 15 of 16 lanes, vectors of outputs are full.
Plan small_map_plan() {
  return Plan::conv2d({1, 256, 1, 1}, {32, 256, 1, 1}, false, DType::float32, {});
}

TEST(Plan, KnowsItsSizesAndItsCost) {
  const Plan plan = small_plan();
  EXPECT_EQ(plan.input_sizes(), Sizes({2, 3, 8, 8}));
  EXPECT_EQ(plan.weight_sizes(), Sizes({6, 3, 5, 5}));
  EXPECT_EQ(plan.output_sizes(), Sizes({2, 6, 4, 4}));
  EXPECT_EQ(plan.multiply_adds(), 2 * 6 * 4 * 4 * 3 * 5 * 5);
}

TEST(Plan, UnbatchedSizesStayUnbatched) {
  EXPECT_EQ(Plan::conv2d({3, 8, 8}, {6, 3, 5, 5}, false, DType::float32, {}).output_sizes(),
            Sizes({6, 4, 4}));
  EXPECT_EQ(
      Plan::conv_transpose2d({3, 4, 4}, {3, 6, 5, 5}, false, DType::float32, {}).output_sizes(),
      Sizes({6, 8, 8}));
}

TEST(Plan, OneChannelIsTheSameInEitherFormat) {
  const auto algorithm = [](MemoryFormat format) {
    return Plan::conv2d({1, 1, 90, 80}, {1, 1, 5, 5}, false, DType::float32, {}, format)
        .algorithm();
  };
  EXPECT_EQ(algorithm(MemoryFormat::contiguous), algorithm(MemoryFormat::channels_last));
}

TEST(Plan, ExactlyOneCandidateIsTakenAndEveryOneSaysWhy) {
  const Plan plan = small_plan();
  ASSERT_EQ(plan.candidates().size(), algorithms().size());
  int taken = 0;
  for (const Candidate& candidate : plan.candidates()) {
    EXPECT_FALSE(candidate.reason.empty()) << candidate.name;
    if (candidate.taken) {
      ++taken;
      EXPECT_EQ(candidate.name, plan.algorithm());
    }
  }
  EXPECT_EQ(taken, 1);
}

TEST(Plan, ExplainsItselfInPlainWords) {
  const Plan plan = small_plan();
  const std::string text = plan.explain();
  for (const std::string& fact :
       {"algorithm: " + std::string(plan.algorithm()), std::string("\ntile: "),
        std::string("\nblocking: "),
        std::string("\ntensors: input [2, 3, 8, 8] 1.5 KiB, weight [6, 3, 5, 5] 1.76 KiB, output "
                    "[2, 6, 4, 4] 768 bytes; float32, contiguous\n"),
        std::string("\nmemory: packed weight "), std::string(", workspace "),
        std::string("\nmultiply-adds: 14,400\n"),
        std::string("\narithmetic intensity: 7.02 operations a byte of input, weight and output\n"),
        std::string("\nexpected time: "), std::string("\n  arithmetic: "),
        std::string("\n  memory: "), "taken: " + std::string(plan.algorithm()) + " ("}) {
    EXPECT_NE(text.find(fact), std::string::npos) << fact << "\n in \n" << text;
  }
  EXPECT_EQ(text.back(), '\n');
}

TEST(Plan, EveryAlgorithmThatDoesNotRefuseRunsWhenAskedByName) {
  Random random;  // whole numbers, whose sums are exact in any order
  const Plan plan = small_plan(false);
  const Tensor x = random.integers({2, 3, 8, 8}, DType::float32);
  const Tensor w = random.integers({6, 3, 5, 5}, DType::float32);
  const Tensor expected = functional::conv2d(x, w);
  for (const Candidate& candidate : plan.candidates()) {
    const std::string name(candidate.name);
    if (!candidate.possible) {
      EXPECT_EQ(testing::error_of([&] { plan.with_algorithm(name); }),
                name + " refuses this layer: " + candidate.reason);
      continue;
    }
    const Plan named = plan.with_algorithm(name);
    EXPECT_EQ(named.algorithm(), name);
    EXPECT_NE(named.explain().find("\ntaken: " + name + " ("), std::string::npos);
    Tensor y({2, 6, 4, 4});
    named.run(x, named.pack(w), std::nullopt, y);
    EXPECT_TRUE(same_bits(y, expected)) << name;
  }
}

TEST(Plan, TheErrorBoundIsThatOfASumOrOfWinograd) {
  const auto plan = [](DType dtype, Precision precision) {
    return Plan::conv2d({1, 32, 64, 64}, {32, 32, 3, 3}, false, dtype,
                        {.padding = 1, .precision = precision});
  };
  const double roundings = 32 * 9 + (machine().fused_multiply_add ? 0 : 1);
  const Plan exact = plan(DType::float32, Precision::exact);
  EXPECT_NEAR(exact.error_bound().value(), roundings * 0x1p-24, roundings * roundings * 0x1p-47);
  const double in_doubles = roundings * 0x1p-53;
  EXPECT_DOUBLE_EQ(plan(DType::float64, Precision::exact).error_bound().value(),
                   in_doubles / (1 - in_doubles));
  const Plan winograd = plan(DType::float32, Precision::standard).with_algorithm("winograd");
  EXPECT_GT(winograd.error_bound().value(), 0x1p-24);
  EXPECT_LT(winograd.error_bound().value(), 100 * exact.error_bound().value());
  EXPECT_FALSE(plan(DType::bfloat16, Precision::exact).error_bound());
  EXPECT_FALSE(
      Plan::conv_transpose2d({1, 3, 4, 4}, {3, 6, 5, 5}, false, DType::float32, {}).error_bound());
}

/// What is faster by another algorithm is not asked of it, and no more.
TEST(Plan, AnAlgorithmThatYieldsRunsWhenAskedByName) {
  const Plan plan = small_map_plan();
  const auto planar = [](const Plan& of) {
    const auto& all = of.candidates();
    return *std::find_if(all.begin(), all.end(),
                         [](const Candidate& each) { return each.name == "planar"; });
  };
  ASSERT_NE(plan.algorithm(), "planar");
  EXPECT_TRUE(planar(plan).possible);
  EXPECT_NE(planar(plan).reason.find("less time"), std::string::npos);
  EXPECT_NE(planar(plan.with_algorithm("reference")).reason.find("less time"), std::string::npos);
  const Plan named = plan.with_algorithm("planar");
  EXPECT_TRUE(planar(named).taken);
  EXPECT_EQ(planar(named).reason.find("less time"), std::string::npos);
}

TEST(Plan, AskedByNameTheOthersSayWhyTheyDidNotRun) {
  const Plan named = small_plan().with_algorithm("reference");
  EXPECT_EQ(named.workspace_bytes(), 0U);
  for (const Candidate& candidate : named.candidates()) {
    EXPECT_EQ(candidate.taken, candidate.name == "reference");
    EXPECT_EQ(candidate.reason.find("asked after"), std::string::npos) << candidate.reason;
  }
}

TEST(Plan, AnAlgorithmThatIsNoneIsRefusedWithTheNamesOfAll) {
  const std::string sentence = testing::error_of([] { small_plan().with_algorithm("magic"); });
  EXPECT_EQ(sentence.find("there is no algorithm 'magic'; the algorithms are "), 0U) << sentence;
  EXPECT_NE(sentence.find("reference"), std::string::npos) << sentence;
}

TEST(Plan, DependsOnNeitherTheBatchNorTheThreads) {
  const testing::Threads scope(1);
  const Plan one = Plan::conv2d({1, 3, 8, 8}, {6, 3, 5, 5}, false, DType::float32, {});
  set_num_threads(7);
  const Plan many = Plan::conv2d({50, 3, 8, 8}, {6, 3, 5, 5}, false, DType::float32, {});
  EXPECT_EQ(one.algorithm(), many.algorithm());
}

TEST(Plan, TheLastAlgorithmOfTheTableTakesEverything) {
  Random random;
  for (int i = 0; i < 100; ++i) {
    const testing::Configuration c = testing::random_configuration(random);
    const Problem forward = conv2d_problem(c.input, c.weight, false, {}, c.arguments).value();
    for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weight}) {
      const Problem problem = forward.with(pass, Conjugate::neither);
      EXPECT_TRUE(algorithms().back()->takes(problem));
      EXPECT_TRUE(choose(problem).takes(problem)) << c;
    }
  }
}

TEST(Plan, RunsIntoMemoryThatIsThereAlready) {
  Random random;
  const Plan plan = small_plan();
  const Tensor x = random.values({2, 3, 8, 8}, DType::float32);
  const Tensor w = random.values({6, 3, 5, 5}, DType::float32);
  const Tensor b = random.values({6}, DType::float32);
  const Tensor expected = functional::conv2d(x, w, b);
  Tensor y({2, 6, 4, 4});
  plan.run(x, w, b, y);
  EXPECT_TRUE(same_bits(y, expected));
  Tensor turned({4, 4, 6, 2});
  plan.run(x, w, b, turned.mutable_view().permute({3, 2, 1, 0}));
  EXPECT_TRUE(same_bits(turned.view().permute({3, 2, 1, 0}), expected));
}

TEST(Plan, LargeWeightsOfOneRunArePackedInPartsAndChangeNoBit) {
  Random random;
  const Sizes sizes{1100, 512, 3, 3};  // 19 MiB
  const Tensor w = random.integers(sizes, DType::float32, -9, 9);
  const Tensor b = random.values({1100}, DType::float32);
  const Plan plan =
      Plan::conv2d({1, 512, 3, 4}, sizes, true, DType::float32, {.padding = Padding(1)});
  const PackedWeight packed = plan.pack(w);
  ASSERT_GT(packed.bytes(), std::size_t{1} << 24U);
  for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Tensor x = random.values({1, 512, 3, 4}, DType::float32, format);
    Tensor expected({1, 1100, 3, 4}, DType::float32, format);
    const Tensor residual = random.values({1, 1100, 3, 4}, DType::float32);
    const functional::Epilogue epilogue{.residual = residual, .low = 0};
    plan.run(x, packed, b, expected, epilogue);
    EXPECT_TRUE(
        same_bits(functional::conv2d(x, w, b, {.padding = Padding(1)}, epilogue), expected));
  }
}

TEST(Plan, RunsUnbatchedAndTransposedAndOnBytes) {
  Random random;
  const Tensor x = random.values({3, 4, 4}, DType::float32);
  const Tensor w = random.values({3, 6, 5, 5}, DType::float32);
  Tensor y({6, 8, 8});
  Plan::conv_transpose2d({3, 4, 4}, {3, 6, 5, 5}, false, DType::float32, {})
      .run(x, w, std::nullopt, y);
  EXPECT_TRUE(same_bits(y, functional::conv_transpose2d(x, w)));

  const Tensor bytes = random.values({3, 8, 8}, DType::int8);
  const Tensor byte_weight = random.values({6, 3, 5, 5}, DType::int8);
  const Tensor bias = random.values({6}, DType::int32);
  Tensor sums({6, 4, 4}, DType::int32);
  Plan::conv2d({3, 8, 8}, {6, 3, 5, 5}, true, DType::int8, {}).run(bytes, byte_weight, bias, sums);
  EXPECT_TRUE(same_bits(sums, functional::conv2d(bytes, byte_weight, bias)));
}

TEST(Plan, ACopyRunsToo) {
  const Plan copy = [] {
    const Plan plan = small_plan(false);
    return Plan(plan);
  }();
  Tensor y({2, 6, 4, 4});
  copy.run(Tensor({2, 3, 8, 8}), Tensor({6, 3, 5, 5}), std::nullopt, y);
  EXPECT_EQ(copy.output_sizes(), y.sizes());
}

TEST(Plan, RunRefusesWhatThePlanWasNotMadeFor) {
  const Plan plan = small_plan();
  const Tensor x({2, 3, 8, 8});
  const Tensor w({6, 3, 5, 5});
  const Tensor b({6});
  Tensor y({2, 6, 4, 4});
  const auto run = [&](TensorView input, TensorView weight, std::optional<TensorView> bias,
                       MutableTensorView output) {
    return testing::error_of([&] { plan.run(input, weight, bias, output); });
  };
  const std::string made_for = "Plan::run: the plan was made for ";
  EXPECT_EQ(run(Tensor({1, 3, 8, 8}), w, b, y),
            made_for + "an input [2, 3, 8, 8] of float32, but got [1, 3, 8, 8] of float32");
  EXPECT_EQ(run(x.to(DType::float64), w, b, y),
            made_for + "an input [2, 3, 8, 8] of float32, but got [2, 3, 8, 8] of float64");
  EXPECT_EQ(run(x, Tensor({6, 3, 5, 4}), b, y),
            made_for + "a weight [6, 3, 5, 5] of float32, but got [6, 3, 5, 4] of float32");
  EXPECT_EQ(run(x, w, Tensor({5}), y), made_for + "a bias [6] of float32, but got [5] of float32");
  Tensor wrong({2, 6, 4, 5});
  EXPECT_EQ(run(x, w, b, wrong),
            made_for + "an output [2, 6, 4, 4] of float32, but got [2, 6, 4, 5] of float32");
  EXPECT_EQ(run(x, w, std::nullopt, y),
            "Plan::run: the plan was made with a bias, but was run without one");
  EXPECT_TRUE(refused([&] { small_plan(false).run(x, w, b, y); },
                      "made without a bias, but was run with one"));
}

TEST(Plan, RunRefusesAnOutputThatOverlapsAnOperand) {
  const Plan plan = Plan::conv2d({1, 1, 4, 4}, {1, 1, 1, 1}, true, DType::float32, {});
  Tensor memory({64});
  const auto at = [&](std::int64_t offset, const Sizes& sizes) {
    return MutableTensorView(memory.data<float>() + offset, DType::float32, sizes);
  };
  const Sizes image{1, 1, 4, 4};
  const Sizes one{1, 1, 1, 1};
  const std::string overlap =
      "the output must not overlap the input, the weight, the bias or the residual";
  const auto run = [&](std::int64_t input, std::int64_t weight, std::int64_t bias) {
    return testing::error_of(
        [&] { plan.run(at(input, image), at(weight, one), at(bias, Sizes{1}), at(16, image)); });
  };
  EXPECT_EQ(run(0, 32, 33), "no error");
  EXPECT_EQ(run(32, 14, 15), "no error");
  for (const std::int64_t shift : {1, 16, 31}) {
    EXPECT_NE(run(shift, 48, 49).find(overlap), std::string::npos) << shift;
  }
  EXPECT_NE(run(0, 31, 48).find(overlap), std::string::npos);
  EXPECT_NE(run(0, 48, 16).find(overlap), std::string::npos);
}

TEST(Plan, RunRefusesAnOutputThatOverlapsItself) {
  const Plan plan = Plan::conv2d({1, 1, 3, 3}, {1, 1, 1, 1}, false, DType::float32, {});
  Tensor memory({64});
  const Tensor x({1, 1, 3, 3});
  const Tensor w({1, 1, 1, 1});
  const auto run = [&](const Strides& strides) {
    return testing::error_of([&] {
      plan.run(x, w, std::nullopt,
               MutableTensorView(memory.data<float>() + 32, DType::float32, {1, 1, 3, 3}, strides));
    });
  };
  EXPECT_EQ(run({0, 0, 3, 1}), "no error");  // of dimensions with one element any stride will do
  EXPECT_EQ(run({9, 9, -1, -3}), "no error");
  EXPECT_EQ(run({9, 9, 0, 1}),
            "Plan::run: no two elements of the output may share memory, but its sizes [1, 1, 3, 3] "
            "have the strides [9, 9, 0, 1]");
  EXPECT_NE(run({9, 9, 2, 1}), "no error");
  EXPECT_NE(run({9, 9, -2, 1}), "no error");
}

TEST(Plan, AnEmptyBatchRuns) {
  const Plan plan = Plan::conv2d({0, 1, 3, 3}, {1, 1, 1, 1}, false, DType::float32, {});
  Tensor y({0, 1, 3, 3});
  plan.run(Tensor({0, 1, 3, 3}), Tensor({1, 1, 1, 1}), std::nullopt, y);
  EXPECT_EQ(plan.multiply_adds(), 0);
}

TEST(Plan, IsRefusedLikeTheCall) {
  EXPECT_TRUE(refused(
      [] {
        Plan::conv2d({3, 8, 8}, {6, 4, 5, 5}, false, DType::float32, {});
      },
      "to have 4 channels, but got 3 channels instead"));
  EXPECT_TRUE(refused(
      [] {
        Plan::conv_transpose2d({3, 8, 8}, {6, 4, 5, 5}, false, DType::float32, {});
      },
      "to have 6 channels, but got 3 channels instead"));
}

TEST(Plan, APackedWeightGivesTheSameBits) {
  Random random;
  for (const std::int64_t filters : {16, 6}) {
    const Tensor x = random.values({2, 3, 8, 8}, DType::float32);
    const Tensor w = random.values({filters, 3, 3, 3}, DType::float32);
    const Tensor b = random.values({filters}, DType::float32);
    const Plan plan = Plan::conv2d(x.sizes(), w.sizes(), true, DType::float32, {});
    const PackedWeight packed = plan.pack(w);
    EXPECT_GE(packed.bytes(), static_cast<std::size_t>(w.numel()) * sizeof(float));
    Tensor expected(plan.output_sizes());
    Tensor got(plan.output_sizes());
    plan.run(x, w, b, expected);
    plan.run(x, packed, b, got);
    EXPECT_TRUE(same_bits(got, expected));
    // Another height is another plan, but the same weight.
    const Tensor narrow = random.values({1, 3, 5, 8}, DType::float32);
    const Plan other = Plan::conv2d(narrow.sizes(), w.sizes(), true, DType::float32, {});
    Tensor expected_narrow(other.output_sizes());
    Tensor got_narrow(other.output_sizes());
    other.run(narrow, w, b, expected_narrow);
    other.run(narrow, packed, b, got_narrow);
    EXPECT_TRUE(same_bits(got_narrow, expected_narrow));
  }
}

// Other sizes are another plan, perhaps of another algorithm, but the same weight.
TEST(Plan, APackedWeightServesPlansForOtherSizes) {
  Random random;
  const Tensor w = random.values({32, 256, 1, 1}, DType::float32);
  const Plan small = small_map_plan();
  const Plan large = Plan::conv2d({1, 256, 40, 40}, w.sizes(), false, DType::float32, {});
  ASSERT_NE(small.algorithm(), large.algorithm());
  for (const Plan& packer : {small, large}) {
    const PackedWeight packed = packer.pack(w);
    for (const Plan& plan : {small, large}) {
      const Tensor x = random.values(plan.input_sizes(), DType::float32);
      Tensor expected(plan.output_sizes());
      Tensor got(plan.output_sizes());
      plan.run(x, w, std::nullopt, expected);
      plan.run(x, packed, std::nullopt, got);
      EXPECT_TRUE(same_bits(got, expected));
    }
  }
}

TEST(Plan, AWeightPackedForAnotherLayerIsRefused) {
  const Tensor x({1, 4, 8, 8});
  const Plan plan =
      Plan::conv2d(x.sizes(), {16, 4, 3, 3}, false, DType::float32, {}).with_algorithm("planar");
  const Plan larger = Plan::conv2d(x.sizes(), {16, 4, 5, 5}, false, DType::float32, {});
  Tensor y(plan.output_sizes());
  EXPECT_TRUE(refused(
      [&] {
        plan.run(x, larger.pack(Tensor({16, 4, 5, 5})), std::nullopt, y);
      },
      "was made for a weight [16, 4, 3, 3] of float32 in 1 groups for planar, but "
      "this one was packed as [16, 4, 5, 5]"));
  EXPECT_TRUE(refused([&] { plan.pack(Tensor({16, 4, 5, 5})); }, "but got [16, 4, 5, 5]"));
}

TEST(Plan, AWeightPackedForRoundedSumsIsRefusedWhereTheyAreToBeExact) {
  const Sizes input{1, 64, 32, 32};
  const Sizes weight{64, 64, 3, 3};
  const Plan rounded = Plan::conv2d(input, weight, false, DType::float32, {});
  const Plan exact =
      Plan::conv2d(input, weight, false, DType::float32, {.precision = Precision::exact});
  ASSERT_EQ(rounded.algorithm(), "winograd");
  Tensor y(exact.output_sizes());
  EXPECT_TRUE(
      refused([&] { exact.run(Tensor(input), rounded.pack(Tensor(weight)), std::nullopt, y); },
              "in 1 groups for winograd"));
}

}  // namespace
}  // namespace conv2d
