# SPDX-License-Identifier: Apache-2.0
"""The program as a whole: help, version, usage errors, `linmo net`; and the helpers of these tests."""

import json
import unittest

import support
from support import USAGE, Case, commands


class Basics(Case):
    def test_help(self):
        done = self.run_linmo("--help")
        self.assertIn("临摹", done.stdout)
        self.assertIn("net", commands())

    def test_version(self):
        self.assertRegex(self.run_linmo("--version").stdout, r"^linmo \d+\.\d+\.\d+\n$")

    def test_every_command_explains_itself(self):
        for command in commands():
            with self.subTest(command):
                done = self.run_linmo(command, "--help")
                self.assertGreater(len(done.stdout.splitlines()), 3)

    def test_no_command_is_a_usage_error(self):
        done = self.fails(code=USAGE)
        self.assertIn("--help", done.stderr)

    def test_unknown_command_is_a_usage_error(self):
        done = self.fails("paint", code=USAGE, says=["paint", "linmo --help"])

    def test_unknown_option_is_a_usage_error(self):
        for command in commands():
            with self.subTest(command):
                done = self.fails(command, "--no-such-option", code=USAGE)
                self.assertIn(f"linmo {command} --help", done.stderr)


class Net(Case):
    # Parameter counts as published (CycleGAN/pix2pix code bases; the source document's Keras summary).
    PUBLISHED = {"resnet_9blocks": 11378179, "resnet_6blocks": 7837699, "unet_256": 54413955, "unet_128": 41828995,
                 "seed": 1130371}

    def test_published_parameter_counts(self):
        for name, parameters in self.PUBLISHED.items():
            with self.subTest(name):
                told = json.loads(self.run_linmo("net", name, "--json").stdout)
                # Keras counts batch norm's running statistics among the parameters.
                self.assertEqual(told["parameters"] + (told["buffers"] if name == "seed" else 0), parameters)

    def test_table(self):
        done = self.run_linmo("net", "resnet_9blocks", "--size", 256)
        self.assertIn("11378179", done.stdout)
        self.assertIn("256 × 256", done.stdout)

    def test_size_scales_the_arithmetic(self):
        small, large = (json.loads(self.run_linmo("net", "compact", "--size", s, "--json").stdout)["macs"] for s in (128, 256))
        self.assertAlmostEqual(large / small, 4, places=6)

    def test_unknown_network(self):
        self.fails("net", "resnet_0.5blocks", code=USAGE, says="resnet_9blocks")

    def test_size_that_is_no_number(self):
        self.fails("net", "compact", "--size", "large", code=USAGE)


class Helpers(Case):
    """The helpers must not make a test pass that should fail."""

    def test_pictures_survive_the_round_trip(self):
        for channels in (1, 2, 3, 4):
            path = support.make_picture(self.dir / f"山水/{channels}.png", 13, 7, seed=channels, channels=channels)
            width, height, found, bits, rows = support.read_png(path)
            self.assertEqual((width, height, found, bits), (13, 7, channels, 8))
            self.assertEqual(len(set(rows)) > 1, True)

    def test_a_small_disk_fills_up(self):
        with support.SmallDisk(self.dir / "disk", "64k") as disk:
            fill = support.subprocess.run([*disk.prefix, "dd", "if=/dev/zero", f"of={disk.path}/x", "bs=1k", "count=200"],
                                          capture_output=True)
            self.assertNotEqual(fill.returncode, 0)
            self.assertEqual((disk.seen / "x").stat().st_size, 65536)
        self.assertEqual(list((self.dir / "disk").iterdir()), [])

    def test_modes_count(self):
        prefix = support.without_root_powers()
        folder = self.dir / "closed"
        folder.mkdir(mode=0o555)
        self.assertNotEqual(support.subprocess.run([*prefix, "touch", str(folder / "x")], capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main()
