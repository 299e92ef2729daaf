# SPDX-License-Identifier: Apache-2.0
"""The networks of the field as torch.nn modules with the keys of the official state dicts.

Written after the papers and the published tables of layers, not after linmo's descriptions, so that the two can
disagree. A convolution has no bias exactly where a batch norm follows it.
"""
import torch
from torch import nn
from torch.nn import functional as F

PADS = {"reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d}


def norm_layer(kind, channels):
    if kind == "instance":
        return nn.InstanceNorm2d(channels)
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.Identity()


class ConditionalNorm(nn.Module):
    """Dumoulin 2017: the picture's own mean and deviation, its style's scale and shift. `style`: one a picture."""

    def __init__(self, styles, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(styles, channels))
        self.bias = nn.Parameter(torch.zeros(styles, channels))
        self.style = None

    def forward(self, x):
        centred = x - x.mean((2, 3), keepdim=True)
        unit = centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
        return unit * self.weight[self.style][:, :, None, None] + self.bias[self.style][:, :, None, None]


class BlurDown(nn.Module):
    """Zhang 2019, as CUT stores it: [1 2 1] x [1 2 1] / 16, reflected borders, every second place."""

    def __init__(self, channels):
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("filt", (line[:, None] * line / 16).repeat(channels, 1, 1, 1))

    def forward(self, x):
        return F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), self.filt, stride=2, groups=x.shape[1])


class BlurUp(nn.Module):
    """CUT's enlargement: replicated borders, transposed depthwise convolution with [1 3 3 1] x [1 3 3 1] * 4 / 64, cropped."""

    def __init__(self, channels):
        super().__init__()
        line = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("filt", (line[:, None] * line * 4 / 64).repeat(channels, 1, 1, 1))

    def forward(self, x):
        y = F.conv_transpose2d(F.pad(x, (1, 1, 1, 1), "replicate"), self.filt, stride=2, padding=2, groups=x.shape[1])
        return y[:, :, 1:, 1:][:, :, :-1, :-1]


class ResnetBlock(nn.Module):
    def __init__(self, channels, norm, padding, dropout):
        super().__init__()
        bias, layers = norm != "batch", []
        for first in (True, False):
            if padding != "zero":
                layers.append(PADS[padding](1))
            layers.append(nn.Conv2d(channels, channels, 3, padding=1 if padding == "zero" else 0, bias=bias))
            layers.append(norm_layer(norm, channels))
            if first:
                layers.append(nn.ReLU())
                if dropout:
                    layers.append(nn.Dropout(0.5))
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.conv_block(x)


class Resnet(nn.Module):
    """Johnson 2016, Zhu 2017 (CycleGAN), Park 2020 (CUT: antialias_down, decoder="antialias")."""

    def __init__(self, ngf, blocks, norm="instance", padding="reflect", decoder="transposed", antialias_down=False,
                 dropout=False, channels=3):
        super().__init__()
        bias = norm != "batch"
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, ngf, 7, bias=bias), norm_layer(norm, ngf), nn.ReLU()]
        c = ngf
        for _ in range(2):
            layers += [nn.Conv2d(c, 2 * c, 3, stride=1 if antialias_down else 2, padding=1, bias=bias),
                       norm_layer(norm, 2 * c), nn.ReLU()]
            c *= 2
            if antialias_down:
                layers.append(BlurDown(c))
        layers += [ResnetBlock(c, norm, padding, dropout) for _ in range(blocks)]
        for _ in range(2):
            if decoder == "transposed":
                layers.append(nn.ConvTranspose2d(c, c // 2, 3, stride=2, padding=1, output_padding=1, bias=bias))
            elif decoder == "resize":
                layers += [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(c, c // 2, 3, bias=bias)]
            else:
                layers += [BlurUp(c), nn.Conv2d(c, c // 2, 3, padding=1, bias=bias)]
            c //= 2
            layers += [norm_layer(norm, c), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(c, 3, 7), nn.Tanh())

    def forward(self, x, taps=None):
        """With a list of module numbers in `taps`: (picture, the results of those modules)."""
        results = []
        for i, layer in enumerate(self.model):
            x = layer(x)
            if taps and i in taps:
                results.append(x)
        return (x, results) if taps else x


class UnetBlock(nn.Module):
    def __init__(self, outer, inner, norm, inside=None):
        super().__init__()
        bias = norm != "batch"
        down = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, 2, 1, bias=bias)]
        up = [nn.ReLU(), nn.ConvTranspose2d(inner if inside is None else 2 * inner, outer, 4, 2, 1, bias=bias),
              norm_layer(norm, outer)]
        middle = [] if inside is None else [norm_layer(norm, inner), inside]
        self.model = nn.Sequential(*down, *middle, *up)

    def forward(self, x):
        return torch.cat([x, self.model(x)], 1)


class Unet(nn.Module):
    """Isola 2017 (pix2pix), without dropout."""

    def __init__(self, ngf, downs, norm="batch"):
        super().__init__()
        widths = [ngf * min(8, 2**i) for i in range(downs)]
        block = None
        for outer, inner in reversed(list(zip(widths, widths[1:]))):
            block = UnetBlock(outer, inner, norm, block)
        self.model = nn.Module()
        self.model.model = nn.Sequential(
            nn.Conv2d(3, ngf, 4, 2, 1, bias=norm != "batch"), block, nn.ReLU(),
            nn.ConvTranspose2d(2 * ngf, 3, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        return self.model.model(x)


class Seed(nn.Module):
    """The source document's generator. Its BatchNorm is Keras's: momentum .8 there is .2 here, epsilon 1e-3."""

    def __init__(self):
        super().__init__()
        for i, c in enumerate((64, 128, 256, 128), 1):
            setattr(self, f"norm{i}", nn.BatchNorm2d(c, eps=1e-3, momentum=0.2))
        self.conv1, self.conv2 = nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(64, 128, 3, padding=1)
        self.up1, self.up2 = nn.ConvTranspose2d(128, 256, 4, 2, 1), nn.ConvTranspose2d(256, 128, 4, 2, 1)
        self.conv3 = nn.Conv2d(128, 3, 3, padding=1)
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, x):
        for layer, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2), (self.up1, self.norm3),
                            (self.up2, self.norm4)):
            x = norm(self.activation(layer(x)))
        return torch.tanh(self.conv3(x))


class Compact(nn.Module):
    """linmo's own: zero padding, nearest x 2 and convolution on the way up, a norm after every convolution but the head.
    With `residual` the head's result is added to twice the picture before tanh. `styles`: conditional norms."""

    def __init__(self, ngf, blocks, norm="instance", residual=False, styles=1):
        super().__init__()
        self.blocks, self.residual, self.relu = blocks, residual, nn.ReLU()

        def unit(parent, name, c_in, c_out, kernel=3, stride=1):
            setattr(parent, name, nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=norm != "batch"))
            setattr(parent, f"{name}_norm", ConditionalNorm(styles, c_out) if styles > 1 else norm_layer(norm, c_out))

        unit(self, "stem", 3, ngf, 5)
        unit(self, "down1", ngf, 2 * ngf, stride=2)
        unit(self, "down2", 2 * ngf, 4 * ngf, stride=2)
        for i in range(blocks):
            block = nn.Module()
            unit(block, "conv1", 4 * ngf, 4 * ngf)
            unit(block, "conv2", 4 * ngf, 4 * ngf)
            setattr(self, f"block{i}", block)
        unit(self, "up1", 4 * ngf, 2 * ngf)
        unit(self, "up2", 2 * ngf, ngf)
        self.head = nn.Conv2d(ngf, 3, 5, padding=2)

    def forward(self, x, style=None):
        for module in self.modules():
            if isinstance(module, ConditionalNorm):
                module.style = style

        def unit(parent, name, x):
            return getattr(parent, f"{name}_norm")(getattr(parent, name)(x))

        picture = x
        for name in ("stem", "down1", "down2"):
            x = self.relu(unit(self, name, x))
        for i in range(self.blocks):
            block = getattr(self, f"block{i}")
            x = x + unit(block, "conv2", self.relu(unit(block, "conv1", x)))
        for name in ("up1", "up2"):
            x = self.relu(unit(self, name, F.interpolate(x, scale_factor=2)))
        return torch.tanh(self.head(x) + 2 * picture if self.residual else self.head(x))


class ConvGru(nn.Module):
    """Ballas et al. 2016, equations 5 to 8: h' = (1 - z) h + z n. The weights of what is seen (W) and of what is
    remembered (U) lie side by side in one array."""

    def __init__(self, c_in, hidden, extra_out):
        super().__init__()
        self.hidden = hidden
        for part in ("update", "reset", "candidate"):
            setattr(self, part, nn.Conv2d(c_in + hidden, hidden, 3, padding=1))
        self.out = nn.Conv2d(hidden, extra_out, 3, padding=1)

    def gate(self, part, x, h):
        conv = getattr(self, part)
        w, u = conv.weight.split([x.shape[1], self.hidden], 1)
        return F.conv2d(x, w, padding=1) + F.conv2d(h, u, padding=1) + conv.bias[:, None, None]

    def forward(self, x, h):
        z, r = torch.sigmoid(self.gate("update", x, h)), torch.sigmoid(self.gate("reset", x, h))
        return (1 - z) * h + z * torch.tanh(self.gate("candidate", x, r * h))


class Recurrent(Compact):
    """Compact with its middle block replaced by a ConvGRU of 1.5 ngf channels; forward(frame, state)."""

    def __init__(self, ngf, blocks, norm="instance", residual=False):
        super().__init__(ngf, blocks, norm, residual)
        self.middle = blocks // 2
        delattr(self, f"block{self.middle}")
        self.gru = ConvGru(4 * ngf, 3 * ngf // 2, 4 * ngf)

    def forward(self, x, h=None):
        def unit(parent, name, x):
            return getattr(parent, f"{name}_norm")(getattr(parent, name)(x))

        picture = x
        for name in ("stem", "down1", "down2"):
            x = self.relu(unit(self, name, x))
        for i in range(self.blocks):
            if i == self.middle:
                if h is None:
                    h = x.new_zeros(len(x), self.gru.hidden, *x.shape[2:])
                h = self.gru(x, h)
                x = x + self.gru.out(h)
                continue
            block = getattr(self, f"block{i}")
            x = x + unit(block, "conv2", self.relu(unit(block, "conv1", x)))
        for name in ("up1", "up2"):
            x = self.relu(unit(self, name, F.interpolate(x, scale_factor=2)))
        return torch.tanh(self.head(x) + 2 * picture if self.residual else self.head(x)), h


def patch_layers(channels, ndf, layers, norm, spectral=False):
    """Isola 2017's PatchGAN, the modules of its Sequential."""
    def conv(*args, **options):
        made = nn.Conv2d(*args, 4, padding=1, **options)
        return nn.utils.spectral_norm(made) if spectral else made

    modules, c = [conv(channels, ndf, stride=2), nn.LeakyReLU(0.2)], ndf
    for n in range(1, layers + 1):
        wider = ndf * min(2**n, 8)
        modules += [conv(c, wider, stride=2 if n < layers else 1, bias=norm != "batch"), norm_layer(norm, wider),
                    nn.LeakyReLU(0.2)]
        c = wider
    return nn.Sequential(*modules, conv(c, 1, stride=1))


class Patch(nn.Module):
    def __init__(self, ndf, layers, norm="instance", spectral=False, channels=3):
        super().__init__()
        self.model = patch_layers(channels, ndf, layers, norm, spectral)

    def forward(self, x):
        return self.model(x)


class Pixel(nn.Module):
    def __init__(self, ndf, norm="instance"):
        super().__init__()
        bias = norm != "batch"
        self.net = nn.Sequential(
            nn.Conv2d(3, ndf, 1), nn.LeakyReLU(0.2), nn.Conv2d(ndf, 2 * ndf, 1, bias=bias), norm_layer(norm, 2 * ndf),
            nn.LeakyReLU(0.2), nn.Conv2d(2 * ndf, 1, 1, bias=bias))

    def forward(self, x):
        return self.net(x)


class Multiscale(nn.Module):
    """Wang 2018 (pix2pixHD): the last-numbered PatchGAN judges the whole picture, those before it halves."""

    def __init__(self, ndf, layers, scales, norm="instance"):
        super().__init__()
        self.scales = scales
        for i in range(scales):
            setattr(self, f"layer{i}", patch_layers(3, ndf, layers, norm))

    def forward(self, x):
        maps = []
        for i in reversed(range(self.scales)):
            maps.append(getattr(self, f"layer{i}")(x))
            x = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        return maps


class Perceptual(nn.Module):
    """linmo's feature network: VGG's pattern with a tenth of its parameters, strides instead of pooling. Gives its own
    stages, and linear maps of them to the teacher's channels."""

    def __init__(self, teacher=(64, 128, 256, 256)):
        super().__init__()
        widths = [("conv1_1", 3, 16, 1), ("conv1_2", 16, 32, 1), ("conv2_1", 32, 64, 2), ("conv2_2", 64, 64, 1),
                  ("conv3_1", 64, 96, 2), ("conv3_2", 96, 96, 1), ("conv3_3", 96, 96, 1)]
        for name, c_in, c_out, stride in widths:
            setattr(self, name, nn.Conv2d(c_in, c_out, 3, stride, 1))
        self.names, self.relu = [w[0] for w in widths], nn.ReLU()
        for i, (c_in, c_out) in enumerate(zip((32, 64, 96, 96), teacher)):
            setattr(self, f"to_teacher{i}", nn.Conv2d(c_in, c_out, 1))

    def forward(self, x):
        own = []
        for name in self.names:
            x = self.relu(getattr(self, name)(x))
            if name in ("conv1_2", "conv2_2", "conv3_2", "conv3_3"):
                own.append(x)
        return own, [getattr(self, f"to_teacher{i}")(v) for i, v in enumerate(own)]


class Vgg19(nn.Module):
    """Simonyan & Zisserman 2014 through conv3_4; pictures in [-1, 1], red first, become Caffe's 0 ... 255 less the mean.
    Gives relu1_2, relu2_2, relu3_2, relu3_4."""

    PLAN = [("conv1_1", 3, 64), ("conv1_2", 64, 64), None, ("conv2_1", 64, 128), ("conv2_2", 128, 128), None,
            ("conv3_1", 128, 256), ("conv3_2", 256, 256), ("conv3_3", 256, 256), ("conv3_4", 256, 256)]

    def __init__(self):
        super().__init__()
        for layer in filter(None, self.PLAN):
            setattr(self, layer[0], nn.Conv2d(layer[1], layer[2], 3, 1, 1))
        self.relu = nn.ReLU()

    def forward(self, x):
        x = (x + 1) * 127.5 - x.new_tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
        stages = []
        for layer in self.PLAN:
            if layer is None:
                x = F.max_pool2d(x, 2)
                continue
            x = self.relu(getattr(self, layer[0])(x))
            if layer[0] in ("conv1_2", "conv2_2", "conv3_2", "conv3_4"):
                stages.append(x)
        return stages


class Head(nn.Module):
    """A discriminator of one stage of features (Sauer 2021), with a map of logits for each style."""

    def __init__(self, channels, width, halvings, styles=1):
        super().__init__()
        self.halvings = halvings
        self.mix = nn.Conv2d(channels, width, 1)
        for i in range(halvings + 1):
            shape = (3, 1, 1) if i == halvings else (4, 2, 1)
            setattr(self, f"conv{i}", nn.Conv2d(width, width, *shape, bias=False))
            setattr(self, f"norm{i}", nn.InstanceNorm2d(width, affine=True))
        self.logits = nn.Conv2d(width, styles, 3, 1, 1)
        self.relu = nn.LeakyReLU(0.2)

    def forward(self, x):
        x = self.relu(self.mix(x))
        for i in range(self.halvings + 1):
            x = self.relu(getattr(self, f"norm{i}")(getattr(self, f"conv{i}")(x)))
        return self.logits(x)
