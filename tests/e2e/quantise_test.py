# SPDX-License-Identifier: Apache-2.0
"""linmo quantise: a model becomes one that also runs in int8, close to what it gave before."""

import json
import unittest

import support
from apply_test import resnet_state
from support import FAILED, USAGE, Case, make_folder, make_picture, needs_command, read_png


@needs_command("quantise")
class Quantise(Case):
    def setUp(self):
        super().setUp()
        support.write_safetensors(self.dir / "latest_net_G.safetensors", resnet_state(ngf=16))
        self.model = self.dir / "水墨.safetensors"
        self.run_linmo("import", self.dir / "latest_net_G.safetensors", "-o", self.model)
        make_folder(self.dir / "雪景", count=3)
        make_picture(self.dir / "in.png")

    def test_int8_is_close_and_a_model_without_it_says_what_to_do(self):
        self.fails("apply", self.model, self.dir / "in.png", "-o", self.dir / "no.png", "--precision", "int8",
                   code=USAGE, says=("linmo quantise",))
        prepared = self.dir / "水墨8.safetensors"
        arguments = ("quantise", self.model, "--calibrate", self.dir / "雪景", "-o", prepared, "--psnr", 25, "--json",
                     "--side", 64)
        result = support.linmo(*arguments)
        if result.returncode == USAGE and "VNNI" in result.stderr:
            self.skipTest("this processor does not compute in int8")
        report = json.loads(result.stdout)
        self.assertGreaterEqual(report["psnr"], 25)
        self.assertTrue(any(layer["int8"] for layer in report["layers"]))
        self.fails(*arguments, code=USAGE, says=("--force",))
        pictures = {}
        for precision in ("fp32", "int8"):
            out = self.dir / f"{precision}.png"
            self.run_linmo("apply", prepared, self.dir / "in.png", "-o", out, "--precision", precision)
            pictures[precision] = out.read_bytes()
        self.assertNotEqual(pictures["fp32"], pictures["int8"])
        self.assertEqual(read_png(self.dir / "int8.png")[:2], read_png(self.dir / "fp32.png")[:2])

    def test_a_folder_without_pictures(self):
        (self.dir / "empty").mkdir()
        self.fails("quantise", self.model, "--calibrate", self.dir / "empty", "-o", self.dir / "o.safetensors",
                   code=FAILED, says=("--calibrate",))
        self.assertFalse((self.dir / "o.safetensors").exists())

    def test_bench_engine(self):
        out = self.run_linmo("bench", "engine", "compact:16", "--size", 64, "--runs", 1, "--json")
        rows = json.loads(out if isinstance(out, str) else out.stdout)
        self.assertIn("fp32", [row["precision"] for row in rows])
        self.assertTrue(all(row["best_ms"] > 0 and row["macs"] > 0 for row in rows))


if __name__ == "__main__":
    unittest.main()
