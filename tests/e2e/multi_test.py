# SPDX-License-Identifier: Apache-2.0
"""One generator for several styles: linmo train --method multi, --style of the commands that use such a model, and
linmo tune --add-style."""

import json
import shutil

import support
from support import FAILED, USAGE, make_folder, needs_command
from train_test import TINY, TrainCase, weights
from tune_test import card, values

NAMES = ["vangogh", "山水", "浮世絵"]  # as folders are sorted


@needs_command("train")
class MultiCase(TrainCase):
    def setUp(self):
        super().setUp()
        self.styles = self.dir / "风格"
        for i, name in enumerate(NAMES):
            make_folder(self.styles / name, count=3 + i, seed=100 * i, tint=((80, -40, -40), (-40, 80, -40), (-40, -40, 80))[i])

    def multi(self, run, *more, **settings):
        return self.arguments(run, *more, **{"method": "multi", "style": self.styles, "batch": 2, "generator": "compact",
                                             **settings})

    def trained(self):
        run = self.dir / "run"
        if not run.exists():
            self.run_linmo(*self.multi(run, dtype="f16", licence="CC0", credit="ours"))
        return run


class Train(MultiCase):
    def test_the_run_knows_its_styles(self):
        (self.styles / "notes.txt").write_text("beside\n")
        support.make_picture(self.styles / "lost.png")
        run = self.trained()
        self.assertEqual(card(run / "model.safetensors")["styles"], NAMES)
        self.assertEqual(card(run / "model.safetensors")["data"]["pictures_of_styles"],
                         ["vangogh 3", "山水 4", "浮世絵 5"])
        data = json.loads((run / "data.json").read_text("utf-8"))
        self.assertEqual(data["styles"], NAMES)
        self.assertEqual({entry["file"].rsplit("/", 1)[-1] for entry in data["refused"]}, {"lost.png", "notes.txt"})
        self.assertIn("beside the folders", data["refused"][0]["reason"])
        sample = sorted((run / "samples").glob("*.png"))[-1]
        width, height = support.read_png(sample)[:2]
        self.assertEqual((width, height), (2 * 128, (1 + len(NAMES)) * 128))  # the contents, then a row a style
        self.assertIn("in the style vangogh, 山水, 浮世絵", (run / "report.html").read_text("utf-8"))
        shape = weights(run / "model.safetensors")[0]["stem_norm.weight"]["shape"]
        self.assertEqual(shape, [len(NAMES), TINY["ngf"]])

    def test_resumes_with_its_styles_only(self):
        run = self.dir / "stopped"
        self.run_linmo(*self.multi(run, stop_at=2))
        (self.styles / "山水").rename(self.styles / "水墨")
        self.fails("train", "-o", run, "--resume", says=["vangogh, 山水, 浮世絵", "水墨"])
        (self.styles / "水墨").rename(self.styles / "山水")
        self.run_linmo("train", "-o", run, "--resume")

    def test_resumes_to_the_same_bits(self):
        for precision in ("fp32", "bf16"):
            whole, parts = self.dir / f"whole {precision}", self.dir / f"parts {precision}"
            self.run_linmo(*self.multi(whole, precision=precision))
            self.run_linmo(*self.multi(parts, precision=precision, stop_at=3))
            self.run_linmo("train", "-o", parts, "--resume")
            self.assertSameModel(whole, parts)

    def test_begins_with_a_plain_model(self):
        base, run = self.dir / "base", self.dir / "run"
        self.run_linmo(*self.arguments(base, method="swift", generator="compact", steps=2))
        self.run_linmo(*self.multi(run, **{"from": base}))
        self.assertEqual(card(run / "model.safetensors")["styles"], NAMES)

    def test_mistakes(self):
        run = self.dir / "x"
        one, empty, odd = self.dir / "one", self.dir / "empty", self.dir / "odd"
        shutil.copytree(self.styles / "山水", one / "山水")
        shutil.copytree(self.styles, empty)
        shutil.rmtree(empty / "山水")
        (empty / "山水").mkdir()
        support.make_picture(empty / "山水" / "only.png")
        shutil.copytree(self.styles, odd)
        (odd / "山水").rename(odd / "山:水")
        self.fails(*self.multi(run, style=one), code=FAILED, says="holds 1 folder, and --method multi needs two")
        self.fails(*self.multi(run, style=self.styles / "山水"), code=FAILED, says="holds 0 folders")
        self.fails(*self.multi(run, style=empty), code=FAILED, says=["山水 has 1 usable picture ", "at least 2"])
        self.fails(*self.multi(run, style=odd), code=USAGE, says="cannot be called \"山:水\"")
        self.fails(*self.multi(run, style=self.dir / "none"), code=FAILED, says="none does not exist")
        self.fails(*self.multi(run, style=None), code=USAGE, says="a folder of pictures for each style")
        self.fails(*self.multi(run, generator="unet_128"), code=USAGE, says="no instance norms")
        self.fails(*self.multi(run, norm="batch"), code=USAGE, says="no instance norms")
        self.fails(*self.multi(run, r1=1), code=USAGE, says="--method multi has discriminators of its own")
        self.fails(*self.multi(run, add_style="a"), code=USAGE, says="linmo tune MODEL")
        self.fails(*self.multi(run, from_style="a"), code=USAGE, says="--from MODEL")
        self.fails(*self.multi(run, dtype="from"), code=USAGE, says="--from MODEL")
        self.assertFalse(run.exists())


class Use(MultiCase):
    def setUp(self):
        super().setUp()
        self.model, self.picture = self.trained(), self.content / "雪.png"

    def painted(self, model, *options, precision="fp32"):
        out = self.dir / "painted.png"
        self.run_linmo("apply", model, self.picture, "-o", out, "--force", "--precision", precision, *options)
        return support.read_png(out)

    def test_apply_takes_a_style_or_a_blend(self):
        results = [self.painted(self.model, "--style", name) for name in NAMES]
        self.assertEqual(len({str(rows) for rows in results}), len(NAMES))
        self.assertEqual(self.painted(self.model, "--style", "山水:3,浮世絵:0"), results[1])
        between = self.painted(self.model, "--style", "山水:0.6, 浮世絵:0.4")
        self.assertNotIn(between, results)
        self.assertEqual(self.painted(self.model, "--style", "浮世絵:2,山水:3"), between)

    def test_a_style_must_be_chosen(self):
        out = self.dir / "out.png"
        apply = ("apply", self.model, self.picture, "-o", out)
        self.fails(*apply, code=USAGE, says=["has several styles", "vangogh, 山水, 浮世絵", "--style vangogh:0.6,山水:0.4"])
        self.fails(*apply, "--style", "水墨", code=USAGE, says=["no style \"水墨\"", "vangogh, 山水, 浮世絵"])
        self.fails(*apply, "--style", "山水:much", code=USAGE, says="\"much\" is not a weight for the style 山水")
        self.fails(*apply, "--style", "山水:0", code=USAGE, says="add up to 0")
        self.fails(*apply, "--style", "山水,山水", code=USAGE, says="twice")
        self.fails("apply", "photo-to-ukiyoe", self.picture, "-o", out, "--style", "山水", code=USAGE, says="one style, its own")
        self.fails("export", self.model, "-o", self.dir / "x.onnx", code=USAGE, says="has several styles")
        self.fails("quantise", self.model, "--calibrate", self.content, "-o", self.dir / "x.safetensors", code=USAGE,
                   says="has several styles")
        self.assertFalse(out.exists())

    def test_videos_take_a_style_too(self):
        video, out = self.dir / "影.y4m", [self.dir / f"{i}.y4m" for i in range(3)]
        frames = b"".join(b"FRAME\n" + bytes([level]) * (32 * 24) + bytes([128]) * (16 * 12 * 2) for level in (60, 120))
        video.write_bytes(b"YUV4MPEG2 W32 H24 F25:1 Ip A1:1 C420jpeg\n" + frames)
        for file, style in zip(out, ("山水", "浮世絵", "山水:1,浮世絵:1")):
            self.run_linmo("apply", self.model, video, "--style", style, "-o", file)
        self.assertEqual(len({file.read_bytes() for file in out}), 3)
        self.fails("apply", self.model, video, "-o", self.dir / "x.mp4", code=USAGE, says="has several styles")

    def test_models_lists_the_styles(self):
        shown = self.run_linmo("models", "show", self.model).stdout
        self.assertRegex(shown, r"styles +vangogh, 山水, 浮世絵")
        home = self.dir / "home"
        (home / "models").mkdir(parents=True)
        shutil.copy(self.model / "model.safetensors", home / "models" / "三.safetensors")
        self.assertIn("(--style vangogh, 山水, 浮世絵)", self.run_linmo("models", cwd=home).stdout)

    def test_mix_makes_a_plain_model_and_a_strip(self):
        out = self.dir / "间.safetensors"
        self.run_linmo("mix", self.model, "--style", "山水:.6,浮世絵:.4", "-o", out, "--picture", self.picture, "--path-steps", 3)
        self.assertEqual(card(out)["style"], {"山水": 0.6, "浮世絵": 0.4})
        self.assertNotIn("styles", card(out))
        self.assertEqual(self.painted(out), self.painted(self.model, "--style", "山水:.6,浮世絵:.4"))
        self.assertEqual(support.read_png(self.dir / "间.path.png")[:2], (4 * 48, 48))
        everything = self.dir / "all.safetensors"
        self.run_linmo("mix", self.model, "-o", everything)
        self.assertEqual(len(card(everything)["style"]), 3)
        x = ("-o", self.dir / "x.safetensors")
        self.fails("mix", self.model, "--weights", 1, 2, *x, code=USAGE, says="--style")
        self.fails("mix", self.model, out, *x, code=USAGE, says="make a model of one")
        self.fails("mix", out, *x, code=USAGE, says="has one style")
        self.fails("mix", out, out, "--style", "山水", *x, code=USAGE, says="--style chooses")
        self.fails("mix", self.model, "--style", "山水", "--picture", self.picture, *x, code=USAGE, says="two styles")

    def test_export_and_quantise(self):
        self.run_linmo("export", self.model, "--style", "山水", "-o", self.dir / "one.onnx")
        self.run_linmo("export", self.model, "--style", "山水", "-o", self.dir / "one.safetensors")
        shape = weights(self.dir / "one.safetensors")[0]["stem_norm.weight"]["shape"]
        self.assertEqual(shape, [TINY["ngf"]])
        out = self.dir / "q.safetensors"
        done = support.linmo("quantise", self.model, "--style", "山水", "--calibrate", self.content, "-o", out, "--side", 32)
        if "does not compute in int8" in done.stderr:
            self.skipTest("this processor has no int8")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.painted(out, precision="int8")


@needs_command("tune")
class AddStyle(MultiCase):
    def setUp(self):
        super().setUp()
        self.model, self.new = self.trained(), self.dir / "新"
        make_folder(self.new, count=4, seed=300, tint=(90, 90, -60))

    def tune(self, run, *more, steps=3):
        tiny = {key: value for key, value in TINY.items() if key not in ("generator", "ngf", "layers")}
        options = [[f"--{key.replace('_', '-')}", value] for key, value in tiny.items()]
        return ("tune", self.model, "--style", self.new, "--content", self.content, "-o", run, "--steps", steps,
                "--precision", "fp32", *sum(options, []), *more)

    def test_the_old_styles_keep_their_bits(self):
        run = self.dir / "added"
        self.run_linmo(*self.tune(run, "--add-style", "日本画"))
        self.assertEqual(card(run / "model.safetensors")["styles"], [*NAMES, "日本画"])
        self.assertEqual(card(run / "model.safetensors")["added_to"]["licence"], "CC0")
        before, after = values(self.model / "model.safetensors"), values(run / "model.safetensors")
        self.assertEqual(before.keys(), after.keys())
        self.assertEqual({kind for kind, _ in after.values()}, {"F16"})
        for name, (_, data) in before.items():
            rows = "_norm." in name
            self.assertEqual(after[name][1][:len(data)], data, name)
            self.assertEqual(len(after[name][1]), len(data) * (len(NAMES) + 1) // len(NAMES) if rows else len(data), name)
        pictures = []
        for model in (self.model, run):
            self.run_linmo("apply", model, self.content, "--style", "山水", "-o", self.dir / f"of {model.name}")
            pictures.append({p.name: p.read_bytes() for p in (self.dir / f"of {model.name}").iterdir()})
        self.assertEqual(*pictures)
        self.run_linmo("apply", run, self.content, "--style", "日本画:0.5,山水:0.5", "-o", self.dir / "between")

    def test_resumes_to_the_same_bits(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.run_linmo(*self.tune(whole, "--add-style", "日本画", steps=4))
        self.run_linmo(*self.tune(parts, "--add-style", "日本画", "--stop-at", 2, steps=4))
        self.run_linmo("train", "-o", parts, "--resume")
        self.assertSameModel(whole, parts)

    def test_one_style_is_tuned_as_a_plain_model(self):
        run = self.dir / "plain"
        self.run_linmo(*self.tune(run, "--from-style", "山水:0.5,vangogh:0.5"))
        self.assertNotIn("styles", card(run / "model.safetensors"))
        self.run_linmo("apply", run, self.content, "-o", self.dir / "painted")

    def test_mistakes(self):
        run = self.dir / "x"
        self.fails(*self.tune(run), code=USAGE, says=["vangogh, 山水, 浮世絵", "--from-style", "--add-style"])
        self.fails(*self.tune(run, "--add-style", "山水"), code=USAGE, says="has a style 山水 already")
        self.fails(*self.tune(run, "--add-style", "a,b"), code=USAGE, says="cannot be called")
        self.fails(*self.tune(run, "--from-style", "水墨"), code=USAGE, says="no style \"水墨\"")
        self.fails(*self.tune(run, "--add-style", "a", "--learn-share", 0.5), code=USAGE, says="--learn-share")
        self.fails("tune", "photo-to-ukiyoe", "--add-style", "a", "--style", self.new, "-o", run, "--size", 32, code=USAGE,
                   says="has one style")
        self.assertFalse(run.exists())

