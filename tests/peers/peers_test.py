"""The comparison with other libraries, without any: the layers that it reads, what it makes of
times, of crashes and of children that say nothing, and the report."""

import dataclasses
import fcntl
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "peers"))

import arithmetic  # noqa: E402
import bars  # noqa: E402
import bench_peers  # noqa: E402
import children  # noqa: E402
import layers  # noqa: E402
import markdown  # noqa: E402
import merge  # noqa: E402
import summary  # noqa: E402
import targets  # noqa: E402


def result(who, layout, seconds, layer="a", threads=1, kind="3x3", **more):
    about = {"layer": layer, "class": kind, "threads": threads, "operations": 10**9}
    about |= {"operations_on_inputs": 10**9 // 2}
    times = {"crash": "SIGFPE"} if seconds is None else {"min_s": seconds, "max_error": 1e-7}
    ours = {"precision": "default", "algorithm": "direct"} if who == arithmetic.OURS else {"implementation": "jit"}
    return {"who": who, "layout": layout, **about, **times, **ours, **more}


class Layers(unittest.TestCase):
    def test_columns_repeat_rows_where_nothing_is_said_of_them(self):
        layer = layers.parse_line('g2mb3ic4ih10oc6oh5kh3sh2ph1"'.replace('"', "") + 'n"a b"')
        self.assertEqual((layer.name, layer.n, layer.groups, layer.c, layer.k), ("a b", 3, 2, 4, 6))
        self.assertEqual((layer.w, layer.q, layer.s, layer.stride_w, layer.dilation_w), (10, 5, 3, 2, 1))
        self.assertEqual((layer.top, layer.bottom, layer.left, layer.right), (1, 1, 1, 1))
        self.assertEqual(layer.operations, 2 * 3 * 6 * 5 * 5 * 2 * 9)
        # Of five outputs and three taps each, the first one's first tap is in the padding.
        self.assertEqual(layer.operations_on_inputs, 2 * 3 * 6 * 2 * (15 - 1) ** 2)

    def test_rows_and_columns_may_differ(self):
        layer = layers.parse_line("mb1ic4ih31iw17oc6oh12ow5kh5kw3sh2sw1ph0pw1dh1dw3")
        self.assertEqual(layer.name, layer.line)
        self.assertEqual((layer.h, layer.w, layer.p, layer.q, layer.r, layer.s), (31, 17, 12, 5, 5, 3))
        self.assertEqual((layer.stride_h, layer.stride_w, layer.dilation_h, layer.dilation_w), (2, 1, 2, 4))

    def test_padding_below_is_what_the_output_needs(self):
        self.assertEqual(layers.padding_behind(8, 3, 2, 1, 0, 4), 1)
        self.assertEqual(layers.padding_behind(8, 3, 1, 1, 1, 9), 2)
        self.assertEqual(layers.padding_behind(8, 3, 1, 1, 1, 8), 1)

    def test_every_output_of_the_suite_follows_from_its_padding(self):
        for layer in layers.suite():
            for size, kernel, stride, dilation, before, behind, output in (
                (layer.h, layer.r, layer.stride_h, layer.dilation_h, layer.top, layer.bottom, layer.p),
                (layer.w, layer.s, layer.stride_w, layer.dilation_w, layer.left, layer.right, layer.q),
            ):
                self.assertEqual((size + before + behind - (kernel - 1) * dilation - 1) // stride + 1, output, layer)

    def test_other_lines_are_refused(self):
        for line in ("", "ic3", "mb1ic3ih8oc4oh6kh3ph0 x", "# a comment"):
            with self.assertRaises((ValueError, KeyError)):
                layers.parse_line(line)

    def test_classes_follow_from_sizes(self):
        for line, kind in (
            ("mb1ic1ih9oc1oh9kh3ph1", "image filter"),
            ("g3mb1ic3ih9oc3oh9kh5ph2", "image filter"),
            ("g3mb1ic3ih40oc3oh40kh15ph7", "image filter, wide kernel"),
            ("mb1ic1ih9oc64oh9kh3ph1", "first layer"),
            ("mb1ic1ih1iw90oc64oh1ow90kh1kw9ph0pw4", "1-D"),
            ("mb1ic16ih1iw90oc64oh1ow45kh1kw1sh1sw2ph0pw0", "1-D"),
            ("g16mb1ic16ih1iw90oc16oh1ow90kh1kw3ph0pw1", "depthwise"),
            ("mb1ic3ih9oc64oh9kh3ph1", "first layer"),
            ("mb32ic3ih32oc6oh28kh5ph0", "nn.Conv2d(3, 6, 5)"),
            ("mb1ic3ih32oc6oh14kh5sh2ph0", "few output channels"),
            ("mb1ic64ih9oc8oh9kh1ph0", "few output channels"),
            ("mb1ic64ih9oc9oh9kh3ph1", "odd channels"),
            ("g16mb1ic16ih9oc16oh9kh3ph1", "depthwise"),
            ("g16mb1ic16ih40oc16oh40kh31ph15", "depthwise, wide kernel"),
            ("g4mb1ic16ih9oc16oh9kh3ph1", "grouped"),
            ("mb1ic16ih9oc16oh9kh3ph2dh1", "dilated"),
            ("mb1ic16ih9oc16oh9kh1ph0", "1x1"),
            ("mb1ic17ih9oc16oh9kh3ph1", "odd channels"),
            ("mb1ic16ih9oc16oh5kh3sh2ph1", "strided"),
            ("mb1ic16ih9oc16oh9kh3ph1", "3x3"),
            ("mb1ic16ih9oc16oh9kh5ph2", "other dense"),
        ):
            self.assertEqual(layers.class_of(layers.parse_line(line)), kind, line)

    def test_of_the_suite_one_head_has_few_output_channels_and_one_layer_is_the_tutorials(self):
        for kind, names in (("few output channels", ["u_net:last"]), ("nn.Conv2d(3, 6, 5)", ["tutorial:conv1:n32"])):
            self.assertEqual([layer.name for layer in layers.suite() if layers.class_of(layer) == kind], names)

    def test_opencv_gets_the_filters_of_one_picture(self):
        (opencv,) = [peer for peer in bench_peers.peers_in("root") if peer.name == "OpenCV"]
        self.assertEqual(
            {layer.name for layer in layers.suite() if opencv.takes(layer)},
            {f"filter:{picture}_{size}x{size}" for picture in ("gray", "rgb") for size in (3, 5, 15)},
        )

    def test_drivers_get_every_number(self):
        words = dict(word.split("=") for word in layers.suite()[0].words())
        self.assertEqual((words["c"], words["r"], words["stride_w"], words["left"]), ("3", "7", "2", "3"))
        self.assertFalse({"line", "name"} & set(words))


class Arithmetic(unittest.TestCase):
    RESULTS = [
        result("conv2d", "nchw", 0.02),
        result("conv2d", "nhwc", 0.01),
        result("x", "nchw", 0.04),
        result("x", "nhwc", None),
        result("x", "best", 0.005),
        result("y", "nchw", 0.03),
        result("y", "nchw", 0.001, layer="b"),
        result("y", "nchw", 0.001, threads=2),
    ]

    def test_a_row_compares_with_the_fastest_of_the_same_layer_and_threads(self):
        first, second = arithmetic.rows_of(self.RESULTS)
        self.assertEqual((first.same_layout["who"], first.ratio), ("y", 1.5))
        self.assertEqual((first.any_layout["layout"], first.ratio_to_any), ("best", 0.25))
        self.assertIsNone(second.same_layout)  # it crashed
        self.assertIsNone(second.ratio)
        self.assertEqual(second.ratio_to_any, 0.5)
        self.assertEqual(first.rate(first.ours), 50)

    def test_losses_come_worst_first(self):
        self.assertEqual([row.ratio_to_any for row in arithmetic.losses(arithmetic.rows_of(self.RESULTS))], [0.25, 0.5])

    def test_means_are_geometric_and_skip_what_is_not_there(self):
        self.assertAlmostEqual(arithmetic.geometric_mean([1, 4, None, 2]), 2)
        self.assertIsNone(arithmetic.geometric_mean([None]))
        rows = arithmetic.rows_of([*self.RESULTS, result("conv2d", "nchw", 0.004, layer="b")])
        table = arithmetic.means(rows, lambda row: row.ratio)
        self.assertEqual(list(table), ["3x3", "all"])
        self.assertAlmostEqual(table["all"][1, "nchw"], math.sqrt(1.5 * 0.25))
        self.assertIsNone(table["all"][1, "nhwc"])

    def test_exact_sums_have_means_of_their_own(self):
        exact = result("conv2d", "nchw", 0.06, precision="exact")
        rows = arithmetic.rows_of([exact, *self.RESULTS])
        for precision, mean in (("default", 1.5), ("exact", 0.5)):
            chosen = arithmetic.of_precision(rows, precision)
            self.assertEqual(len(chosen), 2)
            self.assertAlmostEqual(arithmetic.means(chosen, lambda row: row.ratio)["3x3"][1, "nchw"], mean)

    def test_where_exact_sums_crashed_the_defaults_others_do_not_stand_for_them(self):
        winograd = result("conv2d", "nchw", 0.02, algorithm="winograd")
        rows = arithmetic.rows_of([winograd, result("conv2d", "nchw", None, precision="exact"), result("x", "nchw", 1)])
        self.assertEqual(len(arithmetic.of_precision(rows, "default")), 1)
        self.assertEqual(arithmetic.of_precision(rows, "exact"), [])

    def test_at_the_peak_nothing_takes_longer_than_its_operations(self):
        slow, fast = arithmetic.at_the_peak(arithmetic.rows_of(self.RESULTS), {"1": 40.0, "2": 200.0})
        self.assertEqual((slow.ours["min_s"], fast.ours["min_s"]), (0.0125, 0.01))
        self.assertEqual(slow.ratio, 0.03 / 0.0125)

    def test_a_target_is_reached_or_out_of_reach_or_neither(self):
        results = [
            result(who, "nchw", seconds, layer=layer)
            for layer, ours, theirs in (
                ("met", 0.01, 0.01), ("near", 0.01, 0.0096), ("peak", 0.01, 0.004), ("short", 0.01, 0.006))  # fmt: skip
            for who, seconds in (("conv2d", ours), ("x", theirs))
        ]
        judged = targets.judged(arithmetic.rows_of(results), {"1": 100.0})  # 5 ms at the peak
        judgements = [each for each in judged if each.target.precision == "default"]
        self.assertEqual({each.row.layer: each.verdict for each in judgements}, {
            "met": "reached", "near": "within 5%", "peak": "out of reach", "short": "short"})  # fmt: skip
        (found,) = targets.standings(judgements)
        self.assertEqual([found.count(verdict) for verdict in targets.VERDICTS], [1, 1, 1, 1])
        self.assertAlmostEqual(found.mean, (0.96 * 0.4 * 0.6) ** (1 / 4))
        ours, theirs = found.of_peak
        self.assertAlmostEqual(ours, 0.5)
        self.assertAlmostEqual(theirs, 0.5 / found.mean)

    def test_short_rows_say_what_their_target_takes_the_furthest_first(self):
        results = [
            result(who, "nchw", seconds, layer=layer)
            for layer, theirs in (("b", 0.009), ("c", 0.006), ("d", 0.01))
            for who, seconds in (("conv2d", 0.01), ("x", theirs))
        ]
        judged = targets.judged(arithmetic.rows_of(results), {"1": 100.0})
        found = targets.short(each for each in judged if each.target.precision == "exact")
        self.assertEqual([each.row.layer for each in found], ["c", "b"])
        self.assertAlmostEqual(found[0].takes, 5 / 6)
        text = markdown.short_text(found)
        self.assertIn("| c | 1 | nchw | 3x3 | exact | 0.60 | 1.00 | any layout | 50% | 83% | 83% |", text)
        self.assertEqual(markdown.short_text(found[:0]), "None.\n")

    def test_3x3_layers_are_judged_by_exact_sums_and_by_the_defaults_beside_them(self):
        results = [
            result("conv2d", "nchw", 0.005, algorithm="winograd"),
            result("conv2d", "nchw", 0.02, precision="exact"),
            result("x", "nchw", 0.015),
            result("x", "best", 0.01),
        ]
        exact, default = targets.standings(targets.judged(arithmetic.rows_of(results), {"1": 100.0}))
        self.assertEqual((exact.target.precision, default.target.precision), ("exact", "default"))
        self.assertAlmostEqual(exact.mean, 0.5)
        self.assertAlmostEqual(exact.mean_with_the_same_layout, 0.75)
        self.assertAlmostEqual(default.mean, 2)
        self.assertAlmostEqual(default.mean_with_the_same_layout, 3)

    WHOLE = [
        result(who, layout, seconds, layer=layer, **more)
        for layer, who, layout, seconds, more in (
            ("a", "conv2d", "nchw", 0.01, {"algorithm": "winograd"}),
            ("a", "conv2d", "nchw", 0.04, {"precision": "exact"}),
            ("a", "x", "nchw", 0.04, {}),
            ("a", "x", "best", 0.03, {}),
            ("b", "conv2d", "nchw", 0.01, {}),
            ("b", "x", "nchw", 0.01, {}),
            ("b", "x", "best", 0.00896, {}),
            ("c", "conv2d", "nchw", 0.01, {}),
            ("c", "x", "best", 0.0095, {}),
        )
    ]

    def test_the_whole_suite_is_judged_by_both_sums_and_both_readings(self):
        found = targets.wholes(arithmetic.rows_of(self.WHOLE))
        self.assertEqual([(each.precision, each.reading, len(each.rows), each.verdict) for each in found], [
            ("default", "the same layout", 2, "reached"), ("default", "any layout", 3, "short"),
            ("exact", "the same layout", 2, ""), ("exact", "any layout", 3, "")])  # fmt: skip
        for each, ratios in zip(found, ([4, 1], [3, 0.896, 0.95], [1, 1], [0.75, 0.896, 0.95])):
            self.assertAlmostEqual(each.mean, math.prod(ratios) ** (1 / len(ratios)))
        self.assertEqual([[row.layer for row in each.below] for each in found], [[], ["b"], [], ["a", "b"]])

    def test_rows_below_the_floor_are_named_the_worst_first(self):
        wholes = targets.wholes(arithmetic.rows_of(self.WHOLE))
        self.assertEqual(markdown.below_text(wholes).splitlines()[2:], [
            "| a | 1 | nchw | 3x3 | exact | 1.000 | 0.750 |",
            "| b | 1 | nchw | 3x3 | default | 1.000 | 0.896 |"])  # fmt: skip
        self.assertEqual(markdown.below_text(wholes[:1]), "None.\n")
        text = markdown.whole_text(wholes)
        self.assertIn("| default | the same layout | 2.00 | 2.00 | reached | 2 | 0 |", text)
        self.assertIn("| exact | any layout | 0.86 | 0.86 |  | 3 | 2 |", text)

    def test_a_target_says_which_peers_it_is_against(self):
        peers = (("x", "nchw", 0.04), ("x", "best", 0.02), ("OpenCV", "nchw", 0.03), ("OpenCV", "nhwc", 0.01))
        row = arithmetic.rows_of([result("conv2d", "nchw", 0.1), *(result(*peer) for peer in peers)])[0]
        for against, seconds in (
            ("any layout", 0.01), ("the same layout", 0.03), ("OpenCV", 0.01),
            ("the same layout, not OpenCV", 0.04)):  # fmt: skip
            self.assertEqual(targets.Target("3x3", "nchw", 1.5, against).peer(row)["min_s"], seconds)
        self.assertIsNone(targets.Target("3x3", "nchw", 1.0).peer(dataclasses.replace(row, peers=[])))

    def test_every_class_of_the_suite_has_a_target_for_both_layouts(self):
        having = {(target.kind, target.layout) for target in targets.TARGETS}
        for layer in layers.suite():
            for layout in arithmetic.USER_LAYOUTS:
                self.assertIn((layers.class_of(layer), layout), having)

    def test_each_peer_is_compared_with_alone(self):
        rows = arithmetic.rows_of(self.RESULTS)
        table = arithmetic.means_by_peer(rows, self.RESULTS)
        self.assertEqual(list(table), ["x", "y"])
        self.assertAlmostEqual(table["x"][1, "nchw"], 2)
        self.assertAlmostEqual(table["y"][1, "nchw"], 1.5)
        self.assertIsNone(table["x"][1, "nhwc"])

    def test_crashes_are_kept(self):
        self.assertEqual(arithmetic.crashes(self.RESULTS), [self.RESULTS[3]])


class Summary(unittest.TestCase):
    def test_every_class_of_the_suite_is_in_one_line(self):
        kinds = [kind for kinds in summary.LINES.values() for kind in kinds]
        self.assertEqual(len(kinds), len(set(kinds)))
        self.assertLessEqual({layers.class_of(layer) for layer in layers.suite()}, set(kinds))

    def test_a_line_has_means_by_columns_and_readings_and_exact_sums_have_their_own(self):
        results = [
            result("conv2d", "nchw", 0.01, algorithm="winograd"),
            result("conv2d", "nchw", 0.03, precision="exact"),
            result("x", "nchw", 0.06),
            result("x", "best", 0.03),
            *(result("conv2d", "nhwc", 0.01, layer=layer, kind=kind, threads=2) for layer, kind in (
                ("b", "depthwise"), ("c", "depthwise, wide kernel"))),
            result("x", "nhwc", 0.01, layer="b", threads=2),
            result("x", "nhwc", 0.04, layer="c", threads=2),
        ]  # fmt: skip
        rows = arithmetic.rows_of(results)
        found = {name: (number, means) for name, number, means in summary.lines(rows)}
        self.assertEqual(list(found), [
            "3x3, default sums", "3x3, exact sums", "depthwise",
            "all layers, default sums", "all layers, exact sums"])  # fmt: skip
        for name, number, means in (
            ("3x3, default sums", 1, [6, 3, None, None]),
            ("3x3, exact sums", 1, [2, 1, None, None]),
            ("depthwise", 2, [None, None, 2, 2]),
            ("all layers, default sums", 3, [6, 3, 2, 2]),
        ):
            self.assertEqual(found[name][0], number)
            for mean, expected in zip(found[name][1], means, strict=True):
                self.assertAlmostEqual(mean, expected) if expected else self.assertIsNone(mean)
        heading = "| class | layers | 1 thread, nchw: the same layout | any layout | 2 threads, nhwc: the same layout |"
        text = markdown.summary_text(rows)
        self.assertTrue(text.startswith(heading))
        self.assertIn("| depthwise | 2 |  |  | 2.00 | 2.00 |\n", text)


class Children(unittest.TestCase):
    """Drivers that are a few lines of Python: they say what is in `lines`, and end as they like."""

    LAYER = layers.parse_line('mb1ic16ih9oc16oh9kh3ph1n"a"')

    def program(self, source, layouts=("nchw", "nhwc", "best")):
        return children.Program("fake", [sys.executable, "-c", source], list(layouts))

    SAYING = (
        "import json, os, sys\n"
        "words = dict(word.split('=') for word in sys.argv[1:])\n"
        "print('a word of the library')\n"
        "for layout in words['layouts'].split(','):\n"
        "    if layout == 'nhwc': {end}\n"
        "    print(json.dumps({{'layout': layout, 'min_s': 1, 'c': words['c']}}), flush=True)\n"
    )

    def time(self, end):
        return children.time_peer(self.program(self.SAYING.format(end=end)), self.LAYER, 1, 3)

    def test_every_layout_has_its_result(self):
        said = self.time("pass")
        self.assertEqual([(each["who"], each["layout"], each["c"]) for each in said], [
            ("fake", "nchw", "16"), ("fake", "nhwc", "16"), ("fake", "best", "16")])  # fmt: skip

    def test_a_crash_costs_one_layout(self):
        self.assertEqual([each.get("crash") for each in self.time("os.abort()")], [None, "SIGABRT", None])
        self.assertEqual([each.get("crash") for each in self.time("sys.exit(3)")], [None, "exit status 3", None])

    def test_silence_is_told(self):
        said = children.time_peer(self.program("pass", ["nchw"]), self.LAYER, 1, 3)
        self.assertEqual([each["crash"] for each in said], ["said nothing"])

    def test_a_server_answers_job_after_job_once_it_is_ready(self):
        source = (
            "import sys\n"
            "print('a library says hello')\n"
            "print('{\"ready\": true}', flush=True)\n"
            "for line in sys.stdin:\n"
            "    print('{\"layout\": \"nchw\", \"min_s\": 1}')\n"
            "    print('{\"exit\": %d}' % (-8 if 'layouts=nhwc' in line else 0), flush=True)\n"
        )
        server = children.Server("fake", [sys.executable, "-c", source], ["nchw"])
        try:
            said = children.time_peer(server, self.LAYER, 1, 3)
            self.assertEqual([each["min_s"] for each in said], [1])
            self.assertEqual(server.start(["layouts=nhwc"], 1)[1], "SIGFPE")
        finally:
            server.close()

    def test_a_server_that_never_is_ready_costs_its_rows(self):
        server = children.Server("fake", [sys.executable, "-c", "print('no')"], ["nchw"])
        server.process.wait()
        self.assertEqual(children.time_peer(server, self.LAYER, 1, 3), [
            {"who": "fake", "layout": "nchw", "crash": "its server ended"}])  # fmt: skip
        server.close()

    def test_the_lock_is_held_for_a_while_and_given_back(self):
        with tempfile.NamedTemporaryFile() as file, open(file.name, encoding="utf-8") as other:
            quiet = children.Quiet(file.name, seconds=1000)
            quiet.ask()
            quiet.ask()
            with self.assertRaises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            quiet.close()
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        nothing = children.Quiet(None)
        nothing.ask()
        nothing.close()


class Report(unittest.TestCase):
    RUN = {
        "date": "2026-01-01",
        "machine": "a processor, 2 processors",
        "samples": 30,
        "peaks": {"1": 100.0, "2": 200.0},
        "results": [
            *Arithmetic.RESULTS,
            result("oneDNN", "nchw", 0.5, version="3.7.2"),
        ],
    }

    def test_losses_come_before_all_rows_and_crashes_are_told(self):
        text = markdown.page(self.RUN, "peers.svg")
        places = [text.index(f"### {name}") for name in (
            "The run", "How fast it is", "The whole suite", "Losses", "Geometric means", "Targets", "Crashes", "Errors",
            "All rows")]  # fmt: skip
        self.assertEqual(places, sorted(places))
        self.assertIn(
            "In 2 of 2 rows, of default and of exact sums, the best peer with any layout is faster, in\n"
            "0 that with the same layout.",
            text,
        )
        self.assertIn("| a | 1 | x | nhwc | SIGFPE |", text)
        self.assertIn("oneDNN 3.7.2", text)
        for precision in ("default", "exact"):
            for reading in ("the same layout", "any layout"):
                self.assertIn(f"Our {precision} sums against the best peer with {reading}:", text)
        self.assertIn("| x | 2.00 |  |", text)
        self.assertIn("| the same layout | 6.00 |  |", text)
        self.assertIn("| 3x3 | exact | nchw | 1.00 | any layout | 0.25 | 1.50 | 25% | 100% | 1 | 0 | 0 | 1 | 0 |", text)
        self.assertIn("| a | 1 | nchw | 50 direct | 33.3 y, nchw: jit | 1.50 | 200 x, best: jit | 0.25 |", text)
        self.assertIn("| a | 1 | nhwc | 100 direct | none ran |  | 200 x, best: jit | 0.50 |", text)

    def test_a_report_says_of_which_commit_it_is_and_how_often_everybody_ran(self):
        once = {**self.RUN, "commit": "0950e4d1f54a", "began": ["2026-01-01T10:00:00"]}
        text = markdown.page(once, "peers.svg")
        self.assertIn("2026-01-01; commit 0950e4d1f54a; a processor", text)
        self.assertIn("The shortest counts, of one run.", text)
        often = [{**each, "runs": 2 + (each["who"] == "x")} for each in self.RUN["results"]]
        for results, words in ((often, "of 2 to 3 runs"), (often[:2], "of 2 runs")):
            self.assertIn(f"shortest counts, {words} of this commit.", markdown.page({**once, "results": results}, "a"))
        before = markdown.page(self.RUN, "peers.svg")
        self.assertIn("; commits are not recorded;", before)
        self.assertIn("The shortest counts, of all runs that were put together.", before)

    def test_a_run_without_peers_says_so(self):
        text = markdown.page({**self.RUN, "results": self.RUN["results"][:1]}, "peers.svg")
        self.assertIn("against each peer alone, with the same layout:\n\nNone ran.\n", text)
        self.assertIn("In 0 of 1 rows", text)

    def test_a_run_without_losses_and_crashes_says_so(self):
        run = {**self.RUN, "results": [result("conv2d", "nchw", 0.01), result("x", "nchw", 0.02)]}
        text = markdown.page(run, "peers.svg")
        self.assertEqual(text.count("None.\n"), 4)  # below the floor, losses, short rows, crashes
        self.assertIn("Timings of ours that crashed, and are in no mean: 0.", text)
        crashed = result("conv2d", "nhwc", None)
        text = markdown.page({**run, "results": [*run["results"], crashed]}, "peers.svg")
        self.assertIn("Timings of ours that crashed, and are in no mean: 1.", text)

    def test_numbers_have_three_digits(self):
        self.assertEqual([markdown.number(value) for value in (0.1234, 5, 99.94, 1234.5)], ["0.123", "5", "99.9", "1234"])

    def test_bars_lie_on_their_side_of_one(self):
        root = xml.etree.ElementTree.fromstring(bars.svg("a < b", [("twice", 2.0), ("half", 0.5), ("same", 1.0)]))
        space = "{http://www.w3.org/2000/svg}"
        found = [
            (float(bar.get("x")), float(bar.get("width"))) for bar in root.iter(space + "rect") if bar.get("x")
        ]
        middle, half = bars.LABELS + bars.PLOT / 2, bars.PLOT / 2
        self.assertEqual(found, [(middle, half), (middle - half, half), (middle, 0)])

    def test_all_files_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "new"
            bench_peers.write_report(self.RUN, out)
            self.assertEqual(json.loads((out / "report.json").read_text(encoding="utf-8")), self.RUN)
            self.assertIn("peers.svg", (out / "report.md").read_text(encoding="utf-8"))
            xml.etree.ElementTree.parse(out / "peers.svg")

    def test_the_commit_is_that_of_the_checkout_around_the_command(self):
        with tempfile.TemporaryDirectory() as folder:
            command = pathlib.Path(folder) / "build" / "conv2d"
            command.parent.mkdir()
            command.write_text("", encoding="utf-8")
            self.assertIsNone(bench_peers.commit_of(command))
            source = pathlib.Path(folder) / "a.cc"
            source.write_text("1", encoding="utf-8")
            author = ["-c", "user.name=a", "-c", "user.email=a@b.org", "-c", "commit.gpgsign=false"]
            for words in (["init", "--quiet"], ["add", "a.cc"], [*author, "commit", "--quiet", "--message=a"]):
                subprocess.run(["git", "-C", folder, *words], check=True)
            commit = bench_peers.commit_of(command)
            self.assertRegex(commit, "^[0-9a-f]{12}$")
            source.write_text("2", encoding="utf-8")
            self.assertEqual(bench_peers.commit_of(command), commit + "-dirty")

    def test_peaks_are_the_best_that_was_measured(self):
        runs = [
            result("conv2d", "nchw", 0.02, gflops=50, peak_fraction=0.5),
            result("conv2d", "nhwc", 0.02, gflops=66, peak_fraction=0.6),
        ]
        self.assertAlmostEqual(bench_peers.peaks_of(runs)["1"], 110)


class Merge(unittest.TestCase):
    def run_of(self, began, *results, **more):
        about = {"date": began[:10], "began": [began], "commit": "0950e4d1f54a", "machine": "a processor"}
        return {**about, "samples": 6, "peaks": {"1": 100.0}, "results": list(results), **more}

    def time(self, who, seconds, layout="nchw", **more):
        return result(who, layout, seconds, samples=7, median_s=seconds and 2 * seconds, **more)

    def merged(self, *runs):
        return merge.merged({f"{name}.json": run for name, run in zip("abc", runs)})

    def refusal(self, *runs):
        with self.assertRaises(ValueError) as caught:
            self.merged(*runs)
        return str(caught.exception)

    def test_the_shortest_time_of_a_row_counts_for_everybody_alike(self):
        first = self.run_of("2026-01-01T10", self.time("conv2d", 0.02), self.time("x", 0.03, max_error=2e-7))
        second = self.run_of("2026-01-02T10", self.time("conv2d", 0.03), self.time("x", 0.02), peaks={"1": 110.0})
        run = self.merged(first, second)
        ours, theirs = run["results"]
        self.assertEqual((ours["min_s"], theirs["min_s"]), (0.02, 0.02))
        self.assertEqual((ours["samples"], ours["runs"], theirs["max_error"]), (14, 2, 2e-7))
        self.assertEqual((ours["medians_s"], ours["median_s"]), ([0.04, 0.06], 0.05))
        self.assertEqual((run["date"], run["peaks"], run["samples"]), ("2026-01-02", {"1": 110.0}, 6))
        self.assertEqual(run["began"], ["2026-01-01T10", "2026-01-02T10"])

    def test_what_is_merged_merges_again_and_runs_may_be_of_some_layers(self):
        one, two = (self.run_of(f"2026-01-01T1{i}", self.time("conv2d", 0.02)) for i in range(2))
        other = self.run_of("2026-01-01T12", self.time("conv2d", 0.01, layer="b", threads=2), peaks={"2": 200.0})
        run = self.merged(self.merged(one, two), other)
        self.assertEqual([(each["layer"], each["runs"]) for each in run["results"]], [("a", 2), ("b", 1)])
        self.assertEqual(run["peaks"], {"1": 100.0, "2": 200.0})
        self.assertIn("of 1 to 2 runs of this commit", markdown.page(run, "peers.svg"))
        third = self.run_of("2026-01-01T12", self.time("conv2d", 0.03))
        (ours,) = self.merged(self.merged(one, two), third)["results"]
        self.assertEqual((ours["medians_s"], ours["median_s"], ours["runs"]), ([0.04, 0.04, 0.06], 0.04, 3))

    def test_exact_sums_and_layouts_keep_rows_of_their_own(self):
        default, exact = self.time("conv2d", 1), self.time("conv2d", 2, precision="exact")
        rows = [default, exact, self.time("conv2d", 3, "nhwc")]
        run = self.merged(self.run_of("2026-01-01T10", *rows), self.run_of("2026-01-01T11", *rows))
        self.assertEqual([each["min_s"] for each in run["results"]], [1, 2, 3])

    def test_a_crash_stays_beside_the_time_of_another_run(self):
        once = self.run_of("2026-01-01T10", self.time("x", None), self.time("y", None))
        run = self.merged(once, self.run_of("2026-01-01T11", self.time("x", 0.02), self.time("y", None)))
        self.assertEqual([each.get("min_s") for each in run["results"]], [0.02, None, None, None])
        self.assertEqual(len(arithmetic.crashes(run["results"])), 3)

    def test_reports_of_different_things_are_refused(self):
        first = self.run_of("2026-01-01T10", self.time("x", 1, version="1.0"))
        for other, sentence in (
            ({"commit": "3fac951aaaaa"}, "a.json is of commit 0950e4d1f54a and b.json is of commit 3fac951aaaaa"),
            ({"commit": "3fac951aaaaa-dirty"}, "b.json is of 3fac951aaaaa-dirty: changes that no commit has may differ "
                                               "between two runs"),
            ({"commit": None}, "b.json does not say its commit; only reports of one commit are put together"),
            ({"machine": "another"}, "a.json is of a processor and b.json is of another"),
            ({"began": first["began"]}, "a.json and b.json both have the run that began at 2026-01-01T10"),
            ({"results": [self.time("x", 1, version="1.1")]}, "a.json has x 1.0 and b.json has 1.1"),
            ({"results": [self.time("x", 1, operations=5)]}, "a.json has a layer a of 1000000000 operations and b.json "
                                                             "has of 5 operations"),
        ):  # fmt: skip
            second = {**self.run_of("2026-01-01T11", *first["results"]), **other}
            self.assertEqual(self.refusal(first, second), sentence)
        del first["commit"]  # as before it was kept
        self.assertIn("a.json does not say its commit", self.refusal(first, self.run_of("2026-01-01T11")))

    def test_layers_of_the_suite_have_the_classes_of_today(self):
        last, strange = (
            self.time("x", 1, layer="u_net:last", operations=operations) for operations in (2 * 64 * 2 * 256 * 256, 5)
        )
        run = merge.with_classes_of_today(self.run_of("2026-01-01T10", last, strange))
        self.assertEqual([each["class"] for each in run["results"]], ["few output channels", "3x3"])

    def test_the_command_writes_a_report_or_says_in_a_sentence_why_not(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / f"{name}.json" for name in "ab"]
            for path, seconds in zip(paths, (0.02, 0.01)):
                run = self.run_of(f"2026-01-01T1{path.stem}", self.time("conv2d", seconds), self.time("x", 0.02))
                path.write_text(json.dumps(run), encoding="utf-8")
            command = [sys.executable, ROOT / "bench" / "peers" / "merge.py", "--out", pathlib.Path(folder) / "out"]
            subprocess.run([*command, *paths], check=True, stdout=subprocess.DEVNULL)
            text = (pathlib.Path(folder) / "out" / "report.json").read_text(encoding="utf-8")
            self.assertEqual([each["min_s"] for each in json.loads(text)["results"]], [0.01, 0.02])
            paths[1].write_text("[]", encoding="utf-8")
            for given, sentence in (
                (paths, f"{paths[1]} is no report.json of bench_peers.py"),
                ([paths[0]] * 2, "a report is named twice"),
                ([pathlib.Path(folder) / "c"], f"{folder}/c cannot be read: No such file or directory"),
            ):
                said = subprocess.run([*command, *given], check=False, capture_output=True, text=True)
                self.assertEqual((said.returncode, said.stderr), (1, f"merge.py: {sentence}\n"))


if __name__ == "__main__":
    unittest.main()
