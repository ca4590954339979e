"""Who may include whom: the floors of the house, checked on every #include line.

A file of src/ includes headers of its own folder, of lower floors and of include/conv2d. The core
needs no library but the few named here. A public header includes the standard library and other
public headers. A client (the command, the examples, ...) sees of this project only the public
headers and its own folder.
"""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

FLOORS = {
    "base": 0,
    "geometry": 1,
    "tensor": 1,
    "reference": 2,
    "simd": 2,
    "algorithm": 3,
    "plan": 4,
    "nn": 5,
    "explain": 5,
    "io": 5,
    "drawing": 5,
    "diagram": 6,
    "figure": 6,
}
CLIENTS = ("cli", "examples", "bench", "python", "web")
# What the core may include besides the standard library: SIMD, threads, the C struct that carries
# tensors between libraries, and POSIX, which knows the sizes of caches and of pages. conv2d_io and
# conv2d_figure are there to use others.
CORE_THIRD_PARTY = ("hwy/", "omp.h", "dlpack/dlpack.h", "unistd.h", "sys/mman.h")
OWN_LIBRARIES = ("io", "figure")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD = re.compile(r"[a-z_0-9]+")


def includes(file):
    """Yields (line number, is quoted, what is included) for each #include line of a file."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        found = INCLUDE.match(line)
        if found:
            yield number, found[1] == '"', found[2]


def wrong_in_public_header(quoted, target):
    if target.startswith("conv2d/") or (not quoted and STANDARD.fullmatch(target)):
        return None
    return f"a public header includes {target}: only the standard library and conv2d/ are allowed"


def wrong_in_source(folder, quoted, target):
    if target.startswith("conv2d/"):
        return None
    if quoted:
        other = target.split("/")[0]
        if other not in FLOORS:
            return f"{target} lies on no floor; these are known: {', '.join(FLOORS)}"
        if other == folder or FLOORS[other] < FLOORS[folder]:
            return None
        direction = "upward" if FLOORS[other] > FLOORS[folder] else "sideways"
        return f"{direction}: {folder} (floor {FLOORS[folder]}) includes {target} (floor {FLOORS[other]})"
    if STANDARD.fullmatch(target) or folder in OWN_LIBRARIES or target.startswith(CORE_THIRD_PARTY):
        return None
    return f"the core includes <{target}>: it uses only {', '.join(CORE_THIRD_PARTY)}"


def wrong_in_client(root, client, file, quoted, target):
    if not quoted or target.startswith("conv2d/"):
        return None
    own = root / client
    for base in (file.parent, own, root):
        path = (base / target).resolve()
        if path.is_file() and path.is_relative_to(own.resolve()):
            return None
    return f"{client} includes {target}: of this project a client may include only <conv2d/...>"


def source_files(folder):
    return sorted(f for f in folder.rglob("*") if f.suffix in (".h", ".cc"))


def violations(root):
    """Every forbidden #include below root, as 'file:line: why'."""
    found = []

    def check(file, rule):
        for number, quoted, target in includes(file):
            why = rule(quoted, target)
            if why:
                found.append(f"{file.relative_to(root)}:{number}: {why}")

    for file in source_files(root / "include"):
        check(file, wrong_in_public_header)
    for file in source_files(root / "src"):
        folder = file.relative_to(root / "src").parts[0]
        if folder not in FLOORS:
            found.append(f"{file.relative_to(root)}:1: the folder {folder} lies on no floor")
            continue
        check(file, lambda quoted, target: wrong_in_source(folder, quoted, target))
    for client in CLIENTS:
        for file in source_files(root / client):
            check(file, lambda quoted, target: wrong_in_client(root, client, file, quoted, target))
    return found


class TheHouse(unittest.TestCase):
    def test_no_include_goes_up_or_sideways(self):
        self.assertEqual(violations(ROOT), [])

    def test_the_files_are_found(self):
        self.assertGreater(len(source_files(ROOT / "src")), 20)
        self.assertGreater(len(source_files(ROOT / "include")), 10)


class TheTestItself(unittest.TestCase):
    """Each kind of violation, planted in a small tree, is found at its line."""

    def violations_of(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return violations(root)

    def assert_finds(self, files, place, word):
        found = self.violations_of(files)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(place), found[0])
        self.assertIn(word, found[0])

    def test_upward(self):
        self.assert_finds({"src/base/a.cc": '\n#include "plan/plan.h"\n'}, "src/base/a.cc:2:", "upward")

    def test_sideways(self):
        self.assert_finds({"src/io/a.cc": '#include "nn/layer.h"\n'}, "src/io/a.cc:1:", "sideways")
        self.assert_finds(
            {"src/tensor/a.h": '#  include "geometry/axis.h"\n'}, "src/tensor/a.h:1:", "sideways"
        )

    def test_unknown_folder(self):
        self.assert_finds({"src/attic/a.cc": "\n"}, "src/attic/a.cc:1:", "no floor")
        self.assert_finds({"src/nn/a.cc": '#include "attic/a.h"\n'}, "src/nn/a.cc:1:", "no floor")

    def test_a_foreign_library_in_the_core(self):
        self.assert_finds({"src/plan/a.cc": "#include <png.h>\n"}, "src/plan/a.cc:1:", "png.h")

    def test_a_foreign_library_in_a_public_header(self):
        self.assert_finds({"include/conv2d/a.h": "#include <hwy/highway.h>\n"}, "include/conv2d/a.h:1:", "hwy")
        self.assert_finds({"include/conv2d/a.h": '#include "base/error.h"\n'}, "include/conv2d/a.h:1:", "base")

    def test_a_private_header_in_a_client(self):
        files = {"src/base/error.h": "", "cli/main.cc": '#include "../src/base/error.h"\n'}
        self.assert_finds(files, "cli/main.cc:1:", "cli includes")
        files = {"src/base/error.h": "", "cli/main.cc": '#include "base/error.h"\n'}
        self.assert_finds(files, "cli/main.cc:1:", "cli includes")

    def test_what_is_allowed(self):
        files = {
            "include/conv2d/a.h": '#include "conv2d/b.h"\n#include <vector>\n',
            "src/nn/a.cc": '#include "nn/a.h"\n#include "base/error.h"\n#include <cmath>\n#include <omp.h>\n',
            "src/io/png.cc": "#include <png.h>\n",
            "cli/main.cc": '#include <CLI/CLI.hpp>\n#include <conv2d/nn.h>\n#include "style.h"\n',
            "cli/style.h": "",
        }
        self.assertEqual(self.violations_of(files), [])


if __name__ == "__main__":
    unittest.main()
