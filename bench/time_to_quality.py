#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How near to a style each method comes in the same time, on the same machine:

    bench/time_to_quality.py --data DATA --features inception.safetensors --out DIR [--linmo FILE]
                             [--tasks T …] [--methods M …] [--seeds N …] [--minutes M]

Trains each method on each task for the same wall clock with `linmo train --snapshots`, ranks the snapshots with
`linmo evaluate --leaderboard` on pictures that nobody learnt from, and writes DIR/table.md, DIR/curves_TASK.svg
and the last sample grid of every run. Stopped and started again it goes on where it was; one run at a time, so
leave the machine alone.

Tasks: photo-to-chinese, photo-to-ukiyoe (DATA/photos_landscape, photos_wallpaper, chinese_landscape,
japanese_ukiyoe; every fourth photograph is held out, three crops of 256 px of each are painted and scored) and
print-to-brush (two Debian fonts, 64 characters held out; unpaired, scored against the true brush). Features:
bench/nsfwjs_inception.py makes an InceptionV3 that none of the methods learns with.

Methods: swift with the recipe of the bundled models; cut and cyclegan as published (256 px crops, 9 blocks of 64,
PatchGAN), through the same fast implementation; cut-128: CUT's losses with swift's generator and crops;
cut-plain: as published, with libtorch's own fp32 operations. Needs Pillow (Debian's python3-pil).
"""
import argparse
import json
import math
import pathlib
import shutil
import subprocess
import sys

try:
    from PIL import Image
except ImportError:
    sys.exit("time_to_quality: Pillow is missing; run it with a Python that has it (Debian: python3-pil, /usr/bin/python3)")

ROOT = pathlib.Path(__file__).resolve().parent.parent
FONTS = ("/usr/share/fonts/truetype/arphic/uming.ttc", "/usr/share/fonts/truetype/kouzan-mouhitsu/kouzan-mouhitsu.ttf")
MINUTES = {"photo-to-chinese": 10, "photo-to-ukiyoe": 30, "print-to-brush": 10}
PUBLISHED = ["--size", "256", "--load-size", "286", "--preprocess", "resize_and_crop"]
SMALL = ["--size", "128", "--load-size", "224", "--generator", "compact"]
METHODS = {
    "swift": ["--recipe", ROOT / "recipes/style.toml"],
    "cut": ["--method", "cut", *PUBLISHED],
    "cyclegan": ["--method", "cyclegan", *PUBLISHED],
    "cut-128": ["--method", "cut", *SMALL],
    "cut-plain": ["--method", "cut", "--precision", "plain", *PUBLISHED],
}
# Characters are 64 px wide, and mirrored ones are none.
GLYPHS = ["--size", "64", "--load-size", "64", "--no-flip"]
COLOURS = {"swift": "#0072b2", "cut": "#d55e00", "cyclegan": "#cc79a7", "cut-128": "#e69f00", "cut-plain": "#555555"}


def run(*arguments, codes=(0,)):
    words = [str(a) for a in arguments]
    print("+", *words, flush=True)
    done = subprocess.run(words)
    if done.returncode not in codes:
        sys.exit(f"time_to_quality: exit code {done.returncode} of: {' '.join(words)}")


def pictures(folder):
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    if not found:
        sys.exit(f"time_to_quality: no pictures in {folder}")
    return found


def crops(picture):
    """256 px squares at both ends and in the middle of the picture, brought to 288 px on the short side."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    scale = 288 / min(image.size)
    image = image.resize([max(288, round(side * scale)) for side in image.size], Image.Resampling.BICUBIC)
    room = [side - 256 for side in image.size]
    for share in (0, 0.5, 1):
        x, y = (round(r * share) for r in room)
        yield image.crop((x, y, x + 256, y + 256))


def prepare(task, args):
    """Folders content, style, test, and truth where there is one. Made whole or not at all."""
    folder = args.out / "tasks" / task
    if folder.exists():
        return folder
    making = folder.with_name(folder.name + ".part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    if task == "print-to-brush":
        run(args.linmo, "glyphs", *FONTS, "-o", making / "glyphs", "--characters", "U+4E00-9FFF", "--size", 64,
            "--limit", 2064, "--split", 64, "--seed", 1)
        for name, role, parity in (("uming", "content", 1), ("kouzan-mouhitsu", "style", 0)):
            (making / "glyphs" / name).rename(making / role)
            for i, file in enumerate(pictures(making / role)):
                if i % 2 == parity:
                    file.unlink()  # unpaired for certain
        (making / "glyphs/uming_test").rename(making / "test")
        (making / "glyphs/kouzan-mouhitsu_test").rename(making / "truth")
    else:
        for role in ("content", "style", "test"):
            (making / role).mkdir()
        photographs = pictures(args.data / "photos_landscape") + pictures(args.data / "photos_wallpaper")
        for i, file in enumerate(photographs):
            if i % 4 != 3:
                (making / "content" / f"{i:03}_{file.name}").symlink_to(file.resolve())
                continue
            for k, crop in enumerate(crops(file)):
                crop.save(making / "test" / f"{i:03}_{k}.png")
        if task == "photo-to-chinese":
            style = [p for p in pictures(args.data / "chinese_landscape") if p.name.startswith("met")]
        else:
            names = (args.data / "japanese_ukiyoe.landscapes.txt").read_text().split()
            style = [args.data / "japanese_ukiyoe" / name for name in names]
        for file in style:
            (making / "style" / file.name).symlink_to(file.resolve())
    making.rename(folder)
    return folder


def train(task, method, seed, minutes, folder, args):
    out = args.out / "runs" / f"{task}_{method}_{seed}_{minutes:g}m"
    options = METHODS[method]
    if task == "print-to-brush":
        options = options + GLYPHS
    if not (out / "done").exists():
        if (out / "settings.toml").exists():
            run(args.linmo, "train", "-o", out, "--resume")
        else:
            run(args.linmo, "train", *options, "--content", folder / "content", "--style", folder / "style", "--test",
                folder / "test", "--time", f"{round(60 * minutes)}s", "--seed", seed, "--snapshots", "--score-pictures", 0,
                "--samples", 6, "-o", out)
        (out / "done").touch()
    return out


def seconds_of(run_folder, step):
    """Wall clock of the run at a step, between the lines of its log."""
    before = (0, 0.0)
    for line in (run_folder / "stats.jsonl").read_text().splitlines():
        row = json.loads(line)
        if "losses" not in row:
            continue
        here = (row["step"], row["seconds"])
        if here[0] >= step:
            return before[1] + (here[1] - before[1]) * (step - before[0]) / max(1, here[0] - before[0])
        before = here
    return before[1]


def score(task, run_folder, folder, args):
    file = run_folder / "scores.json"
    if not file.exists():
        extra = ["--truth", folder / "truth"] if (folder / "truth").exists() else []
        part = run_folder / "scores.json.part"
        run(args.linmo, "evaluate", "--leaderboard", run_folder, "--style", folder / "style", "--content", folder / "test",
            "--features", args.features, "--outputs", run_folder / "painted", "--json", part, *extra)
        part.rename(file)
    rows = []
    for one in json.loads(file.read_text()):
        name = pathlib.Path(one["name"]).stem
        if not name.startswith("step_"):
            continue
        scores = {(s["key"], s["against"]): s for s in one["scores"]}
        step = int(name[5:])
        rows.append({"step": step, "seconds": seconds_of(run_folder, step), "scores": scores})
    return sorted(rows, key=lambda r: r["step"])


def value(row, key, against, of="value"):
    found = row["scores"].get((key, against))
    return found.get(of, math.nan) if found else math.nan


def reached(rows, target, key):
    """Seconds after which the score is at or below the target, between snapshots; None: never."""
    before = None
    for row in rows:
        here = (row["seconds"], value(row, *key))
        if here[1] <= target:
            if before is None or before[1] <= here[1]:
                return here[0]
            return before[0] + (here[0] - before[0]) * (before[1] - target) / (before[1] - here[1])
        before = here
    return None


def table(task, results, key, title):
    untouched = value(results[0][2][-1], *key, "input")
    lines = [f"### {task}", "", f"{title}; the untouched content: {untouched:.3f}. Content: edge orientation and SSIM of "
             "luminance against the input.", "",
             "| method | seed | minutes | steps | " + title + " | reduction | edges kept | SSIM kept |"
             + (" SSIM to truth | perceptual to truth |" if task == "print-to-brush" else ""),
             "|---|---|---|---|---|---|---|---|" + ("---|---|" if task == "print-to-brush" else "")]
    for method, seed, rows in results:
        last = rows[-1]
        end = value(last, *key)
        deviation = value(last, "kid", "style", "deviation")
        lines.append(f"| {method} | {seed} | {last['seconds'] / 60:.1f} | {last['step']} | {end:.3f} ± {deviation:.3f} | "
                     f"{untouched - end:+.3f} | {value(last, 'content_edges', 'content'):.3f} | "
                     f"{value(last, 'content_ssim', 'content'):.3f} |"
                     + (f" {value(last, 'ssim_luma', 'truth'):.3f} | {value(last, 'perceptual', 'truth'):.3f} |"
                        if task == "print-to-brush" else ""))
    lines.append("")
    for method, seed, rows in results:
        if method == "swift":
            continue
        end = value(rows[-1], *key)
        for other, other_seed, swift in results:
            if other != "swift" or other_seed != seed:
                continue
            at = reached(swift, end, key)
            lines.append(f"- swift (seed {seed}) comes to where {method} ends "
                         + (f"after {at:.0f} s, {at / rows[-1]['seconds']:.2f} of its time" if at is not None else "never"))
    return lines + [""]


def curves(task, results, key, title, file):
    width, height, left, bottom = 640, 360, 60, 40
    longest = max(rows[-1]["seconds"] for _, _, rows in results)
    values = [value(r, *key) for _, _, rows in results for r in rows if r["step"] > 0]
    untouched = value(results[0][2][-1], *key, "input")
    top = min(max([*values, untouched]), 2.5 * untouched) * 1.05
    first = longest / 200

    def place(seconds, v):
        x = left + (width - left - 20) * math.log(max(seconds, first) / first) / math.log(longest / first)
        return f"{x:.1f},{height - bottom - (height - bottom - 20) * min(v, top) / top:.1f}"

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="{left}" y="14">{task}: {title} over time on a logarithmic axis; lower is nearer to the style</text>']
    for share in (0, .25, .5, .75, 1):
        y = height - bottom - (height - bottom - 20) * share
        out.append(f'<path d="M{left} {y:.1f}H{width - 20}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{top * share:.2f}</text>')
    for seconds in (5, 10, 30, 60, 120, 300, 600, 1200, 1800):
        if first <= seconds <= longest * 1.01:
            x = place(seconds, 0).split(",")[0]
            label = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
            out.append(f'<text x="{x}" y="{height - bottom + 18}" text-anchor="middle">{label}</text>')
    y = place(1, untouched).split(",")[1]
    out.append(f'<path d="M{left} {y}H{width - 20}" stroke="#000" stroke-dasharray="4 4"/>'
               f'<text x="{width - 24}" y="{float(y) - 4:.1f}" text-anchor="end">untouched</text>')
    for i, (method, seed, rows) in enumerate(results):
        points = " ".join(place(r["seconds"], value(r, *key)) for r in rows if r["seconds"] >= first)
        out.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[method]}" stroke-width="2"/>'
                   f'<text x="{left + 8}" y="{34 + 15 * i}" fill="{COLOURS[method]}">{method}, seed {seed}</text>')
    file.write_text("\n".join([*out, "</svg>", ""]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--features", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--linmo", type=pathlib.Path, default=ROOT / "build/release/linmo")
    parser.add_argument("--tasks", nargs="+", choices=MINUTES, default=list(MINUTES))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["swift", "cut", "cyclegan"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--minutes", type=float, help="instead of 10, and 30 for photo-to-ukiyoe")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    text = ["# Nearness to a style in equal time", "", f"`bench/time_to_quality.py`, features: {args.features.name}.", ""]
    for task in args.tasks:
        folder = prepare(task, args)
        minutes = args.minutes or MINUTES[task]
        results = []
        for seed in args.seeds:
            for method in args.methods:
                run_folder = train(task, method, seed, minutes, folder, args)
                rows = score(task, run_folder, folder, args)
                results.append((method, seed, rows))
                grids = sorted((run_folder / "samples").glob("step_*.png"))
                shutil.copyfile(grids[-1], args.out / f"{run_folder.name}.png")
        key, title = (("kid_all", "style"), "KID × 10³")
        text += table(task, results, key, title)
        curves(task, results, key, title, args.out / f"curves_{task}.svg")
        (args.out / "table.md").write_text("\n".join(text))
    print((args.out / "table.md").read_text())


if __name__ == "__main__":
    main()
