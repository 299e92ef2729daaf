# SPDX-License-Identifier: Apache-2.0
"""What the makers of golden values share: numbers that a C++ test can make too, and a writer of safetensors.

linmo/model/golden_test.h is the other half of this file: the same numbers, and the reader.
"""
import json
import math
import pathlib
import struct

import numpy
import torch
from torch import nn

OUT = pathlib.Path(__file__).parent / "train"
THIN = 1024  # arrays with more values are stored as an evenly spaced sample of about so many


def noise(name, shape, amplitude=1.0, centre=0.0):
    """Numbers in centre ± amplitude, uniform, exactly the same wherever they are made: FNV-1a of the name seeds
    MurmurHash3's finaliser of the index, whose upper 24 bits become a float in [-1, 1)."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 & 0xFFFFFFFF
    h = (numpy.arange(math.prod(shape), dtype=numpy.uint64) * 0x9E3779B1 + seed) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        h ^= h >> numpy.uint64(shift)
        h = h * factor & 0xFFFFFFFF
    unit = (h >> numpy.uint64(8)).astype(numpy.float64) / 2**23 - 1
    return torch.from_numpy((centre + amplitude * unit).astype(numpy.float32).reshape(shape))


@torch.no_grad()
def fill(module, name):
    """Weights, biases and running statistics by noise(); blur filters and counters stay as they are."""
    for key, tensor in module.state_dict().items():
        part = key.rsplit(".", 1)[-1]
        if part in ("num_batches_tracked", "filt"):
            continue
        if part == "running_var":
            amplitude, centre = 0.5, 1
        elif part in ("weight", "weight_orig") and tensor.dim() == 1:
            amplitude, centre = 0.2, 1  # a norm's scale
        elif part in ("weight", "weight_orig"):
            amplitude, centre = math.sqrt(3.0 / math.prod(tensor.shape[1:])), 0  # keeps the spread of its input
        elif part in ("weight_u", "weight_v"):
            amplitude, centre = 1, 0
        else:
            amplitude, centre = 0.2, 0  # bias, running mean
        tensor.copy_(noise(f"{name}/{key}", tuple(tensor.shape), amplitude, centre))
    return module


def thin(name, tensor):
    """(key, values): large arrays become every k-th value in row-major order under the key "name[::k]"."""
    values = tensor.detach().to(torch.float32).contiguous()
    if values.numel() <= THIN:
        return name, values
    step = math.ceil(values.numel() / THIN) | 1  # odd: does not keep step with powers of two
    return f"{name}[::{step}]", values.flatten()[::step].contiguous()


def write(file, tensors, **metadata):
    """Writes OUT/file.safetensors: length of the header, JSON header, little-endian float32."""
    header, offset, data = {"__metadata__": {k: str(v) for k, v in metadata.items()}}, 0, []
    for name in sorted(tensors):
        key, values = thin(name, tensors[name])
        assert torch.isfinite(values).all(), name
        raw = values.numpy().astype("<f4").tobytes()
        header[key] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        data.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    OUT.mkdir(exist_ok=True)
    (OUT / f"{file}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


class Kinks:
    """How near the inputs of ReLU, LeakyReLU and L1 come to their kink, relative to their spread. There a rounding
    error decides between two slopes, and two right answers differ by far more than rounding; so noise() gets a salt
    for which nothing comes too near. (The heads of the contrastive loss have too many values for that, and each of
    them counts for too little: rows are left out.)"""

    def __enter__(self):
        self.nearest = float("inf")
        self.hook = nn.modules.module.register_module_forward_pre_hook(self.look)
        return self

    def __exit__(self, *_):
        self.hook.remove()

    def look(self, module, inputs):
        if isinstance(module, (nn.ReLU, nn.LeakyReLU, nn.L1Loss)) and inputs[0].dim() == 4:
            x = inputs[0] - inputs[1] if isinstance(module, nn.L1Loss) else inputs[0]
            self.nearest = min(self.nearest, (x.abs().min() / x.pow(2).mean().sqrt()).item())
