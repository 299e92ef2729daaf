#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training steps as PyTorch users run them: bench/official_steps.py [cyclegan:64:9:256 cut:64:9:256 …] [--runs N]

Written from the papers and the options' defaults of the authors' programs: CycleGAN (Zhu et al. 2017: two ResNet
generators, two 70 × 70 PatchGANs, least squares, cycle 10, identity 5, a pool of 50) and CUT (Park et al. 2020:
anti-aliased ResNet and PatchGAN, PatchNCE on five layers of the encoder, 256 places, identity NCE), batch 1, Adam.
Eager mode, fp32, channels first, as those programs run. A step is method:features:blocks:side. Prints seconds (the
best of N, after one that is not counted) and the largest resident memory, one step a process.
Needs PyTorch: Debian's python3-torch or PyPI's torch.
"""
import argparse
import itertools
import os
import random
import resource
import subprocess
import sys
import time


def networks(torch):
    nn = torch.nn

    class Blur(nn.Module):
        """Reduces by the binomial filter 1 2 1 with stride 2 (Zhang 2019), or enlarges by that of four taps."""

        def __init__(self, channels, is_up=False):
            super().__init__()
            side = [1., 3., 3., 1.] if is_up else [1., 2., 1.]
            row = torch.tensor(side)
            kernel = row[:, None] * row[None, :]
            kernel = kernel / kernel.sum() * (4 if is_up else 1)
            self.register_buffer("kernel", kernel[None, None].repeat(channels, 1, 1, 1))
            self.is_up = is_up

        def forward(self, x):
            channels = x.shape[1]
            if self.is_up:
                padded = nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
                y = nn.functional.conv_transpose2d(padded, self.kernel, stride=2, padding=2, groups=channels)
                return y[:, :, 1:-1, 1:-1]
            padded = nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")
            return nn.functional.conv2d(padded, self.kernel, stride=2, groups=channels)

    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.body = nn.Sequential(
                nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width), nn.ReLU(True),
                nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width))

        def forward(self, x):
            return x + self.body(x)

    def generator(features, blocks, is_smooth):
        def unit(conv, width):
            return [conv, nn.InstanceNorm2d(width), nn.ReLU(True)]

        f = features
        layers = [nn.ReflectionPad2d(3), *unit(nn.Conv2d(3, f, 7), f)]
        for k in (1, 2):
            stride = 1 if is_smooth else 2
            layers += unit(nn.Conv2d(f * k, 2 * f * k, 3, stride, 1), 2 * f * k)
            if is_smooth:
                layers.append(Blur(2 * f * k))
        layers += [Block(4 * f) for _ in range(blocks)]
        for k in (4, 2):
            if is_smooth:
                layers.append(Blur(f * k, is_up=True))
                layers += unit(nn.Conv2d(f * k, f * k // 2, 3, 1, 1), f * k // 2)
            else:
                layers += unit(nn.ConvTranspose2d(f * k, f * k // 2, 3, 2, 1, 1), f * k // 2)
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(f, 3, 7), nn.Tanh()]
        return nn.Sequential(*layers)

    def discriminator(features, is_smooth):
        f = features
        layers = [nn.Conv2d(3, f, 4, 1 if is_smooth else 2, 1), nn.LeakyReLU(0.2, True)]
        if is_smooth:
            layers.append(Blur(f))
        for n, (a, b) in enumerate(((f, 2 * f), (2 * f, 4 * f), (4 * f, 8 * f))):
            stride = 1 if is_smooth or n == 2 else 2
            layers += [nn.Conv2d(a, b, 4, stride, 1), nn.InstanceNorm2d(b), nn.LeakyReLU(0.2, True)]
            if is_smooth and n < 2:
                layers.append(Blur(b))
        return nn.Sequential(*layers, nn.Conv2d(8 * f, 1, 4, 1, 1))

    return generator, discriminator


def learn_or_not(networks_, on):
    for network in networks_:
        for p in network.parameters():
            p.requires_grad_(on)


def cyclegan(torch, features, blocks, side):
    make_g, make_d = networks(torch)
    g_a, g_b = (make_g(features, blocks, False) for _ in "ab")
    d_a, d_b = (make_d(features, False) for _ in "ab")
    adam_g = torch.optim.Adam(itertools.chain(g_a.parameters(), g_b.parameters()), 2e-4, (0.5, 0.999))
    adam_d = torch.optim.Adam(itertools.chain(d_a.parameters(), d_b.parameters()), 2e-4, (0.5, 0.999))
    l1, squares = torch.nn.L1Loss(), torch.nn.MSELoss()
    pools = {"a": [], "b": []}

    def against(judged, is_real):
        return squares(judged, torch.full_like(judged, float(is_real)))

    def remembered(name, picture):
        pool = pools[name]
        if len(pool) < 50:
            pool.append(picture.detach())
            return picture
        if random.random() < 0.5:
            k = random.randrange(50)
            old, pool[k] = pool[k], picture.detach()
            return old
        return picture

    def step(real_a, real_b):
        fake_b = g_a(real_a)
        back_a = g_b(fake_b)
        fake_a = g_b(real_b)
        back_b = g_a(fake_a)
        learn_or_not((d_a, d_b), False)
        adam_g.zero_grad()
        loss = 5 * l1(g_a(real_b), real_b) + 5 * l1(g_b(real_a), real_a)
        loss = loss + against(d_a(fake_b), True) + against(d_b(fake_a), True)
        loss = loss + 10 * l1(back_a, real_a) + 10 * l1(back_b, real_b)
        loss.backward()
        adam_g.step()
        learn_or_not((d_a, d_b), True)
        adam_d.zero_grad()
        for d, real, name, fake in ((d_a, real_b, "b", fake_b), (d_b, real_a, "a", fake_a)):
            both = against(d(real), True) + against(d(remembered(name, fake).detach()), False)
            (0.5 * both).backward()
        adam_d.step()

    return step


def cut(torch, features, blocks, side):
    make_g, make_d = networks(torch)
    g, d = make_g(features, blocks, True), make_d(features, True)
    # Behind the input's padding, both convolutions that reduce, the first and the fifth block.
    modules, taps = list(g), (0, 4, 8, 12, 16)
    squares, entropy = torch.nn.MSELoss(), torch.nn.CrossEntropyLoss()

    def encode(x):
        out = []
        for i, m in enumerate(modules[:taps[-1] + 1]):
            x = m(x)
            if i in taps:
                out.append(x)
        return out

    with torch.no_grad():
        widths = [f.shape[1] for f in encode(torch.zeros(1, 3, side, side))]
    heads = torch.nn.ModuleList(torch.nn.Sequential(torch.nn.Linear(w, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256))
                                for w in widths)
    adams = [torch.optim.Adam(n.parameters(), 2e-4, (0.5, 0.999)) for n in (g, d, heads)]

    def against(judged, is_real):
        return squares(judged, torch.full_like(judged, float(is_real)))

    def places_of(features_):
        return [torch.randperm(f.shape[2] * f.shape[3])[:256] for f in features_]

    def sampled(features_, places):
        out = []
        for f, where, head in zip(features_, places, heads):
            rows = head(f.permute(0, 2, 3, 1).flatten(1, 2)[0, where])
            out.append(rows / (rows.norm(dim=1, keepdim=True) + 1e-7))
        return out

    def nce(source, target):
        queries, keys = encode(target), encode(source)
        places = places_of(keys)
        total = 0
        for q, k in zip(sampled(queries, places), sampled(keys, places)):
            k = k.detach()
            likeness = q @ k.t() / 0.07
            total = total + entropy(likeness, torch.arange(len(q)))
        return total / len(keys)

    def step(real_a, real_b):
        both = g(torch.cat((real_a, real_b)))
        fake, same = both[:1], both[1:]
        learn_or_not((d,), True)
        adams[1].zero_grad()
        (0.5 * (against(d(fake.detach()), False) + against(d(real_b), True))).backward()
        adams[1].step()
        learn_or_not((d,), False)
        adams[0].zero_grad()
        adams[2].zero_grad()
        loss = against(d(fake), True) + 0.5 * (nce(real_a, fake) + nce(real_b, same))
        loss.backward()
        adams[0].step()
        adams[2].step()

    return step


def measure(text, runs, threads):
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    method, *numbers = text.split(":")
    features, blocks, side = map(int, numbers)
    step = {"cyclegan": cyclegan, "cut": cut}[method](torch, features, blocks, side)
    a, b = (torch.rand(1, 3, side, side) * 2 - 1 for _ in "ab")
    seconds = []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        step(a, b)
        seconds.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"{text:20} {min(seconds[1:]):9.3f} s {peak:9.0f} MB   PyTorch {torch.__version__}, {threads} threads", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", default=["cyclegan:64:9:256", "cyclegan:32:6:128", "cut:64:9:256"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    given = parser.parse_args()
    if len(given.steps) == 1:
        measure(given.steps[0], given.runs, given.threads)
        return
    for text in given.steps:
        subprocess.run([sys.executable, __file__, text, "--runs", str(given.runs), "--threads", str(given.threads)],
                       check=True)


if __name__ == "__main__":
    main()
