#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes ordpy.json: what ordpy (Pessa & Ribeiro 2021) says of pictures that both sides make from integers.

    /usr/bin/python3 -m venv --system-site-packages ENV && ENV/bin/pip install ordpy==1.2.3   # Debian's python3-skimage
    ENV/bin/python tests/golden/make_ordpy.py [--check]

--check compares with the stored file instead (DescriptorsSlow.OrdpyAgrees runs it, where LINMO_GOLDEN_PYTHON names
such a python). Entropy and complexity of 2 x 2 orders at distances of 1, 2 and 4 px, smoothness and branching, the
shares of blocks whose values are all equal or partly equal, and of the groups A … K at 1 and 4 px."""

import json
import pathlib
import sys

import numpy as np
import ordpy

from make_measure import picture

CASES = [(1, 97, 83, 40), (3, 128, 71, 90), (5, 66, 140, 4)]


def describe(seed, width, height, noise):
    grey = picture(seed, width, height, noise)[..., 0].astype(int)
    out = {"seed": seed, "width": width, "height": height, "noise": noise}
    out["entropy_complexity"] = [
        [float(v) for v in ordpy.complexity_entropy(grey, dx=2, dy=2, taux=step, tauy=step)] for step in (1, 2, 4)]
    out["smoothness"], out["branching"] = (float(v) for v in ordpy.smoothness_structure(grey))
    shares = ordpy.two_by_two_patterns(grey)  # {"[0012]": share …}, equal digits where values are equal
    distinct = {pattern: len(set(pattern.strip("[]"))) for pattern in shares}
    out["groups"] = [
        [float(v) for _, v in sorted(
            ordpy.two_by_two_patterns(grey, taux=step, tauy=step, group_patterns=True).items())] for step in (1, 4)]
    out["all_equal"] = float(sum(s for p, s in shares.items() if distinct[p] == 1))
    out["some_equal"] = float(sum(s for p, s in shares.items() if 1 < distinct[p] < 4))
    return out


def main():
    cases = [describe(*case) for case in CASES]
    file = pathlib.Path(__file__).with_name("ordpy.json")
    if "--check" not in sys.argv[1:]:
        file.write_text(json.dumps(cases, indent=1) + "\n")
        return
    for new, old in zip(cases, json.loads(file.read_text()), strict=True):
        for key, value in new.items():
            np.testing.assert_allclose(value, old[key], rtol=1e-9, atol=1e-12, err_msg=key)


if __name__ == "__main__":
    main()
