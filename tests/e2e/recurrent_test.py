# SPDX-License-Identifier: Apache-2.0
"""Generators that remember: trained on moving windows, carried through a video, refining a picture."""

import json
import math
import time

import support
from support import USAGE, make_folder, make_picture, needs_command, read_png
from train_test import TrainCase
from tune_test import card

SETTINGS = {"method": "recurrent", "generator": None, "ngf": 4, "ndf": 4, "layers": None, "frames": 3, "size": 32,
            "load_size": 44}
WIDTH, HEIGHT = 64, 48


def frame(t):
    """One of y4m, 4:2:0: waves that move by a pixel a frame."""
    luma = bytes(int(128 + 60 * math.sin((x + t) / 5) + 40 * math.cos(y / 7)) for y in range(HEIGHT) for x in range(WIDTH))
    return b"FRAME\n" + luma + bytes([128]) * (WIDTH * HEIGHT // 2)


def video(path, frames):
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip A1:1 C420jpeg\n".encode() + b"".join(frames))


def shown(path):
    return [data[:WIDTH * HEIGHT] for data in path.read_bytes().split(b"FRAME\n")[1:]]


def difference(a, b):
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


@needs_command("train")
class Recurrent(TrainCase):
    def setUp(self):
        super().setUp()
        make_folder(self.content, names=[f"{c}.png" for c in "雪月花abc"], seed=1, width=64, height=56)

    def arguments(self, run, *more, **settings):
        return super().arguments(run, *more, **{**SETTINGS, **settings})

    def test_resumes_to_the_same_bits(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.run_linmo(*self.arguments(whole, log_every=1))
        self.run_linmo(*self.arguments(parts, stop_at=3))
        self.run_linmo("train", "-o", parts, "--resume")
        self.assertSameModel(whole, parts)
        lines = [json.loads(line) for line in (whole / "stats.jsonl").read_text("utf-8").splitlines()]
        lines = [line for line in lines if "losses" in line]
        self.assertEqual(len(lines), 6)
        for line in lines:
            self.assertGreater(line["losses"]["temporal"], 0)
        self.assertEqual(card(whole / "model.safetensors")["generator"], "recurrent")
        self.assertIn("memory", self.run_linmo("net", "recurrent").stdout)

    def test_begins_with_a_compact_generator(self):
        compact, run = self.dir / "compact", self.dir / "run"
        self.run_linmo(*self.arguments(compact, method="swift", frames=None))
        self.run_linmo(*self.arguments(run, steps=1), "--from", compact, "--rate", 1e-8)
        self.run_linmo("apply", run, self.content, "-o", self.dir / "out")
        self.fails(*self.arguments(self.dir / "x", ngf=6), "--from", compact, code=USAGE, says="same size")
        self.fails(*self.arguments(self.dir / "x", generator="resnet_1blocks"), code=USAGE, says="remembers")
        self.fails(*self.arguments(self.dir / "x", preprocess="none"), code=USAGE, says="--preprocess none")
        self.fails(*self.arguments(self.dir / "x", r1=1), code=USAGE, says="--method recurrent has")

    def test_video_and_refinement(self):
        run = self.dir / "run"
        # A rate at which four steps are enough for the memory to be seen.
        self.run_linmo(*self.arguments(run, steps=8, rate=0.02, ema=0))
        model, film = run / "model.safetensors", self.dir / "波.y4m"
        still = [frame(0)] * 3
        dark = [b"FRAME\n" + bytes([20]) * (WIDTH * HEIGHT) + bytes([128]) * (WIDTH * HEIGHT // 2)] * 2

        # The same frame three times: the memory changes the result; after a cut to another scene and back it
        # has forgotten.
        video(film, still + dark + still)
        self.run_linmo("apply", model, film, "-o", self.dir / "out.y4m", "--smooth", 0)
        frames = shown(self.dir / "out.y4m")
        self.assertEqual(len(frames), 8)
        self.assertNotEqual(frames[0], frames[1])
        self.assertEqual(frames[0], frames[5])
        self.assertEqual(frames[1], frames[6])

        # Two steps over a picture are its second frame.
        picture = self.dir / "絵.png"
        make_picture(picture, width=WIDTH, height=HEIGHT)
        results = []
        for steps in (1, 2, 3):
            out = self.dir / f"{steps}.png"
            self.run_linmo("apply", model, picture, "-o", out, "--refine", steps)
            results.append(read_png(out))
        self.assertNotEqual(results[0], results[1])
        self.assertNotEqual(results[1], results[2])
        self.fails("apply", model, film, "-o", self.dir / "x.y4m", "--refine", 2, code=USAGE, says="for pictures")
        out = self.fails("apply", "photo-to-ukiyoe", picture, "-o", self.dir / "x.png", "--refine", 2, code=USAGE,
                         says="remembers nothing")
        self.assertFalse((self.dir / "x.png").exists(), out.stderr)

    def test_a_killed_video_goes_on_with_the_same_frames(self):
        run = self.dir / "run"
        self.run_linmo(*self.arguments(run, steps=8, rate=0.02, ema=0))
        model, film, out, whole = run / "model.safetensors", self.dir / "波.y4m", self.dir / "out.mkv", self.dir / "whole.mkv"
        video(film, [frame(t) for t in range(260)])
        self.run_linmo("apply", model, film, "-o", whole, "--crf", 0)
        pieces = self.dir / ".out.mkv.pieces"
        process = support.start("apply", model, film, "-o", out, "--crf", 0)
        while process.poll() is None and not (pieces / "000001").exists():  # then the first one counts
            time.sleep(0.002)
        support.stop(process)
        self.assertFalse(out.exists())
        told = json.loads(self.run_linmo("apply", model, film, "-o", out, "--crf", 0, "--json").stdout)
        self.assertGreaterEqual(told["resumed_at"], 50)
        back = []
        for file in (out, whole):
            self.run_linmo("apply", model, file, "-o", file.with_suffix(".y4m"), "--strength", 0, "--smooth", 0, "-q")
            back.append(shown(file.with_suffix(".y4m")))
        self.assertEqual([len(frames) for frames in back], [260, 260])
        for t, (a, b) in enumerate(zip(*back)):
            self.assertLess(difference(a, b), 0.1, f"frame {t}")
