"""conv2d onnx: the official node tests, and exit codes that can be relied on."""

import pathlib
import shutil
import unittest

from command import CommandTest

NODES = pathlib.Path("/usr/share/libonnx-testdata/data/node")
NOT_OURS = {"test_convtranspose_3d", "test_qlinearconv"}


class Onnx(CommandTest):
    def folders(self):
        return sorted(folder for folder in NODES.glob("test_*conv*") if folder.name not in NOT_OURS)

    def test_the_official_node_tests_pass(self):
        folders = self.folders()
        report = self.succeed("onnx", *folders)
        self.assertGreaterEqual(len(folders), 18)
        self.assertIn(f"\n{len(folders)} passed, 0 failed, 0 could not be run", report)

    def test_a_difference_exits_with_1(self):
        copy = self.folder / "copy"
        shutil.copytree(NODES / "test_basic_conv_with_padding", copy)
        output = copy / "test_data_set_0" / "output_0.pb"
        data = bytearray(output.read_bytes())
        data[-1] ^= 0x40  # the exponent of the last float
        output.write_bytes(data)
        done = self.run_command("onnx", "copy")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, r"FAIL  copy/test_data_set_0 \(Conv\): .*, 1 beyond the tolerance\n0 passed, 1 failed")
        self.assertEqual(self.run_command("onnx", "copy", "--atol", "1e30").returncode, 0)

    def test_what_cannot_be_run_exits_with_2_and_does_not_hide_the_rest(self):
        done = self.run_command("onnx", NODES / "test_qlinearconv", NODES / "test_basic_conv_with_padding")
        self.assertEqual((done.returncode, done.stderr), (2, "conv2d: 1 folder could not be run\n"))
        self.assertIn("error ", done.stdout)
        self.assertIn("1 passed, 0 failed, 1 could not be run", done.stdout)
        self.assertIn("model.onnx", self.refuse("onnx", ".")[0])
        self.assertIn("--rtol and --atol must be 0 or more", self.refuse("onnx", ".", "--rtol", "nan")[0])


if __name__ == "__main__":
    unittest.main()
