# SPDX-License-Identifier: Apache-2.0
"""bench/ratios.py RESULT.json [--update]: how much faster each operation is than its plain twin, against
bench/baseline.json.

Times of one machine say little on another; the ratio of two that ran in one process says more. RESULT.json is Google
Benchmark's output with NAME/fast and NAME/plain; a ratio that fell by more than half counts as worse (exit code
1): the shortest of them were seen to vary by 40 % between runs."""
import json
import pathlib
import sys

BASELINE = pathlib.Path(__file__).parent / "baseline.json"
WORSE = 1 / 2


def ratios(result):
    best = {}
    for row in result["benchmarks"]:
        if row.get("run_type") != "aggregate":
            name, side = row["name"].removesuffix("/real_time").rsplit("/", 1)
            times = best.setdefault(name, {})
            times[side] = min(times.get(side, float("inf")), row["real_time"])
    return {name: t["plain"] / t["fast"] for name, t in best.items() if t.keys() == {"plain", "fast"}}


def main():
    found = ratios(json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8")))
    if "--update" in sys.argv:
        BASELINE.write_text(json.dumps({k: round(v, 2) for k, v in sorted(found.items())}, indent=2) + "\n", "utf-8")
    baseline = json.loads(BASELINE.read_text("utf-8"))
    worse = []
    print(f"{'operation':32} {'times faster':>12} {'baseline':>9}")
    for name in sorted(baseline | found):
        now, then = found.get(name), baseline.get(name)
        verdict = ""
        if now is None or then is None:
            verdict = "not measured" if now is None else "new"
        elif now < WORSE * then:
            verdict = "worse"
            worse.append(name)
        print(f"{name:32} {now or 0:12.2f} {then or 0:9.2f}  {verdict}")
    print(f"{len(worse)} of {len(baseline)} got worse by more than half" + (": " + ", ".join(worse) if worse else ""))
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
