"""From times to what is said of them: rows, ratios, means, losses.

A result is what one run of one layer gave: layer, class, operations, operations_on_inputs (those that
are not on the padding's zeros), threads, who, layout, and either min_s, max_error, implementation and
so on, or `crash`. Ours are those of "conv2d"."""

import dataclasses
import math

OURS = "conv2d"
USER_LAYOUTS = ("nchw", "nhwc")
PRECISIONS = ("default", "exact")


@dataclasses.dataclass
class Row:
    """A layer as a user has it: we, and the best peers, each with the same number of threads."""

    layer: str
    kind: str
    threads: int
    layout: str
    precision: str
    operations: int
    operations_on_inputs: int
    ours: dict
    peers: list  # results of all others, whatever their layout

    @property
    def exact(self):
        """Whether our sums are the definition's, in its order."""
        return self.precision == "exact" or has_exact_sums(self.ours)

    @property
    def same_layout(self):
        """The fastest peer with the user's layout; None where none ran."""
        return fastest(peer for peer in self.peers if peer["layout"] == self.layout)

    @property
    def any_layout(self):
        """The fastest peer with whatever layout suits it best."""
        return fastest(self.peers)

    @property
    def ratio(self):
        """How many times as fast as the best peer with the user's layout."""
        return self.same_layout["min_s"] / self.ours["min_s"] if self.same_layout else None

    @property
    def ratio_to_any(self):
        return self.any_layout["min_s"] / self.ours["min_s"] if self.any_layout else None

    def rate(self, result):
        """GFLOP/s."""
        return self.operations / result["min_s"] / 1e9


# The two readings of "the best peer" of a row.
READINGS = {"the same layout": lambda row: row.ratio, "any layout": lambda row: row.ratio_to_any}


def has_exact_sums(ours):
    """Of our result in the default precision, which takes Winograd's sums where they are faster. (Separable
    filters have others, too, but random ones are not separable.)"""
    return not ours.get("algorithm", "").startswith("winograd")


def fastest(results):
    timed = [result for result in results if "min_s" in result]
    return min(timed, key=lambda result: result["min_s"], default=None)


def rows_of(results):
    """One for each of our times; the order is that of the results."""
    peers = [result for result in results if result["who"] != OURS]
    rows = []
    for ours in results:
        if ours["who"] != OURS or "min_s" not in ours:
            continue
        key = (ours["layer"], ours["threads"])
        rows.append(
            Row(
                layer=ours["layer"],
                kind=ours["class"],
                threads=ours["threads"],
                layout=ours["layout"],
                precision=ours["precision"],
                operations=ours["operations"],
                operations_on_inputs=ours["operations_on_inputs"],
                ours=ours,
                peers=[peer for peer in peers if (peer["layer"], peer["threads"]) == key],
            )
        )
    return rows


def geometric_mean(values):
    """None of nothing."""
    values = [value for value in values if value is not None]
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if values else None


def of_precision(rows, precision):
    """One row for each layer, threads and layout. Where the default's sums are exact ones already, we
    were not timed twice, and its row stands for both; where they are not, it stands for no exact ones,
    even if those crashed."""
    chosen = {}
    for row in rows:
        if precision == "exact" and not row.exact:
            continue
        key = (row.layer, row.threads, row.layout)
        if key not in chosen or row.precision == precision:
            chosen[key] = row
    return list(chosen.values())


def at_the_peak(rows, peaks):
    """The rows as they would be if we did the definition's operations, without those on the padding's
    zeros, at the rate of fused multiply-adds alone, {threads: GFLOP/s}, wherever we take longer."""
    return [
        dataclasses.replace(
            row,
            ours=row.ours
            | {"min_s": min(row.ours["min_s"], row.operations_on_inputs / peaks[str(row.threads)] / 1e9)},
        )
        for row in rows
    ]


def means(rows, ratio):
    """{kind: {(threads, layout): geometric mean}}, and the same of "all"."""
    table = {}
    columns = sorted({(row.threads, row.layout) for row in rows})
    for kind in [*dict.fromkeys(row.kind for row in rows), "all"]:
        of_kind = [row for row in rows if kind in (row.kind, "all")]
        table[kind] = {
            column: geometric_mean(ratio(row) for row in of_kind if (row.threads, row.layout) == column)
            for column in columns
        }
    return table


def means_by_peer(rows, results):
    """{who: {(threads, layout): geometric mean}} against each alone, with the user's layout."""
    theirs = {
        (result["layer"], result["threads"], result["layout"], result["who"]): result["min_s"]
        for result in results
        if "min_s" in result and result["who"] != OURS
    }
    columns = sorted({(row.threads, row.layout) for row in rows})
    table = {}
    for who in sorted({key[3] for key in theirs}):
        ratios = {column: [] for column in columns}
        for row in rows:
            seconds = theirs.get((row.layer, row.threads, row.layout, who))
            ratios[row.threads, row.layout].append(seconds and seconds / row.ours["min_s"])
        table[who] = {column: geometric_mean(ratios[column]) for column in columns}
    return table


def losses(rows):
    """Rows in which a peer is faster than we are, the worst first: with whatever layout suits it."""
    lost = [row for row in rows if row.ratio_to_any is not None and row.ratio_to_any < 1]
    return sorted(lost, key=lambda row: row.ratio_to_any)


def crashes(results):
    return [result for result in results if "crash" in result]
