"""The kinds of layers that are timed with many channel counts, as oneDNN's problem descriptors."""

import dataclasses

# All of the small ones, where each lane that is idle shows, then those around powers of two, at which
# pixels lie so far apart that a cache's sets are few for them.
COUNTS = (
    *range(1, 131), 192, 240, 255, 256, 257, 272, 496, 511, 512, 513, 528, 960, 1000, 1023, 1024, 1025, 1040, 1088
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Kind:
    """One image of `size` squared by as many filters as channels, padded to that size again."""

    kernel: int
    size: int
    depthwise: bool = False

    @property
    def name(self):
        return f"{'depthwise_' if self.depthwise else ''}{self.kernel}x{self.kernel}@{self.size}"

    def line(self, count):
        groups = f"g{count}" if self.depthwise else ""
        return (
            f"{groups}mb1ic{count}ih{self.size}oc{count}oh{self.size}kh{self.kernel}ph{self.kernel // 2}"
            f'n"{self.name}:{count}"'
        )


KINDS = (
    Kind(3, 28),
    Kind(1, 28),
    *(Kind(kernel, size, depthwise=True) for size in (28, 14) for kernel in (3, 5, 7)),
)
