// Any bytes as a list of layers: refused with a sentence, or read, and then written so that they
// are read as the same again.
#include "bench/layer_list.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conv2d::cli;
  try {
    for (const Descriptor& layer :
         parse_layer_list({reinterpret_cast<const char*>(data), size}, "list")) {
      if (to_text(parse_layer_list(to_text(layer), "").front()) != to_text(layer)) {
        std::abort();
      }
    }
  } catch (const std::invalid_argument&) {
    return 0;
  }
  return 0;
}
