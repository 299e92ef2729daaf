# SPDX-License-Identifier: Apache-2.0
"""Every method learns: black strokes on white become brown strokes on tan paper. Content and style never show the
same drawing (but for paired, which needs it), and drawings held out have a known true result, so the distance to it
must fall well below the input's own."""

import json
import random
import unittest

import support
from support import Case, needs_command

SIDE, INK, PAPER = 32, (96, 48, 24), (214, 186, 140)
# Strong enough a pull from the style, and a bound on the distance to the truth as a share of the input's.
METHODS = {
    "paired": (("--lambda-l1", 100), 0.25),
    "cut": (("--lambda-nce", 0.5), 0.4),
    "fastcut": (("--lambda-nce", 1), 0.45),
    "swift": (("--lambda-nce", 1), 0.45),
    "cyclegan": ((), 0.4),
    "classic": (("--lambda-content", 0.5, "--adjust", 0.1), 0.7),
}


def draw(path, seed, painted):
    """Strokes at random places; `painted` is the same drawing as the style shows it."""
    rng = random.Random(seed)
    ink, paper = (INK, PAPER) if painted else ((0, 0, 0), (255, 255, 255))
    rows = [[paper] * SIDE for _ in range(SIDE)]
    for _ in range(5):
        x, y, length, thick = rng.randrange(2, 22), rng.randrange(2, 22), rng.randrange(8, 22), rng.randrange(2, 5)
        across = rng.random() < 0.5
        for i in range(length):
            for j in range(thick):
                px, py = (x + i, y + j) if across else (x + j, y + i)
                if px < SIDE and py < SIDE:
                    rows[py][px] = ink
    path.parent.mkdir(parents=True, exist_ok=True)
    support.write_png(path, SIDE, SIDE, [bytes(v for pixel in row for v in pixel) for row in rows])


@needs_command("train")
@needs_command("evaluate")
class Learning(Case):
    def learns(self, method):
        options, bound = METHODS[method]
        style_seed = 0 if method == "paired" else 1000
        for i in range(40):
            draw(self.dir / "content" / f"{i}.png", i, False)
            draw(self.dir / "style" / f"{i}.png", style_seed + i, True)
        for i in range(8):
            draw(self.dir / "test" / f"{i}.png", 5000 + i, False)
            draw(self.dir / "truth" / f"{i}.png", 5000 + i, True)
        run, out, scores = self.dir / "run", self.dir / "out", self.dir / "scores.json"
        self.run_linmo("train", "--content", self.dir / "content", "--style", self.dir / "style", "-o", run,
                       "--method", method, "--generator", "compact", "--ngf", 8, "--ndf", 16, "--layers", 2, "--size", SIDE,
                       "--load-size", SIDE, "--batch", 2, "--steps", 300, "--rate", 1e-3, "--ema", 0.98, "--patches", 64,
                       "--precision", "fp32", "--samples", 2, *options)
        self.run_linmo("apply", run, self.dir / "test", "-o", out)
        self.run_linmo("evaluate", "--outputs", out, "--truth", self.dir / "truth", "--content", self.dir / "test",
                       "--size", SIDE, "--json", scores)
        found = json.loads(scores.read_text("utf-8"))
        l1 = next(s for s in found["scores"] if s["name"].startswith("L1") and s["against"] == "truth")
        print(f"{method}: L1 {l1['value']:.4f}, the input's own {l1['input']:.4f}")
        self.assertLess(l1["value"], bound * l1["input"])


def add_tests():
    for method in METHODS:
        setattr(Learning, f"test_{method}", lambda self, method=method: self.learns(method))


add_tests()

if __name__ == "__main__":
    unittest.main()
