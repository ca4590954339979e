// Any text is either a layer, whose repr reads back as the same layer, or a ParseError that points
// into the text.
#include <conv2d/repr.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const conv2d::LayerOptions layer = conv2d::parse_layer(text);
    if (conv2d::parse_layer(conv2d::repr(layer)) != layer) {
      std::abort();
    }
  } catch (const conv2d::ParseError& error) {
    if (error.position() > size || error.length() > size - error.position()) {
      std::abort();
    }
  }
  return 0;
}
