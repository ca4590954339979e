"""conv2d figure: every kind of file that it writes opens, and what it refuses."""

import os
import re
import unittest
import xml.etree.ElementTree

import numpy as np
from command import CommandTest
from PIL import Image

LAYER = "Conv2d(2, 3, 3, stride=2, padding=1)"
SIZES = "2x5x5"
VIEWS = ("slide", "im2col", "matrix", "gradient", "cost")
NAMESPACE = "{http://www.w3.org/2000/svg}"


class FigureTest(CommandTest):
    def draw(self, output, *arguments):
        report = self.succeed("figure", *arguments, "-o", output)
        self.assertRegex(report, rf"\nwrote {re.escape(output)}(, \d+ frames?)?\n$")
        return report

    def read_svg(self, name):
        root = xml.etree.ElementTree.parse(self.folder / name).getroot()
        self.assertEqual(root.tag, NAMESPACE + "svg")
        return root


class Files(FigureTest):
    def test_an_svg_is_xml_with_a_title_and_a_description(self):
        for view in VIEWS:
            report = self.draw("x.svg", LAYER, "--input", SIZES, "--view", view)
            root = self.read_svg("x.svg")
            self.assertTrue(root.find(NAMESPACE + "title").text.startswith("Conv2d(2, 3, kernel_size=(3, 3)"))
            self.assertEqual(root.find(NAMESPACE + "desc").text, report.splitlines()[0])

    def test_a_png_opens_and_has_the_ground_of_its_theme(self):
        for theme, ground in (("light", (252, 252, 250)), ("dark", (24, 26, 29))):
            self.draw("x.png", LAYER, "--input", SIZES, "--theme", theme)
            with Image.open(self.folder / "x.png") as picture:
                self.assertEqual(picture.convert("RGB").getpixel((0, 0)), ground)
                self.draw("x.svg", LAYER, "--input", SIZES, "--theme", theme)
                width = float(self.read_svg("x.svg").get("width"))
                self.assertLess(abs(picture.width - 2 * width), 1)

    def test_a_gif_has_a_frame_for_each_output_in_every_view(self):
        for view in VIEWS:
            self.assertIn(", 18 frames", self.draw("x.gif", "--preset", "cs231n", "--view", view))
            with Image.open(self.folder / "x.gif") as steps:
                self.assertEqual(steps.n_frames, 18)
                self.assertEqual(steps.info["loop"], 0)
                durations = []
                for frame in range(18):
                    steps.seek(frame)
                    steps.load()
                    durations.append(steps.info["duration"])
                self.assertEqual(durations, [800] * 17 + [2500])

    def test_a_gif_of_long_numbers_has_room_for_the_longest_sum(self):
        for view in VIEWS:
            self.draw("x.gif", "Conv2d(3, 1, 3, padding=1)", "--input", "3x3x3", "--seed", "1", "--view", view)
            with Image.open(self.folder / "x.gif") as steps:
                self.assertEqual(steps.n_frames, 9)

    def test_a_pdf_has_one_page(self):
        self.draw("x.pdf", LAYER, "--input", SIZES)
        pdf = (self.folder / "x.pdf").read_bytes()
        self.assertTrue(pdf.startswith(b"%PDF-1."))
        self.assertEqual(len(re.findall(rb"/Type /Page\b(?!s)", pdf)), 1)

    def test_a_page_has_a_template_for_each_frame(self):
        self.assertIn(", 9 frames", self.draw("x.html", "--preset", "padding_strides"))
        page = (self.folder / "x.html").read_text()
        templates = re.findall(r"<template>(.*?)</template>", page, re.DOTALL)
        self.assertEqual(len(templates), 9)
        for template in templates:
            xml.etree.ElementTree.fromstring(template)
        self.assertEqual(len(set(templates)), 9)


class Inputs(FigureTest):
    def test_the_presets_are_listed_and_each_can_be_drawn(self):
        lines = self.succeed("figure", "--list").splitlines()
        names = [line.split()[0] for line in lines[1:]]
        self.assertEqual(len(names), 16)
        for name in names:
            self.draw(f"{name}.svg", "--preset", name)
            self.read_svg(f"{name}.svg")

    def test_at_chooses_the_output(self):
        report = self.draw("x.svg", LAYER, "--input", SIZES, "--at", "2,1,0")
        self.assertIn("Output channel 2, row 1, column 0 is ", report)
        self.assertIn("Output channel 0, row 0, column 0 is ", self.draw("x.svg", LAYER, "--input", SIZES))

    def test_files_are_inputs_with_their_own_numbers(self):
        x = self.save("x.npy", np.float32([[[1, 2], [3, 4]]]))
        np.savez(self.folder / "w.npz", weight=np.float32([[[[10, 0], [0, 1]]]]), bias=np.float32([100]))
        report = self.draw("x.svg", "Conv2d(1, 1, 2)", "--input", x, "--weights", "w.npz")
        self.assertIn("is 114: ", report)
        self.draw("y.png", "sobel_x", "--input", "photo.png", "--gray", "--at", "0,100,100")

    def test_the_same_command_writes_the_same_bytes(self):
        for ending in (".svg", ".png", ".gif", ".html"):
            for name in ("a", "b"):
                self.draw(name + ending, "--preset", "no_padding_strides")
            self.assertEqual((self.folder / f"a{ending}").read_bytes(), (self.folder / f"b{ending}").read_bytes())


class Links(FigureTest):
    PAGE = "http://localhost:8080/#layer=Conv2d%281%2C+1%2C+3%29&input=1x5x5"

    def text_of(self, *arguments):
        report = self.draw("x.svg", *arguments)
        return report, "".join(self.read_svg("x.svg").itertext())

    def test_an_address_without_numbers_is_its_layer(self):
        self.draw("a.svg", "--link", self.PAGE + "&at=0%2C1%2C2&view=im2col&tour=3")
        self.draw("b.svg", "Conv2d(1, 1, 3)", "--input", "1x5x5", "--at", "0,1,2", "--view", "im2col")
        self.assertEqual((self.folder / "a.svg").read_bytes(), (self.folder / "b.svg").read_bytes())

    def test_numbers_of_an_address_are_added_up(self):
        # All weights but the first are zero, and that is 2; the input begins with 7, the bias is 0.5.
        weights = "0:2;" + ";".join(f"{i}:0" for i in range(1, 9))
        self.assertIn("is 14.5: the sum", self.draw("x.svg", "--link", self.PAGE + f"&x=0:7&w={weights}&b=0:0.5"))

    def test_kernels_are_turned_before_they_are_changed(self):
        # Of the guide's kernel, turned, the last weight is 0, the first 2; its input begins with 3.
        zeros = ";".join(f"{i}:0" for i in range(1, 9))
        self.assertIn("is 6: the sum", self.draw("x.svg", "--link", self.PAGE + f"&flipped=1&w={zeros}&b=0:0"))

    def test_other_seeds_are_other_numbers(self):
        self.assertNotEqual(self.text_of("--link", self.PAGE), self.text_of("--link", self.PAGE + "&seed=1"))

    def test_what_is_wrong_with_an_address_is_said(self):
        for address, part in (
            ("http://localhost:8080/", "an address with #layer=...&input=..., but got 'http://localhost:8080/'"),
            (self.PAGE + "&x=25:1", "changes element 25 of the input, which has 25 elements"),
            (self.PAGE + "&w=1:abc", "w takes a number, but got 'abc'"),
            (self.PAGE + "&w=1", "w takes index:number;index:number, but got '1'"),
            (self.PAGE + "&b=0:inf", "b takes finite numbers, but got '0:inf'"),
            (self.PAGE + "&seed=-1", "seed takes a number, but got '-1'"),
            (self.PAGE + "&view=x", "--view takes"),
            (self.PAGE + "&at=5,0,0", "output"),
        ):
            self.assertIn(part, self.refuse("figure", "--link", address, "-o", "x.svg")[0])
        self.assertIn("it stands alone", self.refuse("figure", LAYER, "--link", self.PAGE, "-o", "x.svg")[0])


class Refusals(FigureTest):
    def expect(self, part, *arguments):
        lines = self.refuse("figure", *arguments)
        self.assertIn(part, lines[0])
        self.assertLessEqual(len(lines), 3, lines)  # a sentence, and carets under what is wrong

    def test_wrong_words_are_named_with_what_is_allowed(self):
        given = (LAYER, "--input", SIZES)
        self.expect("there is no preset 'x'; conv2d figure --list names them", "--preset", "x", "-o", "x.svg")
        self.expect(f"--view takes {', '.join(VIEWS)}, but got 'x'", *given, "--view", "x", "-o", "x.svg")
        self.expect("--theme takes light or dark, but got 'x'", *given, "--theme", "x", "-o", "x.svg")
        self.expect("takes a file ending in .svg, .png, .pdf, .gif, .html", *given, "-o", "x.bmp")
        self.expect("takes -o FILE", *given)
        self.expect("takes LAYER and --input, --preset or --link", LAYER, "-o", "x.svg")
        self.expect("takes LAYER and --input, --preset or --link", "-o", "x.svg")
        for also in ((LAYER,), ("--input", SIZES)):
            self.expect("it takes the place of LAYER and --input", *also, "--preset", "cs231n", "-o", "x.svg")

    def test_layers_and_numbers_that_cannot_be_drawn(self):
        self.expect("only convolutions can be drawn, but got Unfold", "Unfold(2)", "--input", "1x3x3", "-o", "x.svg")
        self.expect("channels", LAYER, "--input", "3x5x5", "-o", "x.svg")
        self.expect("batch of 2", LAYER, "--input", "2x2x5x5", "-o", "x.svg")
        self.expect("real numbers", "Conv2d(1, 1, 1, dtype=torch.complex64)", "--input", "1x2x2", "-o", "x.svg")
        self.expect(
            "gradients need a floating or complex dtype, but got int8",
            "Conv2d(1, 1, 1, dtype=torch.int8)", "--input", "1x2x2", "--view", "gradient", "-o", "x.svg",
        )  # fmt: skip

    def test_places_and_steps_that_are_not_there(self):
        given = (LAYER, "--input", SIZES)
        for view in VIEWS:
            self.expect("output", *given, "--view", view, "--at", "3,0,0", "-o", "x.svg")
        self.expect("--at takes channel,row,column, but these are 2 numbers", *given, "--at", "1,1", "-o", "x.svg")
        self.expect("--at chooses one output, but a .gif steps through all", *given, "--at", "0,0,0", "-o", "x.gif")
        many = ("Conv2d(1, 1, 1)", "--input", "1x33x33")
        self.expect("a GIF steps through at most 1,024 outputs, but this layer has 1,089", *many, "-o", "x.gif")
        self.expect("a page steps through at most 1024 outputs, but this layer has 1089", *many, "-o", "x.html")

    def test_files_that_cannot_be_read_or_written(self):
        self.expect("missing.npy", LAYER, "--input", "missing.npy", "-o", "x.svg")
        self.expect("No such file or directory", "--preset", "cs231n", "-o", "missing/x.svg")
        self.expect("would replace photo.png", "sobel_x", "--input", "photo.png", "-o", "./photo.png")
        if os.geteuid() != 0:
            (self.folder / "closed").mkdir(mode=0o500)
            self.expect("Permission denied", "--preset", "cs231n", "-o", "closed/x.svg")


if __name__ == "__main__":
    unittest.main()
