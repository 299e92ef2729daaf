#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes measure.json: what independent programs say of pictures and features that both sides make from integers.

    apt-get install python3-numpy python3-scipy python3-skimage
    /usr/bin/python3 tests/golden/make_measure.py

SSIM and PSNR are scikit-image's; MS-SSIM, edge orientation and the sliced Wasserstein distance are written here
with scipy's filters; the Fréchet distance goes through scipy.linalg.sqrtm as pytorch-fid's
calculate_frechet_distance does; the kernel distance repeats torch-fidelity's mmd2 on whole sets."""

import json
import pathlib

import numpy as np
import scipy.linalg
import scipy.ndimage as ndi
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

np.seterr(over="ignore")
U = np.uint64


def finalise(z):
    z = (z ^ (z >> U(30))) * U(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> U(27))) * U(0x94D049BB133111EB)
    return z ^ (z >> U(31))


def mix(a, b):
    a, b = np.asarray(a, U), np.asarray(b, U)
    return finalise(finalise(a + U(0x9E3779B97F4A7C15)) ^ (b * U(0xD1342543DE82EF95) + U(0x9E3779B97F4A7C15)))


class Random:
    """linmo/core/random.h"""

    def __init__(self, seed, stream=0):
        self.key, self.counter = mix(seed, stream), 0

    def bits(self, n=1):
        out = mix(self.key, np.arange(self.counter, self.counter + n, dtype=U))
        self.counter += n
        return out

    def uniform(self, n=1):
        return (self.bits(n) >> U(11)).astype(np.float64) * 2.0**-53

    def below(self, n):  # rejection has a chance of n / 2^64 and is left out
        return (int(self.bits()[0]) * n) >> 64

    def normal(self):
        u, v = 1.0 - self.uniform()[0], self.uniform()[0]
        return np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * v)


def picture(seed, width, height, noise):
    """Stripes of a triangle wave with noise: edges, flat parts, and no symmetry."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    i = (y * width + x) * 3 + c
    n = (mix(seed, i) % U(noise)).astype(np.int64)
    v = (x * (3 + c) + y * (seed % 7) + x * y // 16 + n + seed * 40) % 510
    return np.where(v < 256, v, 510 - v).astype(np.uint8)


def features(seed, count, dimensions, shift):
    u = Random(seed).uniform(count * dimensions).reshape(count, dimensions)
    left = np.concatenate([np.zeros((count, 1)), u[:, :-1]], axis=1)
    return (u + 0.5 * left + shift * np.arange(dimensions) / dimensions).astype(np.float32)


def luma(p):
    return 0.299 * p[..., 0] + 0.587 * p[..., 1] + 0.114 * p[..., 2]


def ssim(a, b, **more):
    return structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                 data_range=255, **more)


def ms_ssim(a, b):
    def window(p):
        return ndi.gaussian_filter(p, 1.5, truncate=3.5)[5:-5, 5:-5]

    def halve(p):
        p = np.pad(p, ((0, p.shape[0] % 2), (0, p.shape[1] % 2)), mode="edge")
        return p.reshape(p.shape[0] // 2, 2, p.shape[1] // 2, 2).mean(axis=(1, 3))

    a, b, result = luma(a.astype(float)), luma(b.astype(float)), 1.0
    weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    for k, w in enumerate(weights):
        ma, mb = window(a), window(b)
        va, vb, cab = window(a * a) - ma * ma, window(b * b) - mb * mb, window(a * b) - ma * mb
        cs = (2 * cab + 58.5225) / (va + vb + 58.5225)
        light = (2 * ma * mb + 6.5025) / (ma * ma + mb * mb + 6.5025)
        result *= max(0.0, (cs if k < 4 else cs * light).mean()) ** w
        a, b = halve(a), halve(b)
    return result


def edge_orientation_correlation(a, b):
    vectors = []
    for p in (luma(a.astype(float)), luma(b.astype(float))):
        gx, gy = ndi.sobel(p, axis=1, mode="reflect"), ndi.sobel(p, axis=0, mode="reflect")
        g = (gx + 1j * gy) ** 2
        vectors.append(np.divide(g, np.abs(gx + 1j * gy), out=np.zeros_like(g), where=g != 0))
    x, y = vectors
    return (x * y.conj()).real.sum() / np.sqrt((np.abs(x) ** 2).sum() * (np.abs(y) ** 2).sum())


def sliced_wasserstein(sets, patches, repeats, directions, seed):
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0

    def down(p):
        return ndi.convolve(p, kernel, mode="mirror")[::2, ::2]

    def up(p):
        q = np.zeros((p.shape[0] * 2, p.shape[1] * 2))
        q[::2, ::2] = p
        return ndi.convolve(q, 4 * kernel, mode="mirror")

    def pyramid(p):
        bands = []
        while p.shape[0] >= 32:
            low = down(p)
            bands.append(p - up(low))
            p = low
        return bands + [p]

    total = patches * min(len(s) for s in sets)
    w = np.array([[0.0] * 147] * (repeats * directions))
    for k in range(len(w)):
        r = Random(seed, (1 << 62) + k)
        w[k] = [r.normal() for _ in range(147)]
        w[k] /= np.linalg.norm(w[k])
    bands = [[[pyramid(p[..., c].astype(float)) for c in range(3)] for p in s] for s in sets]
    result = []
    for level in range(len(bands[0][0][0])):
        projections = []
        for s, pictures in enumerate(bands):
            rows = []
            for i, p in enumerate(pictures):
                r = Random(seed, ((level * 2 + s) << 32) + i)
                size = p[0][level].shape[0]
                for _ in range(total * i // len(pictures), total * (i + 1) // len(pictures)):
                    x, y = r.below(size - 6), r.below(size - 6)
                    rows.append([p[c][level][y:y + 7, x:x + 7].ravel() for c in range(3)])
            d = np.array(rows)  # patch, colour, 49
            d = (d - d.mean(axis=(0, 2), keepdims=True)) / d.std(axis=(0, 2), keepdims=True)
            projections.append(np.sort(d.reshape(len(rows), 147) @ w.T, axis=0))
        result.append(1000 * np.abs(projections[0] - projections[1]).mean())
    return result


def frechet(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    sa, sb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(sa.dot(sb), disp=False)[0]
    d = a.mean(axis=0) - b.mean(axis=0)
    return d.dot(d) + np.trace(sa) + np.trace(sb) - 2 * np.trace(root).real


def mmd2(x, y):
    def kernel(p, q):
        return (np.matmul(p, q.T) / p.shape[1] + 1.0) ** 3

    x, y = x.astype(np.float64), y.astype(np.float64)
    m, n, xx, yy = len(x), len(y), kernel(x, x), kernel(y, y)
    return ((xx.sum() - np.trace(xx)) / (m * (m - 1)) + (yy.sum() - np.trace(yy)) / (n * (n - 1))
            - 2 * kernel(x, y).mean())


def main():
    out = {"pairs": [], "sets": [], "features": []}
    for first, second, width, height, noise in [(1, 8, 67, 53, 40), (3, 3, 180, 171, 90), (2, 2, 200, 162, 30)]:
        a, b = picture(first, width, height, 4), picture(second, width, height, noise)
        values = {"l1": np.abs(a.astype(float) - b).mean() / 255, "psnr": peak_signal_noise_ratio(a, b),
                  "ssim_rgb": ssim(a, b, channel_axis=2), "ssim_luma": ssim(luma(a), luma(b)),
                  "edges": edge_orientation_correlation(a, b)}
        if min(width, height) > 160:
            values["ms_ssim"] = ms_ssim(a, b)
        out["pairs"].append({"first": first, "second": second, "width": width, "height": height, "noise": noise,
                             **values})
    for a, b, noise in [(3, 5, 30), (4, 4, 60)]:
        sets = [[picture(10 + i, 64, 64, 4) for i in range(a)], [picture(20 + i, 64, 64, noise) for i in range(b)]]
        out["sets"].append({"a": a, "b": b, "noise": noise, "levels": sliced_wasserstein(sets, 16, 2, 8, 7)})
    for m, n, d, shift in [(200, 180, 16, 0.3), (150, 230, 64, 0.06), (20, 30, 64, 0.1)]:
        a, b = features(100 + m, m, d, 0.0), features(200 + n, n, d, shift)
        out["features"].append({"a": m, "b": n, "dimensions": d, "shift": shift, "frechet": frechet(a, b),
                                "mmd2": mmd2(a, b)})
    pathlib.Path(__file__).with_name("measure.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
