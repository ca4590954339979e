#!/usr/bin/python3
"""Times layers drawn at random by `conv2d bench` with each algorithm by name, and says how much longer than the
fastest one that takes which the plan chooses. Writes report.json and report.md."""

import argparse
import contextlib
import datetime
import json
import math
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))

import children  # noqa: E402
import markdown  # noqa: E402

import draw  # noqa: E402

AT_ONCE = 64  # layers of one process
ALGORITHMS = ("planar", "direct", "depthwise_channels", "joined_groups", "winograd", "winograd_2x2")


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--command", required=True, help="the conv2d command")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="the folder for the report")
    parser.add_argument("--layers", type=int, default=300, help="how many are drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=3e7, help="multiply-adds of a layer")
    parser.add_argument("--algorithms", nargs="+", default=list(ALGORITHMS))
    parser.add_argument("--layouts", nargs="+", default=["nchw", "nhwc"])
    parser.add_argument("--precision", default="default")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--lock", help="a file to be locked (flock) while layers are timed")
    return parser.parse_args(words)


def choices(options, layers, layout):
    """For each layer the time of every algorithm that takes it, and which one the plan chooses."""
    lines = [layer.line() for layer in layers]
    planned = children.bench(options, lines, layout)
    found = [
        {"layer": line, "kind": layer.kind(), "layout": layout, "chosen": plan["algorithm"],
         "seconds": {plan["algorithm"]: plan["min_s"]}}
        for layer, line, plan in zip(layers, lines, planned)
    ]  # fmt: skip
    for algorithm in options.algorithms:
        for choice, result in zip(found, children.bench(options, lines, layout, "--algorithm", algorithm)):
            if "refused" not in result:
                seconds = choice["seconds"]
                seconds[algorithm] = min(result["min_s"], seconds.get(algorithm, math.inf))
    return found


def ratio(choice):
    """How many times as long as the fastest the chosen one takes."""
    return choice["seconds"][choice["chosen"]] / min(choice["seconds"].values())


def sweep(options, keep):
    """Calls keep(choices) after each list: a run that is stopped leaves what it has."""
    layers = draw.layers(random.Random(options.seed), options.layers, options.most)
    found = []
    with contextlib.closing(children.Quiet(options.lock)) as quiet:
        for begin in range(0, len(layers), AT_ONCE):
            for layout in options.layouts:
                quiet.ask()
                found += choices(options, layers[begin : begin + AT_ONCE], layout)
                keep(found)
                print(f"{len(found)} of {len(layers) * len(options.layouts)}", file=sys.stderr, flush=True)
    return found


def mean(found):
    return math.exp(sum(math.log(ratio(choice)) for choice in found) / len(found))


def means_text(found):
    kinds = sorted({(choice["kind"], choice["layout"]) for choice in found})
    groups = {("all", ""): found} | {
        key: [choice for choice in found if (choice["kind"], choice["layout"]) == key] for key in kinds
    }
    rows = [
        [*key, len(group), f"{mean(group):.3f}"]
        + [markdown.percent(sum(ratio(choice) > limit for choice in group) / len(group)) for limit in (1.1, 1.5)]
        for key, group in groups.items()
    ]
    return markdown.table(["layers", "layout", "number", "mean", "above 1.1", "above 1.5"], rows)


def worst_text(found):
    rows = []
    for choice in sorted(found, key=ratio, reverse=True)[:20]:
        fastest = min(choice["seconds"], key=choice["seconds"].get)
        rows.append(
            [choice["layer"], choice["layout"], choice["chosen"],
             markdown.number(1e6 * choice["seconds"][choice["chosen"]]), fastest,
             markdown.number(1e6 * choice["seconds"][fastest]), markdown.times(ratio(choice))]
        )  # fmt: skip
    return markdown.table(["layer", "layout", "chosen", "us", "fastest", "us", "ratio"], rows)


def page(run):
    return f"""# Choices

{run["date"]}; {run["layers"]} layers drawn with seed {run["seed"]}, {run["threads"]} thread\
{"s" * (run["threads"] > 1)}, {run["precision"]} precision.

How many times as long as the fastest algorithm the chosen one takes, as geometric means:

{means_text(run["choices"])}
The worst:

{worst_text(run["choices"])}"""


def write_report(run, out):
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(run, indent=1), encoding="utf-8")
    (out / "report.md").write_text(page(run), encoding="utf-8")


def main(words=None):
    options = arguments(words)

    def keep(found):
        run = {name: getattr(options, name) for name in ("layers", "seed", "threads", "precision", "samples")}
        write_report({"date": datetime.date.today().isoformat(), **run, "choices": found}, options.out)

    found = sweep(options, keep)
    print(f"{mean(found):.3f} of the fastest's time: {options.out}/report.md")


if __name__ == "__main__":
    main()
