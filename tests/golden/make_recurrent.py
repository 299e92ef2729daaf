#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/train/recurrent.safetensors: results, states and gradients of generators that remember, over
three frames.

Needs Debian's python3-torch; run as `/usr/bin/python3 tests/golden/make_recurrent.py`. Weights and frames are
common.noise() of "stream/key" and "stream/frame.t"; everything is computed in float64. For each case:
  case/output.t, case/state.t      the result for frame t, and what is remembered after it
  case/grad.frame.t, case/grad.key   of sum_t sum(output.t * noise("stream/weight.t"))
"""
import torch

from common import Kinks, fill, noise, write
from networks import Recurrent

CASES = {
    "instance": (lambda: Recurrent(4, 3), (2, 3, 16, 12), True),
    "batch": (lambda: Recurrent(2, 2, "batch", residual=True), (1, 3, 12, 20), False),
}
FRAMES = 3
SALTS = {"instance": 26}  # see common.Kinks


def run(case, stream, make, shape, training):
    network = fill(make().double(), stream).train(training)
    frames = [noise(f"{stream}/frame.{t}", shape).double().requires_grad_() for t in range(FRAMES)]
    results, state, loss = {}, None, 0
    for t, frame in enumerate(frames):
        results[f"output.{t}"], state = network(frame, state)
        results[f"state.{t}"] = state
        y = results[f"output.{t}"]
        loss = loss + (y * noise(f"{stream}/weight.{t}", tuple(y.shape)).double()).sum()
    loss.backward()
    results.update({f"grad.frame.{t}": frame.grad for t, frame in enumerate(frames)})
    results.update({f"grad.{k}": p.grad for k, p in network.named_parameters()})
    return {f"{case}/{k}": v.detach() for k, v in results.items()}


def main():
    tensors, streams = {}, {}
    for case, options in CASES.items():
        stream = streams[f"{case}.stream"] = f"recurrent_{case}{SALTS.get(case, '')}"
        with Kinks() as kinks:
            tensors.update(run(case, stream, *options))
        print(f"{stream}: nearest kink {kinks.nearest:.3g}")
    write("recurrent", tensors, maker="make_recurrent.py", torch=torch.__version__, **streams)


if __name__ == "__main__":
    main()
