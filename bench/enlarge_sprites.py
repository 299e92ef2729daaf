#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sprites as `linmo apply --pixel-art` shows them to a network, to train on: enlarge_sprites.py SPRITES OUT [--times 4] [--every 4]

Every fourth file of the folder tree (they are frames of animations) is filled under its transparent pixels with the colours
of the visible ones around them (push-pull, Gortler et al. 1996) and enlarged with hard edges. Smaller than 48 px, larger than
150 px or nearly invisible: left out. With --times 1 nothing is left out: for the pictures whose look is learnt.
Needs numpy and Pillow (Debian's python3-numpy, python3-pil).
"""
import argparse
import pathlib

import numpy as np
from PIL import Image


def filled(picture):
    pixels = np.asarray(picture, np.float32)
    weight = (pixels[..., 3] > 0).astype(np.float32)
    levels = [(pixels[..., :3] * weight[..., None], weight)]
    while max(levels[-1][1].shape) > 1:
        colour, weight = levels[-1]
        odd = [(0, side % 2) for side in weight.shape]
        colour, weight = np.pad(colour, [*odd, (0, 0)]), np.pad(weight, odd)
        height, width = weight.shape[0] // 2, weight.shape[1] // 2
        colour = colour.reshape(height, 2, width, 2, 3).sum((1, 3))
        weight = weight.reshape(height, 2, width, 2).sum((1, 3))
        scale = np.maximum(weight, 1)
        levels.append((colour / scale[..., None], weight / scale))
    up = levels[-1][0]
    for colour, weight in reversed(levels[:-1]):
        height, width = weight.shape
        below = up.repeat(2, 0).repeat(2, 1)[:height, :width]
        up = np.where((weight > 0)[..., None], colour / np.maximum(weight, 1e-6)[..., None], below)
    return Image.fromarray(np.clip(up + 0.5, 0, 255).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sprites", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--times", type=int, default=4)
    parser.add_argument("--every", type=int, default=4)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for file in sorted(args.sprites.rglob("*.png"))[::args.every]:
        with Image.open(file) as opened:
            picture = opened.convert("RGBA")
        if args.times > 1 and (min(picture.size) < 48 or max(picture.size) > 150 or np.asarray(picture)[..., 3].mean() < 20):
            continue
        large = filled(picture).resize([side * args.times for side in picture.size], Image.Resampling.NEAREST)
        large.save(args.out / "_".join(file.relative_to(args.sprites).parts))


if __name__ == "__main__":
    main()
