#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An ImageNet InceptionV3 for measuring, from the npm package nsfwjs (MIT), whose 8-bit weights it unpacks.

    mkdir /tmp/nsfwjs && cd /tmp/nsfwjs
    npm install --ignore-scripts --legacy-peer-deps nsfwjs@4.2.1
    python3 bench/nsfwjs_inception.py /tmp/nsfwjs/node_modules/nsfwjs inception.safetensors
    linmo evaluate --outputs OUT --style STYLE --features inception.safetensors

Needs numpy. The network was fine-tuned from Keras' InceptionV3, so its features are close to, but not, those of
the FID papers: figures made with it compare methods with each other, not with published FIDs. Nothing of the
package is run: its .js files are read as text."""

import argparse
import base64
import json
import pathlib
import re
import struct
import sys

import numpy as np


def module_value(path):
    """What `module.exports` of the package's one bundled module is set to, as text."""
    text = path.read_text()
    start = re.search(r"\.exports=(?=[{\"'])", text).end()
    return text[start:text.rindex("},{}]},{}")]


def json_of(literal):
    """A minified JavaScript object literal as JSON."""
    literal = re.sub(r"([{,])([A-Za-z_]\w*):", r'\1"\2":', literal)
    literal = literal.replace("!0", "true").replace("!1", "false")
    return json.loads(re.sub(r"(?<=[:,\[])(-?)\.(\d)", r"\g<1>0.\2", literal))


def arrays(folder):
    """Keras' name -> float32 array, and the layers in the order of the graph."""
    model = json_of(module_value(folder / "model.min.js"))
    group, = model["weightsManifest"]
    shards = [module_value(folder / (p + ".min.js")).strip("\"'") for p in group["paths"]]
    data = b"".join(base64.b64decode(s) for s in shards)
    out, at = {}, 0
    for w in group["weights"]:
        count = int(np.prod(w["shape"]))
        q = w["quantization"]
        if q["dtype"] != "uint8":
            sys.exit(f"{w['name']} is stored as {q['dtype']}; only uint8 is known")
        stored = np.frombuffer(data, np.uint8, count, at)
        out[w["name"]] = (stored * np.float64(q["scale"]) + q["min"]).astype(np.float32).reshape(w["shape"])
        at += count
    if at != len(data):
        sys.exit(f"the shards hold {len(data)} bytes, the manifest names {at}")
    return out, model["modelTopology"]["model_config"]["config"]["layers"]


def torchvision_names():
    """torchvision's convolutions in the order in which Keras numbers its own."""
    names = ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"]
    a = "branch1x1 branch5x5_1 branch5x5_2 branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3 branch_pool"
    b = "branch3x3 branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3"
    c = ("branch1x1 branch7x7_1 branch7x7_2 branch7x7_3 branch7x7dbl_1 branch7x7dbl_2 branch7x7dbl_3 "
         "branch7x7dbl_4 branch7x7dbl_5 branch_pool")
    d = "branch3x3_1 branch3x3_2 branch7x7x3_1 branch7x7x3_2 branch7x7x3_3 branch7x7x3_4"
    e = ("branch1x1 branch3x3_1 branch3x3_2a branch3x3_2b branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3a "
         "branch3x3dbl_3b branch_pool")
    for blocks, branches in [("5b 5c 5d", a), ("6a", b), ("6b 6c 6d 6e", c), ("7a", d), ("7b 7c", e)]:
        names += [f"Mixed_{block}.{branch}" for block in blocks.split() for branch in branches.split()]
    return names


def convert(weights, layers):
    convolutions = {l["config"]["name"]: l["config"] for l in layers if l["class_name"] == "Conv2D"}
    norms = {l["config"]["name"]: l for l in layers if l["class_name"] == "BatchNormalization"}
    names = torchvision_names()
    if len(convolutions) != len(names) or len(norms) != len(names):
        sys.exit(f"{len(convolutions)} convolutions and {len(norms)} norms, where InceptionV3 has {len(names)}")
    out = {}
    for i, name in enumerate(names, 1):
        kernel = weights[f"conv2d_{i}/kernel"]  # height, width, in, out
        norm = norms[f"batch_normalization_{i}"]
        config = norm["config"]
        if convolutions[f"conv2d_{i}"]["use_bias"] or config["scale"] or abs(config["epsilon"] - 1e-3) > 1e-9 \
                or norm["inbound_nodes"][0][0][0] != f"conv2d_{i}":
            sys.exit(f"conv2d_{i} and its norm are not as Keras' InceptionV3 has them")
        # TensorFlow pads "same" stride-1 kernels evenly when they are odd, as torchvision does, and the
        # convolutions of stride 2 are "valid" in both.
        if convolutions[f"conv2d_{i}"]["strides"] != [1, 1] and convolutions[f"conv2d_{i}"]["padding"] != "valid":
            sys.exit(f"conv2d_{i} has a padding that torchvision's layout does not know")
        variance = weights[f"batch_normalization_{i}/moving_variance"]
        out[name + ".conv.weight"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        out[name + ".bn.weight"] = np.ones_like(variance)
        out[name + ".bn.bias"] = weights[f"batch_normalization_{i}/beta"]
        out[name + ".bn.running_mean"] = weights[f"batch_normalization_{i}/moving_mean"]
        out[name + ".bn.running_var"] = np.maximum(variance, 0)
    # This network was trained on 0 … 1, as its norms' statistics confirm, and is given −1 … 1 like every
    # other: the first convolution, which has no padding, takes up x → (x + 1) / 2.
    first = out["Conv2d_1a_3x3.conv.weight"] / 2
    out["Conv2d_1a_3x3.conv.weight"] = first
    out["Conv2d_1a_3x3.bn.running_mean"] = out["Conv2d_1a_3x3.bn.running_mean"] - first.sum(axis=(1, 2, 3))
    return out


def write_safetensors(path, tensors, metadata):
    header, at = {"__metadata__": metadata}, 0
    for name, value in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, value in sorted(tensors.items()):
            file.write(value.astype("<f4").tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=pathlib.Path, help="the installed package: …/node_modules/nsfwjs")
    parser.add_argument("output", type=pathlib.Path, help="the .safetensors file to write")
    options = parser.parse_args()
    folder = options.package / "dist" / "models" / "inception_v3"
    if not folder.is_dir():
        sys.exit(f"{folder} does not exist: is {options.package} nsfwjs 4.2?")
    tensors = convert(*arrays(folder))
    write_safetensors(options.output, tensors, {"inception_variant": "keras", "source": "npm nsfwjs, inception_v3"})
    print(f"{options.output}: {sum(t.size for t in tensors.values()):,} numbers")


if __name__ == "__main__":
    main()
