# SPDX-License-Identifier: Apache-2.0
"""linmo describe: collections, folders, tables and IIIF manifests become tables of descriptors."""

import csv
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

import support
from support import FAILED, USAGE, Case, make_folder, make_picture, needs_command


def table(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@needs_command("describe")
class Describe(Case):
    def setUp(self):
        super().setUp()
        self.source, self.out = self.dir / "山水", self.dir / "features.csv"
        self.names = [f"{c}.png" for c in "雪月花风"]
        make_folder(self.source, names=self.names, seed=1, width=80, height=72)

    def test_every_output_says_the_same(self):
        wide, tall, store, schema = (self.dir / n for n in ("features.csv", "long.csv", "特征.sqlite", "schema.json"))
        self.run_linmo("describe", self.source, "-o", wide, "--long", tall, "--sqlite", store, "--schema", schema)
        rows = table(wide)
        self.assertEqual([r["file"] for r in rows], sorted(self.names))
        self.assertEqual({r["collection"] for r in rows}, {"山水"})
        meaning = json.loads(schema.read_text("utf-8"))["properties"]
        self.assertEqual(list(meaning), list(rows[0]))
        numbers = [n for n, p in meaning.items() if "number" in p["type"]]
        self.assertGreaterEqual(len([n for n in numbers if not meaning[n]["nuisance"]]), 45)
        self.assertTrue(all(meaning[n]["unit"] and meaning[n]["description"] for n in numbers))
        listed = {(r["file"], r["descriptor"]): r["value"] for r in table(tall)}
        database = sqlite3.connect(store)
        stored = {(f, d): v for f, d, v in database.execute("SELECT file, descriptor, value FROM long")}
        database.close()
        for row in rows:
            for name in numbers:
                self.assertEqual(row[name], listed[row["file"], name])
                value = stored[row["file"], name]
                self.assertEqual(float(row[name]) if row[name] else None, value)
        self.assertNoLeftovers(self.dir)

    def test_bad_pictures_are_listed_and_the_rest_is_done(self):
        bad = support.bad_pictures(self.source)
        done = self.run_linmo("describe", self.source, "-o", self.out, code=FAILED)
        self.assertEqual(len(table(self.out)), len(self.names))
        refused = {r["file"]: r["reason"] for r in table(self.dir / "features.refused.csv")}
        self.assertEqual(set(refused), set(bad))
        self.assertTrue(all(refused.values()))
        for name in bad:
            self.assertIn(name, done.stdout)
        # Mended: the list of the earlier run is gone.
        for path in bad.values():
            path.unlink()
        self.run_linmo("describe", self.source, "-o", self.out)
        self.assertFalse((self.dir / "features.refused.csv").exists())

    def test_a_second_run_computes_what_is_new(self):
        first = json.loads(self.run_linmo("describe", self.source, "-o", self.out, "--json").stdout)
        before = self.out.read_bytes()
        second = json.loads(self.run_linmo("describe", self.source, "-o", self.out, "--json").stdout)
        self.assertEqual((first["computed"], second["computed"], second["described"]), (4, 0, 4))
        self.assertEqual(self.out.read_bytes(), before)
        make_picture(self.source / "new.png", 90, 70, seed=9)
        third = json.loads(self.run_linmo("describe", self.source, "-o", self.out, "--json").stdout)
        self.assertEqual((third["computed"], third["described"]), (1, 5))

    def test_equal_runs_give_equal_bytes_whatever_the_threads(self):
        for threads in (1, 3):
            self.run_linmo("describe", self.source, "-o", self.dir / f"{threads}.csv", "--threads", threads,
                           "--sqlite", self.dir / f"{threads}.sqlite")
        for ending in ("csv", "sqlite"):
            texts = [(self.dir / f"{n}.{ending}").read_bytes() for n in (1, 3)]
            if ending == "sqlite":  # what the file says of the settings differs
                self.assertEqual(len(texts[0]), len(texts[1]))
            else:
                self.assertEqual(*texts)

    def test_killed_and_started_again(self):
        make_folder(self.source, count=120, seed=50, width=100, height=90)
        running = support.start("describe", self.source, "-o", self.out, "--threads", 1)
        cache = self.dir / "features.cache"
        for _ in range(600):
            if cache.exists() and cache.stat().st_size > 60_000:
                break
            time.sleep(0.05)
        support.stop(running)
        self.assertFalse(self.out.exists())
        told = json.loads(self.run_linmo("describe", self.source, "-o", self.out, "--json").stdout)
        self.assertEqual(told["described"], 124)
        self.assertLess(told["computed"], 124)
        fresh = self.dir / "fresh.csv"
        self.run_linmo("describe", self.source, "-o", fresh)
        self.assertEqual(self.out.read_bytes(), fresh.read_bytes())

    def test_many_pictures_of_which_some_are_broken(self):
        # Ten kinds of broken files, a kill in the middle, the same bytes afterwards: bench/many_pictures.py, in small.
        script = pathlib.Path(__file__).parents[2] / "bench/many_pictures.py"
        done = subprocess.run([sys.executable, script, "--linmo", support.LINMO, "--pictures", "400", "--broken", "20",
                               "--folder", self.dir / "many"], capture_output=True, text=True, env=support.environment(),
                              timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(done.stderr.count("ok "), 9)

    def test_metadata_licence_and_dates(self):
        (self.source / "metadata.csv").write_text(
            "filename,culture,artist,year,license,label,尺寸\n雪.png,China,范宽,c. 1830–33,CC0,landscape,三尺\n"
            "月.png,Japan,,天保三年,,,\n没有.png,China,,,,,\n", encoding="utf-8")
        self.run_linmo("describe", self.source, "-o", self.out, code=FAILED)
        rows = {r["file"]: r for r in table(self.out)}
        snow, moon = rows["雪.png"], rows["月.png"]
        self.assertEqual((snow["year_from"], snow["year_to"]), ("1830", "1833"))
        self.assertEqual((moon["year_from"], moon["year_to"]), ("1832", "1832"))
        self.assertEqual((snow["licence"], snow["genre"], snow["尺寸"], snow["artist"]), ("CC0", "landscape", "三尺", "范宽"))
        self.assertEqual([r["file"] for r in table(self.dir / "features.refused.csv")], ["没有.png"])

    def test_a_collection_made_by_collect(self):
        collection = self.dir / "collection"
        self.run_linmo("collect", self.source, "-o", collection, "--culture", "China", "--licence", "CC0")
        self.run_linmo("describe", collection, "-o", self.out)
        self.assertEqual({(r["culture"], r["licence"]) for r in table(self.out)}, {("China", "CC0")})
        self.assertEqual(len(table(self.out)), 4)

    def test_iiif_manifest_on_disk(self):
        page = {"items": [{"items": [{"motivation": "painting", "body": {
            "type": "Image", "id": "https://m.example/iiif/3/%E9%9B%AA/full/max/0/default.jpg"}}]}]}
        gone = {"items": [{"items": [{"body": {"id": "https://m.example/iiif/3/gone/full/max/0/default.jpg"}}]}]}
        (self.source / "manifest.json").write_text(json.dumps({
            "@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest", "id": "https://m.example/1",
            "label": {"zh": ["雪景"]}, "items": [page, gone]}), encoding="utf-8")
        done = self.run_linmo("describe", self.source / "manifest.json", "-o", self.out, code=FAILED)
        rows = table(self.out)
        self.assertEqual([(r["file"], r["title"]) for r in rows], [("雪.png", "雪景")])
        self.assertIn("gone", done.stdout)
        self.assertIn("not on disk", done.stdout)

    def test_places_that_cannot_be_written(self):
        locked = self.dir / "locked"
        locked.mkdir()
        os.chmod(locked, 0o500)
        prefix = support.without_root_powers()
        self.fails("describe", self.source, "-o", locked / "features.csv", prefix=prefix, says="locked")
        # A collection that may only be read is no trouble.
        for path in (*self.source.iterdir(), self.source):
            os.chmod(path, 0o500 if path.is_dir() else 0o400)
        self.run_linmo("describe", self.source, "-o", self.out, prefix=prefix)

    def test_full_disk(self):
        with support.SmallDisk(self.dir / "small", "16k") as disk:
            self.fails("describe", self.source, "-o", disk.path / "f.csv", prefix=disk.prefix, says="f")
            self.assertFalse((disk.seen / "f.csv").exists())

    def test_list_and_usage(self):
        self.assertRegex(self.run_linmo("describe", "--list").stdout, r"void_share \[1\], 0 … 1")
        schema = json.loads(self.run_linmo("describe", "--list", "--json").stdout)
        self.assertEqual(schema["properties"]["jpeg_quality"]["group"], "nuisance")
        self.fails("describe", "-o", self.out, code=USAGE, says="collection")
        self.fails("describe", self.source, code=USAGE, says="features.csv")
        self.fails("describe", self.dir / "nowhere", "-o", self.out, says="nowhere")
        (self.dir / "empty").mkdir()
        self.fails("describe", self.dir / "empty", "-o", self.out, says="no picture")
        self.fails("describe", self.source, "-o", self.out, "--size", 10, code=USAGE)


if __name__ == "__main__":
    unittest.main()
