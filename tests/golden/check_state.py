# SPDX-License-Identifier: Apache-2.0
"""check_state.py FOLDER: the state dicts that linmo/engine/onnx_test.cc wrote there load, with every key, into the
networks of networks.py, and PyTorch computes from them what linmo's engine did."""
import json
import pathlib
import sys

import numpy
import torch

import networks


def load_file(path):
    """A .safetensors file of fp32 and int64 arrays (https://github.com/huggingface/safetensors, "Format")."""
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    kinds = {"F32": "<f4", "I64": "<i8"}
    return {key: torch.from_numpy(numpy.frombuffer(data[begin + e["data_offsets"][0]:begin + e["data_offsets"][1]],
                                                   kinds[e["dtype"]]).reshape(e["shape"]).copy())
            for key, e in header.items()}


NETWORKS = {
    "resnet": lambda: networks.Resnet(8, 3),
    "resnet_dropout_batch": lambda: networks.Resnet(4, 1, norm="batch", dropout=True),
    "resnet_antialias": lambda: networks.Resnet(4, 2, decoder="antialias", antialias_down=True),
    "resnet_resize_zero": lambda: networks.Resnet(4, 1, padding="zero", decoder="resize"),
    "unet": lambda: networks.Unet(4, 7),
    "unet_instance": lambda: networks.Unet(4, 5, norm="instance"),
    "seed": networks.Seed,
    "compact": lambda: networks.Compact(8, 2),
    "recurrent": lambda: networks.Recurrent(8, 3),
    "compact_residual": lambda: networks.Compact(8, 1, norm="batch", residual=True),
}


@torch.no_grad()
def main(folder):
    torch.set_num_threads(1)
    seen = set()
    for line in (folder / "cases.txt").read_text().splitlines():
        name, *sizes = line.split()
        if name not in NETWORKS:
            continue
        seen.add(name)
        sizes = list(map(int, sizes))
        picture = torch.from_numpy(numpy.fromfile(folder / name / "input.f32", "<f4").reshape(1, *sizes[:3]))
        want = torch.from_numpy(numpy.fromfile(folder / name / "output.f32", "<f4").reshape(1, *sizes[3:6]))
        for state in (torch.load(folder / name / "state.pth"), load_file(folder / name / "state.safetensors")):
            network = NETWORKS[name]()
            network.load_state_dict(state, strict=True)
            network.eval()
            if name == "recurrent":  # the third of three equal frames
                memory = None
                for _ in range(3):
                    result, memory = network(picture, memory)
            else:
                result = network(picture)
            error = (result - want).abs().max().item()
            print(f"{name:24} largest difference {error:.1e}")
            assert error < 1e-4, (name, error)
    assert seen == set(NETWORKS), seen


main(pathlib.Path(sys.argv[1]))
