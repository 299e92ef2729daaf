#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes descriptors.json: what scikit-image and numpy say of pictures that both sides make from integers.

    apt-get install python3-numpy python3-skimage
    /usr/bin/python3 tests/golden/make_descriptors.py [--check]

--check compares with the stored file instead (DescriptorsSlow.LiveOraclesAgree runs it). Co-occurrence, binary
patterns, Gabor filters, Otsu's threshold, CIELAB, CIEDE2000 and blur are scikit-image's; partitions are searched here cut by cut, the
spectrum is numpy's."""

import json
import pathlib
import sys

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern
from skimage.filters import gabor, threshold_otsu
from skimage.measure import blur_effect

from make_measure import picture


def entropy(counts):
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log2(p)).sum())


def partition(labels, axis):
    """Best cut across `axis`: (rows or columns before it, mutual information in bits)."""
    lines = labels if axis == 0 else labels.T
    whole, best = entropy(np.bincount(labels.ravel())), (0, 0.0)
    for at in range(1, len(lines)):
        parts = [lines[:at], lines[at:]]
        left = sum(p.size / lines.size * entropy(np.bincount(p.ravel())) for p in parts)
        if whole - left > best[1] + 1e-9:
            best = (at, whole - left)
    return {"position": best[0], "gain": best[1]}


def ring_power(grey, rings):
    power = np.abs(np.fft.fftshift(np.fft.fft2(grey))) ** 2
    n = len(grey)
    y, x = np.mgrid[-n // 2:n // 2, -n // 2:n // 2]
    radius = np.round(np.hypot(x, y)).astype(int)
    return [power[radius == r].mean() for r in range(rings)]


def describe(seed, width, height, noise):
    rgb = picture(seed, width, height, noise)
    grey = rgb[..., 0].copy()
    matrix = graycomatrix(grey // 16, [1], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], 16, symmetric=True, normed=True)
    out = {"seed": seed, "width": width, "height": height, "noise": noise, "otsu": int(threshold_otsu(grey))}
    for name in ["contrast", "dissimilarity", "homogeneity", "energy", "correlation"]:
        out[name] = float(graycoprops(matrix, name).mean())
    patterns = local_binary_pattern(grey, 8, 1, "uniform").astype(int)
    out["lbp"] = (np.bincount(patterns.ravel(), minlength=10) / grey.size).tolist()
    out["gabor"] = []
    for k in range(6):
        real, imaginary = gabor(grey.astype(float), 0.25, k * np.pi / 6, mode="reflect")
        out["gabor"].append(float((real**2 + imaginary**2).mean()))
    labels = (grey >> 5).astype(int)
    out["cuts"] = [partition(labels, 0), partition(labels, 1)]
    lab = rgb2lab(rgb)
    out["lab_mean"] = lab.reshape(-1, 3).mean(0).tolist()
    out["lab_deviation"] = lab.reshape(-1, 3).std(0).tolist()
    paper = rgb2lab(np.array([[[236, 224, 200]]], np.uint8))
    out["from_paper"] = float(deltaE_ciede2000(lab, np.broadcast_to(paper, lab.shape)).mean())
    out["blur"] = float(blur_effect(grey.astype(float)))
    square = grey[:64, :64].astype(float)
    out["rings"] = ring_power(square, 32)
    return out


def main():
    cases = [describe(*case) for case in [(1, 97, 83, 40), (3, 128, 71, 90), (5, 66, 140, 4)]]
    file = pathlib.Path(__file__).with_name("descriptors.json")
    if "--check" not in sys.argv[1:]:
        file.write_text(json.dumps(cases, indent=1) + "\n")
        return
    for new, old in zip(cases, json.loads(file.read_text()), strict=True):
        for key, value in new.items():
            if key == "cuts":
                assert [c["position"] for c in value] == [c["position"] for c in old[key]], key
            else:
                np.testing.assert_allclose(value, old[key], rtol=1e-9, err_msg=key)


if __name__ == "__main__":
    main()
