# SPDX-License-Identifier: Apache-2.0
"""linmo export: a model goes out as ONNX and as PyTorch's state dict, and the latter comes back unchanged."""

import json
import unittest

from apply_test import WithModel
from support import USAGE, make_picture, needs_command


@needs_command("export")
@needs_command("import")
class Export(WithModel):
    def setUp(self):
        super().setUp()
        self.import_model()

    def test_onnx(self):
        for opset in (13, 17):
            out = self.dir / f"水墨{opset}.onnx"
            told = json.loads(self.run_linmo("export", self.model, "-o", out, "--opset", opset, "--json").stdout)
            self.assertEqual(told["bytes"], out.stat().st_size)
            self.assertEqual(told["opset"], opset)
            data = out.read_bytes()
            for word in (b"InstanceNormalization", b"model.1.weight", b"input", b"output"):
                self.assertIn(word, data)
        self.assertNoLeftovers(self.dir)

    def test_state_dicts_come_back_unchanged(self):
        picture = make_picture(self.dir / "in.png", 24, 20)
        self.run_linmo("apply", self.model, picture, "-o", self.dir / "first.png")
        for extension in ("pth", "safetensors"):
            out, again = self.dir / f"latest_net_G.out.{extension}", self.dir / f"again-{extension}.safetensors"
            self.run_linmo("export", self.model, "-o", out)
            self.run_linmo("import", out, "-o", again)
            result = self.dir / f"{extension}.png"
            self.run_linmo("apply", again, picture, "-o", result)
            self.assertEqual(result.read_bytes(), (self.dir / "first.png").read_bytes())

    def test_refusals(self):
        out = self.dir / "out.onnx"
        out.write_bytes(b"mine")
        self.fails("export", self.model, "-o", out, code=USAGE, says="--force")
        self.assertEqual(out.read_bytes(), b"mine")
        self.run_linmo("export", self.model, "-o", out, "--force")
        self.fails("export", self.model, "-o", self.dir / "out.h5", code=USAGE, says="onnx")
        self.fails("export", self.model, "-o", self.model, "--force", code=USAGE, says="the model itself")
        self.fails("export", self.model, "-o", self.dir / "o.onnx", "--opset", 12, code=USAGE, says="opset")
        self.fails("export", "nowhere", "-o", self.dir / "o.onnx", code=USAGE, says="nowhere")
        self.fails("export", self.checkpoint, "-o", self.dir / "o.onnx", says="linmo import")
        self.assertFalse((self.dir / "o.onnx").exists())


if __name__ == "__main__":
    unittest.main()
