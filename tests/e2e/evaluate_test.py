# SPDX-License-Identifier: Apache-2.0
"""linmo evaluate: scores against truth and style, on pictures whose answer is known."""

import json
import shutil
import unittest

import support
from support import FAILED, Case, make_folder, needs_command


@needs_command("evaluate")
class Evaluate(Case):
    def setUp(self):
        super().setUp()
        self.truth, self.outputs, self.content = (self.dir / name for name in ("真", "outputs", "content"))
        self.names = [f"{c}.png" for c in "雪月花"]
        make_folder(self.truth, names=self.names, seed=1, width=64, height=64)
        make_folder(self.outputs, names=self.names, seed=1, width=64, height=64, tint=(4, 4, 4))
        make_folder(self.content, names=self.names, seed=1, width=64, height=64, tint=(40, 40, 40))

    def scores(self, *args, code=0):
        file = self.dir / "scores.json"
        file.unlink(missing_ok=True)
        self.run_linmo("evaluate", *args, "--json", file, code=code)
        return {(s["key"], s["against"]): s for s in json.loads(file.read_text("utf-8"))["scores"]}

    def test_nearer_to_the_truth_than_the_input(self):
        scores = self.scores("--outputs", self.outputs, "--truth", self.truth, "--content", self.content)
        for key, sign in (("ssim_luma", 1), ("psnr", 1), ("l1", -1)):
            score = scores[key, "truth"]
            self.assertEqual(score["n"], 3)
            self.assertGreater(sign * score["value"], sign * score["input"], key)
        # 4 of 255 levels everywhere, but where the samples were at the end of their range.
        self.assertLessEqual(scores["l1", "truth"]["value"], 4 / 255 + 1e-9)
        self.assertGreater(scores["l1", "truth"]["value"], 3 / 255)

    def test_equal_pictures(self):
        shutil.rmtree(self.outputs)
        shutil.copytree(self.truth, self.outputs)
        scores = self.scores("--outputs", self.outputs, "--truth", self.truth)
        self.assertEqual(scores["l1", "truth"]["value"], 0)
        self.assertAlmostEqual(scores["ssim_luma", "truth"]["value"], 1, places=9)

    def test_bad_and_missing_pictures_are_listed(self):
        bad = support.bad_pictures(self.outputs)
        (self.truth / "花.png").unlink()
        done = self.run_linmo("evaluate", "--outputs", self.outputs, "--truth", self.truth, code=FAILED)
        for name in ("花.png", "text.jpg", "empty.png"):
            self.assertTrue(name in bad or name in self.names)
            self.assertIn(name, done.stdout + done.stderr)

    def test_nothing_to_score(self):
        empty = self.dir / "empty"
        empty.mkdir()
        for folder in (empty, self.dir / "nowhere"):
            done = support.linmo("evaluate", "--outputs", folder, "--truth", self.truth)
            self.assertIn(done.returncode, (1, 2))
            self.assertIn(folder.name, done.stderr)
        done = support.linmo("evaluate", "--outputs", self.outputs)
        self.assertIn(done.returncode, (1, 2))
        self.assertIn("--truth", done.stderr)

    def test_leaderboard(self):
        far = self.dir / "遠い"
        make_folder(far, names=self.names, seed=1, width=64, height=64, tint=(90, 90, 90))
        file, kept = self.dir / "scores.json", self.dir / "kept"
        command = ("evaluate", "--leaderboard", far, self.outputs, "photo-to-ukiyoe", "--truth", self.truth,
                   "--content", self.content)
        done = self.run_linmo(*command, "--outputs", kept, "--json", file)
        names = (str(far), str(self.outputs), "photo-to-ukiyoe")
        order = [name for line in done.stdout.splitlines() for name in names if f"  {name}  " in line]
        self.assertEqual(sorted(order), sorted(names))
        self.assertEqual(order[0], str(self.outputs))  # four levels from the truth is nearer than ninety, or a style
        self.assertIn("(untouched)", done.stdout)
        self.assertEqual([f.parent.name.rpartition("-")[0] for f in kept.rglob("*.png")], 3 * ["photo-to-ukiyoe"])
        by_name = {one["name"]: one for one in json.loads(file.read_text("utf-8"))}
        self.assertEqual(set(by_name), {str(far), str(self.outputs), "photo-to-ukiyoe"})
        # The same figures as of one folder alone.
        alone = self.scores("--outputs", self.outputs, "--truth", self.truth, "--content", self.content)
        for score in by_name[str(self.outputs)]["scores"]:
            self.assertEqual(score["value"], alone[score["key"], score["against"]]["value"], score["key"])

    def test_leaderboard_goes_on_without_what_fails(self):
        broken = self.dir / "broken.safetensors"
        broken.write_bytes(b"no model")
        done = self.run_linmo("evaluate", "--leaderboard", broken, self.outputs, "--truth", self.truth,
                              "--content", self.content, code=FAILED)
        self.assertIn("broken.safetensors", done.stderr)
        self.assertIn(str(self.outputs), done.stdout)
        done = support.linmo("evaluate", "--leaderboard", "photo-to-ukiyoe", "--truth", self.truth)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--content", done.stderr)


if __name__ == "__main__":
    unittest.main()
