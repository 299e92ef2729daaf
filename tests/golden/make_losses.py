#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/train/losses.safetensors: losses and their gradients, from the papers' formulas.

Needs Debian's python3-torch; run as `/usr/bin/python3 tests/golden/make_losses.py`. Inputs are common.noise() of the
names given to logits(), picture() and parameters() below. For a loss "x": x/value, and x/grad.* for each input.
"""
import argparse

import torch
from torch.nn import functional as F

from common import fill, noise, write
from networks import Patch

MAPS = {"real": [(2, 1, 5, 6), (2, 1, 3, 4)], "fake": [(2, 1, 5, 6), (2, 1, 3, 4)]}


def logits(side, dtype):
    """Two scales, as of a multiscale discriminator; up to +-4, so sigmoids saturate and hinges are on both sides."""
    return [noise(f"logits/{side}.{i}", s, 4, 0.5).to(dtype).requires_grad_() for i, s in enumerate(MAPS[side])]


def mean_of_scales(maps, f):
    return sum(f(m).mean() for m in maps) / len(maps)


def gan_losses(tensors, dtype):
    log, sigmoid = torch.log, torch.sigmoid
    bce = F.binary_cross_entropy
    forms = {  # name: part -> (which logits, loss of one logit)
        "log": {
            "real": ("real", lambda x: -log(sigmoid(x))),
            "fake": ("fake", lambda x: -log(1 - sigmoid(x))),
            "generator": ("fake", lambda x: -log(sigmoid(x))),
            "generator_saturating": ("fake", lambda x: log(1 - sigmoid(x))),
        },
        "cross_entropy": {
            "real": ("real", lambda x: bce(sigmoid(x), torch.ones_like(x), reduction="none")),
            "real_smooth": ("real", lambda x: bce(sigmoid(x), torch.full_like(x, 0.9), reduction="none")),
            "fake": ("fake", lambda x: bce(sigmoid(x), torch.zeros_like(x), reduction="none")),
            "generator": ("fake", lambda x: bce(sigmoid(x), torch.ones_like(x), reduction="none")),
        },
        "least_squares": {
            "real": ("real", lambda x: (x - 1) ** 2),
            "real_smooth": ("real", lambda x: (x - 0.9) ** 2),
            "fake": ("fake", lambda x: x ** 2),
            "generator": ("fake", lambda x: (x - 1) ** 2),
        },
        "hinge": {
            "real": ("real", lambda x: torch.clamp(1 - x, min=0)),
            "fake": ("fake", lambda x: torch.clamp(1 + x, min=0)),
            "generator": ("fake", lambda x: -x),
        },
        "wasserstein": {
            "real": ("real", lambda x: -x),
            "fake": ("fake", lambda x: x),
            "generator": ("fake", lambda x: -x),
        },
    }
    for name, parts in forms.items():
        for part, (side, f) in parts.items():
            maps = logits(side, dtype)
            loss = mean_of_scales(maps, f)
            tensors[f"{name}.{part}/value"] = loss
            for i, g in enumerate(torch.autograd.grad(loss, maps)):
                tensors[f"{name}.{part}/grad.{i}"] = g


def penalties(tensors, dtype):
    """Gulrajani 2017 with lambda = 10 and Mescheder 2018 with gamma / 2 = 2.5, of a tiny critic."""
    real, fake = (noise(f"penalty/{s}", (2, 3, 12, 10)).to(dtype) for s in ("real", "fake"))
    for norm in ("none", "instance"):
        critic = fill(Patch(4, 1, norm).to(dtype), f"penalty_{norm}")

        def store(name, loss):
            loss.backward()
            tensors[f"{name}/value"] = loss
            for key, p in critic.named_parameters():
                # The last bias does not change any gradient by the input.
                tensors[f"{name}/grad.{key}"] = p.grad.clone() if p.grad is not None else torch.zeros_like(p)
                p.grad = None

        alpha = noise("penalty/alpha", (2, 1, 1, 1), 0.5, 0.5).to(dtype)
        between = (alpha * real + (1 - alpha) * fake).requires_grad_()
        gradient, = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        store(f"gradient_penalty_{norm}", 10 * ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean())

        x = real.clone().requires_grad_()
        gradient, = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        store(f"r1_{norm}", 2.5 * gradient.flatten(1).pow(2).sum(1).mean())


def patch_nce(tensors, dtype):
    """Park 2020, equation 3: places of q against the same and the other places of k, of the same picture only."""
    batch, channels, height, width, hidden, temperature = 2, 6, 5, 7, 8, 0.07
    q = noise("nce/query", (batch, channels, height, width)).to(dtype).requires_grad_()
    k = noise("nce/key", (batch, channels, height, width)).to(dtype).requires_grad_()
    places = torch.tensor([3, 34, 0, 17, 8, 21, 30, 12, 5])
    head = torch.nn.Sequential(torch.nn.Linear(channels, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, hidden))
    fill(head.to(dtype), "nce/mlp_0")

    def project(features):
        picked = features.flatten(2)[:, :, places].transpose(1, 2)  # pictures x places x channels
        v = head(picked)
        return v / (v.norm(dim=2, keepdim=True) + 1e-7)

    query, key = project(q), project(k).detach()
    loss = 0
    for b in range(batch):
        for i in range(len(places)):
            similar = (key[b] @ query[b, i]) / temperature
            loss = loss - (similar[i] - torch.logsumexp(similar, 0))
    loss = loss / (batch * len(places))
    loss.backward()
    assert k.grad is None
    tensors["nce/query_features"] = query.reshape(-1, hidden)
    tensors["nce/value"] = loss
    tensors["nce/grad.query"] = q.grad
    for name, p in head.named_parameters():
        tensors[f"nce/grad.mlp_0.{name}"] = p.grad


def make(dtype):
    tensors = {}
    gan_losses(tensors, dtype)
    penalties(tensors, dtype)
    patch_nce(tensors, dtype)
    return {k: v.detach() for k, v in tensors.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounding", action="store_true", help="print how far float32 is from float64")
    exact = make(torch.float64)
    if parser.parse_args().rounding:
        rough = make(torch.float32)
        for key, value in exact.items():
            print(f"{key:40} {value.abs().max():9.3g}  float32 differs by {(value - rough[key]).abs().max():9.3g}")
    write("losses", exact, maker="make_losses.py", torch=torch.__version__)


if __name__ == "__main__":
    main()
