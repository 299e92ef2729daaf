#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a compiler does not check: who may include whom, where libtorch's headers may
appear, that linmo/README.md names every file, licence lines, file length, and nothing left lying about.

    python3 tests/layers_test.py

Each rule is a function (files: path -> text) -> list of complaints; the second half of the tests breaks each
rule in a made-up tree and expects the complaint."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["core", "image", "collection", "net", "model", "engine", "measure", "train", "apply", "embed", "video", "culture"]
MAX_LINES = 700
SOURCE = re.compile(r"\.(cc|h|py|sh|cmake|ts|svelte)$|(^|/)CMakeLists\.txt$|^run$|^\.ci/run$")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
TORCH = re.compile(r"(torch|ATen|c10|caffe2)/")
LIGHT_TORCH = re.compile(r"(ATen/core/|ATen/Tensor\.h|c10/)")


def project_files(root=ROOT):
    """Text files of the project: tracked or new in a checkout, otherwise all but build output."""
    try:
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(p.relative_to(root)) for p in root.rglob("*")]
        names = [n for n in names if not n.startswith(("build/", ".git/", "demo/out/"))]
    files = {}
    for name in sorted(filter(None, names)):
        path = root / name
        if not path.is_file() or path.is_symlink():
            continue
        data = path.read_bytes()
        if b"\0" in data[:8192]:
            continue
        try:
            files[name] = data.decode("utf-8")
        except UnicodeDecodeError:
            continue
    return files


def folder_order(files):
    """A folder of linmo/ includes only itself and folders above it."""
    bad = []
    for name, text in files.items():
        parts = name.split("/")
        if parts[0] != "linmo" or len(parts) < 3:
            continue
        if parts[1] not in FOLDERS:
            bad.append(f"{name}: folder {parts[1]} has no place in the order {' '.join(FOLDERS)}")
            continue
        for header in INCLUDE.findall(text):
            target = header.split("/")
            if target[0] == "app":
                bad.append(f"{name}: includes {header}, but the library does not know the programs")
            if target[0] != "linmo" or len(target) < 3:
                continue
            if target[1] not in FOLDERS:
                bad.append(f"{name}: includes {header}, a folder without a place in the order")
            elif FOLDERS.index(target[1]) > FOLDERS.index(parts[1]):
                bad.append(f"{name}: includes {header}, which lies below {parts[1]} in the order")
    return bad


def torch_headers(files):
    """libtorch stays in the training code, and its heavy headers out of our headers."""
    plain = set()
    rule = re.search(r"linmo_library\(train_plain\b[^)]*?\bFILES\s+([^)]*?)(\s+DEPS|\))", files.get("CMakeLists.txt", ""))
    if rule:
        plain = {"linmo/train/" + f for f in rule.group(1).split()}
    bad = []
    for name, text in files.items():
        for header in INCLUDE.findall(text):
            if not TORCH.match(header):
                continue
            if name.endswith(".h") and not name.endswith("_test.h"):
                if not name.startswith("linmo/train/") or not LIGHT_TORCH.match(header):
                    bad.append(f"{name}: a header must not include {header} (every file behind it pays for it)")
            elif name in plain:
                bad.append(f"{name}: includes {header}, but is built without libtorch")
            elif not (name.startswith("linmo/train/") or re.fullmatch(r"linmo/measure/features_torch(_test)?\.cc", name)
                      or re.fullmatch(r"app/cli/(\w+_torch|train_main)\.cc|bench/\w+\.cc", name)):
                bad.append(f"{name}: includes {header}; libtorch belongs in linmo/train and *_torch.cc")
    return bad


def first_sentence(text):
    comment = " ".join(m.strip() for m in re.findall(r"^// ?(.*)$", text.split("#", 1)[0], re.MULTILINE) if "SPDX" not in m)
    return re.split(r"(?<=[.;])\s", comment)[0].rstrip(".;") or "what it is for"


def source_map(files):
    """linmo/README.md: '## folder' in the house's order, below it '- `file.h` — what'. A header's line covers
    its .cc, _test.cc and _fuzz.cc."""
    map_name = "linmo/README.md"
    if map_name not in files:
        return [f"{map_name} is missing"]
    listed, headings, bad = set(), [], []
    for line in files[map_name].splitlines():
        heading = re.match(r"## (\w+)", line)
        entry = re.match(r"- `([^`]+)` — \S", line)
        if heading:
            headings.append(heading.group(1))
        elif entry:
            if not headings:
                bad.append(f"{map_name}: {line!r} stands before the first folder")
                continue
            file = f"linmo/{headings[-1]}/{entry.group(1)}"
            if file in listed:
                bad.append(f"{map_name}: {file} is named twice")
            if file not in files:
                bad.append(f"{map_name}: names {file}, which does not exist")
            listed.add(file)
    known = [h for h in headings if h in FOLDERS]
    if known != sorted(known, key=FOLDERS.index):
        bad.append(f"{map_name}: folders must come in the order {' '.join(FOLDERS)}")
    for name, text in files.items():
        if not re.fullmatch(r"linmo/\w+/.*\.(cc|h)", name) or name in listed:
            continue
        stem = re.sub(r"(_test|_fuzz)?\.(cc|h)$", "", name)
        owners = {stem + ".h"} if stem + ".h" in files else {stem + ".cc"} & listed
        if name.endswith(".h") or not owners:
            short = name.split("/", 2)[2]
            bad.append(f"{map_name}: under ## {name.split('/')[1]} add:  - `{short}` — {first_sentence(text)}")
    return bad


def licence_lines(files):
    line = "SPDX-" + "License-Identifier: Apache-2.0"
    return [f"{name}: the SPDX line is missing from the top" for name, text in files.items()
            if SOURCE.search(name) and line not in "\n".join(text.splitlines()[:2])]


def file_length(files):
    return [f"{name}: {text.count(chr(10))} lines; split it (at most {MAX_LINES})" for name, text in files.items()
            if SOURCE.search(name) and text.count("\n") > MAX_LINES]


def leftovers(files):
    """No path of the machine it was written on, no notes to oneself."""
    path = re.compile(r"(?<![\w.~}\])*$/-])/(" + "work|" + "root|" + r"tmp/bash\w*)(?=/|\b)")
    note = re.compile(r"\b(TO" + "DO|FIX" + r"ME)\b")
    bad = []
    for name, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if path.search(line):
                bad.append(f"{name}:{number}: a path of somebody's machine: {line.strip()[:100]}")
            if note.search(line):
                bad.append(f"{name}:{number}: do it or file it as an issue: {line.strip()[:100]}")
    return bad


class TheHouse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = project_files()

    def check(self, rule):
        bad = rule(self.files)
        self.assertFalse(bad, "\n" + "\n".join(bad))

    def test_files_were_found(self):
        self.assertIn("linmo/core/error.h", self.files)
        self.assertIn("run", self.files)

    def test_folder_order(self):
        self.check(folder_order)

    def test_torch_headers(self):
        self.check(torch_headers)

    def test_source_map(self):
        self.check(source_map)

    def test_licence_lines(self):
        self.check(licence_lines)

    def test_file_length(self):
        self.check(file_length)

    def test_leftovers(self):
        self.check(leftovers)


class EachRuleCatches(unittest.TestCase):
    """Every rule finds exactly what breaks it, and nothing in a tree that keeps it."""

    def assertCaught(self, rule, files, *parts):
        bad = rule(files)
        self.assertEqual(len(bad), len(parts), bad)
        for complaint, part in zip(sorted(bad), sorted(parts)):
            self.assertIn(part, complaint)

    def test_folder_order(self):
        self.assertCaught(folder_order, {"linmo/net/a.cc": '#include "linmo/core/error.h"\n#include "linmo/net/a.h"\n'})
        self.assertCaught(folder_order, {"linmo/net/a.cc": '#include "linmo/train/x.h"\n'}, "linmo/train/x.h")
        self.assertCaught(folder_order, {"linmo/net/a.cc": '#include "app/cli/x.h"\n'}, "app/cli/x.h")
        self.assertCaught(folder_order, {"linmo/misc/a.cc": ""}, "folder misc")
        self.assertCaught(folder_order, {"app/cli/a.cc": '#include "linmo/culture/x.h"\n'})

    def test_torch_headers(self):
        heavy, light = "#include <torch/torch.h>\n", "#include <ATen/core/Tensor.h>\n"
        self.assertCaught(torch_headers, {
            "linmo/train/a.cc": heavy, "linmo/train/a.h": light, "linmo/measure/features_torch.cc": heavy,
            "app/cli/train_torch.cc": heavy, "app/cli/train_main.cc": heavy})
        self.assertCaught(torch_headers, {"linmo/train/a.h": heavy}, "linmo/train/a.h")
        self.assertCaught(torch_headers, {"linmo/measure/a.h": light}, "linmo/measure/a.h")
        self.assertCaught(torch_headers, {"linmo/apply/a.cc": light}, "linmo/apply/a.cc")
        self.assertCaught(torch_headers, {"app/cli/apply.cc": heavy}, "app/cli/apply.cc")
        self.assertCaught(torch_headers, {
            "CMakeLists.txt": "linmo_library(train_plain FOLDER train FILES a.cc b.cc DEPS x)",
            "linmo/train/b.cc": light, "linmo/train/c.cc": light}, "linmo/train/b.cc")

    def test_source_map(self):
        good = {"linmo/README.md": "# Map\n## core\n- `a.h` — does a\n- `b_test.cc` — tests b\n## net\n- `c.cc` — does c\n",
                "linmo/core/a.h": "", "linmo/core/a.cc": "", "linmo/core/a_test.cc": "", "linmo/core/a_fuzz.cc": "",
                "linmo/core/b_test.cc": "", "linmo/net/c.cc": ""}
        self.assertCaught(source_map, good)
        self.assertCaught(source_map, {}, "missing")
        self.assertCaught(source_map, {**good, "linmo/net/d.cc": "// Does d. And more.\n"}, "- `d.cc` — Does d")
        self.assertCaught(source_map, {**good, "linmo/net/c.h": ""}, "- `c.h` —")
        self.assertCaught(source_map, {**good, "linmo/core/e_test.cc": ""}, "- `e_test.cc` —")
        self.assertCaught(source_map, {**good, "linmo/core/e.h": "", "linmo/core/e.cc": ""}, "- `e.h` —")
        self.assertCaught(source_map, {k: v for k, v in good.items() if k != "linmo/net/c.cc"}, "does not exist")
        self.assertCaught(source_map, {"linmo/README.md": "## net\n## core\n"}, "in the order")
        self.assertCaught(source_map, {"linmo/README.md": "## core\n- `a.h` — x\n- `a.h` — x\n", "linmo/core/a.h": ""}, "twice")

    def test_licence_lines(self):
        line = "SPDX-" + "License-Identifier: Apache-2.0\n"
        self.assertCaught(licence_lines, {"a.cc": "// " + line, "run": "#!/bin/sh\n# " + line, "a.txt": ""})
        self.assertCaught(licence_lines, {"a.h": "int x;\n", "CMakeLists.txt": "\n\n\n# " + line}, "a.h", "CMakeLists.txt")

    def test_file_length(self):
        self.assertCaught(file_length, {"a.cc": "\n" * MAX_LINES, "data.txt": "\n" * 9999})
        self.assertCaught(file_length, {"a.cc": "\n" * (MAX_LINES + 1)}, "a.cc")

    def test_leftovers(self):
        self.assertCaught(leftovers, {"a.md": "build{0} https://x.org/root $tmp{0} ${{t}}{0}\n".format("/" + "work/x")})
        self.assertCaught(leftovers, {"a.md": "cd /" + "work/main\n"}, "a.md:1")
        self.assertCaught(leftovers, {"a.json": '"/' + 'root/x"\n'}, "a.json:1")
        self.assertCaught(leftovers, {"a.sh": "ls /tmp/" + "bash_jobs\n"}, "a.sh:1")
        self.assertCaught(leftovers, {"a.cc": "\n// TO" + "DO: later\n"}, "a.cc:2")
        self.assertCaught(leftovers, {"a.cc": "// FIX" + "ME\n"}, "a.cc:1")


if __name__ == "__main__":
    unittest.main()
