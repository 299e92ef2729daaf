# SPDX-License-Identifier: Apache-2.0
"""Every method learns on real letters: printed characters become a calligrapher's. Held-out characters come nearer to the
calligrapher's own than the print is, by SSIM and by L1. All but `paired` learn without pairs: odd characters of the
print, even ones of the brush."""

import json
import pathlib
import unittest

import support
from support import Case, needs_command

FONTS = pathlib.Path("/usr/share/fonts/truetype")
PRINT, BRUSH = FONTS / "arphic/uming.ttc", FONTS / "kouzan-mouhitsu/kouzan-mouhitsu.ttf"
METHODS = {
    "paired": ("--steps", 150, "--norm", "batch"),
    "cut": ("--steps", 300, "--lambda-nce", 1),
    "fastcut": ("--steps", 400, "--lambda-nce", 1),
    "swift": ("--steps", 200, "--lambda-nce", 1),
    "cyclegan": ("--steps", 200, "--lambda-cycle", 2),
    "classic": ("--steps", 250, "--lambda-content", 2),
}
# At least a sixth more likeness and a fiftieth less distance than the print's own.
LIKER, NEARER = 7 / 6, 49 / 50


@unittest.skipUnless(PRINT.exists() and BRUSH.exists(), "needs fonts-arphic-uming and fonts-kouzan-mouhitsu")
@needs_command("train")
@needs_command("glyphs")
class Glyphs(Case):
    def characters(self, paired):
        self.run_linmo("glyphs", PRINT, BRUSH, "-o", self.dir, "--characters", "U+4E00-9FFF", "--size", 64, "--limit", 864,
                       "--split", 64, "--seed", 1)
        if paired:
            return
        for side, kept in (("uming", 0), ("kouzan-mouhitsu", 1)):
            for i, file in enumerate(sorted((self.dir / side).glob("*.png"))):
                if i % 2 != kept:
                    file.unlink()

    def learns(self, method):
        self.characters(method == "paired")
        run, out, scores = self.dir / "run", self.dir / "out", self.dir / "scores.json"
        self.run_linmo("train", "--content", self.dir / "uming", "--style", self.dir / "kouzan-mouhitsu", "-o", run,
                       "--test", self.dir / "uming_test", "--method", method, "--generator", "compact", "--residual",
                       "--size", 64, "--load-size", 64, "--batch", 4, "--no-flip", "--rate", 4e-4, "--seed", 1,
                       *METHODS[method], timeout=900)
        self.run_linmo("apply", run, self.dir / "uming_test", "-o", out)
        self.run_linmo("evaluate", "--outputs", out, "--truth", self.dir / "kouzan-mouhitsu_test", "--content",
                       self.dir / "uming_test", "--json", scores)
        found = {s["key"]: s for s in json.loads(scores.read_text("utf-8"))["scores"] if s["against"] == "truth"}
        ssim, l1 = found["ssim_luma"], found["l1"]
        print(f"{method}: SSIM {ssim['value']:.4f} (input {ssim['input']:.4f}), "
              f"L1 {l1['value']:.4f} (input {l1['input']:.4f})")
        self.assertGreater(ssim["value"], LIKER * ssim["input"])
        self.assertLess(l1["value"], NEARER * l1["input"])


def add_tests():
    for method in METHODS:
        setattr(Glyphs, f"test_{method}", lambda self, method=method: self.learns(method))


add_tests()

if __name__ == "__main__":
    unittest.main()
