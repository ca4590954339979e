// Any bytes are a file, or are refused with std::invalid_argument.
#include "fuzz_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conv2d::io::fuzz_reader(conv2d::io::decode_npy, data, size);
  return 0;
}
