"""The report as a page."""

import arithmetic
import targets


def table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def number(value):
    """Three digits, without an exponent."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def times(value):
    return "" if value is None else f"{value:.2f}"


def rival(row, result):
    if result is None:
        return "none ran"
    return f"{number(row.rate(result))} {result['who']}, {result['layout']}: {result['implementation']}"


def our_text(row):
    exact = ", exact" if row.precision == "exact" else ""
    return f"{number(row.rate(row.ours))} {row.ours['algorithm']}{exact}"


def row_cells(row):
    return [
        row.layer,
        row.threads,
        row.layout,
        our_text(row),
        rival(row, row.same_layout),
        times(row.ratio),
        rival(row, row.any_layout),
        times(row.ratio_to_any),
    ]


ROW_HEADING = [
    "layer", "threads", "layout", "conv2d, GFLOP/s", "best peer, the same layout", "ratio",
    "best peer, any layout", "ratio",
]  # fmt: skip


def rows_table(rows):
    return table(ROW_HEADING, [row_cells(row) for row in rows]) if rows else "None.\n"


def column_name(threads, layout):
    return f"{threads} thread{'s' * (threads > 1)}, {layout}"


def means_table(found, what):
    """Of {what: {(threads, layout): mean}}."""
    heading = [what, *(column_name(*column) for column in next(iter(found.values())))]
    return table(heading, [[kind, *map(times, found[kind].values())] for kind in found])


def means_text(rows, results):
    text = ""
    for precision in arithmetic.PRECISIONS:
        chosen = arithmetic.of_precision(rows, precision)
        for reading, ratio in arithmetic.READINGS.items():
            found = means_table(arithmetic.means(chosen, ratio), "class")
            text += f"Our {precision} sums against the best peer with {reading}:\n\n{found}\n"
    found = arithmetic.means_by_peer(arithmetic.of_precision(rows, "default"), results)
    alone = "Our default sums against each peer alone, with the same layout"
    return text + (f"{alone}:\n\n{means_table(found, 'peer')}\n" if found else "")


def limits_text(rows, peaks):
    """What the means over all layers could come to without fewer operations."""
    best = arithmetic.at_the_peak(arithmetic.of_precision(rows, "default"), peaks)
    found = {name: arithmetic.means(best, ratio)["all"] for name, ratio in arithmetic.READINGS.items()}
    return means_table(found, "best peer with")


def percent(share):
    return f"{100 * share:.0f}%"


def targets_text(judgements):
    heading = [
        "class", "sums", "layout", "target", "against", "mean", "mean, the same layout", "we, of the peak",
        "the peer", "rows", *targets.VERDICTS,
    ]  # fmt: skip
    lines = []
    for each in targets.standings(judgements):
        target = each.target
        lines.append(
            [target.kind, target.precision, target.layout, times(target.ratio), target.against, times(each.mean),
             times(each.mean_with_the_same_layout), *map(percent, each.of_peak), len(each.judgements), *map(each.count, targets.VERDICTS)]
        )  # fmt: skip
    return table(heading, lines)


def short_text(judgements):
    heading = [
        "layer", "threads", "layout", "class", "sums", "ratio", "target", "against", "we, of the peak", "the peer",
        "the target takes",
    ]  # fmt: skip
    lines = [
        [each.row.layer, each.row.threads, each.row.layout, each.target.kind, each.target.precision,
         times(each.ratio), times(each.target.ratio), each.target.against, percent(each.of_peak(each.row.ours)),
         percent(each.of_peak(each.peer)), percent(each.takes)]
        for each in targets.short(judgements)
    ]  # fmt: skip
    return table(heading, lines) if lines else "None.\n"


def whole_text(wholes):
    """All rows together."""
    columns = sorted({(row.threads, row.layout) for whole in wholes for row in whole.rows})
    heading = ["sums", "best peer with", *(column_name(*column) for column in columns), "together",
               f"target {targets.WHOLE}", "rows", f"below {targets.FLOOR}"]  # fmt: skip
    lines = []
    for each in wholes:
        found = arithmetic.means(each.rows, each.ratio)["all"]
        lines.append(
            [each.precision, each.reading, *(times(found.get(column)) for column in columns), times(each.mean),
             each.verdict, len(each.rows), len(each.below)]
        )  # fmt: skip
    return table(heading, lines)


def below_text(wholes):
    """The rows below the floor by any reading, each once for each of our sums. With three digits behind the
    point, as none may look as if it stood on the floor."""
    found = {(row.layer, row.threads, row.layout, row.precision): row for whole in wholes for row in whole.below}
    if not found:
        return "None.\n"
    heading = ["layer", "threads", "layout", "class", "sums", *arithmetic.READINGS]
    lines = [
        [row.layer, row.threads, row.layout, row.kind, row.precision,
         *("" if ratio(row) is None else f"{ratio(row):.3f}" for ratio in arithmetic.READINGS.values())]
        for row in sorted(found.values(), key=lambda row: row.ratio_to_any)
    ]  # fmt: skip
    return table(heading, lines)


def versions_text(results):
    found = sorted({(result["who"], result["version"]) for result in results if "version" in result})
    return ", ".join(f"{who} {version}" for who, version in found)


def crashes_text(results):
    crashed = arithmetic.crashes(results)
    if not crashed:
        return "None.\n"
    heading = ["layer", "threads", "who", "layout", "how it ended"]
    return table(
        heading,
        [[each["layer"], each["threads"], each["who"], each["layout"], each["crash"]] for each in crashed],
    )


def errors_text(results):
    """The largest error of each, over all layers."""
    worst = {}
    for result in results:
        if "max_error" in result:
            who = result["who"] + (f", {result['precision']}" if "precision" in result else "")
            worst[who] = max(worst.get(who, 0), result["max_error"])
    return table(["who", "largest error"], [[who, f"{error:.1e}"] for who, error in sorted(worst.items())])


def page(run, picture):
    """`run` is what the JSON file holds: machine, peaks, samples and results."""
    rows = arithmetic.rows_of(run["results"])
    lost = arithmetic.losses(rows)
    judgements = targets.judged(rows, run["peaks"])
    wholes = targets.wholes(rows)
    ours_crashed = sum(each["who"] == arithmetic.OURS for each in arithmetic.crashes(run["results"]))
    peaks = ", ".join(
        f"{number(peak)} with {threads} thread{'s' * (int(threads) > 1)}" for threads, peak in run["peaks"].items()
    )
    layers = len({row.layer for row in rows})
    return f"""### The run

{run["date"]}; {run["machine"]}; {layers} layers, at least {run["samples"]} samples each, the shortest time of
each counts. Fused multiply-adds alone reach, in GFLOP/s: {peaks}.
Peers: {versions_text(run["results"])}.

A ratio says how many times as fast as the best peer we are: from the user's layout (`nchw` or `nhwc`),
with the peer's conversions timed; and from whatever layout suits the peer best.

![Ratios by class](images/{picture})

### The whole suite

What we want by default sums: all rows together {targets.WHOLE} times as fast as the best peer of each, as a
geometric mean, and none below {targets.FLOOR}. Where default sums are exact ones their row stands for both.
Rows of ours that crashed, and are in no mean: {ours_crashed}.

{whole_text(wholes)}
The rows below {targets.FLOOR}, the worst first:

{below_text(wholes)}
### Losses

{len(lost)} of {len(rows)} rows, the worst first: a peer is faster, with whatever layout suits it.

{rows_table(lost)}
### Geometric means

{means_text(rows, run["results"])}What the means of all layers would be if each that takes longer than its operations at the peak of fused
multiply-adds took as long as these, and no layer read or wrote memory:

{limits_text(rows, run["peaks"])}
### Targets

What we want to be to the best peer, as a ratio, and with how many rows we are. A row is out of reach
where even the peak of fused multiply-adds, on the taps that are not in the padding, would not reach it.
Shares of that peak are geometric means; those above 100% took fewer operations.

{targets_text(judgements)}
### Short rows

The furthest from their target first, and the share of the peak that reaching it takes.

{short_text(judgements)}
### Crashes

{crashes_text(run["results"])}
### Errors

The largest |y − y′| / n over all layers, with numbers from −1 to 1; y′ is computed in float64, for a
sample of the outputs, and n is the number of its products.

{errors_text(run["results"])}
### All rows

{rows_table(rows)}"""
