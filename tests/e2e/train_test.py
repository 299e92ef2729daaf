# SPDX-License-Identifier: Apache-2.0
"""linmo train: the run folder, resuming to the same bits, and everything that can go wrong while it runs."""

import html
import json
import random
import shutil
import signal
import struct
import time
import unittest

import support
from support import DONE, FAILED, INTERRUPTED, USAGE, Case, make_folder, needs_command

METHODS = ("swift", "cyclegan", "cut", "fastcut", "paired", "classic", "distil")
# Networks that take milliseconds a step.
TINY = {"generator": "resnet_1blocks", "ngf": 8, "ndf": 8, "layers": 2, "size": 32, "load_size": 36, "patches": 16,
        "samples": 2, "seed": 7, "threads": 1}


def weights(path):
    """What a .safetensors file holds besides its card: names, types, shapes and the bytes."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    return header, data[8 + size:]


class TrainCase(Case):
    def setUp(self):
        super().setUp()
        self.content, self.style = self.dir / "照片", self.dir / "山水"
        names = [f"{c}.png" for c in "雪月花abc"]
        make_folder(self.content, names=names, seed=1)
        make_folder(self.style, names=names, seed=50, tint=(60, -20, -60))

    def arguments(self, run, *more, **settings):
        """A command line; keywords are options (stop_at=3), None leaves one of the defaults away."""
        settings = {"content": self.content, "style": self.style, "method": "cut", "precision": "fp32", "steps": 6,
                    **TINY, **settings}
        options = [[f"--{key.replace('_', '-')}", value] for key, value in settings.items() if value is not None]
        return ("train", "-o", run, *sum(options, []), *more)

    def assertSameModel(self, a, b):
        (header_a, bytes_a), (header_b, bytes_b) = (weights(run / "model.safetensors") for run in (a, b))
        self.assertEqual(header_a, header_b)
        self.assertTrue(bytes_a == bytes_b, "the weights differ")


@needs_command("train")
class Run(TrainCase):
    def test_run_folder(self):
        run = self.dir / "run"
        done = self.run_linmo(*self.arguments(run, log_every=1))
        self.assertIn("linmo apply", done.stdout)
        settings = (run / "settings.toml").read_text("utf-8")
        self.assertRegex(settings, r"(?m)^steps = 6\b")
        self.assertRegex(settings, r"(?m)^method = ['\"]cut['\"]")
        self.assertNotRegex(settings, r"(?m)^(precision|gan_loss|init) = ['\"]auto['\"]")
        lines = [json.loads(line) for line in (run / "stats.jsonl").read_text("utf-8").splitlines()]
        self.assertGreaterEqual(len(lines), 6)
        samples = sorted((run / "samples").glob("*.png"))
        self.assertGreaterEqual(len(samples), 2)
        self.assertEqual(len({support.read_png(s)[:2] for s in samples}), 1)
        self.assertTrue(list((run / "checkpoints").glob("*.safetensors")))
        page = (run / "report.html").read_text("utf-8")
        self.assertIn("<svg", page)
        self.assertNotRegex(page, r"(src|href)=[\"'](https?:|//)")
        self.assertTrue(weights(run / "model.safetensors")[0])
        self.assertNoLeftovers(run)

    def test_equal_seeds_give_equal_models_and_others_do_not(self):
        runs = [self.dir / name for name in ("a", "b", "other")]
        for run, seed in zip(runs, (3, 3, 4)):
            self.run_linmo(*self.arguments(run, seed=seed))
        self.assertSameModel(runs[0], runs[1])
        self.assertNotEqual(weights(runs[0] / "model.safetensors")[1], weights(runs[2] / "model.safetensors")[1])

    def test_training_changes_the_model(self):
        for steps in (1, 6):
            self.run_linmo(*self.arguments(self.dir / str(steps), steps=steps))
        self.assertNotEqual(weights(self.dir / "1/model.safetensors")[1], weights(self.dir / "6/model.safetensors")[1])

    def test_scores_as_it_learns(self):
        run, parts = self.dir / "run", self.dir / "parts"
        done = self.run_linmo(*self.arguments(run, steps=12, score_pictures=3))
        self.assertIn("distance to the style", done.stdout + done.stderr)
        scores = lambda run: [line["score"] for line in map(json.loads, (run / "stats.jsonl").read_text("utf-8").splitlines())
                              if "score" in line]
        self.assertEqual(len(scores(run)), 12)
        self.assertEqual(len({score["untouched"] for score in scores(run)}), 1)
        self.assertIn("When is it done?", (run / "report.html").read_text("utf-8"))
        # A resumed run has the same scores and the same best state.
        self.run_linmo(*self.arguments(parts, steps=12, score_pictures=3, stop_at=5))
        self.run_linmo("train", "-o", parts, "--resume", "--keep", "best")
        self.assertEqual(scores(parts), scores(run))
        self.assertEqual(weights(parts / "best.safetensors"), weights(run / "best.safetensors"))
        self.assertEqual(weights(parts / "model.safetensors"), weights(run / "best.safetensors"))
        self.assertEqual((run / "model.safetensors").read_bytes()[-1000:] == (run / "best.safetensors").read_bytes()[-1000:],
                         min(scores(run), key=lambda s: s["style"]) == scores(run)[-1])
        self.run_linmo(*self.arguments(self.dir / "none", score_pictures=0))
        self.assertEqual(scores(self.dir / "none"), [])
        self.assertFalse((self.dir / "none/best.safetensors").exists())

    def test_patience_ends_a_run_that_gets_no_better(self):
        run = self.dir / "run"
        # A generator that hardly moves scores the same again and again, the first time best or not.
        done = self.run_linmo(*self.arguments(run, steps=200, score_pictures=3, patience=2, rate=1e-8))
        last = json.loads((run / "stats.jsonl").read_text("utf-8").splitlines()[-1])
        self.assertLess(last["step"], 200)
        self.assertIn("it ends here", done.stdout + done.stderr)
        self.fails(*self.arguments(self.dir / "no", patience=2, score_pictures=0), code=USAGE, says=["--patience"])

    def test_snapshots_are_ranked(self):
        run = self.dir / "run"
        self.run_linmo(*self.arguments(run, "--snapshots", steps=10))
        snapshots = sorted(f.name for f in (run / "snapshots").iterdir())
        self.assertEqual(snapshots[0], "step_000000000.safetensors")
        self.assertEqual(weights(run / "snapshots/step_000000010.safetensors"), weights(run / "model.safetensors"))
        self.assertEqual(len(snapshots), len(list((run / "samples").iterdir())))
        done = self.run_linmo("evaluate", "--leaderboard", run, "--style", self.style, "--content", self.content,
                              "--size", 32)
        self.assertEqual(sum(".safetensors" in line for line in done.stdout.splitlines()), len(snapshots))

    def test_where_the_time_goes(self):
        step = ("fastcut:compact:8:32", "--no-parts", "--profile", "--runs", 2, "--threads", 1)
        out = json.loads(self.run_linmo("bench", "train", *step, "--precision", "fp32,plain", "--json").stdout)
        by_precision = out["steps"][-1]["profile"]
        for precision in ("fp32", "plain"):
            times = by_precision[precision]
            self.assertGreater(times["convolution, forward"], 0)
            self.assertGreater(times["convolution, backward"], 0)
            self.assertGreater(times["Adam"], 0)
            measured = next(s["ms"] for s in out["steps"] if s["precision"] == precision)
            self.assertGreater(sum(times.values()), 0.5 * measured)  # all of it is accounted for; clocks are noisy

    def test_goes_on_from_another_folder(self):
        here = dict(content="照片", style="山水/")
        self.run_linmo(*self.arguments("whole", **here), cwd=self.dir)
        self.run_linmo(*self.arguments("parts", stop_at=2, **here), cwd=self.dir)
        self.run_linmo("train", "-o", self.dir / "parts", "--resume", cwd="/")
        self.assertSameModel(self.dir / "whole", self.dir / "parts")
        card = json.loads(self.run_linmo("models", "show", self.dir / "parts", "--json").stdout)
        self.assertIn("照片 → 山水", json.dumps(card, ensure_ascii=False))
        self.run_linmo(*self.arguments("parts", "--resume", **here), cwd=self.dir)
        self.fails(*self.arguments(self.dir / "parts", "--resume", **here), cwd=self.dir.parent, code=USAGE, says="content")
        # The same of a model to begin with, and a model's subject stays that of those that begin with it.
        self.run_linmo(*self.arguments("letters", "--subject", "characters", steps=1, **here), cwd=self.dir)
        self.run_linmo(*self.arguments("tuned", "--from", "letters", steps=2, stop_at=1, **here), cwd=self.dir)
        self.run_linmo("train", "-o", self.dir / "tuned", "--resume", cwd="/")
        card = json.loads(self.run_linmo("models", "show", self.dir / "tuned", "--json").stdout)
        self.assertIn('"subject": "characters"', json.dumps(card))

    def test_budget_by_time(self):
        self.run_linmo(*self.arguments(self.dir / "run", time="3s", steps=None))
        self.assertTrue((self.dir / "run/model.safetensors").exists())

    def test_folders_as_cyclegan_users_have_them(self):
        both = self.dir / "photo2ink"
        self.content.rename(self.dir / "A")
        self.style.rename(self.dir / "B")
        both.mkdir()
        (self.dir / "A").rename(both / "trainA")
        (self.dir / "B").rename(both / "trainB")
        make_folder(both / "testA", 2, seed=90)
        run = self.dir / "run"
        self.run_linmo(*self.arguments(run, content=both, style=None, method="cyclegan"))
        self.assertTrue((run / "model.safetensors").exists())

    def test_recipe(self):
        recipe = self.dir / "recipe.toml"
        recipe.write_text("method = 'fastcut'\nsteps = 3\nprecision = 'fp32'\n")
        run = self.dir / "run"
        self.run_linmo(*self.arguments(run, recipe=recipe, method=None, steps=None, precision=None))
        self.assertRegex((run / "settings.toml").read_text("utf-8"), r"(?m)^method = ['\"]fastcut['\"]")
        recipe.write_text("stepz = 3\n")
        self.fails(*self.arguments(self.dir / "no", recipe=recipe), code=USAGE, says=["stepz", "recipe.toml"])

    def test_the_model_applies(self):
        if not support.has_command("apply"):
            self.skipTest("this build has no `linmo apply`")
        run, out = self.dir / "run", self.dir / "out.png"
        self.run_linmo(*self.arguments(run))
        self.run_linmo("apply", run, self.content / "雪.png", "-o", out)
        self.assertEqual(support.read_png(out)[:3], (48, 48, 3))

    def test_an_existing_run_is_not_overwritten(self):
        run = self.dir / "run"
        self.run_linmo(*self.arguments(run))
        before = weights(run / "model.safetensors")
        done = support.linmo(*self.arguments(run, seed=8))
        self.assertNotEqual(done.returncode, DONE)
        self.assertIn("--resume", done.stderr)
        self.assertEqual(weights(run / "model.safetensors"), before)


@needs_command("train")
class Resume(TrainCase):
    def same_bits(self, method, precision):
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.run_linmo(*self.arguments(whole, method=method, precision=precision))
        self.run_linmo(*self.arguments(parts, stop_at=3, method=method, precision=precision))
        self.assertFalse((parts / "model.safetensors").exists() and
                         weights(parts / "model.safetensors") == weights(whole / "model.safetensors"))
        self.run_linmo("train", "-o", parts, "--resume")
        self.assertSameModel(whole, parts)

    def test_other_settings_are_refused(self):
        run = self.dir / "run"
        self.run_linmo(*self.arguments(run, stop_at=3))
        self.fails("train", "-o", run, "--resume", "--method", "cyclegan", code=USAGE, says="method")

    def test_nothing_to_resume(self):
        self.fails("train", "-o", self.dir / "none", "--resume", code=USAGE, says="none")

    def test_kill_at_any_moment(self):
        # The run that was killed again and again ends with the same bits as the one that was left alone.
        steps, seed = 150, random.randrange(1 << 30)
        rng = random.Random(seed)
        whole, killed = self.dir / "whole", self.dir / "killed"
        begin = time.monotonic()
        self.run_linmo(*self.arguments(whole, steps=steps))
        usual = time.monotonic() - begin
        arguments = self.arguments(killed, checkpoint_every=1, steps=steps)
        for _ in range(6):
            process = support.start(*arguments)
            time.sleep(rng.uniform(0.3, max(1.0, usual)))
            said = support.stop(process, signal.SIGKILL)
            self.assertIn(process.returncode, (-signal.SIGKILL, DONE), f"seed {seed}: {said}")
            if (killed / "settings.toml").exists():
                arguments = ("train", "-o", killed, "--resume")
        self.run_linmo(*arguments)
        self.assertSameModel(whole, killed)
        self.assertNoLeftovers(killed)

    def test_interrupt_saves_and_says_how_to_go_on(self):
        run = self.dir / "run"
        process = support.start(*self.arguments(run, log_every=1, steps=1000000))
        self.addCleanup(support.stop, process)
        stats, patience = run / "stats.jsonl", time.monotonic() + 60
        while not (stats.exists() and stats.stat().st_size > 0) and time.monotonic() < patience:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, INTERRUPTED, said)
        self.assertIn("--resume", said)
        reached = json.loads(stats.read_text("utf-8").splitlines()[-1])["step"]
        self.run_linmo("train", "-o", run, "--resume", "--steps", reached + 5)
        self.assertTrue((run / "model.safetensors").exists())

    def test_full_disk(self):
        with support.SmallDisk(self.dir / "disk", "24m") as disk:
            run = disk.path / "run"
            self.run_linmo(*self.arguments(run, stop_at=3), prefix=disk.prefix)
            fill = [*disk.prefix, "dd", "if=/dev/zero", f"of={disk.path}/full", "bs=4k"]
            support.subprocess.run(fill, capture_output=True)
            self.fails("train", "-o", run, "--resume", prefix=disk.prefix, says="(?i)no space left")
            (disk.seen / "full").unlink()
            self.run_linmo("train", "-o", run, "--resume", prefix=disk.prefix)
            whole, copy = self.dir / "whole", self.dir / "copy"
            self.run_linmo(*self.arguments(whole))
            shutil.copytree(disk.seen / "run", copy)
            self.assertSameModel(whole, copy)


def add_resume_tests():
    for method in METHODS:
        for precision in ("fp32", "bf16"):
            def test(self, method=method, precision=precision):
                self.same_bits(method, precision)
            setattr(Resume, f"test_same_bits_{method}_{precision}", test)


add_resume_tests()


@needs_command("train")
class Trouble(TrainCase):
    def test_bad_pictures_are_listed_and_training_goes_on(self):
        bad = support.bad_pictures(self.content)
        support.make_picture(self.content / "tiny.png", 2, 2)
        run = self.dir / "run"
        self.run_linmo(*self.arguments(run))
        page = html.unescape((run / "report.html").read_text("utf-8"))
        for name in [*bad, "tiny.png"]:
            with self.subTest(name):
                self.assertIn(name, page)

    def test_too_few_pictures(self):
        empty, lonely = self.dir / "empty", self.dir / "lonely"
        empty.mkdir()
        make_folder(lonely, 1)
        support.bad_pictures(lonely)
        for folder in (empty, lonely, self.dir / "nowhere"):
            for side in ("content", "style"):
                with self.subTest(f"{side} {folder.name}"):
                    run = self.dir / "run"
                    done = support.linmo(*self.arguments(run, **{side: folder}))
                    self.assertIn(done.returncode, (FAILED, USAGE), done.stderr)
                    self.assertIn(folder.name, done.stderr)
                    self.assertFalse((run / "stats.jsonl").exists())

    def test_usage(self):
        self.fails("train", code=USAGE, says="--output|-o")
        run = ("-o", self.dir / "run")
        self.fails("train", *run, code=USAGE, says="content")
        self.fails(*self.arguments(self.dir / "run", method="magic"), code=USAGE, says="cyclegan")
        self.fails(*self.arguments(self.dir / "run", time="5m"), code=USAGE, says="--steps")
        self.fails(*self.arguments(self.dir / "run", method="swift", r1=1), code=USAGE, says="--r1")
        self.fails(*self.arguments(self.dir / "run", method="swift", **{"from": "nowhere"}), code=USAGE, says="nowhere")
        self.fails(*self.arguments(self.dir / "run", size=1), code=USAGE, says="size")
        self.assertFalse((self.dir / "run").exists())

    def test_read_only_folder(self):
        closed = self.dir / "closed"
        closed.mkdir(mode=0o555)
        self.fails(*self.arguments(closed / "run"), prefix=support.without_root_powers(), says=["closed", "(?i)permission"])

    def test_divergence_is_reported(self):
        # Once it is rolled back and goes on more slowly, then it stops.
        done = self.fails(*self.arguments(self.dir / "run", rate=1e6, decay_from=1, steps=300))
        self.assertRegex(done.stderr, r"warning: the loss \w+ became .* halved the learning rate")
        self.assertRegex(done.stderr, r"linmo: the loss \w+ became .* --rate")


if __name__ == "__main__":
    unittest.main()
