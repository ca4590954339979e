// Which vector instructions are used, and how they are chosen.
#include "simd/dispatch.h"

#include <conv2d/machine.h>

#include "support/instructions.h"

#include <gtest/gtest.h>

namespace conv2d {
namespace {

using testing::Instructions;

TEST(Dispatch, TakesTheWidestUnlessTold) {
  const auto sets = simd::instruction_sets();
  ASSERT_FALSE(sets.empty());
  ASSERT_TRUE(simd::use_instructions(""));
  EXPECT_EQ(simd::instructions_in_use(), sets.front());
}

TEST(Dispatch, ObeysForEverySetThatThereIs) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    EXPECT_EQ(simd::instructions_in_use(), name);
    EXPECT_EQ(machine().instructions, name);
  }
}

TEST(Dispatch, WhatThereIsNotChangesNothing) {
  const auto before = simd::instructions_in_use();
  EXPECT_FALSE(simd::use_instructions("MMX"));
  EXPECT_EQ(simd::instructions_in_use(), before);
}

}  // namespace
}  // namespace conv2d
