#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes inception.json: pool3 features of InceptionV3 in PyTorch, from weights and pictures that both sides make
from integers. The module definitions are torchvision's and pytorch-fid's own, read out of their wheels:

    apt-get install python3-torch python3-numpy
    pip wheel --no-deps -w WHEELS torchvision==0.15.1 pytorch-fid==0.3.0
    /usr/bin/python3 tests/golden/make_inception.py WHEELS"""

import json
import pathlib
import sys
import types
import zipfile

import make_measure as golden
import numpy as np
import torch
import torch.nn.functional as F


def source(wheels, package, member):
    wheel = next(p for p in wheels.iterdir() if p.name.startswith(package) and p.suffix in (".whl", ".zip"))
    return zipfile.ZipFile(wheel).read(member).decode()


def modules(wheels):
    """torchvision's Inception3 without the rest of torchvision, which needs its own build of PyTorch."""
    text = source(wheels, "torchvision", "torchvision/models/inception.py")
    body = text[text.index("class Inception3"):text.index("class Inception_V3_Weights")]
    head = ("import warnings\nfrom collections import namedtuple\nfrom functools import partial\n"
            "from typing import Any, Callable, List, Optional, Tuple\nimport torch\n"
            "import torch.nn.functional as F\nfrom torch import nn, Tensor\n"
            "_log_api_usage_once = lambda module: None\nInceptionOutputs = None\n")
    tv = {}
    exec(compile(head + body, "inception.py", "exec"), tv)
    package, models = types.ModuleType("torchvision"), types.ModuleType("torchvision.models")
    package.models, package.__version__ = models, "0.15.1"
    models.inception = types.SimpleNamespace(**tv)
    sys.modules.update({"torchvision": package, "torchvision.models": models})
    fid = {}
    exec(compile(source(wheels, "pytorch_fid", "pytorch_fid/inception.py"), "pytorch_fid.py", "exec"), fid)
    return tv, fid


def network(tv, fid, variant):
    net = tv["Inception3"](num_classes=1008, aux_logits=False, init_weights=False)
    if variant != "torchvision":
        for name, *rest in [("5b", 192, 32), ("5c", 256, 64), ("5d", 288, 64)]:
            setattr(net, "Mixed_" + name, fid["FIDInceptionA"](rest[0], pool_features=rest[1]))
        for name, width in [("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)]:
            setattr(net, "Mixed_" + name, fid["FIDInceptionC"](768, channels_7x7=width))
        net.Mixed_7b = fid["FIDInceptionE_1"](1280)
        net.Mixed_7c = fid["FIDInceptionE_2" if variant == "fid" else "FIDInceptionE_1"](2048)
    state = {k: v for k, v in net.state_dict().items() if not k.startswith("fc.") and "tracked" not in k}
    for stream, name in enumerate(sorted(state)):
        u = golden.Random(1, stream).uniform(state[name].numel())
        if name.endswith("conv.weight"):
            fan_in = state[name][0].numel()
            u = (2 * u - 1) * np.sqrt(6.0 / fan_in)
        elif name.endswith(("bn.weight", "running_var")):
            u = u + 0.5
        else:
            u = (u - 0.5) * 0.2
        state[name] = torch.from_numpy(u.astype(np.float32)).reshape(state[name].shape)
    net.load_state_dict(state, strict=False)
    return net.eval()


def pool3(net, x):
    stem = "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 maxpool1 Conv2d_3b_1x1 Conv2d_4a_3x3 maxpool2".split()
    for name in stem + ["Mixed_" + b for b in "5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split()]:
        x = getattr(net, name)(x)
    return F.adaptive_avg_pool2d(x, (1, 1)).flatten(1)


def main():
    tv, fid = modules(pathlib.Path(sys.argv[1]))
    out = []
    with torch.no_grad():
        for variant in ["fid", "torchvision", "keras"]:
            net = network(tv, fid, variant)
            for width, height in [(400, 240), (299, 299)]:
                picture = golden.picture(3, width, height, 60)
                x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
                x = F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False)
                f = pool3(net, 2 * x - 1)[0].double().numpy()
                out.append({"variant": variant, "width": width, "height": height, "mean": f.mean(),
                            "deviation": f.std(), "features": [float(v) for v in f[::64]]})
    pathlib.Path(__file__).with_name("inception.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
