# SPDX-License-Identifier: Apache-2.0
"""linmo import, models and apply: a checkpoint of another program becomes a model, the model changes pictures,
and nothing of a user's is lost whatever goes wrong."""

import json
import random
import subprocess
import time
import unittest

import support
from support import DONE, FAILED, USAGE, Case, make_picture, needs_command, read_png


def resnet_state(ngf=4, blocks=1, seed=0):
    """A CycleGAN generator's state dict (instance norm, transposed convolutions) with random weights."""
    rng = random.Random(seed)

    def convolution(name, out, into, kernel, transposed=False):
        shape = [into, out, kernel, kernel] if transposed else [out, into, kernel, kernel]
        spread = (into * kernel * kernel) ** -0.5
        state[f"{name}.weight"] = (shape, [rng.gauss(0, spread) for _ in range(into * out * kernel * kernel)])
        state[f"{name}.bias"] = ([out], [rng.gauss(0, 0.1) for _ in range(out)])

    state = {}
    convolution("model.1", ngf, 3, 7)
    convolution("model.4", 2 * ngf, ngf, 3)
    convolution("model.7", 4 * ngf, 2 * ngf, 3)
    for i in range(blocks):
        for layer in (1, 5):
            convolution(f"model.{10 + i}.conv_block.{layer}", 4 * ngf, 4 * ngf, 3)
    convolution(f"model.{10 + blocks}", 2 * ngf, 4 * ngf, 3, transposed=True)
    convolution(f"model.{13 + blocks}", ngf, 2 * ngf, 3, transposed=True)
    convolution(f"model.{17 + blocks}", 3, ngf, 7)
    return state


class WithModel(Case):
    def setUp(self):
        super().setUp()
        self.checkpoint = self.dir / "latest_net_G.safetensors"
        support.write_safetensors(self.checkpoint, resnet_state())
        self.model = self.dir / "水墨.safetensors"

    def import_model(self):
        self.run_linmo("import", self.checkpoint, "-o", self.model)


@needs_command("import")
class Import(WithModel):
    def test_a_checkpoint_becomes_a_model(self):
        done = self.run_linmo("import", self.checkpoint, "-o", self.model, "--licence", "CC0-1.0")
        self.assertIn("parameters", done.stdout)
        shown = json.loads(self.run_linmo("models", "show", self.model, "--json").stdout)
        self.assertEqual(shown["parameters"], sum(len(values) for _, values in resnet_state().values()))
        self.assertNoLeftovers(self.dir)

    def test_an_existing_model_is_not_overwritten(self):
        self.model.write_bytes(b"mine")
        self.fails("import", self.checkpoint, "-o", self.model, code=USAGE, says="--force")
        self.assertEqual(self.model.read_bytes(), b"mine")
        self.run_linmo("import", self.checkpoint, "-o", self.model, "--force")
        self.assertNotEqual(self.model.read_bytes(), b"mine")

    def test_damaged_and_foreign_checkpoints(self):
        whole = self.checkpoint.read_bytes()
        wrong = self.dir / "wrong.safetensors"
        for data in (b"", b"no model", whole[:50], whole[:-7], b"\xff" * 64, (2**62).to_bytes(8, "little") + whole[8:]):
            wrong.write_bytes(data)
            self.fails("import", wrong, "-o", self.model, says="wrong.safetensors")
        state = resnet_state()
        del state["model.7.weight"]
        support.write_safetensors(wrong, state)
        self.fails("import", wrong, "-o", self.model, says="model.7")
        (self.dir / "evil.pth").write_bytes(b"\x80\x02cposix\nsystem\nX\x05\0\0\0falseq\0\x85q\x01Rq\x02.")
        self.fails("import", self.dir / "evil.pth", "-o", self.model, says="evil.pth")
        self.fails("import", self.dir / "nowhere.pth", "-o", self.model, says="nowhere.pth")
        self.assertFalse(self.model.exists())


@needs_command("apply")
@needs_command("import")
class Apply(WithModel):
    def setUp(self):
        super().setUp()
        self.import_model()
        self.pictures = self.dir / "山水"
        self.names = ["雪景.png", "sub/花.png", "grey.png", "alpha.png"]
        for i, (name, channels) in enumerate(zip(self.names, (3, 3, 1, 4))):
            make_picture(self.pictures / name, 37 + i, 23, seed=i, channels=channels)

    def test_one_picture(self):
        out = self.dir / "out.png"
        self.run_linmo("apply", self.model, self.pictures / "雪景.png", "-o", out)
        self.assertEqual(read_png(out)[:4], (37, 23, 3, 8))
        self.assertNotEqual(read_png(out)[4], read_png(self.pictures / "雪景.png")[4])

    def test_no_strength_is_the_untouched_picture(self):
        out = self.dir / "out.png"
        self.run_linmo("apply", self.model, self.pictures / "雪景.png", "-o", out, "--strength", 0)
        self.assertEqual(read_png(out), read_png(self.pictures / "雪景.png"))

    def test_a_folder_with_all_below_it(self):
        out = self.dir / "结果"
        self.run_linmo("apply", self.model, self.pictures, "-o", out)
        found = sorted(str(p.relative_to(out)) for p in out.rglob("*.png"))
        self.assertEqual(found, sorted(self.names))
        width, height, channels, _, rows = read_png(out / "alpha.png")
        before = read_png(self.pictures / "alpha.png")
        self.assertEqual((width, height, channels), before[:3])
        self.assertEqual([row[3::4] for row in rows], [row[3::4] for row in before[4]], "alpha must be kept")
        self.assertNoLeftovers(out)

    def test_awkward_sizes(self):
        for width, height in ((1, 1), (1, 50), (50, 1), (2, 3), (101, 7)):
            with self.subTest(f"{width} × {height}"):
                picture, out = self.dir / f"{width}x{height}.png", self.dir / f"out{width}x{height}.png"
                make_picture(picture, width, height)
                self.run_linmo("apply", self.model, picture, "-o", out)
                self.assertEqual(read_png(out)[:2], (width, height))

    def test_max_side(self):
        out = self.dir / "out.png"
        self.run_linmo("apply", self.model, make_picture(self.dir / "large.png", 80, 40), "-o", out, "--max-side", 20)
        self.assertEqual(read_png(out)[:2], (20, 10))

    def test_other_formats(self):
        for extension, magic in ((".jpg", b"\xff\xd8\xff"), (".webp", b"RIFF"), (".tif", b"II")):
            out = self.dir / ("out" + extension)
            self.run_linmo("apply", self.model, self.pictures / "alpha.png", "-o", out)
            self.assertTrue(out.read_bytes().startswith(magic), extension)
        self.fails("apply", self.model, self.pictures / "alpha.png", "-o", self.dir / "out.gif", code=USAGE)

    def test_bad_pictures_are_listed_and_the_others_done(self):
        bad = support.bad_pictures(self.pictures)
        out = self.dir / "out"
        done = self.run_linmo("apply", self.model, self.pictures, "-o", out, code=FAILED)
        for name in self.names:
            self.assertTrue((out / name).exists(), name)
        for name in ("empty.png", "text.jpg", "坏图.png", "bomb.png", "head.jpg"):
            self.assertIn(name, bad)
            self.assertIn(name, done.stderr)
            self.assertFalse((out / name).exists(), name)

    def test_existing_results_are_kept_without_force(self):
        out = self.dir / "out.png"
        out.write_bytes(b"mine")
        self.fails_softly("apply", self.model, self.pictures / "雪景.png", "-o", out, says="--force")
        self.assertEqual(out.read_bytes(), b"mine")
        self.run_linmo("apply", self.model, self.pictures / "雪景.png", "-o", out, "--force")
        self.assertEqual(read_png(out)[:2], (37, 23))

    def test_inputs_are_never_replaced(self):
        picture = self.pictures / "雪景.png"
        before = picture.read_bytes()
        done = support.linmo("apply", self.model, picture, "-o", picture, "--force")
        self.assertNotEqual(done.returncode, DONE)
        self.assertEqual(picture.read_bytes(), before)

    def fails_softly(self, *args, says):
        """Not done; the reason may be in the list of what failed."""
        done = support.linmo(*args)
        self.assertIn(done.returncode, (FAILED, USAGE), done.stderr)
        self.assertRegex(done.stderr, says)

    def test_read_only_folder(self):
        closed = self.dir / "closed"
        closed.mkdir(mode=0o555)
        self.fails("apply", self.model, self.pictures, "-o", closed, prefix=support.without_root_powers(), says="closed")
        self.assertEqual(list(closed.iterdir()), [])

    def test_full_disk(self):
        picture = make_picture(self.dir / "large.png", 400, 300)
        with support.SmallDisk(self.dir / "disk", "16k") as disk:
            done = support.linmo("apply", self.model, picture, self.pictures / "雪景.png", "-o", disk.path / "out", prefix=disk.prefix)
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertRegex(done.stderr, "(?i)no space left")
            left = [p.name for p in (disk.seen / "out").rglob("*") if p.is_file()]
            self.assertNotIn("large.png", left)
            self.assertNoLeftovers(disk.seen)

    def test_usage(self):
        picture = self.pictures / "雪景.png"
        self.fails("apply", code=USAGE)
        self.fails("apply", "no-such-model", picture, "-o", self.dir / "o.png", code=USAGE, says="no-such-model")
        self.fails("apply", self.model, self.dir / "nowhere.png", "-o", self.dir / "o.png", says="nowhere.png")
        self.fails("apply", self.model, picture, "-o", self.dir / "o.png", "--strength", 2, code=USAGE, says="strength")
        self.fails("apply", picture, picture, "-o", self.dir / "o.png", says="雪景.png")
        self.assertFalse((self.dir / "o.png").exists())

    def test_equal_runs_give_equal_bytes(self):
        for name in ("a", "b"):
            self.run_linmo("apply", self.model, self.pictures, "-o", self.dir / name)
        for name in self.names:
            self.assertEqual((self.dir / "a" / name).read_bytes(), (self.dir / "b" / name).read_bytes(), name)

    def test_sprite_sheets(self):
        sheet = make_picture(self.dir / "sheet.png", 40, 24, seed=5, channels=4)
        whole, cells = self.dir / "whole.png", self.dir / "cells.png"
        self.run_linmo("apply", self.model, sheet, "-o", whole)
        self.run_linmo("apply", self.model, sheet, "-o", cells, "--cells", "20x12")
        self.assertEqual(read_png(cells)[:3], (40, 24, 4))
        self.assertNotEqual(read_png(cells)[4], read_png(whole)[4])
        art = self.dir / "art.png"
        self.run_linmo("apply", self.model, sheet, "-o", art, "--cells", "20", "--pixel-art", "--colours", 6)
        width, _, _, _, rows = read_png(art)
        colours = {row[4 * x:4 * x + 3] for row in rows for x in range(width) if row[4 * x + 3]}
        self.assertLessEqual(len(colours), 6)
        self.assertEqual([row[3::4] for row in rows], [row[3::4] for row in read_png(sheet)[4]])
        for wrong in ("20x", "x", "0x4", "-3", "4x4x4"):
            self.fails("apply", self.model, sheet, "-o", self.dir / "no.png", f"--cells={wrong}", code=USAGE, says="cells")

    def test_videos(self):
        video, out, back = self.dir / "影.y4m", self.dir / "out.mp4", self.dir / "back.y4m"
        frames = b"".join(b"FRAME\n" + bytes([level]) * (32 * 24) + bytes([128]) * (16 * 12 * 2) for level in range(60, 160, 20))
        video.write_bytes(b"YUV4MPEG2 W32 H24 F25:1 Ip A1:1 C420jpeg\n" + frames)
        told = json.loads(self.run_linmo("apply", self.model, video, "-o", out, "--json").stdout)
        self.assertEqual((told["frames"], told["width"], told["height"]), (5, 32, 24))
        self.fails("apply", self.model, video, "-o", out, code=USAGE, says="--force")
        self.run_linmo("apply", self.model, out, "-o", back, "--strength", 0, "--smooth", 0, "-q")
        self.assertEqual(back.read_bytes().count(b"FRAME\n"), 5)
        piped = subprocess.run([support.LINMO, "apply", self.model, "-", "-o", "-", "-q"], input=video.read_bytes(),
                               capture_output=True, timeout=60)
        self.assertEqual(piped.returncode, DONE, piped.stderr)
        self.assertTrue(piped.stdout.startswith(b"YUV4MPEG2 "))
        self.assertEqual(piped.stdout.count(b"FRAME\n"), 5)
        pixels = bytes(range(256)) * 9 + bytes(48)  # two frames of 28 × 14
        raw = subprocess.run([support.LINMO, "apply", self.model, "-", "-o", "-", "-q", "--raw", "28x14@25", "--strength",
                              "0"], input=pixels, capture_output=True, timeout=60)
        self.assertEqual((raw.returncode, raw.stdout), (DONE, pixels), raw.stderr)
        self.fails("apply", self.model, video, "-o", self.dir / "x.mp4", "--raw", "28x14@25", code=USAGE, says="input")
        self.fails("apply", self.model, "-", "-o", "-", "--raw", "28by14", code=USAGE, says="28by14")
        (self.dir / "坏.mp4").write_bytes(b"no video")
        self.fails("apply", self.model, self.dir / "坏.mp4", "-o", self.dir / "x.mp4", says="坏.mp4")
        self.fails("apply", self.model, video, "-o", self.dir / "x.png", code=USAGE, says="mp4")
        self.fails("apply", self.model, video, "-o", self.dir / "x.mp4", "--cells", 8, code=USAGE, says="pictures")
        self.fails("apply", self.model, self.dir / "坏.png", "-o", self.dir / "x.png", "--crf", 20, code=USAGE, says="videos")
        self.assertFalse((self.dir / "x.mp4").exists())
        self.assertNoLeftovers(self.dir)

    def test_a_killed_video_goes_on_with_the_same_frames(self):
        video, out, whole = self.dir / "影.y4m", self.dir / "out.mkv", self.dir / "whole.mkv"
        frame = lambda level: b"FRAME\n" + bytes([level]) * (64 * 48) + bytes([128]) * (32 * 24 * 2)
        video.write_bytes(b"YUV4MPEG2 W64 H48 F25:1 Ip A1:1 C420jpeg\n" + b"".join(frame(n % 200 + 16) for n in range(400)))
        self.run_linmo("apply", self.model, video, "-o", whole)
        pieces = self.dir / ".out.mkv.pieces"
        for many in (1, 3):
            process = support.start("apply", self.model, video, "-o", out)
            while process.poll() is None and not (pieces / f"{many:06}").exists():
                time.sleep(0.002)
            support.stop(process)
            self.assertFalse(out.exists())
        told = json.loads(self.run_linmo("apply", self.model, video, "-o", out, "--json").stdout)
        self.assertGreaterEqual(told["resumed_at"], 150)
        self.assertEqual(told["frames"], 400)
        # What is shown, not the bytes: docs/apply.md says why.
        shown = []
        for file in (out, whole):
            back = file.with_suffix(".y4m")
            self.run_linmo("apply", self.model, file, "-o", back, "--strength", 0, "--smooth", 0, "-q")
            shown.append([frame[:64 * 48] for frame in back.read_bytes().split(b"FRAME\n")[1:]])
        self.assertEqual([len(frames) for frames in shown], [400, 400])
        for a, b in zip(*shown):
            self.assertLess(abs(sum(a) - sum(b)) / (64 * 48), 1)
        self.assertFalse(pieces.exists())
        self.assertIn("kept", self.run_linmo("apply", self.model, video, "-o", out, "--resume").stdout)

    def test_json(self):
        told = json.loads(self.run_linmo("apply", self.model, self.pictures, "-o", self.dir / "out", "--json").stdout)
        self.assertEqual(len(told["written"]), len(self.names))
        self.assertEqual(told["failed"], [])


if __name__ == "__main__":
    unittest.main()
