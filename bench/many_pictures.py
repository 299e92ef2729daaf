#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""linmo describe on many pictures of which some are broken: bench/many_pictures.py [--linmo FILE] [--pictures N]

Makes N small pictures (10,000), breaks --broken of them (50) in ten ways, and checks with the real program:
  - all broken ones are listed, each with a reason; all others are described; the exit code says so;
  - killed (SIGKILL) in the middle and started again, nothing that was kept is computed twice, and the table has
    the same bytes as that of a run that nobody stopped;
  - a run over what is known computes nothing;
  - memory: the largest resident set, for a tenth of the pictures and for all;
  - speed with one and with two threads.
Prints a table in Markdown; exits with 1 where a check fails. Standard library only.
"""
import argparse
import csv
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zlib

WIDTH, HEIGHT, BLOCK = 64, 48, 8


def png(width, height, raw):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 1)) +
            chunk(b"IEND", b""))


def picture(number):
    """Blocks of colour with a little grain; equal numbers give equal bytes."""
    rng = random.Random(number)
    rows = []
    for y in range(HEIGHT):
        if y % BLOCK == 0:
            row = b"".join(bytes(rng.randrange(16, 240) for _ in range(3)) * BLOCK for _ in range(WIDTH // BLOCK))
        grain = rng.randbytes(len(row))
        rows.append(b"\0" + bytes(v + (g & 7) for v, g in zip(row, grain)))
    return png(WIDTH, HEIGHT, b"".join(rows))


def broken(kind, good, folder, name):
    """Writes a file that is no whole picture."""
    path = folder / name
    text = b"this is a letter, not a picture\n"
    ways = [lambda: b"", lambda: text * 40, lambda: good[:len(good) // 2], lambda: good[:20],
            lambda: good[:40] + bytes(len(good) - 40), lambda: good[:50] + good[:49:-1],
            lambda: png(200_000, 200_000, b"\0" * 100), lambda: png(WIDTH, 8, bytes(8 * (3 * WIDTH + 1))),
            lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(30), lambda: b"II*\0" + bytes(200)]
    path.write_bytes(ways[kind % len(ways)]())


def make(folder, count, bad):
    """count files, `bad` of them broken and spread evenly; the names of the broken ones."""
    folder.mkdir(parents=True)
    names = set()
    for i in range(count):
        name = f"画 {i:05}.png"
        if bad and i % (count // bad) == count // bad // 2 and len(names) < bad:
            broken(len(names), picture(i), folder, name)
            names.add(name)
        else:
            (folder / name).write_bytes(picture(i))
    return names


class Bench:
    def __init__(self, linmo, folder):
        self.linmo, self.folder, self.failed = linmo, folder, False

    def check(self, is_so, what):
        print(("ok    " if is_so else "WRONG ") + what, file=sys.stderr, flush=True)
        self.failed |= not is_so

    def command(self, source, table, *options):
        return [self.linmo, "describe", source, "-o", table, "--json", "--quiet", *map(str, options)]

    def run(self, source, table, *options):
        """(what --json says, exit code, seconds, largest resident set in MB)"""
        began = time.monotonic()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(self.command(source, table, *options), stdout=out, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            told = json.loads(out.read())
        return told, process.returncode, time.monotonic() - began, usage.ru_maxrss / 1024

    def kept(self, cache):
        """How many pictures the cache holds, as another process sees it."""
        if not cache.exists():
            return 0
        database = sqlite3.connect(f"file:{cache}?mode=ro", uri=True)
        try:
            tables = [r[0] for r in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return sum(database.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables)
        except sqlite3.OperationalError:
            return 0
        finally:
            database.close()

    def kill_in_the_middle(self, source, table, whole):
        cache = table.with_suffix(".cache")
        process = subprocess.Popen(self.command(source, table, "--threads", 1), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and self.kept(cache) < whole * 0.4:
            time.sleep(0.02)
        self.check(process.poll() is None, "the run goes on when it is killed")
        process.send_signal(signal.SIGKILL)
        process.wait()
        return self.kept(cache)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--linmo", default="build/release/linmo")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--broken", type=int, default=50)
    parser.add_argument("--folder", help="where to work; a temporary folder unless said")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="linmo-many-"))
    bench = Bench(os.path.abspath(options.linmo), folder)
    try:
        measure(bench, options.pictures, options.broken)
    finally:
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if bench.failed else 0


def measure(bench, count, bad):
    few = max(1, count // 10)
    names = make(bench.folder / "all", count, bad)
    make(bench.folder / "few", few, 0)
    good = count - bad
    table, killed = bench.folder / "all.csv", bench.folder / "killed.csv"

    told, code, seconds, memory = bench.run(bench.folder / "all", table)
    with open(table, encoding="utf-8-sig", newline="") as file:
        rows = [row["file"] for row in csv.DictReader(file)]
    with open(table.with_suffix(".refused.csv"), encoding="utf-8-sig", newline="") as file:
        refused = {row["file"]: row["reason"] for row in csv.DictReader(file)}
    bench.check(code == 1, f"exit code 1 with {bad} broken pictures")
    bench.check(set(refused) == names and len(names) == bad, f"{len(refused)} of {bad} broken pictures are listed")
    bench.check(all(refused.values()), "each has a reason")
    bench.check(len(set(rows)) == good and not names & set(rows), f"{len(rows)} of {good} others are described")

    kept = bench.kill_in_the_middle(bench.folder / "all", killed, good)
    bench.check(not killed.exists(), "no half table")
    again, _, _, _ = bench.run(bench.folder / "all", killed)
    bench.check(0 < kept < good and again["computed"] == good - kept,
                f"killed with {kept} kept, {again['computed']} computed afterwards, {good} in all")
    bench.check(killed.read_bytes() == table.read_bytes(), "the same bytes as without a stop")
    known, _, known_seconds, _ = bench.run(bench.folder / "all", table)
    bench.check(known["computed"] == 0, f"nothing is computed twice ({known_seconds:.1f} s)")

    _, _, one, few_memory = bench.run(bench.folder / "few", bench.folder / "one.csv", "--threads", 1)
    _, _, two, _ = bench.run(bench.folder / "few", bench.folder / "two.csv", "--threads", 2)
    bench.check((bench.folder / "one.csv").read_bytes() == (bench.folder / "two.csv").read_bytes(),
                "the same bytes with one thread and with two")
    print(f"| pictures | seconds | pictures a second | largest resident set |\n|---|---|---|---|\n"
          f"| {count}, all threads | {seconds:.1f} | {count / seconds:.0f} | {memory:.0f} MB |\n"
          f"| {count}, all known | {known_seconds:.1f} | {count / known_seconds:.0f} | |\n"
          f"| {few}, 1 thread | {one:.1f} | {few / one:.0f} | {few_memory:.0f} MB |\n"
          f"| {few}, 2 threads | {two:.1f} | {few / two:.0f} (× {one / two:.2f}) | |")


if __name__ == "__main__":
    sys.exit(main())
