# SPDX-License-Identifier: Apache-2.0
"""linmo tune and linmo mix: a trained generator adjusted to another style, and what lies between the two."""

import json
import struct

import support
from support import USAGE, make_folder, needs_command
from train_test import TINY, TrainCase, weights


def values(path):
    """The arrays of a model file by name: their type and bytes."""
    header, data = weights(path)
    return {name: (info["dtype"], data[slice(*info["data_offsets"])]) for name, info in header.items()}


def card(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(json.loads(data[8:8 + size])["__metadata__"]["linmo"])["card"]


@needs_command("tune")
class Tune(TrainCase):
    def setUp(self):
        super().setUp()
        self.base = self.dir / "base"
        self.run_linmo(*self.arguments(self.base, steps=2, licence="CC0"))
        self.other = self.dir / "浮世絵"
        make_folder(self.other, count=5, seed=90, tint=(-40, 30, 60))

    def tune(self, run, *more, steps=3, **settings):
        tiny = {key: value for key, value in TINY.items() if key not in ("generator", "ngf", "layers")}
        options = [[f"--{key.replace('_', '-')}", value] for key, value in {**tiny, **settings}.items()]
        return self.run_linmo("tune", self.base, "--style", self.other, "-o", run, "--steps", steps, "--precision",
                              "fp32", *sum(options, []), *more)

    def test_the_network_is_taken_over_and_moves_a_little(self):
        run = self.dir / "tuned"
        self.tune(run, "--content", self.content)
        before, after = values(self.base / "model.safetensors"), values(run / "model.safetensors")
        self.assertEqual(before.keys(), after.keys())
        self.assertEqual({kind for kind, _ in after.values()}, {"F16"})
        self.assertEqual(card(run / "model.safetensors")["generator"], "resnet")
        out = self.dir / "mixed.safetensors"
        said = self.run_linmo("mix", self.base, run, "--weights", 1, 3, "-o", out, "--json")
        self.assertEqual([part["weight"] for part in json.loads(said.stdout)["card"]["mixed_of"]], [0.25, 0.75])
        self.run_linmo("apply", out, self.content, "-o", self.dir / "painted")

    def test_layers_that_do_not_learn_keep_their_bits(self):
        run = self.dir / "last"
        self.tune(run, "--content", self.content, "--learn-share", 0.3, "--dtype", "f32")
        before, after = values(self.base / "model.safetensors"), values(run / "model.safetensors")
        same = [name for name in before if before[name] == after[name]]
        self.assertIn("model.1.weight", same)
        self.assertGreaterEqual(len(before) - len(same), 2)
        last = max((n for n in before if n.endswith(".weight")), key=lambda n: int(n.split(".")[1]))
        self.assertNotIn(last, same)

    def test_without_content_the_style_serves(self):
        run = self.dir / "alone"
        self.tune(run)
        self.assertEqual(json.loads((run / "data.json").read_text("utf-8"))["summary"]["content"], "5 pictures")

    def test_resumes_as_a_run_of_train(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.tune(whole, "--content", self.content, steps=4)
        self.tune(parts, "--content", self.content, steps=4, stop_at=2)
        self.run_linmo("train", "-o", parts, "--resume")
        self.assertSameModel(whole, parts)

    def test_mistakes(self):
        self.fails("tune", self.base, "-o", self.dir / "x", code=USAGE, says="--style")
        self.fails("tune", "-o", self.dir / "x", code=USAGE, says="model")
        self.fails("tune", self.dir / "nothing", "--style", self.other, "-o", self.dir / "x", "--size", 32,
                   code=USAGE, says="there is no model")
        self.fails(*self.arguments(self.dir / "x", learn_share=0.5), code=USAGE, says="--from")
        self.fails(*self.arguments(self.dir / "x", generator="from"), code=USAGE, says="--from")
        self.assertFalse((self.dir / "x" / "model.safetensors").exists())


@needs_command("mix")
class Mix(support.Case):
    BUNDLED = ("photo-to-ukiyoe", "photo-to-impressionism")

    def test_the_way_between_two_bundled_models_is_painted(self):
        picture, out = self.dir / "雪景.png", self.dir / "間.safetensors"
        support.make_picture(picture, width=64, height=40)
        self.run_linmo("mix", *self.BUNDLED, "-o", out, "--picture", picture, "--path-steps", 3)
        rows = support.read_png(self.dir / "間.path.png")
        self.assertEqual(rows[:2], (4 * 64, 40))  # the picture itself, then three steps
        self.fails("mix", *self.BUNDLED, "-o", out, code=USAGE, says="--force")

    def test_ends_are_the_models_themselves(self):
        picture = self.dir / "a.png"
        support.make_picture(picture, width=64, height=64)
        out = self.dir / "end.safetensors"
        self.run_linmo("mix", *self.BUNDLED, "--weights", 0, 1, "-o", out)
        self.run_linmo("apply", out, picture, "-o", self.dir / "b.png")
        self.run_linmo("apply", self.BUNDLED[1], picture, "-o", self.dir / "c.png")
        self.assertEqual(support.read_png(self.dir / "b.png"), support.read_png(self.dir / "c.png"))

    def test_strangers_are_refused(self):
        out = self.dir / "x.safetensors"
        self.fails("mix", "photo-to-ukiyoe", "photo-to-chinese-landscape", "-o", out, code=USAGE, says="origin")
        self.fails("mix", "photo-to-ukiyoe", "features", "-o", out, code=USAGE, says="only models of one network")
        self.fails("mix", *self.BUNDLED, "--weights", 1, 1, 1, "-o", out, code=USAGE, says="3 weights")
        self.fails("mix", *self.BUNDLED, "-o", out, "--path", self.dir / "p.png", code=USAGE, says="--picture")
        self.assertFalse(out.exists())
