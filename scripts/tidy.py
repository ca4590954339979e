#!/usr/bin/python3
"""clang-tidy over the library, the command and the examples.

Reads how they are compiled from build/fuzz, clang's own build, which compiles several files as one:
most of clang-tidy's time goes into the standard library's headers. A unit that was clean is not
looked at again until its text after preprocessing, its flags or the rules change.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "fuzz"
CLEAN = BUILD / "tidy"
FOLDERS = ("src", "cli", "examples")
INCLUDES_SOURCES = "-bugprone-suspicious-include"
# Paths through unrolled templates take the static analyzer minutes a file; sanitizers and guard pages
# look for the same there, in every instruction set.
KERNELS = ("src/simd/", "src/algorithm/")
NO_ANALYZER = "-clang-analyzer-*"
HEADERS = f"^{ROOT}/(include|{'|'.join(FOLDERS)})/"


def fingerprint(entry):
    """Of all that clang-tidy's answer depends on."""
    command = shlex.split(entry["command"])
    if os.path.basename(command[0]) == "ccache":
        command = command[1:]
    command = command[: command.index("-o")]
    text = subprocess.run(
        [*command, "-E", "-C", entry["file"]], cwd=entry["directory"], capture_output=True, check=True
    ).stdout
    rules = (ROOT / ".clang-tidy").read_bytes()
    return hashlib.sha256(b"\0".join([rules, " ".join(command).encode(), text])).hexdigest()


def checks(file):
    """What is left out for this unit."""
    is_kernel = file.is_relative_to(ROOT) and str(file.relative_to(ROOT)).startswith(KERNELS)
    return "--checks=" + ",".join([INCLUDES_SOURCES, *([NO_ANALYZER] if is_kernel else [])])


def check(entry):
    """Returns what clang-tidy says of one unit, nothing where it is clean."""
    file = pathlib.Path(entry["file"])
    stamp = CLEAN / file.relative_to(BUILD if file.is_relative_to(BUILD) else ROOT)
    try:
        now = fingerprint(entry)
    except subprocess.CalledProcessError as error:
        return error.stderr.decode()
    if stamp.exists() and stamp.read_text() == now:
        return ""
    run = subprocess.run(
        ["clang-tidy", "--quiet", "-p", BUILD, f"--header-filter={HEADERS}", checks(file), file],
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(now)
        return ""
    return run.stdout or run.stderr


def build():
    """Makes build/fuzz, for clang-tidy reads headers that the build generates."""
    for step in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz"]):
        subprocess.run(step, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="units that are read at a time")
    return parser.parse_args()


def main():
    jobs = parse_arguments().jobs
    build()
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    roots = [root / folder for root in (ROOT, BUILD) for folder in FOLDERS]
    entries = [e for e in commands if any(pathlib.Path(e["file"]).is_relative_to(r) for r in roots)]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        complaints = [text for text in pool.map(check, entries) if text]
    # A header's fault is found once for each unit that includes it.
    print("\n".join(dict.fromkeys("\n".join(complaints).splitlines())))
    print(f"clang-tidy: {len(entries) - len(complaints)} of {len(entries)} units clean")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
