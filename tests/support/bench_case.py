"""What tests of the benchmarks in bench/ share, which run `conv2d bench` or something that answers like it."""

import contextlib
import io
import json
import pathlib
import stat
import sys
import tempfile
import unittest


class BenchCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "new" / "out"

    def fake(self, text):
        """A command that is this program, in which {python} is the interpreter."""
        command = self.folder / "fake"
        command.write_text(text.format(python=sys.executable), encoding="utf-8")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        return command

    def bench(self, main, command, *words):
        """(exit status, what was printed, what the report holds, its text)"""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            status = main(["--command", str(command), "--out", str(self.out), *words])
        run = json.loads((self.out / "report.json").read_text(encoding="utf-8"))
        return status, printed.getvalue(), run, (self.out / "report.md").read_text(encoding="utf-8")
