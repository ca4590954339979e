"""How fast we want to be, class by class and all together, and how many rows are.

A target is a ratio to the best peer. Where a peer is near the peak of fused multiply-adds, no sum in
the definition's order can reach a large one: such a row is out of reach, which is said by numbers of
the same run. The bound is that of arithmetic alone, of the taps that are not in the padding; that
memory may be slower is left out."""

import dataclasses

import arithmetic


# Which peers a target is against.
AGAINST = {
    "any layout": lambda row, peer: True,
    "the same layout": lambda row, peer: peer["layout"] == row.layout,
    "OpenCV": lambda row, peer: peer["who"] == "OpenCV",
    "the same layout, not OpenCV": lambda row, peer: peer["layout"] == row.layout and peer["who"] != "OpenCV",
}


@dataclasses.dataclass(frozen=True)
class Target:
    kind: str
    layout: str
    ratio: float
    against: str = "any layout"
    precision: str = "default"

    def peer(self, row):
        """The fastest of them; None where none ran."""
        return arithmetic.fastest(peer for peer in row.peers if AGAINST[self.against](row, peer))


DENSE = ("3x3", "1x1", "strided", "dilated", "other dense", "first layer", "1-D")
DEPTHWISE = ("depthwise", "depthwise, wide kernel")
IMAGE_FILTERS = ("image filter", "image filter, wide kernel")


def of_all(kinds, ratio, against="any layout", precision="default", layouts=arithmetic.USER_LAYOUTS):
    return [Target(kind, layout, ratio, against, precision) for kind in kinds for layout in layouts]


# 3x3 layers are judged by exact sums, which are what these peers compute, and by the default's beside them.
# What is asked of the default's, Winograd's, is a ratio to Winograd's: to ncnn's, which is measured apart.
TARGETS = (
    *of_all(("3x3",), 1.0, precision="exact"),
    *of_all(DENSE, 1.0),
    *of_all(DEPTHWISE, 2.0, "the same layout", layouts=("nchw",)),
    *of_all(DEPTHWISE, 1.2, layouts=("nhwc",)),
    *of_all(("grouped",), 3.0),
    *of_all(("odd channels",), 1.3),
    *of_all(("few output channels", "nn.Conv2d(3, 6, 5)"), 2.0),
    *of_all(("image filter",), 2.0, "OpenCV"),
    *of_all(("image filter, wide kernel",), 4.0, "OpenCV"),
    *of_all(IMAGE_FILTERS, 5.0, "the same layout, not OpenCV"),
)


# Runs differ by so much.
NEAR = 0.95


@dataclasses.dataclass(frozen=True)
class Judgement:
    """A row beside its target and the peer that this is against. `peak` is the rate of fused multiply-adds
    alone, in GFLOP/s."""

    target: Target
    row: arithmetic.Row
    peer: dict
    peak: float

    @property
    def ratio(self):
        return self.peer["min_s"] / self.row.ours["min_s"]

    def of_peak(self, result):
        """The share of the peak that a result has, of the taps that are not in the padding."""
        return self.row.operations_on_inputs / result["min_s"] / 1e9 / self.peak

    @property
    def takes(self):
        """The share of the peak that reaching the target takes."""
        return self.target.ratio * self.of_peak(self.peer)

    @property
    def verdict(self):
        if self.ratio >= self.target.ratio:
            return "reached"
        if self.takes > 1:
            return "out of reach"
        return "within 5%" if self.ratio >= NEAR * self.target.ratio else "short"


VERDICTS = ("reached", "within 5%", "short", "out of reach")


def judged(rows, peaks):
    """[Judgement] by target, where a peer ran. `peaks` is {threads: GFLOP/s}."""
    of_precision = {each: arithmetic.of_precision(rows, each) for each in arithmetic.PRECISIONS}
    return [
        Judgement(target, row, peer, peaks[str(row.threads)])
        for target in TARGETS
        for row in of_precision[target.precision]
        if (row.kind, row.layout) == (target.kind, target.layout) and (peer := target.peer(row)) is not None
    ]


@dataclasses.dataclass
class Standing:
    """All rows of a target."""

    target: Target
    judgements: list

    @property
    def mean(self):
        return arithmetic.geometric_mean(each.ratio for each in self.judgements)

    @property
    def mean_with_the_same_layout(self):
        """Whatever peers the target is against."""
        return arithmetic.geometric_mean(each.row.ratio for each in self.judgements)

    @property
    def of_peak(self):
        """What we and the best peers have, as geometric means."""
        return (
            arithmetic.geometric_mean(each.of_peak(each.row.ours) for each in self.judgements),
            arithmetic.geometric_mean(each.of_peak(each.peer) for each in self.judgements),
        )

    def count(self, verdict):
        return sum(each.verdict == verdict for each in self.judgements)


def standings(judgements):
    """Of all targets that a row is of."""
    by_target = {}
    for each in judgements:
        by_target.setdefault(each.target, []).append(each)
    return [Standing(target, having) for target, having in by_target.items()]


def short(judgements):
    """Those that a peer leaves furthest behind their target first."""
    found = [each for each in judgements if each.verdict == "short"]
    return sorted(found, key=lambda each: each.ratio / each.target.ratio)


# All rows together, and each of them alone: by default sums.
WHOLE, FLOOR = 1.5, 0.9


@dataclasses.dataclass
class Whole:
    """The whole suite by one kind of our sums and one reading of the best peer; rows with no such peer
    are left out."""

    precision: str
    reading: str
    rows: list

    def ratio(self, row):
        return arithmetic.READINGS[self.reading](row)

    @property
    def mean(self):
        return arithmetic.geometric_mean(map(self.ratio, self.rows))

    @property
    def verdict(self):
        """Nothing is asked of all exact sums together."""
        if self.precision != "default" or self.mean is None:
            return ""
        return "reached" if self.mean >= WHOLE else "short"

    @property
    def below(self):
        """Those that a peer leaves further behind than any should be, the worst first."""
        return sorted((row for row in self.rows if self.ratio(row) < FLOOR), key=self.ratio)


def wholes(rows):
    return [
        Whole(precision, reading, [row for row in arithmetic.of_precision(rows, precision) if ratio(row) is not None])
        for precision in arithmetic.PRECISIONS
        for reading, ratio in arithmetic.READINGS.items()
    ]
