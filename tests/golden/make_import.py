#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/import/NAME.pth: {"state_dict", "input", "output"} of tiny generators written here with
torch.nn, after the layer tables of CycleGAN, CUT, pix2pix, SRGAN and fast-neural-style.

What is imported from the state dict must turn the input into the output, both N × C × H × W in [−1, 1]. Files whose
name ends in _eval expect batch norm on the statistics of training. Needs Debian's python3-torch; run as
`/usr/bin/python3 tests/golden/make_import.py`.
"""
import io
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

OUT = pathlib.Path(__file__).parent / "import"


class ResnetBlock(nn.Module):
    def __init__(self, width, norm, dropout, bias):
        super().__init__()

        def half():
            return [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm(width)]

        self.conv_block = nn.Sequential(*half(), nn.ReLU(), *([nn.Dropout(0.5)] if dropout else []), *half())

    def forward(self, x):
        return x + self.conv_block(x)


def binomial(numbers, gain, width):
    row = torch.tensor(numbers, dtype=torch.float32)
    kernel = torch.outer(row, row)
    return (kernel / kernel.sum() * gain).expand(width, 1, -1, -1).clone()


class BlurDown(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("filt", binomial([1, 2, 1], 1, width))

    def forward(self, x):
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.filt, stride=2, groups=x.shape[1])


class BlurUp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("filt", binomial([1, 3, 3, 1], 4, width))

    def forward(self, x):
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        return F.conv_transpose2d(x, self.filt, stride=2, padding=2, groups=x.shape[1])[:, :, 1:-1, 1:-1]


class Resnet(nn.Module):
    def __init__(self, blocks=2, width=2, norm=nn.InstanceNorm2d, dropout=False, blur_down=False, blur_up=False):
        super().__init__()
        bias = norm is nn.InstanceNorm2d
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7, bias=bias), norm(width), nn.ReLU()]
        for _ in range(2):
            layers += [nn.Conv2d(width, 2 * width, 3, 1 if blur_down else 2, 1, bias=bias), norm(2 * width), nn.ReLU()]
            width *= 2
            if blur_down:
                layers.append(BlurDown(width))
        layers += [ResnetBlock(width, norm, dropout, bias) for _ in range(blocks)]
        for _ in range(2):
            if blur_up:
                layers += [BlurUp(width), nn.Conv2d(width, width // 2, 3, 1, 1, bias=bias)]
            else:
                layers.append(nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1, bias=bias))
            width //= 2
            layers += [norm(width), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class UnetBlock(nn.Module):
    """One level: `outer` channels in and out, `inner` below; outermost when it has an `input`."""

    def __init__(self, outer, inner, below, norm, input=None):
        super().__init__()
        bias = norm is nn.InstanceNorm2d
        down = nn.Conv2d(input or outer, inner, 4, 2, 1, bias=bias)
        up = nn.ConvTranspose2d(2 * inner if below else inner, outer, 4, 2, 1, bias=bias or input is not None)
        self.skip = input is None
        if input:
            layers = [down, below, nn.ReLU(), up, nn.Tanh()]
        elif below is None:
            layers = [nn.LeakyReLU(0.2, True), down, nn.ReLU(), up, norm(outer)]
        else:
            layers = [nn.LeakyReLU(0.2, True), down, norm(inner), below, nn.ReLU(), up, norm(outer)]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return torch.cat([x, self.model(x)], 1) if self.skip else self.model(x)


class Unet(nn.Module):
    def __init__(self, norm=nn.BatchNorm2d, width=1):
        super().__init__()
        block = None
        for outer, inner in ((8, 8), (4, 8), (2, 4), (1, 2)):
            block = UnetBlock(outer * width, inner * width, block, norm)
        self.model = UnetBlock(3, width, block, norm, input=3)

    def forward(self, x):
        return self.model(x)


class SrganBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.prelu = nn.PReLU()
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)

    def forward(self, x):
        return x + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(x)))))


class SrganUp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv, self.prelu = nn.Conv2d(width, 4 * width, 3, padding=1), nn.PReLU()

    def forward(self, x):
        return self.prelu(F.pixel_shuffle(self.conv(x), 2))


class Srgan(nn.Module):
    def __init__(self, last_norm, width=4):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, width, 9, padding=4), nn.PReLU())
        for i in range(2, 7):
            setattr(self, f"block{i}", SrganBlock(width))
        last = nn.BatchNorm2d(width) if last_norm else nn.PReLU()
        self.block7 = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), last)
        self.block8 = nn.Sequential(SrganUp(width), SrganUp(width), nn.Conv2d(width, 3, 9, padding=4))

    def forward(self, x):
        first = y = self.block1((x + 1) / 2)
        for i in range(2, 8):
            y = getattr(self, f"block{i}")(y)
        return (torch.tanh(self.block8(first + y)) + 1) / 2 * 2 - 1


class ConvLayer(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, upsample=1):
        super().__init__()
        self.upsample, self.conv2d = upsample, nn.Conv2d(inputs, outputs, kernel, stride)

    def forward(self, x):
        x = F.interpolate(x, scale_factor=self.upsample, mode="nearest")
        return self.conv2d(F.pad(x, [self.conv2d.kernel_size[0] // 2] * 4, mode="reflect"))


class TransformerBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.in1 = ConvLayer(width, width, 3), nn.InstanceNorm2d(width, affine=True)
        self.conv2, self.in2 = ConvLayer(width, width, 3), nn.InstanceNorm2d(width, affine=True)

    def forward(self, x):
        return x + self.in2(self.conv2(torch.relu(self.in1(self.conv1(x)))))


class TransformerNet(nn.Module):
    def __init__(self, w=2):
        super().__init__()

        def norm(width):
            return nn.InstanceNorm2d(width, affine=True)

        self.conv1, self.in1 = ConvLayer(3, w, 9), norm(w)
        self.conv2, self.in2 = ConvLayer(w, 2 * w, 3, 2), norm(2 * w)
        self.conv3, self.in3 = ConvLayer(2 * w, 4 * w, 3, 2), norm(4 * w)
        for i in range(1, 6):
            setattr(self, f"res{i}", TransformerBlock(4 * w))
        self.deconv1, self.in4 = ConvLayer(4 * w, 2 * w, 3, 1, 2), norm(2 * w)
        self.deconv2, self.in5 = ConvLayer(2 * w, w, 3, 1, 2), norm(w)
        self.deconv3 = ConvLayer(w, 3, 9)

    def forward(self, x):
        y = (x + 1) * 127.5
        for conv, norm in ((self.conv1, self.in1), (self.conv2, self.in2), (self.conv3, self.in3)):
            y = torch.relu(norm(conv(y)))
        for i in range(1, 6):
            y = getattr(self, f"res{i}")(y)
        y = torch.relu(self.in4(self.deconv1(y)))
        y = torch.relu(self.in5(self.deconv2(y)))
        return self.deconv3(y).clamp(0, 255) / 127.5 - 1


def randomise(net):
    for key, value in net.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif key.endswith("num_batches_tracked") or key.endswith("filt"):
            pass
        elif value.dim() == 1:
            value.normal_(0.3, 0.5)
        else:
            value.normal_(0, 1 / math.sqrt(value[0].numel()))


def save(name, net, height, width):
    randomise(net)
    if isinstance(net, TransformerNet):  # into 0 … 255 and beyond, so that the clamp shows
        net.deconv3.conv2d.weight.data *= 80
        net.deconv3.conv2d.bias.data.fill_(120)
    # Batch norm on the picture's own statistics is what train() does; dropout never takes part.
    net.train(not name.endswith("_eval"))
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    state = {key: value.clone() for key, value in net.state_dict().items()}
    picture = torch.rand(1, 3, height, width) * 2 - 1
    with torch.no_grad():
        output = net(picture.clone())
    assert output.std() > 0.05, name
    stream = io.BytesIO()
    # The old format takes fewer bytes.
    torch.save({"state_dict": state, "input": picture, "output": output}, stream, _use_new_zipfile_serialization=False)
    (OUT / f"{name}.pth").write_bytes(stream.getvalue())
    print(f"{name:24} {len(stream.getvalue()):7} bytes, output {output.mean():+.2f} ± {output.std():.2f}")


def main():
    OUT.mkdir(exist_ok=True)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    save("cyclegan", Resnet(), 12, 16)
    save("cyclegan_dropout", Resnet(blocks=1, dropout=True), 12, 16)
    save("cyclegan_batch", Resnet(blocks=1, norm=nn.BatchNorm2d), 12, 16)
    save("cut", Resnet(blocks=1, blur_down=True, blur_up=True), 12, 16)
    save("cut_down", Resnet(blocks=1, blur_down=True), 12, 16)
    save("pix2pix", Unet(), 32, 64)
    save("pix2pix_eval", Unet(), 32, 32)
    save("pix2pix_instance", Unet(nn.InstanceNorm2d), 32, 32)
    save("srgan_eval", Srgan(last_norm=True), 6, 8)
    save("srgan_2017_eval", Srgan(last_norm=False, width=2), 6, 8)
    save("transformer_net", TransformerNet(), 24, 20)


main()
