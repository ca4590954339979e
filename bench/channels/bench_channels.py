#!/usr/bin/python3
"""Times layers with every number of channels by `conv2d bench`, and looks for cliffs: counts that take longer
than a larger count of the same kind, by more than a tenth. Writes report.json, report.md and channels.svg.
Ends with 1 where there is a cliff."""

import argparse
import contextlib
import datetime
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))

import children  # noqa: E402
import markdown  # noqa: E402

import cliffs  # noqa: E402
import kinds  # noqa: E402
import lines  # noqa: E402

AT_ONCE = 48  # layers of one process


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--command", required=True, help="the conv2d command")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="the folder for the report")
    names = [kind.name for kind in kinds.KINDS]
    parser.add_argument("--kinds", nargs="+", choices=names, default=names)
    parser.add_argument("--counts", type=int, nargs="+", default=kinds.COUNTS)
    parser.add_argument("--layouts", nargs="+", default=["nchw", "nhwc"])
    parser.add_argument("--precision", default="default")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=4, help="the first of all layers, the others of cliffs")
    parser.add_argument("--lock", help="a file to be locked (flock) while layers are timed")
    return parser.parse_args(words)


def time_list(options, layers, layout):
    """A result for each (kind, count)."""
    said = children.bench(options, [kind.line(count) for kind, count in layers], layout)
    return [{**result, "kind": kind.name, "channels": count} for result, (kind, count) in zip(said, layers)]


def lists_of(options, jobs):
    """(layout, layers) of one process each; `jobs` are (layout, kind, count)."""
    for layout in options.layouts:
        layers = [(kind, count) for each, kind, count in jobs if each == layout]
        for begin in range(0, len(layers), AT_ONCE):
            yield layout, layers[begin : begin + AT_ONCE]


def shortest(results):
    """Of each layer the result with the shortest time."""
    best = {}
    for result in results:
        key = (result["kind"], result["layout"], result["channels"])
        if key not in best or result["min_s"] < best[key]["min_s"]:
            best[key] = result
    return list(best.values())


def in_question(results, chosen):
    """Both sides of each cliff once more, for what is disturbed only seems slow."""
    by_name = {kind.name: kind for kind in chosen}
    sides = [side for cliff in cliffs.cliffs(results) for side in (cliff.slow, cliff.fast)]
    return list(dict.fromkeys((side["layout"], by_name[side["kind"]], side["channels"]) for side in sides))


def sweep(options, keep):
    """Calls keep(results) after each process: a run that is stopped leaves what it has."""
    chosen = [kind for kind in kinds.KINDS if kind.name in options.kinds]
    jobs = [(layout, kind, count) for layout in options.layouts for kind in chosen for count in options.counts]
    results = []
    with contextlib.closing(children.Quiet(options.lock)) as quiet:
        for number in range(1, options.rounds + 1):
            for layout, layers in lists_of(options, jobs):
                quiet.ask()
                results = shortest(results + time_list(options, layers, layout))
                keep(results)
                print(f"round {number}: {layout}, {layers[-1][0].name}", file=sys.stderr, flush=True)
            jobs = in_question(results, chosen)
    return results


def milliseconds(result):
    return markdown.number(1e3 * result["min_s"])


def cliffs_text(found):
    heading = ["layer", "layout", "channels", "ms", "algorithm", "more channels", "ms", "algorithm", "ratio"]
    rows = [
        [cliff.slow["kind"], cliff.slow["layout"],
         cliff.slow["channels"], milliseconds(cliff.slow), cliff.slow["algorithm"],
         cliff.fast["channels"], milliseconds(cliff.fast), cliff.fast["algorithm"], markdown.times(cliff.ratio)]
        for cliff in found
    ]  # fmt: skip
    return markdown.table(heading, rows) if rows else "None.\n"


def lines_text(results):
    heading = ["layer", "layout", "worst ratio", "of", "to", "lowest share", "of", "GFLOP/s", "beside", "GFLOP/s"]
    rows = []
    for (kind, layout), line in cliffs.lines_of(results).items():
        step, dip = cliffs.worst_step(line), cliffs.worst_dip(line)
        row = [kind, layout]
        row += [markdown.times(step.ratio), step.slow["channels"], step.fast["channels"]] if step else [""] * 3
        row += [markdown.percent(dip.share)] if dip else [""]
        for side in (dip.slow, dip.fast) if dip else ():
            row += [side["channels"], markdown.number(side["gflops"])]
        rows.append(row + [""] * (len(heading) - len(row)))
    return markdown.table(heading, rows)


def page(run):
    return f"""# Channel counts

{run["date"]}; {run["threads"]} thread{"s" * (run["threads"] > 1)}, {run["precision"]} precision, at least
{run["samples"]} samples of each layer, the shortest time counts.

![GFLOP/s by channels](channels.svg)

## Cliffs

Layers that take longer than one of the same kind with more channels, by more than a tenth, the worst first:
padding to that one would be faster.

{cliffs_text(cliffs.cliffs(run["results"]))}
## Lines

The worst ratio of a layer's time to that of one with more channels; and of layers with {cliffs.LANES} channels and
more the lowest GFLOP/s beside those of the multiples of {cliffs.LANES} before and behind.

{lines_text(run["results"])}"""


def write_report(run, out):
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(run, indent=1), encoding="utf-8")
    (out / "report.md").write_text(page(run), encoding="utf-8")
    (out / "channels.svg").write_text(lines.svg(run["results"]), encoding="utf-8")


def main(words=None):
    options = arguments(words)

    def keep(results):
        run = {
            "date": datetime.date.today().isoformat(),
            "threads": options.threads,
            "precision": options.precision,
            "samples": options.samples,
            "results": results,
        }
        write_report(run, options.out)

    found = cliffs.cliffs(sweep(options, keep))
    print(f"{len(found) or 'no'} cliff{'s' * (len(found) != 1)}: {options.out}/report.md")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
