// What the fuzz targets of all file readers do.
#pragma once

#include "conv2d/io.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace conv2d::io {

/// Reads the bytes as a file. A refusal must be one line; any other exception ends the fuzzer.
template <class Result>
void fuzz_reader(Result (*decode)(Bytes, const std::string&), const std::uint8_t* data,
                 std::size_t size) {
  try {
    decode(std::as_bytes(std::span(data, size)), "file");
  } catch (const std::invalid_argument& refusal) {
    const std::string_view message = refusal.what();
    if (message.empty() || message.find('\n') != std::string_view::npos) {
      __builtin_trap();
    }
  }
}

}  // namespace conv2d::io
