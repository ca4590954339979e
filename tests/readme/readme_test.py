"""README.md is true: its code is compiled and run, its console output is what programs print. The
links of all pages lead somewhere.

Blocks are taken from top to bottom, in one folder that holds photo.png, so that later ones may use
what earlier ones wrote. Their language says what is done with them:
  cmake    how every C++ block finds and links an installed copy of this build; there is one
  cpp      compiled and run; what is no whole program becomes the body of main
  sh       each command is run; those of make are only planned (make --dry-run), in the project
  console  what follows "$ " is run and must print what stands below it
  python   run with the PyTorch of Debian's Python
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

from pages import FENCE, ROOT, leads_somewhere, links, transcript

BUILD = os.environ["CONV2D_BUILD"]
PROGRAMS = [str(pathlib.Path(os.environ[name]).parent) for name in ("CONV2D_COMMAND", "CONV2D_EXAMPLE")]
PHOTOGRAPH = "/usr/lib/python3/dist-packages/skimage/data/astronaut.png"

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(from_the_readme LANGUAGES CXX)
add_executable(my_program program.cc)
"""
PROGRAM = """#include <conv2d/conv2d.h>
#include <iostream>
int main() {{
{}}}
"""


def commands(block):
    """The commands of a shell block without comments; those continued by a backslash are one."""
    lines = block.replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return [line for line in words if line]


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (ROOT / "README.md").read_text(encoding="utf-8")
        cls.blocks = FENCE.findall(cls.text)
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="readme_test."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        shutil.copy(PHOTOGRAPH, cls.folder / "photo.png")

    def of(self, language):
        return [block for kind, block in self.blocks if kind == language]

    def output(self, command, folder):
        """What a command prints; it must succeed."""
        path = os.pathsep.join([*PROGRAMS, os.environ["PATH"]])
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}")
        return done.stdout

    def do_cmake(self, _):
        """Its lines build the C++ blocks."""
        self.assertEqual(len(self.of("cmake")), 1)
        self.assertGreater(len(self.of("cpp")), 0)

    def do_cpp(self, block):
        project = self.folder / "project"
        prefix = self.folder / "prefix"
        if not prefix.exists():
            self.output(["cmake", "--install", BUILD, "--prefix", prefix], self.folder)
        project.mkdir(exist_ok=True)
        program = block if "int main" in block else PROGRAM.format(block)
        (project / "program.cc").write_text(program, encoding="utf-8")
        (project / "CMakeLists.txt").write_text(PROJECT + self.of("cmake")[0], encoding="utf-8")
        self.output(["cmake", "-G", "Ninja", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}"], project)
        self.output(["cmake", "--build", "build"], project)
        self.assertNotEqual(self.output([project / "build" / "my_program"], self.folder), "")

    def do_sh(self, block):
        for words in commands(block):
            if words[0] == "make":
                self.output(["make", "--dry-run", *words[1:]], ROOT)
                continue
            self.output(words, self.folder)
            for option, value in zip(words, words[1:]):
                if option in ("-o", "--save-weights"):
                    self.assertGreater((self.folder / value).stat().st_size, 0, words)

    def do_console(self, block):
        for command, printed in transcript(block):
            self.assertEqual(self.output(shlex.split(command), self.folder), printed, command)

    def do_python(self, block):
        self.output([sys.executable, "-W", "ignore", "-c", block], self.folder)

    def test_every_block_does_what_it_says(self):
        self.assertGreater(len(self.blocks), 5)
        for number, (language, block) in enumerate(self.blocks, start=1):
            with self.subTest(block=number, language=language):
                getattr(self, f"do_{language}")(block)

    def test_every_link_leads_somewhere(self):
        found = [(page, *link) for page in PAGES for link in links(page.read_text(encoding="utf-8"))]
        self.assertGreater(len(found), 10)
        self.assertEqual([link for link in found if not leads_somewhere(*link)], [])

    def test_the_five_lines_are_the_first_example(self):
        example = (ROOT / "examples" / "first_layer.cc").read_text(encoding="utf-8")
        first = self.of("cpp")[0]
        self.assertEqual(len(first.splitlines()), 5)
        self.assertIn("".join("  " + line for line in first.splitlines(keepends=True)), example)

    def test_the_picture_is_small_enough_to_load_at_once(self):
        self.assertLess((ROOT / "docs" / "images" / "demo.png").stat().st_size, 700_000)


class TheTestItself(unittest.TestCase):
    """What it reads out of a page."""

    def test_comments_are_no_commands_and_a_backslash_continues(self):
        self.assertEqual(commands("make demo  # what\n\n# no\na 'b c' \\\n  d\n"), [["make", "demo"], ["a", "b c", "d"]])

    def test_a_transcript_is_commands_and_what_they_print(self):
        self.assertEqual(transcript("$ one\n1\n$ two\n2\n2\n"), [("one", "1\n"), ("two", "2\n2\n")])
        with self.assertRaises(ValueError):
            transcript("printed by nothing\n")

    def test_links_are_those_of_text_and_pictures(self):
        text = '[a](docs/a.md#part) [b](https://b.org/) [c](#d) <img src="c.png">'
        self.assertEqual(links(text), [("docs/a.md", "part"), ("", "d"), ("c.png", "")])

    def test_a_link_to_nothing_is_found(self):
        page = ROOT / "docs" / "contract.md"
        self.assertTrue(leads_somewhere(page, "house.md", "the-order-of-every-sum"))
        self.assertFalse(leads_somewhere(page, "house.md", "the-order-of-no-sum"))
        self.assertFalse(leads_somewhere(page, "mansion.md", ""))


if __name__ == "__main__":
    unittest.main()
