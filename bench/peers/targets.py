"""How fast we want to be, class by class, and how many rows are.

A target is a ratio to the best peer. Where a peer is near the peak of fused multiply-adds, no sum in
the definition's order can reach a large one: such a row is out of reach, which is said by numbers of
the same run. The bound is that of arithmetic alone, of the taps that are not in the padding; that
memory may be slower is left out."""

import dataclasses

import arithmetic


@dataclasses.dataclass(frozen=True)
class Target:
    kind: str
    layout: str
    ratio: float
    any_layout: bool = True  # against a peer with whatever layout suits it, or with the user's


DENSE = ("3x3", "1x1", "strided", "dilated", "other dense")
DEPTHWISE = ("depthwise", "depthwise, wide kernel")
TARGETS = (
    *(Target(kind, layout, 1.0) for kind in (*DENSE, "first layer") for layout in arithmetic.USER_LAYOUTS),
    *(Target(kind, "nchw", 2.0, any_layout=False) for kind in DEPTHWISE),
    *(Target(kind, "nhwc", 1.2) for kind in DEPTHWISE),
    *(
        Target(kind, layout, ratio)
        for kind, ratio in (("grouped", 3.0), ("odd channels", 1.3), ("image filter", 2.0))
        for layout in arithmetic.USER_LAYOUTS
    ),
)


# Runs differ by so much.
NEAR = 0.95


@dataclasses.dataclass
class Standing:
    """Rows of a target: how many there are, reach it, nearly do, cannot, and are short of it; and their
    mean."""

    target: Target
    rows: int = 0
    met: int = 0
    near: int = 0
    out_of_reach: int = 0
    short: int = 0
    mean: float = 0.0


def peer_of(row, target):
    return row.any_layout if target.any_layout else row.same_layout


def standing(target, rows, peaks):
    """`peaks` is {threads: GFLOP/s}."""
    found = Standing(target)
    ratios = []
    for row in rows:
        peer = peer_of(row, target)
        if row.kind != target.kind or row.layout != target.layout or peer is None:
            continue
        ratio = peer["min_s"] / row.ours["min_s"]
        at_the_peak = peer["min_s"] / (row.operations_on_inputs / peaks[str(row.threads)] / 1e9)
        ratios.append(ratio)
        found.rows += 1
        if ratio >= target.ratio:
            found.met += 1
        elif at_the_peak < target.ratio:
            found.out_of_reach += 1
        elif ratio >= NEAR * target.ratio:
            found.near += 1
        else:
            found.short += 1
    found.mean = arithmetic.geometric_mean(ratios)
    return found


def standings(rows, peaks):
    """Of all targets that a row is of. Our default precision, in which a layer takes the fastest sums."""
    chosen = arithmetic.of_precision(rows, "default")
    found = [standing(target, chosen, peaks) for target in TARGETS]
    return [each for each in found if each.rows]
