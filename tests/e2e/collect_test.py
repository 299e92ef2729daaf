# SPDX-License-Identifier: Apache-2.0
"""linmo collect and glyphs: pictures from anywhere become a collection, characters become pictures."""

import csv
import json
import pathlib
import shutil
import unittest

import support
from support import USAGE, Case, make_folder, make_picture, needs_command, read_png

FONTS = [pathlib.Path("/usr/share/fonts/truetype") / name for name in ("arphic/ukai.ttc", "kouzan-mouhitsu/kouzan-mouhitsu.ttf")]


def manifest(folder):
    with open(folder / "manifest.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@needs_command("collect")
class Collect(Case):
    def setUp(self):
        super().setUp()
        self.source, self.out = self.dir / "山水", self.dir / "collection"
        self.names = [f"{c}.png" for c in "雪月花风"]
        make_folder(self.source, names=self.names, seed=1, width=80, height=72)

    def test_a_collection(self):
        self.run_linmo("collect", self.source, "-o", self.out, "--culture", "China")
        rows = manifest(self.out)
        self.assertEqual(sorted(pathlib.Path(row["file"]).name for row in rows), sorted(self.names))
        self.assertEqual({row["culture"] for row in rows}, {"China"})
        self.assertEqual({(row["width"], row["height"]) for row in rows}, {("80", "72")})
        for row in rows:
            self.assertTrue((self.out / row["file"]).exists(), row["file"])
            self.assertIn(row["split"], ("train", "val", "test"))
        self.assertTrue((self.out / "contact_sheet.jpg").read_bytes().startswith(b"\xff\xd8\xff"))
        self.assertNoLeftovers(self.out)

    def test_exact_duplicates_are_left_out_and_near_ones_share_a_work(self):
        shutil.copy(self.source / "雪.png", self.source / "copy.png")
        make_picture(self.source / "darker.png", 80, 72, seed=1, tint=(-3, -3, -3))
        told = json.loads(self.run_linmo("collect", self.source, "-o", self.out, "--json").stdout)
        self.assertEqual((told["exact_duplicates"], told["near_duplicates"]), (1, 1))
        work = {pathlib.Path(row["file"]).name: row["work"] for row in manifest(self.out)}
        self.assertEqual(len(work), 5)
        twin = "雪.png" if "雪.png" in work else "copy.png"
        self.assertEqual(work["darker.png"], work[twin])
        self.assertNotEqual(work["darker.png"], work["月.png"])

    def test_bad_pictures_are_listed_with_reasons(self):
        bad = support.bad_pictures(self.source)
        self.run_linmo("collect", self.source, "-o", self.out)
        self.assertEqual(len(manifest(self.out)), len(self.names))
        refused = (self.out / "refused.csv").read_text("utf-8")
        for name in bad:
            self.assertIn(name, refused)

    def test_an_existing_collection_is_not_overwritten(self):
        self.run_linmo("collect", self.source, "-o", self.out)
        before = (self.out / "manifest.csv").read_bytes()
        self.fails("collect", self.source, "-o", self.out, code=USAGE, says="--resume|--force")
        self.assertEqual((self.out / "manifest.csv").read_bytes(), before)
        make_picture(self.source / "new.png", 90, 70, seed=77)
        told = json.loads(self.run_linmo("collect", self.source, "-o", self.out, "--resume", "--json").stdout)
        self.assertEqual((told["pictures"], told["measured"]), (5, 1))

    def test_equal_runs_give_equal_manifests(self):
        for name in ("a", "b"):
            self.run_linmo("collect", self.source, "-o", self.dir / name)
        self.assertEqual((self.dir / "a/manifest.csv").read_bytes(), (self.dir / "b/manifest.csv").read_bytes())

    def test_metadata_table(self):
        table = self.dir / "works.csv"
        table.write_text("filename,culture,artist,year\n雪.png,China,\"Fan Kuan, 范宽\",1000\n", encoding="utf-8")
        self.run_linmo("collect", self.source, "-o", self.out, "--metadata", table)
        artists = {pathlib.Path(row["file"]).name: row["artist"] for row in manifest(self.out)}
        self.assertEqual(artists["雪.png"], "Fan Kuan, 范宽")
        self.assertEqual(artists["月.png"], "")

    def test_nothing_to_collect(self):
        empty = self.dir / "empty"
        empty.mkdir()
        done = support.linmo("collect", empty, "-o", self.out)
        self.assertIn(done.returncode, (1, 2))
        self.assertIn("empty", done.stderr)
        self.fails("collect", self.dir / "nowhere", "-o", self.out, code=done.returncode, says="nowhere")
        self.assertFalse((self.out / "manifest.csv").exists())

    def test_read_only_folder(self):
        closed = self.dir / "closed"
        closed.mkdir(mode=0o555)
        self.fails("collect", self.source, "-o", closed / "c", prefix=support.without_root_powers(), says="closed")

    def test_full_disk(self):
        with support.SmallDisk(self.dir / "disk", "8k") as disk:
            self.fails("collect", self.source, "-o", disk.path / "c", prefix=disk.prefix, says="(?i)no space left")
            self.assertFalse((disk.seen / "c/manifest.csv").exists())


@needs_command("glyphs")
@unittest.skipUnless(all(font.exists() for font in FONTS), "the fonts of ./run demo are not installed")
class Glyphs(Case):
    def test_equal_names_in_every_font(self):
        self.run_linmo("glyphs", *FONTS, "-o", self.dir / "glyphs", "--characters", "山水画一二三", "--size", 48)
        folders = [self.dir / "glyphs" / font.stem for font in FONTS]
        names = [sorted(p.name for p in folder.iterdir()) for folder in folders]
        self.assertEqual(names[0], names[1])
        self.assertEqual(len(names[0]), 6)
        mountain = next(n for n in names[0] if "5C71" in n)
        pictures = [read_png(folder / mountain) for folder in folders]
        self.assertEqual(pictures[0][:2], (48, 48))
        self.assertNotEqual(pictures[0][4], pictures[1][4])

    def test_held_out_characters_are_not_in_both(self):
        self.run_linmo("glyphs", FONTS[0], "-o", self.dir / "glyphs", "--characters", "U+4E00-4E20", "--split", 5, "--size", 32)
        train, test = ({p.name for p in (self.dir / "glyphs" / name).iterdir()} for name in ("ukai", "ukai_test"))
        self.assertEqual((len(test), train & test), (5, set()))

    def test_characters_that_no_font_has(self):
        self.fails("glyphs", FONTS[0], "-o", self.dir / "glyphs", "--characters", "\U0001F600")

    def test_what_is_no_font(self):
        wrong = self.dir / "wrong.ttf"
        wrong.write_bytes(b"\0\1\0\0" + bytes(100))
        self.fails("glyphs", wrong, "-o", self.dir / "glyphs", says="wrong.ttf")


if __name__ == "__main__":
    unittest.main()
