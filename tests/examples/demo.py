"""Running the demo in a folder of its own."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from pictures import png

DEMO = os.environ["CONV2D_DEMO"]


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="demo_test."))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_demo(self, *arguments):
        return subprocess.run([DEMO, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)

    def succeed(self, *arguments):
        done = self.run_demo(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def picture(self, name, *size):
        (self.folder / name).write_bytes(png(*size))
        return name
