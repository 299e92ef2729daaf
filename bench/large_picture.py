#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a large TIFF for measuring `linmo apply` in bands: large_picture.py OUT.tif [WIDTH HEIGHT]

RGB, 8 bits, uncompressed strips of 64 rows; 20000 x 20000 (400 megapixels, 1.2 GB) unless said otherwise.
BigTIFF above 4 GB. Waves of many lengths in three colours, so that neighbouring tiles differ and a seam would
show. Needs numpy; holds one strip.

    large_picture.py --seams RESULT.tif

prints how much the row and the column that differ most from their neighbours do, as multiples of the median one; the
outermost four of each side, where every network sees its padding, are left out. Needs Pillow and holds the picture.
"""
import struct
import sys

import numpy as np


def seams(path):
    from PIL import Image
    Image.MAX_IMAGE_PIXELS = None
    picture = np.asarray(Image.open(path).convert("RGB"))
    # Every seventh line does, and keeps the differences small enough to hold.
    for name, lines in (("column", picture[::7]), ("row", picture[:, ::7].transpose(1, 0, 2))):
        change = np.array([np.abs(lines[:, i].astype(np.int16) - lines[:, i + 1]).mean() for i in range(lines.shape[1] - 1)])
        inner = change[4:-4]
        print(f"{name} {4 + int(inner.argmax())}: {inner.max() / np.median(inner):.2f}")


def main():
    if sys.argv[1] == "--seams":
        seams(sys.argv[2])
        return
    path = sys.argv[1]
    width, height = (int(a) for a in sys.argv[2:4]) if len(sys.argv) > 3 else (20000, 20000)
    rows, strip = 64, 64 * width * 3
    strips = (height + rows - 1) // rows
    total = width * height * 3
    big = total > 4_000_000_000
    offset_code, offset_bytes, head = ("Q", 8, 16) if big else ("L", 4, 8)
    sizes = [min(strip, total - i * strip) for i in range(strips)]
    places = [head + i * strip for i in range(strips)]
    at = head + total  # of the offsets, then the sizes, then the bits, then the directory
    at += at % 2
    sizes_at = at + offset_bytes * strips
    bits_at = sizes_at + offset_bytes * strips
    directory_at = bits_at + 8

    def entry(tag, kind, count, value):
        kinds = {3: "H", 4: "L", 16: "Q"}
        if count == 1:
            packed = struct.pack("<" + kinds[kind], value)
        else:
            packed = struct.pack("<" + offset_code, value)
        return struct.pack("<HH" + offset_code, tag, kind, count) + packed.ljust(offset_bytes, b"\0")

    large = 16 if big else 4
    bits = struct.pack("<HHH", 8, 8, 8).ljust(8, b"\0")
    bits_entry = entry(258, 3, 3, bits_at)
    if big:  # three numbers fit into the entry
        bits_entry = struct.pack("<HHQ", 258, 3, 3) + bits
    entries = [entry(256, 4, 1, width), entry(257, 4, 1, height), bits_entry, entry(259, 3, 1, 1),
               entry(262, 3, 1, 2), entry(273, large, strips, places[0] if strips == 1 else at),
               entry(277, 3, 1, 3), entry(278, 4, 1, rows),
               entry(279, large, strips, sizes[0] if strips == 1 else sizes_at)]
    x = np.arange(width, dtype=np.float32)
    with open(path, "wb") as out:
        out.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, directory_at) if big
                  else struct.pack("<2sHL", b"II", 42, directory_at))
        for first in range(0, height, rows):
            y = np.arange(first, min(first + rows, height), dtype=np.float32)[:, None]
            picture = np.empty((y.shape[0], width, 3), np.uint8)
            for c, (a, b) in enumerate(((37.0, 530.0), (91.0, 210.0), (23.0, 1100.0))):
                wave = np.sin(x / a + y / b) + np.sin(y / a - x / (3 * b)) + np.sin((x + y) / 11)
                picture[:, :, c] = (127.5 + 42 * wave).astype(np.uint8)
            out.write(picture.tobytes())
        out.write(b"\0" * ((head + total) % 2))
        out.write(struct.pack(f"<{strips}{offset_code}", *places))
        out.write(struct.pack(f"<{strips}{offset_code}", *sizes))
        out.write(bits)
        out.write(struct.pack("<Q" if big else "<H", len(entries)) + b"".join(entries))
        out.write(b"\0" * offset_bytes)


if __name__ == "__main__":
    main()
