// Quantities as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace conv2d {

/// Thousands apart: 105,415,200.
std::string grouped(std::int64_t value);

/// "1 row", "1,024 rows".
std::string counted(std::int64_t count, const char* thing);

/// "all input channels" for (64, 64), "16 of 64 input channels" for (16, 64).
std::string part_of(std::int64_t part, std::int64_t whole, const char* things);

/// Three digits: "0.123", "1.23", "12.3", "123", "1234".
std::string three_digits(double value);

/// "0 bytes", "784 KiB", "1.5 MiB".
std::string bytes_text(double bytes);

/// "12.3 us", "1.23 ms", "4.56 s".
std::string seconds_text(double seconds);

/// How many of `unit` a second, in thousand millions of them: "96 GFLOP/s" for ("FLOP").
std::string rate_text(double rate, const char* unit);

}  // namespace conv2d
