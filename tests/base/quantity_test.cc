// Quantities as people read them.
#include "base/quantity.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace conv2d {
namespace {

TEST(Quantity, ThousandsStandApart) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(-1000), "-1,000");
  EXPECT_EQ(grouped(std::numeric_limits<std::int64_t>::max()), "9,223,372,036,854,775,807");
}

TEST(Quantity, OneThingIsNotSeveral) {
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(0, "row"), "0 rows");
  EXPECT_EQ(counted(1024, "row"), "1,024 rows");
  EXPECT_EQ(part_of(16, 64, "channels"), "16 of 64 channels");
  EXPECT_EQ(part_of(64, 64, "channels"), "all channels");
}

TEST(Quantity, ThreeDigitsAreKeptWithoutZerosAtTheEnd) {
  EXPECT_EQ(three_digits(0), "0");
  EXPECT_EQ(three_digits(0.1234), "0.123");
  EXPECT_EQ(three_digits(0.9996), "1");
  EXPECT_EQ(three_digits(1.5), "1.5");
  EXPECT_EQ(three_digits(9.996), "10");
  EXPECT_EQ(three_digits(12.34), "12.3");
  EXPECT_EQ(three_digits(99.96), "100");
  EXPECT_EQ(three_digits(1234.5), "1234");
}

TEST(Quantity, UnitsFitTheSize) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(802816), "784 KiB");
  EXPECT_EQ(bytes_text(1.5 * (1 << 20)), "1.5 MiB");
  EXPECT_EQ(bytes_text(0x1p63), "8 EiB");
  EXPECT_EQ(bytes_text(0x1p73), "8192 EiB");
  EXPECT_EQ(seconds_text(1.234e-5), "12.3 us");
  EXPECT_EQ(seconds_text(0.9999e-3), "1 ms");
  EXPECT_EQ(seconds_text(0.25), "250 ms");
  EXPECT_EQ(seconds_text(0.9999), "1 s");
  EXPECT_EQ(seconds_text(4.5), "4.5 s");
  EXPECT_EQ(rate_text(96e9, "FLOP"), "96 GFLOP/s");
}

}  // namespace
}  // namespace conv2d
