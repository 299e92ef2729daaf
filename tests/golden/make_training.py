#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/train/training.safetensors: what surrounds the losses in a step, from the papers' definitions.

Needs Debian's python3-torch; run as `/usr/bin/python3 tests/golden/make_training.py`.
  augment.POLICY/value, /grad   DiffAugment (Zhao 2020) of "augment/x", and the gradient of sum(result * "augment/weight")
  pool/answers                  CycleGAN's pool of three pictures, asked 40 times with a batch of two: the answers' numbers
  adam.CASE/parameter.i         torch.optim.Adam after 12 steps, with warm-up, decay and clip_grad_norm_; parameter 2 has
                                no gradient in every third step
  adam.CASE/average.i           their moving average
Random numbers are those of linmo/core/random.h, written down again here from its description.
"""
import torch

from common import noise, write

WORD = 2**64 - 1


def finalise(z):
    """SplitMix64's finaliser (Steele 2014)."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & WORD
    return z ^ (z >> 31)


def mix(a, b):
    first = finalise(a + 0x9E3779B97F4A7C15 & WORD)
    return finalise(first ^ (b * 0xD1342543DE82EF95 + 0x9E3779B97F4A7C15 & WORD))


class Random:
    def __init__(self, seed, stream=0):
        self.key, self.counter = mix(seed, stream), 0

    def bits(self):
        self.counter += 1
        return mix(self.key, self.counter - 1)

    def uniform(self):
        return (self.bits() >> 11) / 2**53

    def below(self, n):
        """Lemire 2019; for the small n of this file a second draw is never needed (one in 2^60)."""
        return self.bits() * n >> 64


def augment(x, policy, random):
    """Picture by picture and in float64. Numbers are drawn one kind of change at a time, for all pictures."""
    x = list(x)
    height, width = x[0].shape[-2:]
    if "color" in policy:
        for i, b in enumerate([random.uniform() for _ in x]):
            x[i] = x[i] + (b - 0.5)
        for i, s in enumerate([random.uniform() for _ in x]):
            grey = x[i].mean(0)
            x[i] = torch.stack([(c - grey) * (2 * s) + grey for c in x[i]])
        for i, c in enumerate([random.uniform() for _ in x]):
            x[i] = (x[i] - x[i].mean()) * (c + 0.5) + x[i].mean()
    if "translation" in policy:
        most = [int(side / 8 + 0.5) for side in (height, width)]
        for i in range(len(x)):
            dy, dx = (random.below(2 * m + 1) - m for m in most)
            moved = torch.zeros_like(x[i])
            for row in range(height):
                for column in range(width):
                    if 0 <= row + dy < height and 0 <= column + dx < width:
                        moved[:, row, column] = x[i][:, row + dy, column + dx]
            x[i] = moved
    if "cutout" in policy:
        sides = (height // 2, width // 2)
        for i in range(len(x)):
            top, left = (random.below(whole + 1 - side % 2) - side // 2 for whole, side in zip((height, width), sides))
            mask = torch.ones(height, width, dtype=torch.float64)
            for row in range(top, top + sides[0]):
                for column in range(left, left + sides[1]):
                    if 0 <= row < height and 0 <= column < width:
                        mask[row, column] = 0
            x[i] = x[i] * mask
    return torch.stack(x)


def augmentations(tensors):
    for policy in ("color", "translation", "cutout", "color,translation,cutout"):
        x = noise("augment/x", (3, 3, 16, 23)).double().requires_grad_()
        result = augment(x, policy, Random(7, 3))
        (result * noise("augment/weight", (3, 3, 16, 23)).double()).sum().backward()
        tensors[f"augment.{policy}/value"], tensors[f"augment.{policy}/grad"] = result, x.grad


def pool(tensors):
    """Zhu 2017, section 4 (after Shrivastava 2017): full: with probability 1/2 an old picture, which the new replaces."""
    random, kept, answers, number = Random(11, 5), [], [], 0
    for _ in range(40):
        for _ in range(2):
            number += 1
            if len(kept) < 3:
                kept.append(number)
                answers.append(number)
            elif random.uniform() < 0.5:
                k = random.below(3)
                answers.append(kept[k])
                kept[k] = number
            else:
                answers.append(number)
    tensors["pool/answers"] = torch.tensor(answers, dtype=torch.float64)


def adams(tensors):
    """CycleGAN's linear decay and a linear warm-up as a LambdaLR; the average's decay rises as (1 + n) / (10 + n)."""
    steps, shapes = 12, [(5, 7), (3,), (2, 4)]
    for case, warm_up, clip in (("plain", 0, 0.0), ("warm", 4, 0.0), ("clipped", 3, 0.9)):
        parameters = [noise(f"adam/parameter.{i}", s).double().requires_grad_() for i, s in enumerate(shapes)]
        averages = [p.detach().clone() for p in parameters]
        optimiser = torch.optim.Adam(parameters, lr=1e-2, betas=(0.5, 0.999), eps=1e-8)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda n: min(1, (n + 1) / max(1, warm_up)) * min(1, 2 * (1 - n / steps)))
        for n in range(steps):
            for i, p in enumerate(parameters):
                p.grad = None if i == 2 and n % 3 == 2 else noise(f"adam/gradient.{i}.{n}", p.shape, 0.1 + 0.05 * n).double()
            if clip:
                torch.nn.utils.clip_grad_norm_(parameters, clip)
            optimiser.step()
            schedule.step()
            decay = min(0.9, (1 + n) / (10 + n))
            averages = [decay * a + (1 - decay) * p.detach() for a, p in zip(averages, parameters)]
        for i, p in enumerate(parameters):
            tensors[f"adam.{case}/parameter.{i}"], tensors[f"adam.{case}/average.{i}"] = p, averages[i]


def main():
    tensors = {}
    augmentations(tensors)
    pool(tensors)
    adams(tensors)
    write("training", tensors)


if __name__ == "__main__":
    main()
