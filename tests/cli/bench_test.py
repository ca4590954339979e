"""conv2d bench: the layers that it reads, what it measures, and how it reports."""

import csv
import json
import pathlib
import re
import unittest
import xml.etree.ElementTree

from command import CommandTest

SUITE = pathlib.Path(__file__).resolve().parents[2] / "cli" / "bench" / "suite.txt"
KEYS = ("g", "mb", "ic", "ih", "iw", "oc", "oh", "ow", "kh", "kw", "sh", "sw", "ph", "pw", "dh", "dw")


def output_size(size, kernel, stride, padding, dilation):
    """torch's formula; the dilation counts from 0."""
    return (size + 2 * padding - ((kernel - 1) * (dilation + 1) + 1)) // stride + 1


class BenchTest(CommandTest):
    def layers(self, *lines):
        """Writes a list, and returns the arguments that name it."""
        (self.folder / "layers.txt").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return ["--layers", "layers.txt"]

    def listed(self, *lines):
        return self.succeed("bench", *self.layers(*lines), "--list").splitlines()


class Descriptors(BenchTest):
    def test_the_suite_is_what_is_timed_without_a_list(self):
        lines = [line for line in SUITE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
        self.assertGreater(len(lines), 60)
        self.assertEqual(self.succeed("bench", "--list").splitlines(), lines)
        self.assertEqual(len(set(line.split("n", 1)[0] for line in lines)), len(lines))
        self.assertEqual(len(set(line.split("n", 1)[1] for line in lines)), len(lines))

    def test_what_is_missing_is_filled_in(self):
        for line, filled in {
            "ic3ih8oc4kh3": "mb1ic3ih8oc4oh6kh3ph0",
            "g1mb2_ic3ih8_oc4oh8_kh3_sh1_ph1_dh0_n": "mb2ic3ih8oc4oh8kh3ph1",
            'mb1ic64ih56oc64oh56kh3ph1n"resnet_50:res2a"': 'mb1ic64ih56oc64oh56kh3ph1n"resnet_50:res2a"',
            "mb1ic64ih56oc64oh56kh3ph1nno_quotes#1": 'mb1ic64ih56oc64oh56kh3ph1n"no_quotes#1"',
            "ic3ih8iw9oc4kh3ph1": "mb1ic3ih8iw9oc4oh8ow9kh3kw3ph1pw1",
            "ic3ih8oc4kh3ph1dh1sw2": "mb1ic3ih8iw8oc4oh6ow3kh3kw3sh1sw2ph1pw1dh1dw1",
            # Only columns.
            "ic3iw9oc4kw3pw1": "mb1ic3ih1iw9oc4oh1ow9kh1kw3ph0pw1",
            # Padding that follows from the output: 1 and 1, then 0 above and 1 below.
            "ic3ih8oc4oh8kh3": "mb1ic3ih8oc4oh8kh3ph1",
            "ic3ih8oc4oh4kh3sh2": "mb1ic3ih8oc4oh4kh3sh2ph0",
            # 1 above and, for the output's sake, 0 or 2 below.
            "ic3ih8oc4oh7kh3ph1": "mb1ic3ih8oc4oh7kh3ph1",
            "ic3ih8oc4oh9kh3ph1": "mb1ic3ih8oc4oh9kh3ph1",
        }.items():
            self.assertEqual(self.listed(line), [filled])
            self.assertEqual(self.listed(filled), [filled])

    def test_comments_blank_lines_and_benchdnns_options_are_skipped(self):
        self.assertEqual(
            self.listed(
                "# a comment", "", "  --reset --dir=FWD_B", "\tic3ih8oc4kh3  # the same\r", "--dt=f32 ic3ih8oc4kh3"
            ),
            ["mb1ic3ih8oc4oh6kh3ph0"] * 2,
        )

    def random_layer(self):
        number, choice = self.random.randint, self.random.choice
        groups = choice((1, 1, 3))
        layer = {"g": groups, "mb": number(1, 9), "ic": groups * number(1, 5), "oc": groups * number(1, 5)}
        for axis in "hw":
            size, kernel, stride, padding, dilation = number(20, 99), number(1, 5), number(1, 3), number(0, 9), number(0, 3)
            output = output_size(size, kernel, stride, padding, dilation)
            layer |= {"i" + axis: size, "o" + axis: output, "k" + axis: kernel}
            layer |= {"s" + axis: stride, "p" + axis: padding, "d" + axis: dilation}
        if self.random.random() < 0.3:
            layer |= {key[0] + "w": value for key, value in layer.items() if key.endswith("h")}
        return layer

    def canonical(self, layer):
        """In oneDNN's order, without what is as everywhere."""
        skipped = {"g"} if layer["g"] == 1 else set()
        for key, usual in (("s", 1), ("d", 0)):
            skipped |= {key + "h", key + "w"} if layer[key + "h"] == layer[key + "w"] == usual else set()
        if all(layer[key + "h"] == layer[key + "w"] for key in "ikspdo"):
            skipped |= {key for key in KEYS if key.endswith("w")}
        return "".join(f"{key}{layer[key]}" for key in KEYS if key not in skipped)

    def test_random_layers_in_any_order_come_back_the_same(self):
        lines, wanted = [], []
        for _ in range(200):
            layer = self.random_layer()
            keys = [key for key in KEYS if key not in ("oh", "ow") or self.random.random() < 0.5]
            self.random.shuffle(keys)
            lines.append("".join(f"{key}{layer[key]}{self.random.choice(('', '', '_'))}" for key in keys))
            wanted.append(self.canonical(layer))
        self.assertEqual(self.listed(*lines), wanted)
        self.assertEqual(self.listed(*wanted), wanted)

    def test_a_bad_line_is_refused_with_its_number_and_carets(self):
        for line, sentence, word in (
            ("ic3ih8oc4kx3", "expected a key such as ic, ih, oc, kh or ph", "k"),
            ("ic3ih8oc4kh3 ph1", "expected a key such as ic, ih, oc, kh or ph", " "),
            ("ic3ih8oc4khph1", "a number must follow kh", "kh"),
            ("ic3ih8oc4kh3sh0", "sh takes a number from 1 to 1073741824", "sh0"),
            ("ic3ih99999999999999999999oc4kh3", "ih takes a number from 1 to 1073741824", "ih99999999999999999999"),
            ("ic3ih8ic3oc4kh3", "ic is given twice", "ic3"),
            ("ic3ih8kh3", "oc is missing", "ic3ih8kh3"),
            ("ic3oc4kh3", "ih is missing", "ic3oc4kh3"),
            ("ic3id8ih8oc4kh3", "this is a key of 3-D convolutions, and only 2-D ones are timed", "id"),
            ("g2ic3ih8oc4kh3", "ic3 cannot be divided into g2 groups", "ic3"),
            ("g2ic4ih8oc3kh3", "oc3 cannot be divided into g2 groups", "oc3"),
            ("ic3ih8oc4kh5dh2", "the kernel spans 13, but the input with its padding is 8", "ih8oc4kh5dh2"),
            ("ic3ih8oc4oh11kh3ph1", "the output is said to be 11, but it would be 8", "ih8oc4oh11kh3ph1"),
            ("ic3ih8oc4oh6kh3ph1", "the output is said to be 6, but it would be 8", "ih8oc4oh6kh3ph1"),
            ("ic3ih8oc4oh8ow12kh3ph1", "the output is said to be 12, but it would be 8", "ow12"),
            ('ic3ih8oc4kh3n"name', "the name's second quote is missing", '"name'),
            ('ic3ih8oc4kh3na"b', "a quote within a name", '"'),
            ("--batch=shapes_basic", "lists named in a list are not followed; give that one itself", "--batch=shapes_basic"),
        ):  # fmt: skip
            with self.subTest(line):
                said, shown, carets = self.refuse("bench", *self.layers("# one", "ic3ih8oc4kh3", line), "--list")
                self.assertEqual(said, "layers.txt, line 3: " + sentence)
                self.assertEqual(shown, "  " + line)
                self.assertEqual(shown[carets.index("^") : carets.rindex("^") + 1], word)

    def test_lists_that_are_none_are_refused(self):
        self.assertIn("No such file", self.refuse("bench", "--layers", "missing.txt")[0])
        self.assertEqual(self.refuse("bench", *self.layers("# nothing")), ["layers.txt: there is no layer in it"])
        self.assertEqual(
            self.refuse("bench", "--layers", "photo.png"),
            ["photo.png, line 1: a descriptor has ASCII characters alone"],
        )


class Times(BenchTest):
    """What is said of a run; never how fast it was."""

    LINES = (
        'mb2ic16ih20oc32oh20kh3ph1n"padded, twice"',
        "ic4ih31iw17oc6kh5sh2dh1",
        'g8mb1ic8ih24oc8oh24kh3ph1n"depthwise"',
    )
    FILTER = "ic1ih40oc1kh7"
    NAMES = ["padded, twice", "mb1ic4ih31iw17oc6oh12ow5kh5kw5sh2sw2ph0pw0dh1dw1", "depthwise"]
    NUMBERS = ("min_s", "median_s", "samples", "plan_s", "gflops", "peak_fraction", "workspace_bytes", "max_error", "error_bound")

    def timed(self, *arguments, lines=LINES):
        report = self.succeed("bench", *self.layers(*lines), "--samples", "2", *arguments, "--json")
        return [json.loads(line) for line in report.splitlines()]

    def test_json_has_an_object_a_line(self):
        objects = self.timed("--threads", "1", "--layout", "nhwc", "--precision", "exact")
        self.assertEqual([each["name"] for each in objects], self.NAMES)
        for each in objects:
            keys = ("name", "pass", "threads", "layout", "precision", "values", "algorithm", *self.NUMBERS)
            self.assertEqual(tuple(each), keys)
            self.assertEqual([each[key] for key in keys[1:6]], ["forward", 1, "nhwc", "exact", "uniform"])
            self.assertLess(0, each["min_s"])
            self.assertLessEqual(each["min_s"], each["median_s"])
            self.assertGreaterEqual(each["samples"], 2)
            self.assertLess(0, each["plan_s"])
        operations = [2 * 2 * 32 * 20 * 20 * 16 * 9, 2 * 6 * 12 * 5 * 4 * 25, 2 * 8 * 24 * 24 * 9]
        for each, count in zip(objects, operations):
            self.assertAlmostEqual(each["gflops"] * each["min_s"] * 1e9 / count, 1, places=9)

    def test_results_lie_within_the_bound_of_a_sum(self):
        for layout in ("nchw", "nhwc"):
            objects = self.timed("--precision", "exact", "--layout", layout)
            for each, terms in zip(objects, (16 * 9, 4 * 25, 9)):
                self.assertLessEqual(each["max_error"], each["error_bound"])
                # Products are rounded too where there is no fused multiply-add.
                self.assertLess(each["error_bound"], 1.001 * (terms + 1) * 2**-24)

    def test_subnormal_inputs_count_in_every_algorithm(self):
        """What made zeros of them would be off by the outputs themselves: far more than the bound."""
        ran = set()
        algorithms = ("winograd", "winograd_2x2", "separable", "joined_groups", "depthwise_channels", "depthwise_rows", "planar", "direct", "reference")
        for algorithm in algorithms:
            for each in self.timed("--values", "subnormal", "--algorithm", algorithm, lines=[*self.LINES, self.FILTER]):
                self.assertEqual(each["values"], "subnormal")
                if "refused" not in each:
                    ran.add(algorithm)
                    self.assertLess(0, each["max_error"])
                    self.assertLessEqual(each["max_error"], each["error_bound"])
        self.assertEqual(ran, set(algorithms))

    def test_a_transposed_layer_is_timed_and_judged(self):
        lines = ('--deconv mb2ic6ih9oc4kh4sh2ph1n"up"', "--deconv g2ic4ih7oc6kh1sh3oh20")
        self.assertEqual(
            self.listed(*lines),
            ['--deconv mb2ic6ih9oc4oh18kh4sh2ph1n"up"', "--deconv g2mb1ic4ih7oc6oh20kh1sh3ph0"],
        )
        numbers = [key for key in self.NUMBERS if key != "error_bound"]
        for layout in ("nchw", "nhwc"):
            objects = self.timed("--layout", layout, lines=lines)
            for each, count in zip(objects, (2 * 6 * 9 * 9 * 4 * 16, 4 * 7 * 7 * 3)):
                self.assertEqual((each["pass"], each["algorithm"]), ("transposed", "transposed"))
                self.assertEqual([key for key in self.NUMBERS if key in each], numbers)
                self.assertAlmostEqual(each["gflops"] * each["min_s"] * 1e9 / (2 * count), 1, places=9)
                self.assertLess(each["max_error"], 1e-6)
        report = self.succeed("bench", *self.layers(*lines), "--samples", "2")
        self.assertRegex(report, "\nup +2x6x9x9 +4 of 4x4 stride 2 transposed .* transposed .* unknown\n")
        (refused, _) = self.timed("--algorithm", "direct", lines=lines)
        self.assertTrue(refused["refused"].startswith("direct refuses this layer: "))

    def test_results_of_winograd_lie_within_its_bound(self):
        for layout in ("nchw", "nhwc"):
            (layer,) = self.timed("--layout", layout, lines=["ic32ih16oc24oh16kh3ph1"])
            self.assertEqual((layer["precision"], layer["algorithm"]), ("default", "winograd"))
            self.assertLess(0, layer["max_error"])
            self.assertLessEqual(layer["max_error"], layer["error_bound"])
            # More than that of a sum of 32 * 9 products: it is another one.
            self.assertLess(1.001 * (32 * 9 + 1) * 2**-24, layer["error_bound"])

    def test_threads_and_images_are_as_asked(self):
        self.assertEqual([each["threads"] for each in self.timed("--threads", "2")], [2] * 3)
        with_batch = self.succeed("bench", *self.layers(*self.LINES), "--batch", "5", "--list").splitlines()
        self.assertEqual([re.sub(r"^g8", "", line)[:5] for line in with_batch], ["mb5ic"] * 3)

    def test_an_algorithm_runs_by_name_or_says_why_not(self):
        self.assertEqual([each["algorithm"] for each in self.timed("--algorithm", "reference")], ["reference"] * 3)
        for each in self.timed("--algorithm", "transposed"):
            self.assertEqual(each["algorithm"], "transposed")
            self.assertTrue(each["refused"].startswith("transposed refuses this layer: "))
            self.assertFalse(set(self.NUMBERS) & set(each))
        report = self.succeed("bench", *self.layers(*self.LINES), "--algorithm", "transposed")
        self.assertIn("nothing was timed\nnot timed: padded, twice (transposed refuses this layer: ", report)
        self.assertRegex(
            self.refuse("bench", *self.layers(*self.LINES), "--algorithm", "magic")[0],
            "^there is no algorithm 'magic'; the algorithms are .*reference$",
        )

    def test_the_table_names_the_machine_the_layers_and_the_mean(self):
        lines = self.succeed("bench", *self.layers(*self.LINES), "--threads", "1", "--samples", "2").splitlines()
        self.assertRegex(
            lines[0],
            r"^\w+, 1 thread, nchw, default precision; at most [\d.]+ GFLOP/s, and [\d.]+ GB/s read from memory$",
        )
        self.assertRegex(
            lines[1], r"^layer +input +kernel +minimum +median +GFLOP/s +of peak +algorithm +plan +workspace +error +bound$"
        )
        for line, name in zip(lines[2:5], self.NAMES):
            self.assertRegex(line, rf"^{name} .* m?s +[\d.]+ m?s +[\d.]+ +[\d.]+% +\w+ +[\d.]+ us ")
        self.assertRegex(lines[5], r"^3 layers; the geometric mean is [\d.]+% of the peak$")

    def test_csv_holds_what_json_says(self):
        objects = self.timed("--csv", "times.csv")
        with open(self.folder / "times.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), len(objects))
        for row, each in zip(rows, objects):
            self.assertEqual(row.pop("refused"), "")
            self.assertEqual(list(row), list(each))
            self.assertEqual(row["name"], each["name"])
            for key in self.NUMBERS:
                self.assertEqual(float(row[key]), each[key])
        self.timed("--csv", "times.csv", "--algorithm", "transposed")
        with open(self.folder / "times.csv", newline="", encoding="utf-8") as file:
            self.assertTrue(all(row["refused"] and not row["min_s"] for row in csv.DictReader(file)))

    def test_the_roofline_has_a_point_for_each_layer(self):
        self.timed("--roofline", "roofline.svg")
        root = xml.etree.ElementTree.parse(self.folder / "roofline.svg").getroot()
        space = "{http://www.w3.org/2000/svg}"
        titles = [title.text for title in root.iter(space + "title")]
        self.assertEqual([title.split(": ")[0] for title in titles], self.NAMES)
        width, height = float(root.get("width")), float(root.get("height"))
        for circle in root.iter(space + "circle"):
            self.assertTrue(0 < float(circle.get("cx")) < width and 0 < float(circle.get("cy")) < height)

    def test_wrong_values_are_refused_before_anything_is_timed(self):
        for arguments, sentence in (
            (("--layout", "nwhc"), "--layout takes nchw or nhwc, but got 'nwhc'"),
            (("--precision", "double"), "--precision takes exact or default, but got 'double'"),
            (("--values", "tiny"), "--values takes uniform or subnormal, but got 'tiny'"),
            (("--samples", "0"), "--samples must be at least 1"),
            (("--batch", "0"), "--batch must be at least 1"),
            (("--csv", "times.txt"), "--csv"),
            (("--roofline", "roofline.png"), "--roofline"),
            (("--csv", "layers.csv", "--layers", "layers.csv"), "--csv"),
        ):
            (self.folder / "layers.csv").write_text(self.LINES[0], encoding="utf-8")
            self.assertIn(sentence, self.refuse("bench", *arguments)[0])
        self.assertIn("threads", self.refuse("bench", "--threads", "0")[0])
        self.assertRegex(
            self.refuse("bench", *self.layers("mb1000000ic1000ih1000oc1000kh1"))[0], "would take .* this machine has"
        )


if __name__ == "__main__":
    unittest.main()
