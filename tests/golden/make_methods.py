#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/train/methods.safetensors: ten training steps of each method from fixed weights and pictures.

Needs Debian's python3-torch; run as `/usr/bin/python3 tests/golden/make_methods.py`. First weights are common.noise()
of "stream/network/key", the pictures of step i of "stream/content.i" and "stream/style.i". No augmentation, no pool,
Adam with rate 2e-4 and betas (0.5, 0.999), everything in float64. A file holds for each method, whose stream is
in the metadata "method.stream":
  method/losses               steps x losses, named in the metadata "method.losses"
  method/network/key          the weights after the last step
"""
import argparse

import torch
from torch import nn
from torch.nn import functional as F

from common import Kinks, fill, noise, write
from networks import Compact, Head, Patch, Perceptual, Resnet, Unet, Vgg19

STEPS, RATE = 10, 2e-4
l1_loss = nn.L1Loss()
CUT_LAYERS = [0, 4, 8, 12, 16]


def adam(*modules):
    return torch.optim.Adam([p for m in modules for p in m.parameters()], lr=RATE, betas=(0.5, 0.999), eps=1e-8)


def least_squares(logits, target):
    return F.mse_loss(logits, torch.full_like(logits, target))


def cross_entropy(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def step(optimisers, loss):
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    loss.backward()
    for optimiser in optimisers:
        optimiser.step()


def judge(d, gan, real, fake):
    """What a discriminator minimises, halved as in CycleGAN, pix2pix and CUT; the fake ones first as in pix2pix, which
    a batch norm's running statistics remember."""
    on_fake = gan(d(fake.detach()), 0.0)
    return 0.5 * (gan(d(real), 1.0) + on_fake)


class CycleGan:
    """Zhu 2017. G paints A (content) as B (style), G_B the other way; D judges B, D_A judges A."""

    losses = ["G_gan", "G_B_gan", "cycle_A", "cycle_B", "identity", "D", "D_A"]
    size, gan = 16, staticmethod(least_squares)

    def __init__(self):
        self.networks = {"G": Resnet(4, 1), "G_B": Resnet(4, 1), "D": Patch(4, 2), "D_A": Patch(4, 2)}

    def start(self):
        self.adam_g = adam(self.networks["G"], self.networks["G_B"])
        self.adam_d = adam(self.networks["D"], self.networks["D_A"])

    def step(self, a, b, i):
        g, g_b, d, d_a = self.networks.values()
        fake_b, fake_a = g(a), g_b(b)
        rec_a, rec_b = g_b(fake_b), g(fake_a)
        gan_b, gan_a = self.gan(d(fake_b), 1.0), self.gan(d_a(fake_a), 1.0)
        cycle_a, cycle_b = l1_loss(rec_a, a), l1_loss(rec_b, b)
        identity = l1_loss(g(b), b) + l1_loss(g_b(a), a)
        step([self.adam_g], gan_b + gan_a + 10 * (cycle_a + cycle_b) + 10 * 0.5 * identity)
        loss_d, loss_d_a = judge(d, self.gan, b, fake_b), judge(d_a, self.gan, a, fake_a)
        step([self.adam_d], loss_d + loss_d_a)
        return gan_b, gan_a, cycle_a, cycle_b, identity, loss_d, loss_d_a


class Heads(nn.Module):
    """Park 2020's projection: two layers of 256 for each of the encoder's layers, unit length; every place is taken."""

    def __init__(self, channels):
        super().__init__()
        for i, c in enumerate(channels):
            setattr(self, f"mlp_{i}", nn.Sequential(nn.Linear(c, 256), nn.ReLU(), nn.Linear(256, 256)))

    def forward(self, maps):
        projected = []
        for i, m in enumerate(maps):
            v = getattr(self, f"mlp_{i}")(m.flatten(2).transpose(1, 2).flatten(0, 1))
            projected.append(v / (v.norm(dim=1, keepdim=True) + 1e-7))
        return projected


class Cut:
    """Park 2020, with its anti-aliased generator."""

    losses = ["G_gan", "nce", "nce_identity", "D"]
    size, gan, identity, weight = 16, staticmethod(least_squares), True, 1.0

    def __init__(self):
        self.networks = {"G": Resnet(2, 5, decoder="antialias", antialias_down=True), "D": Patch(4, 2),
                         "F": Heads([3, 4, 8, 8, 8])}

    def start(self):
        self.adams = {name: adam(network) for name, network in self.networks.items()}

    def contrast(self, source, result):
        g, _, heads = self.networks.values()
        keys, queries = heads(g(source, CUT_LAYERS)[1]), heads(g(result, CUT_LAYERS)[1])
        sums = [F.cross_entropy(q @ k.detach().T / 0.07, torch.arange(len(q))) for q, k in zip(queries, keys)]
        return sum(sums) / len(sums)

    def step(self, content, style, i):
        g, d, _ = self.networks.values()
        fake = g(content)
        loss_d = judge(d, self.gan, style, fake)
        step([self.adams["D"]], loss_d)
        gan, nce = self.gan(d(fake), 1.0), self.contrast(content, fake)
        if not self.identity:
            step([self.adams["G"], self.adams["F"]], gan + self.weight * nce)
            return gan, nce, loss_d
        nce_identity = self.contrast(style, g(style))
        step([self.adams["G"], self.adams["F"]], gan + self.weight * 0.5 * (nce + nce_identity))
        return gan, nce, nce_identity, loss_d


class FastCut(Cut):
    """The same without the identity and a tenfold contrastive loss; here with CycleGAN's generator."""

    losses, identity, weight = ["G_gan", "nce", "D"], False, 10.0

    def __init__(self):
        self.networks = {"G": Resnet(2, 7), "D": Patch(4, 2), "F": Heads([3, 4, 8, 8, 8])}


class Paired:
    """Isola 2017: the discriminator sees content and result side by side. Also the generator's moving average, whose
    decay is warmed up as min(0.998, (1 + step) / (10 + step))."""

    losses = ["G_gan", "L1", "D"]
    size, gan = 16, staticmethod(cross_entropy)

    def __init__(self):
        self.networks = {"G": Resnet(4, 1), "D": Patch(4, 2, channels=6), "G.average": Resnet(4, 1)}

    def start(self):
        self.networks["G.average"].load_state_dict(self.networks["G"].state_dict())
        self.adam_g, self.adam_d = adam(self.networks["G"]), adam(self.networks["D"])

    def step(self, content, truth, i):
        g, d, average = self.networks.values()
        fake = g(content)
        loss_d = judge(d, self.gan, torch.cat([content, truth], 1), torch.cat([content, fake], 1))
        step([self.adam_d], loss_d)
        gan, l1 = self.gan(d(torch.cat([content, fake], 1)), 1.0), l1_loss(fake, truth)
        step([self.adam_g], gan + 100 * l1)
        decay = min(0.998, (1 + i) / (10 + i))
        with torch.no_grad():
            for mean, value in zip(average.state_dict().values(), g.state_dict().values()):
                if mean.is_floating_point():  # running statistics too
                    mean.copy_(decay * mean + (1 - decay) * value)
        return gan, l1, loss_d


class PairedUnet(Paired):
    """pix2pix's own generator and norm."""

    size = 128

    def __init__(self):
        self.networks = {"G": Unet(1, 7), "D": Patch(2, 2, "batch", channels=6), "G.average": Unet(1, 7)}


class Classic:
    """The source document: both networks learn with cross-entropy; in the last fifth of the steps only the generator is
    adjusted, at a fifth of the rate and with half the weight on the content."""

    losses = ["G_gan", "content", "D"]
    size, gan = 16, staticmethod(cross_entropy)

    def __init__(self):
        self.networks = {"G": Compact(2, 6), "D": Patch(4, 2)}

    def start(self):
        self.adam_g, self.adam_d = adam(self.networks["G"]), adam(self.networks["D"])

    def step(self, content, style, i):
        g, d = self.networks.values()
        adjusting = i >= 0.8 * STEPS
        fake = g(content)
        loss_d = torch.zeros(())  # not computed while adjusting
        if not adjusting:
            loss_d = judge(d, self.gan, style, fake)
            step([self.adam_d], loss_d)
        gan, kept = self.gan(d(fake), 1.0), l1_loss(fake, content)
        self.adam_g.param_groups[0]["lr"] = RATE * (0.2 if adjusting else 1)
        step([self.adam_g], gan + 10 * (0.5 if adjusting else 1) * kept)
        return gan, kept, loss_d


def unit(features):
    return features / (features.norm(dim=1, keepdim=True) + 1e-10)


class Swift:
    """linmo's own: judged and compared through a frozen feature network; one head a stage, the mean over heads."""

    losses = ["G_gan", "nce", "features", "D"]
    size, gan = 32, staticmethod(least_squares)

    def __init__(self):
        self.eye = Perceptual((8, 8, 8, 8))
        self.networks = {"G": Compact(2, 6)}
        for i, (channels, halvings) in enumerate(((32, 3), (64, 2), (96, 1), (96, 1))):
            self.networks[f"head{i}"] = Head(channels, 4, halvings)
        self.networks["F"] = Heads([64, 96, 96])

    def start(self):
        g, *self.heads, f = self.networks.values()
        fill(self.eye.to(next(g.parameters()).dtype), f"{self.stream}/eye")
        self.adam_g, self.adam_d, self.adam_f = adam(g), adam(*self.heads), adam(f)

    def mean(self, losses):
        losses = list(losses)
        return sum(losses) / len(losses)

    def step(self, content, style, i):
        g, f = self.networks["G"], self.networks["F"]
        with torch.no_grad():
            content_seen, style_seen = self.eye(content)[0], self.eye(style)[0]
        fake_seen = self.eye(g(content))[0]
        loss_d = 0.5 * (self.mean(self.gan(h(v), 1.0) for h, v in zip(self.heads, style_seen)) +
                        self.mean(self.gan(h(v.detach()), 0.0) for h, v in zip(self.heads, fake_seen)))
        step([self.adam_d], loss_d)
        gan = self.mean(self.gan(h(v), 1.0) for h, v in zip(self.heads, fake_seen))
        nce = self.mean(F.cross_entropy(q @ k.detach().T / 0.07, torch.arange(len(q)))
                        for q, k in zip(f(fake_seen[1:]), f(content_seen[1:])))  # not the finest stage
        near = self.mean(a.shape[1] ** 0.5 * l1_loss(unit(a), unit(b))
                         for a, b in list(zip(fake_seen, content_seen))[-2:])
        step([self.adam_g, self.adam_f], gan + 2 * nce + near)
        return gan, nce, near, loss_d


class Multi(Swift):
    """The same for three styles: conditional norms in the generator, a map of logits for each style in the heads
    (Liu 2019), which refuse the true pictures of the other styles as they refuse results (Reed 2016). Two pictures a step,
    of different styles. The norms learn ten times as fast."""

    styles, batch = 3, 2

    def __init__(self):
        super().__init__()
        self.networks["G"] = Compact(2, 6, styles=self.styles)
        for i, (channels, halvings) in enumerate(((32, 3), (64, 2), (96, 1), (96, 1))):
            self.networks[f"head{i}"] = Head(channels, 4, halvings, self.styles)

    def start(self):
        super().start()
        norms, others = [], []
        for key, weight in self.networks["G"].named_parameters():
            (norms if "_norm." in key else others).append(weight)
        self.adam_g = torch.optim.Adam([{"params": others}, {"params": norms, "lr": 10 * RATE}], lr=RATE, betas=(0.5, 0.999))

    def step(self, content, style, i):
        g, f = self.networks["G"], self.networks["F"]
        own = [i % self.styles, (i + 1) % self.styles]
        with torch.no_grad():
            content_seen, style_seen = self.eye(content)[0], self.eye(style)[0]
        fake_seen = self.eye(g(content, own))[0]

        def judged(head, seen):
            return head(seen)[[0, 1], own]

        def of_others(head, seen):
            maps = head(seen)
            return torch.stack([maps[n, [k for k in range(self.styles) if k != own[n]]] for n in (0, 1)])

        refused = 0.5 * (self.mean(self.gan(judged(h, v.detach()), 0.0) for h, v in zip(self.heads, fake_seen)) +
                         self.mean(self.gan(of_others(h, v), 0.0) for h, v in zip(self.heads, style_seen)))
        loss_d = 0.5 * (self.mean(self.gan(judged(h, v), 1.0) for h, v in zip(self.heads, style_seen)) + refused)
        step([self.adam_d], loss_d)
        gan = self.mean(self.gan(judged(h, v), 1.0) for h, v in zip(self.heads, fake_seen))
        nce = self.mean(F.cross_entropy(q @ k.detach().T / 0.07, torch.arange(len(q)))  # among places of one picture
                        for queries, keys in zip(f(fake_seen[1:]), f(content_seen[1:]))
                        for q, k in zip(queries.chunk(2), keys.chunk(2)))
        near = self.mean(a.shape[1] ** 0.5 * l1_loss(unit(a), unit(b))
                         for a, b in list(zip(fake_seen, content_seen))[-2:])
        step([self.adam_g, self.adam_f], gan + 2 * nce + near)
        return gan, nce, near, loss_d


class Distil:
    """A student's linear maps are to equal VGG-19's stages: by value, each channel in units of its own power, and by
    direction at each place."""

    losses = ["distance", "direction"]
    size = 16

    def __init__(self):
        self.teacher, self.networks = Vgg19(), {"G": Perceptual()}

    def start(self):
        g = self.networks["G"]
        fill(self.teacher.to(next(g.parameters()).dtype), f"{self.stream}/teacher")
        self.adam = adam(g)

    def step(self, content, style, i):
        seen = torch.cat([content, style])
        with torch.no_grad():
            truth = self.teacher(seen)
        guess = self.networks["G"](seen)[1]
        distance = direction = 0
        for a, b in zip(guess, truth):
            power = b.square().mean((0, 2, 3), keepdim=True)
            distance = distance + ((a - b).square() / (power + 0.01 * power.mean())).mean() / 4
            direction = direction + (1 - (unit(a) * unit(b)).sum(1).mean()) / 4
        step([self.adam], distance + direction)
        return distance, direction


METHODS = {"cyclegan": CycleGan, "cut": Cut, "fastcut": FastCut, "paired": Paired, "paired_unet": PairedUnet,
           "classic": Classic, "swift": Swift, "multi": Multi, "distil": Distil}
SALTS = {"paired": 18, "paired_unet": 4, "classic": 9, "cut": 5}  # see common.Kinks


def run(name, dtype, stream):
    method = METHODS[name]()
    for key, network in method.networks.items():
        fill(network.to(dtype), f"{stream}/{key}")
    method.stream = stream
    method.start()
    losses = []
    for i in range(STEPS):
        shape = (getattr(method, "batch", 1), 3, method.size, method.size)
        content = noise(f"{stream}/content.{i}", shape, 0.8).to(dtype)
        style = noise(f"{stream}/style.{i}", shape, 0.5, 0.3).to(dtype)
        losses.append(torch.stack([v.detach().to(dtype) for v in method.step(content, style, i)]))
    weights = {f"{name}/{key}/{k}": v for key, network in method.networks.items()
               for k, v in network.state_dict().items() if not k.endswith(("filt", "num_batches_tracked"))}
    return torch.stack(losses), weights


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounding", action="store_true", help="print how far float32 is from float64")
    rounding = parser.parse_args().rounding
    tensors, about = {}, {}
    for name, method in METHODS.items():
        stream = about[f"{name}.stream"] = f"{name}{SALTS.get(name, '')}"
        with Kinks() as kinks:
            losses, weights = run(name, torch.float64, stream)
        tensors[f"{name}/losses"] = losses
        tensors.update(weights)
        about[f"{name}.losses"] = ",".join(method.losses)
        if rounding:
            rough, rough_weights = run(name, torch.float32, stream)
            print(f"{stream}: nearest kink {kinks.nearest:.3g}; {method.losses}")
            print("  first step", losses[0].tolist())
            print("  last step ", losses[-1].tolist())
            print("  float32 differs by at most", ((losses - rough).abs() / losses.abs().clamp(min=1e-3)).max(dim=0)[0].tolist())
            for key, w in weights.items():
                difference = (w - rough_weights[key]).abs()
                if difference.max() > 2e-6:
                    print(f"  {key:50} {w.numel():6} values, differ by at most {difference.max():.3g}, "
                          f"{(difference > 2e-6).sum()} by more than 2e-6")
    write("methods", tensors, maker="make_methods.py", torch=torch.__version__, **about)


if __name__ == "__main__":
    main()
