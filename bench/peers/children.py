"""Child processes that time one layer each, and what became of them."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import tempfile
import time

LONGEST_SECONDS = 180

# Threads stay where they are: two that share a processor for a while run at the rate of one. Large memory
# lies on large pages, as conv2d asks for them (GNU's C library, from 2.35 on).
ALIKE = {"OMP_PROC_BIND": "true", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def processors(count):
    """The first of those that we may use."""
    return sorted(os.sched_getaffinity(0))[:count]


def fate(status):
    """Why a child that ended so has said no more: "SIGFPE", or its exit status."""
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def objects_in(text):
    """The JSON objects that stand on lines of their own; libraries print other things too."""
    found = []
    for line in text.splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            thing = json.loads(line)
            if isinstance(thing, dict):
                found.append(thing)
    return found


def run(command, threads, environment=None):
    """The objects that the command printed, and nothing or why it ended before its end."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_SECONDS,
            env={**os.environ, **ALIKE, "OMP_NUM_THREADS": str(threads), **(environment or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, processors(threads)),
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        said = expired.stdout or b""
        return objects_in(said.decode(errors="replace") if isinstance(said, bytes) else said), "no end"
    return objects_in(done.stdout), None if done.returncode == 0 else fate(done.returncode)


def bench(options, lines, layout, *words):
    """What `conv2d bench` says of layers that are such lines, one each; `words` are given to it besides."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        command = [options.command, "bench", "--layers", file.name, "--json", "--layout", layout]
        command += ["--threads", str(options.threads), "--samples", str(options.samples)]
        command += ["--precision", options.precision, *words]
        said, trouble = run(command, options.threads)
    if trouble or len(said) != len(lines):
        raise RuntimeError(f"{' '.join(command)}: {trouble or 'said too little'}")
    return said


class Program:
    """A driver that is a program: started anew for each job."""

    def __init__(self, name, command, layouts, environment=None, takes=lambda layer: True):
        self.name, self.layouts, self.takes = name, layouts, takes
        self.command, self.environment = command, environment

    def start(self, words, threads):
        return run([*self.command, *words], threads, self.environment)

    def close(self):
        pass


class Server:
    """A driver that forks for each job: what it loads takes longer than the job. It says {"ready": true}
    when that is done: until then it would take time from whoever is measured."""

    def __init__(self, name, command, layouts):
        self.name, self.layouts, self.takes = name, layouts, lambda layer: True
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **ALIKE}
        )
        for line in self.process.stdout:
            if any("ready" in thing for thing in objects_in(line)):
                break

    def start(self, words, threads):
        with contextlib.suppress(BrokenPipeError):  # an ended server says nothing more
            self.process.stdin.write(" ".join(words) + "\n")
            self.process.stdin.flush()
        said = []
        for line in self.process.stdout:
            for thing in objects_in(line):
                if "exit" in thing:
                    return said, None if thing["exit"] == 0 else fate(thing["exit"])
                said.append(thing)
        return said, "its server ended"

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def time_peer(peer, layer, threads, samples):
    """A result for each layout. Where the child crashed in one, the next ones get another child."""
    results = []
    left = list(peer.layouts)
    while left:
        words = [*layer.words(), f"threads={threads}", f"samples={samples}", "layouts=" + ",".join(left)]
        said, trouble = peer.start(words, threads)
        results += said[: len(left)]
        left = left[len(said) :]
        if left:
            results.append({"layout": left.pop(0), "crash": trouble or "said nothing"})
    return [{"who": peer.name, **result} for result in results]


class Quiet:
    """The machine for us alone: an exclusive lock on a file that others who work here lock too, given
    back now and then, so that they get on."""

    def __init__(self, file, seconds=45):
        self.file = open(file, "w", encoding="utf-8") if file else None
        self.seconds = seconds
        self.since = None

    def ask(self):
        """Before each measurement: waits for the lock where we have not got it, or had it for long."""
        if self.file is None or (self.since and time.monotonic() - self.since < self.seconds):
            return
        fcntl.flock(self.file, fcntl.LOCK_UN)
        time.sleep(0.1)  # whoever waits comes first
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.since = time.monotonic()

    def close(self):
        if self.file is not None:
            self.file.close()
