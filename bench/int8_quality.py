#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/int8_quality.py CALIBRATE PICTURES [LINMO]: what int8 costs every bundled model.

Prepares each model of models/ with the folder CALIBRATE, paints the folder PICTURES (which should be others) in fp32
and in int8, longer side at most 512 px, and prints the PSNR of the second against the first [dB]: of all pictures
together, and of the worst. The pictures stay in build/int8_quality/ to be looked at.
Needs bench/requirements.txt."""
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    calibrate, pictures = sys.argv[1:3]
    linmo = sys.argv[3] if len(sys.argv) > 3 else str(ROOT / "build/release/linmo")
    out = ROOT / "build/int8_quality"
    shutil.rmtree(out, ignore_errors=True)

    def run(*words):
        return subprocess.run([linmo, *map(str, words)], check=True, capture_output=True, text=True).stdout

    print("| model | layers in int8 | PSNR against fp32 [dB] | worst picture |\n|---|---|---|---|")
    for model in sorted((ROOT / "models").glob("*.safetensors")):
        if model.stem == "features":  # judges, does not paint
            continue
        small = out / model.name
        out.mkdir(parents=True, exist_ok=True)
        prepared = json.loads(run("quantise", model, "--calibrate", calibrate, "-o", small, "--json"))
        layers = prepared["layers"]
        for precision, name in (("fp32", model), ("int8", small)):
            run("apply", name, pictures, "-o", out / model.stem / precision, "--precision", precision, "--max-side", 512,
                "--format", "png", "-q")
        errors = []
        for path in sorted((out / model.stem / "fp32").glob("**/*.png")):
            a, b = (np.asarray(Image.open(p), np.float64)
                    for p in (path, out / model.stem / "int8" / path.relative_to(out / model.stem / "fp32")))
            errors.append(np.mean(np.square(a - b)))
        dB = [10 * np.log10(255**2 / max(e, 1e-9)) for e in (np.mean(errors), max(errors))]
        print(f"| `{model.stem}` | {sum(l['int8'] for l in layers)} of {len(layers)} | {dB[0]:.1f} | {dB[1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
