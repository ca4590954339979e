"""docs/learn is true: its commands print what stands there, its tables are what layers give, its
figures are those that the command draws, and its links open what they promise.

The blocks of a chapter are taken from top to bottom, in one folder that holds the files of numbers/:
  console  what follows "$ " is run and must print what stands below it; "..." stands for any lines
  python   is run; if a text block follows, that is what it must print
A table with the columns layer and input is checked in its columns output (or gives), parameters,
multiply-adds and never read.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1]
BOOK = TESTS.parent / "docs" / "learn"
sys.path[:0] = [str(TESTS / "readme"), str(BOOK)]

from make_figures import draw, figures  # noqa: E402
from pages import FENCE, leads_somewhere, links, prints, transcript  # noqa: E402

COMMAND = os.environ["CONV2D_COMMAND"]
SITE = "http://localhost:8080/"
INDEX = BOOK / "README.md"
CHAPTERS = sorted(BOOK.glob("[0-9]*.md"))
PICTURE = re.compile(r"!\[(.*?)\]\(images/(\w+)\.svg\)")


def read(page):
    return page.read_text(encoding="utf-8")


def tables(text):
    """Each row of each table, as a dictionary by its columns."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, _, *rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table.splitlines()]
        yield from (dict(zip(head, row)) for row in rows)


def site_links(text):
    """What each link to the interactive page asks it for."""
    found = re.findall(re.escape(SITE) + r"#([^)\s]+)\)", text)
    return [dict(urllib.parse.parse_qsl(link, strict_parsing=True)) for link in found]


def drawn(figure):
    """The whole numbers in the cells of a figure, in the order in which they are drawn."""
    return [int(text.replace("−", "-")) for text in re.findall(r">(−?\d+)</text>", read(figure))]


def stand_in_a_row(part, whole):
    return any(whole[i : i + len(part)] == part for i in range(len(whole)))


def large_numbers(text):
    return set(re.findall(r"\b\d{1,3}(?:,\d{3})+\b", text))


class Book(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="learn_test."))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(BOOK / "numbers", self.folder, dirs_exist_ok=True)

    def run_words(self, words):
        """(code, what it prints)"""
        done = subprocess.run(
            words, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return done.returncode, done.stdout

    def succeed(self, *words):
        code, output = self.run_words(words)
        self.assertEqual(code, 0, f"{words}\n{output}")
        return output

    def do_console(self, block):
        for command, told in transcript(block):
            program, *arguments = shlex.split(command)
            self.assertEqual(program, "conv2d")
            code, output = self.run_words([COMMAND, *arguments])
            self.assertEqual(code, 2 if told.startswith("conv2d: ") else 0, command)
            self.assertTrue(prints(output, told), f"{command}\n{output}")

    def test_every_block_does_what_it_says(self):
        for page in CHAPTERS:
            output = None
            for language, block in FENCE.findall(read(page)):
                with self.subTest(page=page.name, block=block):
                    if language == "text":
                        self.assertEqual(output, block)
                        output = None
                        continue
                    self.assertIn(output, (None, ""), "a text block tells what is printed")
                    self.assertIn(language, ("python", "console"))
                    if language == "python":
                        output = self.succeed(sys.executable, "-c", block)
                    else:
                        self.do_console(block)

    def test_the_tables_are_what_layers_give(self):
        checked = 0
        for page in CHAPTERS:
            for row in tables(read(page)):
                if "layer" not in row or "input" not in row:
                    continue
                with self.subTest(page=page.name, row=row):
                    words = [COMMAND, "explain", row["layer"], "--input", row["input"], "--json"]
                    told = json.loads(self.succeed(*words))
                    size = "x".join(map(str, told["output"]))
                    known = {
                        "output": size,
                        "gives": size,
                        "parameters": f"{told['cost']['parameters']:,}",
                        "multiply-adds": f"{told['cost']['multiply_adds']:,}",
                        "never read": str(told["rows"]["unread_count"]),
                    }
                    if "gives" in row:
                        del known["output"]  # a formula
                    both = known.keys() & row.keys()
                    self.assertTrue(both)
                    self.assertEqual({key: row[key] for key in both}, {key: known[key] for key in both})
                    checked += 1
        self.assertGreater(checked, 40)

    def test_large_numbers_of_the_prose_stand_in_what_is_checked(self):
        for page in CHAPTERS:
            text = read(page)
            checked = "".join(block for _, block in FENCE.findall(text))
            checked += "".join(" ".join(row.values()) + "\n" for row in tables(text) if "layer" in row)
            prose = re.sub(r"^\|.*$", "", FENCE.sub("", text), flags=re.MULTILINE)
            self.assertEqual(large_numbers(prose) - large_numbers(checked), set(), page.name)

    def test_the_figures_are_those_that_the_command_draws(self):
        draw(COMMAND, self.folder)
        names = sorted(file.name for file in (BOOK / "images").iterdir())
        self.assertEqual(names, sorted(f"{name}.svg" for name in figures()))
        for name in names:
            same = (self.folder / name).read_bytes() == (BOOK / "images" / name).read_bytes()
            self.assertTrue(same, f"{name} has changed: cmake --build build/release --target learn_figures")

    def test_the_files_hold_the_numbers_of_the_figures(self):
        command = [COMMAND, "grad", "Conv2d(1, 1, 3)", "x.npy", "dy.npy", "--weights", "w_and_bias.npz"]
        self.succeed(*command, "-o", "gradients.npz")
        cells = drawn(BOOK / "images" / "gradient_first.svg")
        for file in ("x.npy", "dy.npy", "w.npz", "gradients.npz"):
            loaded = np.load(self.folder / file)
            for array in [loaded] if file.endswith(".npy") else loaded.values():
                self.assertTrue(stand_in_a_row(array.ravel().tolist(), cells), (file, array))

    def test_every_figure_is_shown_and_described(self):
        shown = [picture for page in CHAPTERS for picture in PICTURE.findall(read(page))]
        self.assertEqual({name for _, name in shown}, set(figures()))
        for words, name in shown:
            self.assertIn(f"<desc>{words}</desc>", read(BOOK / "images" / f"{name}.svg"))

    def test_links_lead_somewhere(self):
        for page in [INDEX, *CHAPTERS]:
            wrong = [link for link in links(read(page)) if not leads_somewhere(page, *link)]
            self.assertEqual(wrong, [], page.name)

    def test_links_to_the_page_are_states_that_the_engine_takes(self):
        for page in CHAPTERS:
            asked = site_links(read(page))
            self.assertGreater(len(asked), 0, f"{page.name} ends with something to try")
            self.assertEqual(read(page).count(SITE), len(asked), page.name)
            for state in asked:
                with self.subTest(page=page.name, state=state):
                    self.assertLessEqual(state.keys(), {"layer", "input", "at", "view", "w"})
                    self.assertRegex(state.get("w", ""), r"^(\d+:-?\d+(;(?!$)|$))*$")  # places and values
                    words = [COMMAND, "figure", state["layer"], "--input", state["input"], "-o", "state.svg"]
                    for option in state.keys() & {"at", "view"}:
                        words += [f"--{option}", state[option]]
                    self.succeed(*words)

    def test_chapters_are_listed_and_follow_one_another(self):
        listed = [file for file, _ in links(read(INDEX)) if re.match(r"\d", file)]
        self.assertEqual(listed, [page.name for page in CHAPTERS])
        for page, following in zip(CHAPTERS, [*listed[1:], INDEX.name]):
            self.assertIn("\n**Try:** ", read(page))
            self.assertEqual(links(read(page))[-1][0], following, page.name)


class TheTestItself(unittest.TestCase):
    """What it reads out of a chapter."""

    def test_dots_stand_for_lines_and_for_nothing_else(self):
        self.assertTrue(prints("a\nb\nc\n", "a\n...\nc\n"))
        self.assertTrue(prints("a\nc\n", "a\n...\nc\n"))
        self.assertFalse(prints("a\nb\n", "a\n"))
        self.assertFalse(prints("a 10\n", "a 1.\n"))

    def test_rows_go_by_their_columns(self):
        text = "| layer | input |\n|---|---|\n| `a(1, 2)` | `1x2` |\n\n| x |\n|---|\n| 1 |\n"
        self.assertEqual(list(tables(text)), [{"layer": "a(1, 2)", "input": "1x2"}, {"x": "1"}])

    def test_states_are_taken_out_of_links(self):
        self.assertEqual(site_links(f"[a]({SITE}#layer=b%281%29&input=1x2)"), [{"layer": "b(1)", "input": "1x2"}])

    def test_numbers_in_a_row_are_found(self):
        self.assertTrue(stand_in_a_row([2, 3], [1, 2, 3]))
        self.assertFalse(stand_in_a_row([1, 3], [1, 2, 3]))

    def test_large_numbers_have_commas(self):
        self.assertEqual(large_numbers("12,345 and 1,234,567, or 55 and 1, 200"), {"12,345", "1,234,567"})


if __name__ == "__main__":
    unittest.main()
