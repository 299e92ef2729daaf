#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether bf16 learns what fp32 learns: bench/loss_curves.py --content DIR --style DIR --out DIR [--linmo FILE]

Trains CUT (6 blocks, 32 features, 128 px) for 500 steps: in fp32 with three seeds, in bf16 with the first of them.
Writes DIR/loss_curves.svg (running means over 25 steps; the band is what the three seeds span) and prints, for each
loss, how far bf16 lies from fp32 of the same seed, beside how far the seeds lie from each other. Stopped and started
again it goes on. Standard library only.
"""
import argparse
import itertools
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = [("fp32", 1), ("fp32", 2), ("fp32", 3), ("bf16", 1)]
MEAN_OVER = 25


def curves(folder):
    rows = [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]
    rows = [row["losses"] for row in rows if "losses" in row]
    out = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        sums = list(itertools.accumulate(values, initial=0))
        out[name] = [(sums[i] - sums[max(0, i - MEAN_OVER)]) / min(i, MEAN_OVER) for i in range(1, len(sums))]
    return out


def distance(a, b):
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


def draw(of, names, steps):
    width, height, left = 640, 180, 60
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height * len(names)}" font-family="sans-serif" '
           'font-size="12">', f'<rect width="{width}" height="{height * len(names)}" fill="#fff"/>']
    for k, name in enumerate(names):
        seeds = [of["fp32", s][name] for s in (1, 2, 3)]
        shown = [*seeds, of["bf16", 1][name]]
        low, high = min(map(min, shown)), max(map(max, shown))
        top = k * height

        def place(i, v):
            return f"{left + (width - left - 20) * i / steps:.1f},{top + height - 24 - (height - 50) * (v - low) / (high - low):.1f}"

        upper = [place(i, max(v)) for i, v in enumerate(zip(*seeds))]
        lower = [place(i, min(v)) for i, v in enumerate(zip(*seeds))]
        out.append(f'<text x="{left}" y="{top + 16}">{name}: fp32, three seeds (band), its first seed (blue), bf16 of that seed '
                   '(orange)</text>')
        out.append(f'<polygon points="{" ".join(upper + lower[::-1])}" fill="#ccc"/>')
        for key, colour in ((("fp32", 1), "#0072b2"), (("bf16", 1), "#d55e00")):
            points = " ".join(place(i, v) for i, v in enumerate(of[key][name]))
            out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        for v in (low, high):
            out.append(f'<text x="{left - 6}" y="{place(0, v).split(",")[1]}" text-anchor="end">{v:.2f}</text>')
        for i in range(0, steps + 1, 100):
            out.append(f'<text x="{place(i, low).split(",")[0]}" y="{top + height - 8}" text-anchor="middle">{i}</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", required=True)
    parser.add_argument("--style", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--linmo", default=ROOT / "build/release/linmo")
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()
    of = {}
    for precision, seed in RUNS:
        folder = args.out / f"{precision}_{seed}"
        if not (folder / "model.safetensors").exists():
            command = [args.linmo, "train", "--method", "cut", "--generator", "resnet_6blocks", "--ngf", 32, "--ndf", 32, "--size",
                       128, "--load-size", 143, "--content", args.content, "--style", args.style, "--steps", args.steps,
                       "--precision", precision, "--seed", seed, "--log-every", 1, "--score-pictures", 0, "-o", folder]
            if (folder / "settings.toml").exists():
                command = [args.linmo, "train", "-o", folder, "--resume"]
            if subprocess.run([str(word) for word in command]).returncode != 0:
                sys.exit("loss_curves: a training failed")
        of[precision, seed] = curves(folder)
    names = list(of["fp32", 1])
    (args.out / "loss_curves.svg").write_text(draw(of, names, args.steps))
    print("| loss | bf16 from fp32, one seed | fp32, mean distance of two seeds |\n|---|---|---|")
    for name in names:
        seeds = [distance(of["fp32", a][name], of["fp32", b][name]) for a, b in ((1, 2), (1, 3), (2, 3))]
        print(f"| {name} | {distance(of['bf16', 1][name], of['fp32', 1][name]):.4f} | {sum(seeds) / 3:.4f} |")


if __name__ == "__main__":
    main()
