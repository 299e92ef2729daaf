#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/train/anime_gan.safetensors: what AnimeGANv2's generator (Chen 2020), written here with torch.nn
after the published list of its 77 arrays, makes of common.noise(). Its weights are noise too, so that 8 MB of them
need not be stored; linmo/engine/import_test.cc makes the same. Needs Debian's python3-torch; run as
`/usr/bin/python3 tests/golden/make_anime_gan.py`."""
import torch
from torch import nn
from torch.nn import functional as F

import common


class Unit(nn.Sequential):
    def __init__(self, inputs, outputs, kernel=3, stride=1, groups=1):
        # Strided convolutions see one more row and column on the right and below only.
        pad = (0, 1, 0, 1) if stride == 2 else (kernel // 2,) * 4
        super().__init__(nn.ReflectionPad2d(pad), nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=groups > 1),
                         nn.GroupNorm(1, outputs), nn.LeakyReLU(0.2))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        middle = 2 * inputs
        self.same = inputs == outputs
        self.layers = nn.Sequential(Unit(inputs, middle, 1), Unit(middle, middle, 3, groups=middle),
                                    nn.Conv2d(middle, outputs, 1, bias=False), nn.GroupNorm(1, outputs))

    def forward(self, x):
        return x + self.layers(x) if self.same else self.layers(x)


class AnimeGan(nn.Module):
    def __init__(self):
        super().__init__()
        self.block_a = nn.Sequential(Unit(3, 32, 7), Unit(32, 64, stride=2), Unit(64, 64))
        self.block_b = nn.Sequential(Unit(64, 128, stride=2), Unit(128, 128))
        self.block_c = nn.Sequential(Unit(128, 128), Inverted(128, 256), Inverted(256, 256), Inverted(256, 256),
                                     Inverted(256, 256), Unit(256, 128))
        self.block_d = nn.Sequential(Unit(128, 128), Unit(128, 128))
        self.block_e = nn.Sequential(Unit(128, 64), Unit(64, 64), Unit(64, 32, 7))
        self.out_layer = nn.Sequential(nn.Conv2d(32, 3, 1, bias=False), nn.Tanh())

    def forward(self, x):
        x = self.block_c(self.block_b(self.block_a(x)))
        x = self.block_d(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
        return self.out_layer(self.block_e(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)))


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    network = common.fill(AnimeGan(), "anime_gan")
    assert len(network.state_dict()) == 77
    assert sum(p.numel() for p in network.parameters()) == 2143552
    output = network(common.noise("anime_gan/input", (1, 3, 40, 32)))
    print(f"output {output.mean():+.2f} ± {output.std():.2f}")
    common.write("anime_gan", {"output": output})


main()
