# SPDX-License-Identifier: Apache-2.0
"""linmo compare: collections in, a study folder out."""

import csv
import json
import random
import signal
import subprocess
import time
import unittest
from xml.etree import ElementTree

import support
from support import DONE, FAILED, USAGE, make_picture, needs_command

QUICK = ["--bootstrap", "100", "--permutations", "199", "--multivariate-permutations", "99", "--quiet"]


def names():
    """Descriptors that this build knows."""
    schema = json.loads(support.linmo("describe", "--list", "--json").stdout)
    return [n for n, p in schema["properties"].items() if p.get("type") not in ("string", ["string"])]


def write_table(path, culture, seed, shift, sources=2, works=32, columns=("lightness", "chroma")):
    rng = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["file", "culture", "artist", "source", "genre", *columns])
        for i in range(works):
            out.writerow([f"山水/{i}.jpg", culture, f"{culture} {i // 4}", f"{culture} museum {i // 4 % sources}",
                          "landscape" if i % 2 else "portrait", *[rng.gauss(shift, 1) for _ in columns]])
    return path


@needs_command("compare")
class CompareTest(support.Case):
    @classmethod
    def setUpClass(cls):
        known = [d for d in names() if d not in ("file", "sha256")]
        cls.columns = [d for d in known if d.startswith(("lab_", "void_", "edge_"))][:6]
        assert len(cls.columns) >= 3, known

    def tables(self, shift=2.0, sources=2):
        return [write_table(self.dir / "中国" / "features.csv", "中国", 1, 0, sources, columns=self.columns),
                write_table(self.dir / "Europe" / "features.csv", "Europe", 2, shift, sources, columns=self.columns)]

    def test_two_tables(self):
        study = self.dir / "研究"
        done = self.run_linmo("compare", *self.tables(), "-o", study, *QUICK)
        self.assertIn("中国 → Europe", done.stdout)
        for name in ("results.csv", "study.json", "features.csv", "settings.toml", "report.html", "map.html"):
            self.assertTrue((study / name).exists(), name)
        self.assertNoLeftovers(study)
        with open(study / "results.csv", encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual(len(rows), len(self.columns))
        for row in rows:
            self.assertEqual(row["verdict"], "different")
            self.assertGreater(float(row["delta"]), 0.5)
            self.assertLess(float(row["shift_low"]), 2.5)
            self.assertGreater(float(row["shift_high"]), 1.5)
        result = json.loads((study / "study.json").read_text(encoding="utf-8"))
        self.assertEqual(result["format"], "linmo study 1")
        self.assertEqual([g["units"] for g in result["groups"]], [32, 32])
        rungs = {r["name"]: r for r in result["ladder"]}
        self.assertGreater(rungs["leave_source_out"]["auc"], 0.8)

    def test_the_same_bytes(self):
        tables = self.tables()
        for name, threads in (("a", 1), ("b", 2)):
            self.run_linmo("compare", *tables, "-o", self.dir / name, "--threads", threads, *QUICK)
        files = sorted(f.relative_to(self.dir / "a") for f in (self.dir / "a").rglob("*") if f.is_file())
        self.assertGreater(len(files), 8)
        for file in files:
            self.assertEqual((self.dir / "a" / file).read_bytes(), (self.dir / "b" / file).read_bytes(), file)
        self.run_linmo("compare", *tables, "-o", self.dir / "c", "--seed", "2", *QUICK)
        self.assertNotEqual((self.dir / "a/results.csv").read_bytes(), (self.dir / "c/results.csv").read_bytes())

    def test_report_of_pictures(self):
        folders = []
        for group, tint, licence in (("中国", 40, "CC0"), ("Europe", 120, "All rights reserved")):
            folder = self.dir / group
            folder.mkdir()
            with open(folder / "metadata.csv", "w", encoding="utf-8", newline="") as f:
                out = csv.writer(f)
                out.writerow(["file", "culture", "artist", "title", "source", "licence"])
                for i in range(8):
                    make_picture(folder / f"雪景{i}.png", 96, 64, seed=tint + i)
                    out.writerow([f"雪景{i}.png", group, f"{group} {i // 2}", f"=山水<script>{i}", f"museum {i % 2}",
                                  licence])
            (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
            folders.append(folder)
        study = self.dir / "研究"
        self.run_linmo("compare", *folders, "-o", study, *QUICK)
        page = (study / "report.html").read_text(encoding="utf-8")
        chart = (study / "map.html").read_text(encoding="utf-8")
        for text in (page, chart):
            self.assertIn("中国", text)
            self.assertNotIn("<script>0", text)
            outside = text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
            self.assertNotRegex(outside, r"https?:|\bsrc=|url\(|@import|fetch\(")
        self.assertIn("=山水&lt;script&gt;", page)
        self.assertIn("broken.png", page)
        self.assertIn("data:image/jpeg;base64,", page)
        self.assertIn("its licence does not allow it", page)
        figures = sorted(f.name for f in (study / "figures").iterdir())
        for name in ("forest-1-2.svg", "forest-1-2-all.svg", "palettes.svg", "composition.svg", "pca.svg", "plane.svg"):
            self.assertIn(name, figures)
        for name in figures:
            root = ElementTree.parse(study / "figures" / name).getroot()
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            self.assertTrue(any(e.tag.endswith("}text") for e in root.iter()), name)
        # From tables the pictures are found again; a folder that is not there is said before anything is computed.
        tables = []
        for folder in folders:
            tables.append(self.dir / f"{folder.name}.csv")
            self.run_linmo("describe", folder, "-o", tables[-1], "--quiet", code=FAILED)  # one is broken
        self.run_linmo("compare", *tables, "-o", self.dir / "without", *QUICK)
        self.assertNotIn("data:image/", (self.dir / "without/report.html").read_text(encoding="utf-8"))
        self.run_linmo("compare", *tables, "-o", self.dir / "with", "--pictures", self.dir, *QUICK)
        self.assertIn("data:image/", (self.dir / "with/report.html").read_text(encoding="utf-8"))
        self.fails("compare", *tables, "-o", self.dir / "x", "--pictures", self.dir / "nowhere", says="nowhere")
        self.assertFalse((self.dir / "x").exists())

    def test_one_source_is_said_first(self):
        done = self.run_linmo("compare", *self.tables(sources=1), "-o", self.dir / "s", *QUICK)
        self.assertRegex(done.stdout.splitlines()[0], "^!! All works of 中国 come from a single source")

    def test_one_table_by_column(self):
        table = self.tables()[0]
        done = self.run_linmo("compare", table, "--by", "genre", "-o", self.dir / "s", "--json", *QUICK)
        result = json.loads(done.stdout)
        self.assertEqual({g["name"] for g in result["groups"]}, {"landscape", "portrait"})
        self.fails("compare", table, "--by", "weather", "-o", self.dir / "t", code=USAGE, says="weather")
        self.fails("compare", table, "-o", self.dir / "t", code=USAGE, says="two groups")

    def test_preregistration(self):
        tables = self.tables()
        file = self.dir / "计划.toml"
        self.run_linmo("compare", *tables, "--write-preregistration", file)
        self.fails("compare", *tables, "--write-preregistration", file, code=USAGE, says="not overwritten")
        file.write_text(f'[[hypothesis]]\ndescriptor = "{self.columns[0]}"\nfirst = "中国"\nsecond = "Europe"\n'
                        'direction = "higher"\n', encoding="utf-8")
        study = self.dir / "s"
        done = self.run_linmo("compare", *tables, "-o", study, "--preregistration", file, *QUICK)
        self.assertIn("supported", done.stdout)
        with open(study / "results.csv", encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual([r["part"] for r in rows][0], "confirmatory")
        self.assertEqual(rows[0]["outcome"], "supported")
        self.assertEqual((study / "preregistration.toml").read_bytes(), file.read_bytes())
        file.write_text('[[hypothesis]]\ndescriptor = "beauty"\nfirst = "中国"\nsecond = "Europe"\n'
                        'direction = "higher"\n', encoding="utf-8")
        self.fails("compare", *tables, "-o", study, "--preregistration", file, code=USAGE, says="beauty")
        file.write_text("[[hypothesis]]\n", encoding="utf-8")
        self.fails("compare", *tables, "-o", study, "--preregistration", file, code=FAILED, says="descriptor")

    def test_bad_input(self):
        table = self.tables()[0]
        self.fails("compare", table, self.dir / "nothing.csv", "-o", self.dir / "s", says="nothing")
        self.fails("compare", table, table.parent, code=USAGE, says="-o STUDY")
        broken = self.dir / "broken.csv"
        broken.write_text(f"file,{self.columns[0]}\na.jpg,bright\n")
        self.fails("compare", table, broken, "-o", self.dir / "s", says="bright")
        self.assertFalse((self.dir / "s").exists())

    def test_folders_are_described_first(self):
        for culture, tint in (("East", (60, 0, 0)), ("West", (0, 0, 60))):
            for i in range(6):
                make_picture(self.dir / culture / f"{i}.png", 72, 64, seed=i, tint=tint)
        (self.dir / "West" / "broken.png").write_bytes(b"no picture")
        self.run_linmo("compare", self.dir / "East", self.dir / "West", "-o", self.dir / "s", *QUICK)
        result = json.loads((self.dir / "s/study.json").read_text(encoding="utf-8"))
        self.assertEqual([(g["name"], g["pictures"]) for g in result["groups"]], [("East", 6), ("West", 6)])
        refused = [w for w in result["warnings"] if w["code"] == "not_described"]
        self.assertEqual(len(refused), 1)
        self.assertIn("broken.png", refused[0]["text"])

    @unittest.skipUnless(hasattr(signal, "SIGINT"), "needs signals")
    def test_interrupted(self):
        study = self.dir / "s"
        process = subprocess.Popen([support.LINMO, "compare", *map(str, self.tables()), "-o", str(study), "--bootstrap",
                                    "1000000"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=support.environment())
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, support.INTERRUPTED)
        self.assertFalse((study / "study.json").exists())


if __name__ == "__main__":
    unittest.main()
