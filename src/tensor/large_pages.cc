#include "tensor/large_pages.h"

#include <memory>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace conv2d {

void ask_for_large_pages(void* memory, std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::size_t page = std::size_t{1} << 21U;
  // Of less, what lies between its ends and whole pages would be most.
  if (bytes < 2 * page) {
    return;
  }
  void* first = memory;
  std::size_t room = bytes;
  std::align(page, page, first, room);
  // Where this is refused, pages are small.
  static_cast<void>(madvise(first, room / page * page, MADV_HUGEPAGE));
#else
  static_cast<void>(memory);
  static_cast<void>(bytes);
#endif
}

}  // namespace conv2d
