#!/usr/bin/python3
"""Puts the reports of several runs of one commit together, on one machine, against the same versions of
the peers: of each row the shortest time of all runs counts, for everybody alike. A single report is only
written anew, as reports are written today.

Times of two commits are never put together: a row would have the best of both, which no commit has."""

import argparse
import json
import pathlib
import statistics
import sys

import arithmetic
import bench_peers
import layers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=pathlib.Path, help="the folder for the report")
    parser.add_argument("reports", nargs="+", type=pathlib.Path, metavar="report.json")
    return parser.parse_args()


def read(path):
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError:
        run = None
    if not isinstance(run, dict) or not {"date", "machine", "samples", "peaks", "results"} <= run.keys():
        raise ValueError(f"{path} is no report.json of bench_peers.py")
    return run


def check_commits(runs):
    """`runs` is {path: run}, as everywhere below."""
    for path, run in runs.items():
        commit = run.get("commit")
        if not commit:
            raise ValueError(f"{path} does not say its commit; only reports of one commit are put together")
        if commit.endswith("-dirty"):
            raise ValueError(f"{path} is of {commit}: changes that no commit has may differ between two runs")
    check_alike(runs, "is of commit", lambda run: run["commit"])


def check_alike(runs, what, value):
    (first, first_run), *others = runs.items()
    for path, run in others:
        if value(run) != value(first_run):
            raise ValueError(f"{first} {what} {value(first_run)} and {path} {what} {value(run)}")


def check_agree(runs, values):
    """Where two runs both have a value, {name: value}, it is one."""
    seen = {}
    for path, run in runs.items():
        for name, value in values(run).items():
            before, first = seen.setdefault(name, (value, path))
            if before != value:
                raise ValueError(f"{first} has {name} {before} and {path} has {value}")


def versions(run):
    return {each["who"]: each["version"] for each in run["results"] if "version" in each}


def operations(run):
    return {f"a layer {each['layer']}": f"of {each['operations']} operations" for each in run["results"]}


def check_different(runs):
    """A run that is read twice would count twice."""
    seen = {}
    for path, run in runs.items():
        for began in run["began"]:
            if began in seen:
                raise ValueError(f"{seen[began]} and {path} both have the run that began at {began}")
            seen[began] = path


def key(result):
    return (result["layer"], result["threads"], result["who"], result["layout"], result.get("precision"))


def together(results):
    """Of one row and one library in several runs: the shortest time, the largest error, and every median.
    What crashed stays beside it."""
    timed = [result for result in results if "min_s" in result]
    crashed = arithmetic.crashes(results)
    if not timed:
        return crashed
    medians = [median for result in timed for median in result.get("medians_s", [result["median_s"]])]
    both = {
        **arithmetic.fastest(timed),
        "runs": sum(result.get("runs", 1) for result in timed),
        "samples": sum(result["samples"] for result in timed),
        "median_s": statistics.median(medians),
        "medians_s": medians,
        "max_error": max(result["max_error"] for result in timed),
    }
    return [both, *crashed]


def merged(runs):
    """One run of all, {path: run}; ValueError where they are of different things."""
    check_commits(runs)
    check_different(runs)
    check_alike(runs, "is of", lambda run: run["machine"])
    check_agree(runs, versions)
    check_agree(runs, operations)
    by_key = {}
    for run in runs.values():
        for result in run["results"]:
            by_key.setdefault(key(result), []).append(result)
    threads = sorted({threads for run in runs.values() for threads in run["peaks"]})
    return {
        **next(iter(runs.values())),
        "date": max(run["date"] for run in runs.values()),
        "began": sorted(began for run in runs.values() for began in run["began"]),
        "samples": min(run["samples"] for run in runs.values()),
        "peaks": {each: max(run["peaks"].get(each, 0) for run in runs.values()) for each in threads},
        "results": [each for results in by_key.values() for each in together(results)],
    }


def with_classes_of_today(run):
    """Layers of the suite are of the classes that they have now: a report of before may have others."""
    suite = {(layer.name, layer.operations): layers.class_of(layer) for layer in layers.suite()}
    results = [
        {**each, "class": suite.get((each["layer"], each["operations"]), each["class"])} for each in run["results"]
    ]
    return {**run, "results": results}


def main():
    options = arguments()
    try:
        runs = {path: read(path) for path in options.reports}
        if len(runs) < len(options.reports):
            raise ValueError("a report is named twice")
        run = merged(runs) if len(runs) > 1 else next(iter(runs.values()))
    except ValueError as error:
        sys.exit(f"merge.py: {error}")
    bench_peers.write_report(with_classes_of_today(run), options.out)
    print(f"{options.out}/report.md")


if __name__ == "__main__":
    main()
