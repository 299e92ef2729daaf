# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` leaves: a program that runs from there, and a library against which the examples build as
projects of their own and paint what the program paints."""

import os
import pathlib
import shutil
import subprocess
import unittest

import support
from apply_test import WithModel
from support import make_picture, needs_command, read_png

BUILD = pathlib.Path(support.LINMO).parent
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def write_ppm(path, png):
    width, height, channels, bits, rows = read_png(png)
    assert channels == 3 and bits == 8
    path.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + b"".join(rows))


@needs_command("import")
class Install(WithModel):
    def command(self, *args):
        done = subprocess.run([*map(str, args)], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, f"{args}\n{done.stdout}{done.stderr}")
        return done

    def test_the_examples_paint_what_the_program_paints(self):
        prefix = self.dir / "prefix"
        self.command("cmake", "--install", BUILD, "--prefix", prefix, "--component", "linmo")
        program = prefix / "bin/linmo"
        self.assertIn("linmo", self.command(program, "--version").stdout)
        self.import_model()
        picture = make_picture(self.dir / "in.png", 37, 23)
        self.command(program, "apply", self.model, picture, "-o", self.dir / "want.png")
        # Installed models are found by name.
        models = prefix / "share/linmo/models"
        models.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.model, models / "ink.safetensors")
        self.command(program, "apply", "ink", picture, "-o", self.dir / "by name.png")
        self.assertEqual(read_png(self.dir / "by name.png"), read_png(self.dir / "want.png"))

        examples = self.dir / "examples"
        shutil.copytree(SOURCE / "examples", examples)
        self.command("cmake", "-S", examples, "-B", self.dir / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
        self.command("cmake", "--build", self.dir / "build")
        write_ppm(self.dir / "in.ppm", picture)
        write_ppm(self.dir / "want.ppm", self.dir / "want.png")
        for example in ("stylize", "stylize_c"):
            out = self.dir / f"{example}.ppm"
            self.command(self.dir / "build" / example, self.model, self.dir / "in.ppm", out)
            self.assertEqual(out.read_bytes(), (self.dir / "want.ppm").read_bytes(), example)
            wrong = subprocess.run([self.dir / "build" / example, self.dir / "in.ppm", self.dir / "in.ppm", out],
                                   capture_output=True, text=True)
            self.assertEqual(wrong.returncode, 1, example)
            self.assertIn("in.ppm", wrong.stderr, example)

    def test_the_debian_package(self):
        self.command("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", self.dir / "packages",
                     "-D", "CPACK_COMPONENTS_ALL=linmo")
        package = next((self.dir / "packages").glob("linmo_*.deb"))
        about = self.command("dpkg-deb", "-I", package).stdout
        self.assertRegex(about, r"Depends: .*libdnnl2")
        self.assertNotIn("libtorch", about)
        root = self.dir / "root"
        self.command("dpkg-deb", "-x", package, root)
        self.assertIn("linmo", self.command(root / "usr/bin/linmo", "--version").stdout)
        self.assertTrue((root / "usr/include/linmo/linmo_c.h").exists())

    def test_only_the_interface_is_visible(self):
        library = next(BUILD.glob("liblinmo-engine.so"))
        if not shutil.which("nm"):
            self.skipTest("there is no nm")
        names = self.command("nm", "-D", "--defined-only", "-C", library).stdout
        ours = [line.split(" ", 2)[2] for line in names.splitlines() if " linmo" in line]
        self.assertTrue(any("linmo::Stylizer::apply" in name for name in ours), names)
        for name in ours:
            self.assertRegex(name, r"^linmo(_[a-z_]+$|::Stylizer::|::version|::Error)", name)
        needed = self.command("ldd", library).stdout if not os.environ.get("LD_PRELOAD") else ""
        for heavy in ("torch", "libavcodec", "libavformat"):
            self.assertNotIn(heavy, needed)


if __name__ == "__main__":
    unittest.main()
