#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/train/networks_*.safetensors: results and gradients of tiny networks.

Needs Debian's python3-torch; run as `/usr/bin/python3 tests/golden/make_networks.py`. Weights and inputs are
common.noise() of "stream/key" and "stream/input"; everything is computed in float64. A file holds for each case,
whose stream is in the metadata "case.stream":
  case/output.0 ...      the results
  case/tap.i             results of CUT's layers
  case/after.key         buffers after the pass (running statistics, spectral norm's vectors)
  case/output_eval.0     the same input in evaluation mode after that pass
  case/grad.input, case/grad.key   of sum_i sum(output.i * noise("stream/weight.i"))
"""
import argparse

import torch

from common import Kinks, fill, noise, write
from networks import Compact, Multiscale, Patch, Pixel, Resnet, Seed, Unet

CUT_LAYERS = [0, 4, 8, 12, 16]


def resnet(blocks=1, **options):
    return lambda: Resnet(4, blocks, **options)


# file -> case -> (network, input's shape, training mode, taps)
CASES = {
    "networks_resnet": {
        "resnet_cyclegan": (resnet(), (2, 3, 16, 20), True, None),
        "resnet_batch": (resnet(norm="batch", padding="zero", decoder="resize"), (2, 3, 20, 16), True, None),
        "resnet_batch_eval": (resnet(norm="batch", dropout=True), (1, 3, 16, 16), False, None),
        "resnet_dropout_zero": (resnet(padding="zero", dropout=True), (1, 3, 16, 16), False, None),
        "resnet_none": (resnet(norm="none", padding="replicate"), (1, 3, 16, 24), True, None),
        "resnet_resize": (resnet(2, decoder="resize", padding="replicate"), (1, 3, 16, 16), True, None),
        "resnet_down": (resnet(norm="batch", padding="replicate", antialias_down=True), (2, 3, 16, 16), True, None),
        "resnet_up": (resnet(norm="none", decoder="antialias"), (1, 3, 12, 16), True, None),
        "resnet_cut": (lambda: Resnet(2, 5, decoder="antialias", antialias_down=True), (2, 3, 16, 20), True, CUT_LAYERS),
        "resnet_taps": (lambda: Resnet(2, 7), (1, 3, 16, 20), True, CUT_LAYERS),
    },
    "networks_other": {
        "unet": (lambda: Unet(2, 5), (2, 3, 32, 64), True, None),
        "unet_eval": (lambda: Unet(2, 5), (1, 3, 32, 32), False, None),
        "unet_instance": (lambda: Unet(2, 5, "instance"), (1, 3, 64, 32), True, None),
        "seed": (Seed, (2, 3, 4, 3), True, None),
        "seed_eval": (Seed, (1, 3, 5, 6), False, None),
        "compact": (lambda: Compact(4, 2), (2, 3, 20, 16), True, None),
        "compact_batch": (lambda: Compact(4, 3, "batch"), (2, 3, 12, 16), True, None),
        "compact_residual": (lambda: Compact(2, 1, residual=True), (1, 3, 12, 16), True, None),
    },
    "networks_discriminators": {
        "patch1": (lambda: Patch(4, 1), (2, 3, 16, 20), True, None),
        "patch2": (lambda: Patch(4, 2, "batch", channels=6), (2, 6, 20, 24), True, None),
        "patch3": (lambda: Patch(4, 3), (1, 3, 32, 40), True, None),
        "patch4": (lambda: Patch(2, 4, "none"), (1, 3, 48, 64), True, None),
        "patch5": (lambda: Patch(2, 5), (1, 3, 128, 96), True, None),
        "patch3_batch_eval": (lambda: Patch(2, 3, "batch"), (1, 3, 32, 32), False, None),
        "pixel": (lambda: Pixel(4), (2, 3, 9, 7), True, None),
        "pixel_batch": (lambda: Pixel(4, "batch"), (2, 3, 9, 7), True, None),
        "multiscale": (lambda: Multiscale(4, 2, 3), (1, 3, 50, 64), True, None),
        "spectral": (lambda: Patch(4, 3, "none", spectral=True), (2, 3, 32, 32), True, None),
        "spectral_instance": (lambda: Patch(4, 2, "instance", spectral=True), (1, 3, 20, 24), True, None),
    },
}


SALTS = {"resnet_cyclegan": 3, "resnet_batch": 9, "resnet_down": 12, "seed": 33, "seed_eval": 15, "compact": 1, "patch2": 2,
         "patch4": 2, "patch5": 2, "pixel_batch": 1, "multiscale": 4}  # see common.Kinks


def run(case, stream, make, shape, training, taps, dtype):
    network = fill(make().to(dtype), stream).train(training)
    x = noise(f"{stream}/input", shape).to(dtype).requires_grad_()
    before = {k: v.clone() for k, v in network.named_buffers()}
    results = {}
    if taps:
        y, features = network(x, taps)
        results.update({f"tap.{i}": f for i, f in enumerate(features)})
    else:
        y = network(x)
    outputs = y if isinstance(y, list) else [y]
    results.update({f"output.{i}": o for i, o in enumerate(outputs)})
    sum((o * noise(f"{stream}/weight.{i}", tuple(o.shape)).to(dtype)).sum() for i, o in enumerate(outputs)).backward()
    results["grad.input"] = x.grad
    results.update({f"grad.{k}": p.grad for k, p in network.named_parameters()})
    changed = {k: v for k, v in network.named_buffers() if not torch.equal(v, before[k])}
    if changed:
        results.update({f"after.{k}": v.clone() for k, v in changed.items()})
        with torch.no_grad():
            results["output_eval.0"] = network.eval()(x)
    return {f"{case}/{k}": v.detach() for k, v in results.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounding", action="store_true", help="print how far float32 is from float64")
    rounding = parser.parse_args().rounding
    for file, cases in CASES.items():
        tensors, streams = {}, {}
        for case, options in cases.items():
            stream = streams[f"{case}.stream"] = f"{case}{SALTS.get(case, '')}"
            with Kinks() as kinks:
                exact = run(case, stream, *options, torch.float64)
            tensors.update(exact)
            if rounding:
                rough = run(case, stream, *options, torch.float32)
                print(f"{stream}: nearest kink {kinks.nearest:.3g}")
                for kind in ("output", "tap", "after", "grad"):
                    keys = [k for k in exact if k.startswith(f"{case}/{kind}")]
                    scale = max((exact[k].abs().max().item() for k in keys), default=0)
                    error = max(((exact[k] - rough[k]).abs().max().item() for k in keys), default=0)
                    if keys:
                        print(f"{case:20} {kind:8} scale {scale:9.3g}  float32 differs by {error:9.3g}")
        write(file, tensors, maker="make_networks.py", torch=torch.__version__, **streams)


if __name__ == "__main__":
    main()
