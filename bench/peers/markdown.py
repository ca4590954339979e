"""The report as a page."""

import arithmetic
import summary
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


def threads_text(threads):
    return f"{threads} thread{'s' * (threads > 1)}"


def column_name(threads, layout):
    return f"{threads_text(threads)}, {layout}"


def means_table(found, what):
    """Of {what: {(threads, layout): mean}}."""
    if not found:
        return "None ran.\n"
    heading = [what, *(column_name(*column) for column in next(iter(found.values())))]
    return table(heading, [[kind, *map(times, found[kind].values())] for kind in found])


def means_text(rows, results):
    tables = []
    for precision in arithmetic.PRECISIONS:
        chosen = arithmetic.of_precision(rows, precision)
        for reading, ratio in arithmetic.READINGS.items():
            found = means_table(arithmetic.means(chosen, ratio), "class")
            tables.append(f"Our {precision} sums against the best peer with {reading}:\n\n{found}")
    found = means_table(arithmetic.means_by_peer(arithmetic.of_precision(rows, "default"), results), "peer")
    tables.append(f"Our default sums against each peer alone, with the same layout:\n\n{found}")
    return "\n".join(tables)


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
             times(each.mean_with_the_same_layout), *map(percent, each.of_peak), len(each.judgements),
             *map(each.count, targets.VERDICTS)]
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


def summary_text(rows):
    readings = list(arithmetic.READINGS)
    heading = ["class", "layers"]
    for column in summary.columns_of(rows):
        heading += [f"{column_name(*column)}: {readings[0]}", *readings[1:]]
    return table(heading, [[name, layers, *map(times, means)] for name, layers, means in summary.lines(rows)])


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


def run_text(run, rows):
    """When, where and of what; a report of before these were kept has no commit."""
    peaks = ", ".join(f"{number(peak)} with {threads_text(int(threads))}" for threads, peak in run["peaks"].items())
    commit = f"commit {run['commit']}" if run.get("commit") else "commits are not recorded"
    return f"""{run["date"]}; {commit}; {run["machine"]}; {len({row.layer for row in rows})} layers.
Everybody times each in a child process, forward passes one by one: at least {run["samples"]} in a layout, for a tenth
of a second at least and ten seconds at most. The shortest counts{runs_text(run)}.
Fused multiply-adds alone reach, in GFLOP/s: {peaks}.
Peers: {versions_text(run["results"])}.
"""


def runs_text(run):
    """How often everybody had its turn, where that is recorded."""
    if "began" not in run:
        return ", of all runs that were put together"
    times_each = sorted({result.get("runs", 1) for result in run["results"] if "min_s" in result})
    if times_each == [1]:
        return ", of one run"
    return f", of {' to '.join(map(str, dict.fromkeys((times_each[0], times_each[-1]))))} runs of this commit"


READINGS_TEXT = """\
A ratio says how many times as fast as the best peer we are, with as many threads. Our tensors lie as the user
has them, contiguous (`nchw`) or channels-last (`nhwc`). There are two best peers of a row:

- with **the same layout**: of those that get the user's tensors; what they convert is timed.
- with **any layout**: of all, also those whose tensors lie otherwise, as suits them best, and that convert nothing.

And there are two kinds of sums of ours. **Default** ones are Winograd's where these are faster; **exact** ones are
the definition's, in its order. Where a layer's default sums are exact one row stands for both.
"""


def summary_section(rows):
    return f"""\
How many times as fast as the best peer we are, as geometric means over layers: against the best one with the
same layout, and with any layout. Where default sums are not exact both kinds stand here; classes that share a
line have [one each](#geometric-means) below.

{summary_text(rows)}"""


def whole_section(run, rows):
    wholes = targets.wholes(rows)
    ours_crashed = sum(each["who"] == arithmetic.OURS for each in arithmetic.crashes(run["results"]))
    return f"""\
What we want by default sums: all rows together {targets.WHOLE} times as fast as the best peer of each, as a
geometric mean, and none below {targets.FLOOR}. Timings of ours that crashed, and are in no mean: {ours_crashed}.

{whole_text(wholes)}
The rows below {targets.FLOOR}, the worst first:

{below_text(wholes)}"""


def losses_section(rows):
    lost = arithmetic.losses(rows)
    same_layout = sum(row.ratio is not None and row.ratio < 1 for row in rows)
    return f"""\
In {len(lost)} of {len(rows)} rows, of default and of exact sums, the best peer with any layout is faster, in
{same_layout} that with the same layout. The worst first:

{rows_table(lost)}"""


def means_section(run, rows):
    return f"""\
{means_text(rows, run["results"])}
What the means of all layers would be, by default sums, if each that takes longer than its operations at
the peak of fused multiply-adds took as long as these, and no layer read or wrote memory:

{limits_text(rows, run["peaks"])}"""


def targets_section(judgements):
    return f"""What we want to be to the best peer, as a ratio, and with how many rows we are. A row is out of reach
where even the peak of fused multiply-adds, on the taps that are not in the padding, would not reach it.
Shares of that peak are geometric means; those above 100% took fewer operations.

{targets_text(judgements)}"""


def short_section(judgements):
    return f"""The furthest from their target first, and the share of the peak that reaching it takes.

{short_text(judgements)}"""


def errors_section(results):
    return f"""\
The largest |y − y′| / n over all layers, with numbers from −1 to 1; y′ is computed in float64, for 1024 of our
outputs, 512 of a peer's and 128 of PyTorch's, and n is the number of its products.

{errors_text(results)}"""


def page(run, picture):
    """`run` is what the JSON file holds: date, commit, machine, peaks, samples and results."""
    rows = arithmetic.rows_of(run["results"])
    judgements = targets.judged(rows, run["peaks"])
    bars = f"![Ratios by class: default sums, the best peer with the same layout](images/{picture})\n"
    sections = {
        "The run": f"{run_text(run, rows)}\n{READINGS_TEXT}\n{bars}",
        "How fast it is": summary_section(rows),
        "The whole suite": whole_section(run, rows),
        "Losses": losses_section(rows),
        "Geometric means": means_section(run, rows),
        "Targets": targets_section(judgements),
        "Short rows": short_section(judgements),
        "Crashes": crashes_text(run["results"]),
        "Errors": errors_section(run["results"]),
        "All rows": rows_table(rows),
    }
    return "\n".join(f"### {heading}\n\n{text}" for heading, text in sections.items())
