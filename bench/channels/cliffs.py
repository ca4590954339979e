"""From times to cliffs and dips.

A cliff is a count of channels that takes longer than a larger count: who padded the layer to that one
would be faster. A dip is a count whose rate lies below those of its neighbours, the multiples of a
vector's lanes before and behind it: idle lanes cost something, as do pixels that share a cache's sets.

A result is what `conv2d bench` says of a layer, and its kind and channels."""

import dataclasses

LANES = 16  # floats of the widest vectors
TOLERANCE = 1.1  # runs differ by so much


@dataclasses.dataclass(frozen=True)
class Cliff:
    slow: dict
    fast: dict  # of those with more channels the one that takes the least time

    @property
    def ratio(self):
        return self.slow["min_s"] / self.fast["min_s"]


@dataclasses.dataclass(frozen=True)
class Dip:
    slow: dict
    fast: dict  # the faster neighbour

    @property
    def share(self):
        return self.slow["gflops"] / self.fast["gflops"]


def lines_of(results):
    """{(kind, layout): results by channels}: the lines of the picture."""
    lines = {}
    for result in sorted(results, key=lambda each: each["channels"]):
        lines.setdefault((result["kind"], result["layout"]), []).append(result)
    return lines


def steps(line):
    """Each result beside the fastest of those with more channels."""
    found = []
    fastest = None
    for result in reversed(line):
        if fastest is not None:
            found.append(Cliff(result, fastest))
        if fastest is None or result["min_s"] < fastest["min_s"]:
            fastest = result
    return found[::-1]


def worst_step(line):
    """None where there is one count alone."""
    return max(steps(line), key=lambda step: step.ratio, default=None)


def cliffs(results):
    """Of all lines, the worst first."""
    found = [step for line in lines_of(results).values() for step in steps(line) if step.ratio > TOLERANCE]
    return sorted(found, key=lambda cliff: cliff.ratio, reverse=True)


def worst_dip(line):
    """Fewer channels than lanes have no neighbour before them: None where there are no others."""
    whole = [result for result in line if result["channels"] % LANES == 0]
    found = []
    for result in line:
        before = [each for each in whole if each["channels"] < result["channels"]][-1:]
        behind = [each for each in whole if each["channels"] > result["channels"]][:1]
        if before and behind:
            found.append(Dip(result, max(before + behind, key=lambda each: each["gflops"])))
    return min(found, key=lambda dip: dip.share, default=None)
