# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: running the real program, making and reading pictures with nothing but the
standard library, and awkward places to write to (a full disk, a read-only folder)."""

import contextlib
import functools
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINMO = os.path.abspath(os.environ.get("LINMO_BIN", "build/dev/linmo"))
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def environment(**extra):
    env = {k: v for k, v in os.environ.items() if not k.startswith("LINMO_")}
    env.update({"LC_ALL": "C.UTF-8", **extra})
    return env


def linmo(*args, prefix=(), timeout=300, cwd=None, env=None):
    """Runs the program to its end; .stdout and .stderr are text."""
    return subprocess.run([*prefix, LINMO, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          encoding="utf-8", errors="surrogateescape", timeout=timeout, cwd=cwd, env=env or environment())


@functools.cache
def commands():
    """The commands that --help lists."""
    listed = linmo("--help").stdout.split("Subcommands:")[-1]
    return re.findall(r"(?m)^  (\w+)\s{2,}\S", listed)


def has_command(command):
    if command == "train" and not os.path.exists(LINMO + "-train"):
        return False  # a build without libtorch
    return command in commands()


def needs_command(command):
    return unittest.skipUnless(has_command(command), f"this build has no `linmo {command}`")


class Case(unittest.TestCase):
    """A test with a folder of its own, whose name is not ASCII, and assertions that show what the program said."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="linmo 试-"))
        self.addCleanup(remove_tree, self.dir)

    def run_linmo(self, *args, code=DONE, **kwargs):
        done = linmo(*args, **kwargs)
        self.assertEqual(done.returncode, code, f"linmo {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
        self.assertNotIn("terminate called", done.stderr)
        return done

    def fails(self, *args, code=FAILED, says=(), **kwargs):
        """The program must refuse, in a sentence that starts with its name and matches every pattern of `says`."""
        done = self.run_linmo(*args, code=code, **kwargs)
        self.assertRegex(done.stderr, r"(?m)^linmo: ", done.stderr)
        for pattern in (says,) if isinstance(says, str) else says:
            self.assertRegex(done.stdout + done.stderr, pattern)
        return done

    def assertNoLeftovers(self, folder):
        """No temporary file of an atomic write is left below `folder`."""
        left = [str(p) for p in pathlib.Path(folder).rglob("*") if re.search(r"\.(tmp|part|partial)\b|~$", p.name)]
        self.assertEqual(left, [])


def remove_tree(path):
    for folder, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700)
    shutil.rmtree(path, ignore_errors=True)


# ---- pictures --------------------------------------------------------------------------------------------


def write_png(path, width, height, rows, channels=3, bits=8):
    """`rows`: an iterable of bytes, one row of samples each."""
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    return path


def make_picture(path, width=48, height=48, seed=0, channels=3, tint=(0, 0, 0)):
    """A smooth picture with a few flat shapes on it; equal arguments give equal bytes."""
    rng = random.Random(seed)
    base = [rng.randrange(60, 200) for _ in range(3)]
    slope = [rng.uniform(-0.8, 0.8) for _ in range(6)]
    boxes = [(rng.randrange(width), rng.randrange(height), rng.randrange(3, max(4, width // 2)),
              rng.randrange(3, max(4, height // 2)), [rng.randrange(256) for _ in range(3)]) for _ in range(6)]
    rows = []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            rgb = [base[c] + slope[2 * c] * x + slope[2 * c + 1] * y for c in range(3)]
            for bx, by, bw, bh, colour in boxes:
                if bx <= x < bx + bw and by <= y < by + bh:
                    rgb = colour
            rgb = [min(255, max(0, int(v + t))) for v, t in zip(rgb, tint)]
            alpha = 255 if (x // 8 + y // 8) % 3 else 0
            row += bytes({1: rgb[:1], 2: [rgb[0], alpha], 3: rgb, 4: rgb + [alpha]}[channels])
        rows.append(bytes(row))
    return write_png(path, width, height, rows, channels)


def make_folder(folder, count=4, names=None, seed=0, **options):
    folder = pathlib.Path(folder)
    names = names or [f"{i:02}.png" for i in range(count)]
    return [make_picture(folder / name, seed=seed + i, **options) for i, name in enumerate(names)]


def read_png(path):
    """Width, height, channels, bits, rows of samples; not interlaced, no palette."""
    data = pathlib.Path(path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is not a PNG"
    at, packed, header = 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body), "damaged"
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    width, height, bits, colour, _, _, interlaced = header
    assert not interlaced and colour != 3
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[colour]
    step, stride = channels * bits // 8, width * channels * bits // 8
    raw, rows, above = zlib.decompress(packed), [], bytes(stride)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a = line[i - step] if i >= step else 0
            b, c = above[i], above[i - step] if i >= step else 0
            if kind == 1:
                guess = a
            elif kind == 2:
                guess = b
            elif kind == 3:
                guess = (a + b) // 2
            elif kind == 4:
                p = a + b - c
                guess = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            else:
                guess = 0
            line[i] = (line[i] + guess) & 255
        rows.append(bytes(line))
        above = bytes(line)
    return width, height, channels, bits, rows


def bad_pictures(folder):
    """Files that are called pictures and are none; name -> path."""
    folder = pathlib.Path(folder)
    good = make_picture(folder / "whole.png", 40, 40, seed=9).read_bytes()
    (folder / "whole.png").unlink()
    bomb_header = struct.pack(">IIBBBBB", 200000, 200000, 8, 2, 0, 0, 0)
    bomb = (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bomb_header +
            struct.pack(">I", zlib.crc32(b"IHDR" + bomb_header)) + good[33:])
    contents = {"empty.png": b"", "text.jpg": b"this is not a picture\n" * 20, "cut short.png": good[:len(good) // 3],
                "坏图.png": good[:60] + bytes(reversed(good[60:])), "bomb.png": bomb, "head.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0"}
    paths = {}
    for name, data in contents.items():
        paths[name] = folder / name
        paths[name].write_bytes(data)
    return paths


# ---- models ----------------------------------------------------------------------------------------------


def write_safetensors(path, tensors, metadata=None):
    """tensors: name -> (shape, list of floats)."""
    import json
    header, blob = {"__metadata__": metadata} if metadata else {}, b""
    for name, (shape, values) in tensors.items():
        data = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + blob)


# ---- awkward places --------------------------------------------------------------------------------------


class SmallDisk:
    """A tmpfs of its own in a mount namespace that only `prefix` commands enter; `path` is where they see it,
    `seen` where this process can look at it. Raises unittest.SkipTest where the system does not allow it."""

    def __init__(self, folder, size="1m"):
        self.path = pathlib.Path(folder)
        self.path.mkdir(parents=True, exist_ok=True)
        root = os.geteuid() == 0
        unshare = ["unshare", "-m"] if root else ["unshare", "-r", "-m"]
        script = 'mount -t tmpfs -o size="$2" linmo-test "$1" && echo ready && exec cat'
        try:
            self.holder = subprocess.Popen([*unshare, "sh", "-c", script, "sh", str(self.path), size],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        except OSError as error:
            raise unittest.SkipTest(f"no mount namespaces here: {error}")
        if self.holder.stdout.readline() != "ready\n":
            said = self.holder.communicate()[1].strip()
            raise unittest.SkipTest(f"a small tmpfs cannot be mounted here: {said}")
        enter = ["nsenter", "-t", str(self.holder.pid), "-m"]
        self.prefix = enter if root else [*enter, "-U", "--preserve-credentials"]
        self.seen = pathlib.Path(f"/proc/{self.holder.pid}/root") / self.path.relative_to("/")

    def remount(self, options):
        subprocess.run([*self.prefix, "mount", "-o", f"remount,{options}", str(self.path)], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.stderr.close()
        self.holder.wait(10)


def without_root_powers():
    """A command prefix under which file modes count also for root."""
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"]
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise unittest.SkipTest("setpriv cannot take root's powers away here")
    return prefix


def start(*args, **kwargs):
    """The program in the background, in a process group of its own."""
    return subprocess.Popen([LINMO, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, env=environment(), start_new_session=True, **kwargs)


def stop(process, how=signal.SIGKILL):
    """Ends it and everything it started; returns its output."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    return process.communicate(timeout=60)[0]
