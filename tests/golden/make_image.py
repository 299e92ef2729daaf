#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/image/: small picture files of many kinds, the samples that they hold, and resized
pictures. What is expected comes from the arrays that were written (PNG, TIFF, lossless WebP), from Pillow's
decoders (JPEG, lossy WebP) and from Pillow's resize; nothing of linmo is used.

Needs python3-pil and python3-numpy (made with Pillow 9.4). Usage: make_image.py [FOLDER]
Expected samples: NAME.EXT.raw, interleaved, little-endian, 13 × 9 px unless the name says otherwise.
"""
import pathlib
import struct
import sys
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin

OUT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "image"
W, H = 13, 9
RNG = np.random.default_rng(2024)


def picture(channels, top):
    """A gradient with noise, so that every row and sample differs."""
    y, x, c = np.mgrid[0:H, 0:W, 0:channels]
    smooth = (x / (W - 1) * 0.5 + y / (H - 1) * 0.3 + c * 0.05) * top
    return np.clip(smooth + RNG.uniform(0, 0.15 * top, smooth.shape), 0, top).astype(np.uint16)


def expect(name, samples):
    (OUT / f"{name}.raw").write_bytes(np.ascontiguousarray(samples).tobytes())


def chunk(tag, data):
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def pack(samples, bits):
    """Rows of PNG samples: each row padded to whole bytes, filter byte 0 before it."""
    rows = b""
    for row in samples.reshape(samples.shape[0], -1):
        if bits == 16:
            data = row.astype(">u2").tobytes()
        else:
            flags = ((row[:, None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8)
            data = np.packbits(flags.reshape(-1)).tobytes()
        rows += b"\0" + data
    return rows


def png(name, samples, bits, colour, extra=(), interlaced=False):
    if interlaced:
        data = b""
        for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
                               (1, 0, 2, 2), (0, 1, 1, 2)):
            part = samples[y0::dy, x0::dx]
            if part.size:
                data += pack(part, bits)
    else:
        data = pack(samples, bits)
    header = struct.pack(">IIBBBBB", W, H, bits, colour, 0, 0, int(interlaced))
    body = chunk(b"IHDR", header) + b"".join(chunk(t, d) for t, d in extra)
    body += chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    (OUT / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def make_png():
    for bits in (1, 2, 4):
        a = picture(1, 2**bits - 1)
        png(f"grey{bits}", a, bits, 0)
        expect(f"grey{bits}.png", (a * (255 // (2**bits - 1))).astype(np.uint8))
    for bits in (8, 16):
        kind = np.uint8 if bits == 8 else np.dtype("<u2")
        for name, channels, colour in (("grey", 1, 0), ("greyalpha", 2, 4), ("rgb", 3, 2), ("rgba", 4, 6)):
            a = picture(channels, 2**bits - 1)
            png(f"{name}{bits}", a, bits, colour)
            expect(f"{name}{bits}.png", a.astype(kind))
    for bits in (1, 2, 4, 8):
        entries = min(2**bits, 40)
        palette = RNG.integers(0, 256, (entries, 3), dtype=np.uint8)
        a = picture(1, entries - 1)
        png(f"palette{bits}", a, bits, 3, [(b"PLTE", palette.tobytes())])
        expect(f"palette{bits}.png", palette[a[..., 0]])
    alphas = np.full(entries, 255, np.uint8)
    alphas[:20] = RNG.integers(0, 256, 20)
    png("palette8_alpha", a, 8, 3, [(b"PLTE", palette.tobytes()), (b"tRNS", alphas[:20].tobytes())])
    expect("palette8_alpha.png", np.concatenate([palette, alphas[:, None]], 1)[a[..., 0]])
    a = picture(1, 255)
    key = int(a[4, 5, 0])
    png("grey8_key", a, 8, 0, [(b"tRNS", struct.pack(">H", key))])
    expect("grey8_key.png", np.concatenate([a, np.where(a == key, 0, 255)], 2).astype(np.uint8))
    a = picture(3, 65535)
    key = a[3, 2]
    png("rgb16_key", a, 16, 2, [(b"tRNS", struct.pack(">HHH", *map(int, key)))])
    alpha = np.where((a == key).all(2, keepdims=True), 0, 65535)
    expect("rgb16_key.png", np.concatenate([a, alpha], 2).astype("<u2"))
    a = picture(3, 255)
    png("rgb8_interlaced", a, 8, 2, interlaced=True)
    expect("rgb8_interlaced.png", a.astype(np.uint8))
    a = picture(1, 1)
    png("grey1_interlaced", a, 1, 0, interlaced=True)
    expect("grey1_interlaced.png", (a * 255).astype(np.uint8))
    a, b = picture(3, 255).astype(np.uint8), picture(3, 255).astype(np.uint8)
    Image.fromarray(a).save(OUT / "animated.png", save_all=True, append_images=[Image.fromarray(b)])
    expect("animated.png", a)


def make_jpeg():
    rgb = Image.fromarray(picture(3, 255).astype(np.uint8))
    for name, image, options in (("grey", rgb.convert("L"), {}), ("rgb444", rgb, {"subsampling": 0}),
                                 ("rgb420", rgb, {"subsampling": 2}), ("progressive", rgb, {"progressive": True}),
                                 ("cmyk", rgb.convert("CMYK"), {})):
        image.save(OUT / f"{name}.jpg", quality=92, **options)
        samples = np.array(Image.open(OUT / f"{name}.jpg"))
        if name == "cmyk":
            light = (255 - samples.astype(np.float64)) / 255
            samples = np.round(light[..., :3] * light[..., 3:] * 255).astype(np.uint8)
        expect(f"{name}.jpg", samples)


def make_webp():
    rgb, rgba = picture(3, 255).astype(np.uint8), picture(4, 255).astype(np.uint8)
    Image.fromarray(rgb).save(OUT / "lossless.webp", lossless=True)
    expect("lossless.webp", rgb)
    Image.fromarray(rgba).save(OUT / "lossless_alpha.webp", lossless=True, exact=True)
    expect("lossless_alpha.webp", rgba)
    Image.fromarray(rgb).save(OUT / "lossy.webp", quality=80)
    expect("lossy.webp", np.array(Image.open(OUT / "lossy.webp")))
    second = Image.fromarray(picture(3, 255).astype(np.uint8))
    Image.fromarray(rgb).save(OUT / "animated.webp", save_all=True, append_images=[second], lossless=True)
    expect("animated.webp", rgb)


def make_tiff():
    rgb, rgba, grey = (picture(n, 255).astype(np.uint8) for n in (3, 4, 1))
    grey16 = picture(1, 65535)
    bilevel = picture(1, 1)[..., 0].astype(bool)
    indexed = Image.fromarray(rgb).quantize(16)
    inks = picture(4, 255).astype(np.uint8)
    light = (255 - inks.astype(np.float64)) / 255
    mixed = np.floor(light[..., :3] * light[..., 3:] * 255 + 0.5).astype(np.uint8)
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        name = compression.split("_")[-1]
        Image.fromarray(rgb).save(OUT / f"rgb8_{name}.tif", compression=compression)
        expect(f"rgb8_{name}.tif", rgb)
    raw = {"compression": "raw"}
    for name, image, samples in (
            ("rgba8", Image.fromarray(rgba), rgba), ("grey8", Image.fromarray(grey[..., 0]), grey),
            ("grey16", Image.fromarray(grey16[..., 0]), grey16.astype("<u2")),
            ("palette", indexed, np.array(indexed.convert("RGB"))),
            ("cmyk", Image.fromarray(inks, "CMYK"), mixed)):
        image.save(OUT / f"{name}.tif", **raw)
        expect(f"{name}.tif", samples)
    Image.fromarray(bilevel).save(OUT / "group4.tif", compression="group4")
    expect("group4.tif", (bilevel * 255).astype(np.uint8))
    white = TiffImagePlugin.ImageFileDirectory_v2()
    white[262] = 0  # WhiteIsZero: Pillow inverts the samples that it writes
    Image.fromarray(grey[..., 0]).save(OUT / "white_is_zero.tif", tiffinfo=white, **raw)
    expect("white_is_zero.tif", np.array(Image.open(OUT / "white_is_zero.tif")))
    pages = [Image.fromarray(rgb), Image.fromarray(grey[..., 0])]
    pages[0].save(OUT / "pages.tif", save_all=True, append_images=pages[1:], **raw)
    expect("pages.tif", rgb)


def make_resize():
    for name, size, channels in (("rgb", (19, 13), 3), ("grey", (5, 17), 1)):
        a = RNG.integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
        a[:, size[0] // 2:] = (a[:, size[0] // 2:] > 127) * 255  # hard edges: overshoot
        (OUT / f"resize_{name}_{size[0]}x{size[1]}.raw").write_bytes(a.tobytes())
        image = Image.fromarray(a[..., 0] if channels == 1 else a)
        for how in ("box", "bilinear", "bicubic", "lanczos"):
            for w, h in ((7, 5), (31, 29), (1, 1), (18, 13), (40, 3)):
                small = image.resize((w, h), getattr(Image.Resampling, how.upper()))
                (OUT / f"resize_{name}_{how}_{w}x{h}.raw").write_bytes(np.array(small).tobytes())


OUT.mkdir(parents=True, exist_ok=True)
make_png()
make_jpeg()
make_webp()
make_tiff()
make_resize()
