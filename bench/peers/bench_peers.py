#!/usr/bin/python3
"""Times layers by `conv2d bench` and by other libraries, in turns, layer by layer, each in a child
process, and writes one report: report.json with every time, report.md, and pictures of the ratios.

The other libraries live in a root of their own (build_root.sh); running them there takes root."""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

import arithmetic
import bars
import children
import layers
import markdown

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--command", required=True, help="the conv2d command")
    parser.add_argument("--root", required=True, help="the folder that build_root.sh made")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="the folder for the report")
    parser.add_argument("--layers", help="a list of layers; without it, conv2d bench's own")
    parser.add_argument("--only", default="", help="only layers whose names contain this")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--lock", help="a file to be locked (flock) while layers are timed")
    return parser.parse_args()


def layers_to_time(options):
    listing = [options.command, "bench", "--list", *(["--layers", options.layers] if options.layers else [])]
    lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    return [layer for layer in map(layers.parse_line, lines) if options.only in layer.name]


def peers_in(root):
    inside = [str(HERE / "in_root.sh"), root]
    onnxruntime = [*inside, "/opt/peers/onnxruntime"]
    newest = {"PEER_LIBRARY": "/opt/peers/libonnxruntime.so.1"}
    debian = {"PEER_LIBRARY": "libonnxruntime.so.1.21"}
    return [
        children.Program("oneDNN", [*inside, "/opt/peers/onednn"], ["nchw", "nhwc", "best"]),
        children.Program("ONNX Runtime (npm)", onnxruntime, ["nchw", "nhwc"], newest),
        children.Program("ONNX Runtime (Debian)", onnxruntime, ["nchw", "nhwc"], debian),
        children.Server("PyTorch", [*inside, "python3", "/opt/peers/torch_driver.py"], ["nchw", "nhwc", "best"]),
        children.Program(
            "OpenCV",
            [*inside, "/opt/peers/opencv"],
            ["nchw", "nhwc"],
            takes=lambda layer: layers.filters_images(layer) and layer.n == 1 and layer.c == layer.k,
        ),
    ]


def time_ours(options, layer, threads, layout, precision):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(layer.line + "\n")
        file.flush()
        command = [options.command, "bench", "--layers", file.name, "--json", "--threads", str(threads)]
        command += ["--samples", str(options.samples), "--layout", layout, "--precision", precision]
        said, trouble = children.run(command, threads)
    result = said[0] if said else {"layout": layout, "crash": trouble}
    return {**result, "who": arithmetic.OURS, "precision": precision}


def ours(options, layer, threads):
    """In both layouts; and in exact sums where the default's are others."""
    results = []
    for layout in arithmetic.USER_LAYOUTS:
        default = time_ours(options, layer, threads, layout, "default")
        results.append(default)
        if not arithmetic.has_exact_sums(default):
            results.append(time_ours(options, layer, threads, layout, "exact"))
    return results


def time_layer(options, peers, layer, threads):
    """We go first, and the peers in turns after us."""
    results = ours(options, layer, threads)
    for peer in peers:
        if peer.takes(layer):
            results += children.time_peer(peer, layer, threads, options.samples)
    about = {"layer": layer.name, "class": layers.class_of(layer), "operations": layer.operations,
             "operations_on_inputs": layer.operations_on_inputs}
    return [{**result, **about, "threads": threads} for result in results]


def time_all(options, chosen, keep):
    """Calls keep(results) after each layer: a run that is stopped leaves what it has."""
    peers = peers_in(options.root)
    results = []
    with contextlib.ExitStack() as stack:
        for peer in peers:
            stack.callback(peer.close)
        quiet = children.Quiet(options.lock)
        stack.callback(quiet.close)
        for index, layer in enumerate(chosen):
            turn = index % len(peers)
            for threads in options.threads:
                quiet.ask()
                results += time_layer(options, peers[turn:] + peers[:turn], layer, threads)
            keep(results)
            print(f"{index + 1} of {len(chosen)}: {layer.name}", file=sys.stderr, flush=True)


def processor():
    """Its name, as Linux has it."""
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def commit_of(command):
    """Of the checkout that the command lies in, with "-dirty" where a file of it differs; None outside of one."""
    folder = pathlib.Path(shutil.which(command) or command).resolve().parent
    asking = ["git", "-C", folder, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(asking, capture_output=True, text=True, check=False).stdout.strip() or None
    except FileNotFoundError:
        return None  # no git here


def peaks_of(results):
    """{threads: GFLOP/s}, the best that any of our runs measured."""
    peaks = {}
    for result in results:
        if result.get("peak_fraction"):
            threads = str(result["threads"])
            peaks[threads] = max(peaks.get(threads, 0), result["gflops"] / result["peak_fraction"])
    return peaks


def class_bars(rows):
    found = arithmetic.means(arithmetic.of_precision(rows, "default"), lambda row: row.ratio)
    return [
        (f"{kind}, {threads} thread{'s' * (threads > 1)}, {layout}", ratio)
        for kind, columns in found.items()
        for (threads, layout), ratio in columns.items()
        if ratio
    ]


def write_report(run, out):
    out.mkdir(parents=True, exist_ok=True)
    rows = arithmetic.rows_of(run["results"])
    (out / "report.json").write_text(json.dumps(run, indent=1), encoding="utf-8")
    (out / "report.md").write_text(markdown.page(run, "peers.svg"), encoding="utf-8")
    title = "conv2d by default sums against the best peer with the same layout: geometric means of the ratios"
    (out / "peers.svg").write_text(bars.svg(title, class_bars(rows)), encoding="utf-8")


def main():
    options = arguments()
    began = datetime.datetime.now().isoformat(timespec="seconds")
    commit = commit_of(options.command)

    def keep(results):
        run = {
            "date": datetime.date.today().isoformat(),
            "began": [began],
            "commit": commit,
            "machine": f"{processor()}, {os.cpu_count()} processors",
            "samples": options.samples,
            "peaks": peaks_of(results),
            "results": results,
        }
        write_report(run, options.out)

    time_all(options, layers_to_time(options), keep)
    print(f"{options.out}/report.md")


if __name__ == "__main__":
    main()
