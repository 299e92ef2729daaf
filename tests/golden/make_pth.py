#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/pth/: tiny files of torch.save(), and in expected.json what must be read from them.

Needs Debian's python3-torch; run as `/usr/bin/python3 tests/golden/make_pth.py`. Values are small multiples of
1/4, exact in every type, so the reader is compared without tolerance. (Old-format files name their storages by memory
address, so those files differ from run to run; what is read from them does not.)
"""
import argparse
import collections
import io
import json
import os
import pathlib
import pickle
import struct
import zipfile

import torch

OUT = pathlib.Path(__file__).parent / "pth"
NAMES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
         torch.int64: "I64", torch.int32: "I32", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
expected = {}


def ramp(*shape, dtype=torch.float32):
    count = int(torch.tensor(shape).prod()) if shape else 1
    numbers = torch.arange(count, dtype=torch.float64)
    if dtype.is_floating_point:
        numbers = numbers / 4 - 1
    if dtype == torch.bool:
        numbers = numbers % 2
    return numbers.reshape(shape).to(dtype)


def flatten(value, path=""):
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from flatten(item, f"{path}.{i}" if path else str(i))


def describe(value):
    return {name: {"dtype": NAMES[t.dtype], "shape": list(t.shape),
                   "values": [float(x) for x in t.detach().to(torch.float64).flatten()]}
            for name, t in flatten(value)}


def save(name, value, **options):
    for kind, zipped in (("zip", True), ("legacy", False)):
        file = f"{name}_{kind}.pth"
        # A stream, not a path, so that the folder inside the zip is always "archive".
        stream = io.BytesIO()
        torch.save(value, stream, _use_new_zipfile_serialization=zipped, **options)
        (OUT / file).write_bytes(stream.getvalue())
        expected[file] = describe(value)


def rezip(source, target, method=zipfile.ZIP_STORED, **changes):
    """Copies a zip file, with entries replaced, or added, or (None) left out."""
    with zipfile.ZipFile(OUT / source) as old, zipfile.ZipFile(OUT / target, "w", method) as new:
        entries = {name: old.read(name) for name in old.namelist()}
        entries.update({f"archive/{name}".replace("__", "/"): data for name, data in changes.items()})
        for name, data in entries.items():
            if data is not None:
                # A fixed date, so that the script always writes the same bytes.
                new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)


def network():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    for p in net.parameters():
        p.data = ramp(*p.shape)
    return net


class Hostile:
    def __init__(self, *reduce):
        self.reduce = reduce

    def __reduce__(self):
        return self.reduce


def hostile():
    def put(name, data):
        (OUT / f"hostile_{name}.pth").write_bytes(data)

    plain = io.BytesIO()
    torch.save({"w": ramp(2, 3)}, plain, _use_new_zipfile_serialization=False)
    plain = plain.getvalue()

    for name, value in {"system": Hostile(os.system, ("touch /tmp/linmo-was-here",)),
                        "eval": Hostile(eval, ("1",)),
                        "namespace": argparse.Namespace(epoch=1),
                        "module": torch.nn.Identity(),
                        "load_from_bytes": Hostile(torch.storage._load_from_bytes, (plain,))}.items():
        for kind, zipped in (("zip", True), ("legacy", False)):
            stream = io.BytesIO()
            torch.save({"w": ramp(2), "x": value}, stream, _use_new_zipfile_serialization=zipped)
            put(f"{name}_{kind}", stream.getvalue())
    put("plain_pickle", pickle.dumps({"w": [1, 2]}, 2))
    put("truncated", plain[: len(plain) - 9])
    rezip("plain_zip.pth", "hostile_big_endian.pth", byteorder=b"big")
    rezip("plain_zip.pth", "hostile_no_storage.pth", data__0=None)
    rezip("plain_zip.pth", "hostile_short_storage.pth", data__0=b"\0" * 4)
    rezip("plain_zip.pth", "hostile_torchscript.pth", constants__pkl=None, **{"constants.pkl": b"\x80\x02]."})
    rezip("plain_zip.pth", "hostile_bomb.pth", zipfile.ZIP_DEFLATED, data__0=b"\0" * (80 << 20))
    data = bytearray((OUT / "plain_zip.pth").read_bytes())
    data[data.index(ramp(2, 3).numpy().tobytes()) + 5] ^= 1
    put("checksum", bytes(data))


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    save("plain", collections.OrderedDict(a=ramp(2, 3), b=ramp(4)))
    save("types", {NAMES[t]: ramp(2, 3, dtype=t) for t in NAMES})
    base = ramp(4, 6)
    save("views", {
        "base": base, "transposed": base.t(), "row": base[2], "column": base[:, 3], "block": base[1:3, 2:5],
        "step": base[::2, ::3], "expanded": ramp(3, 1).expand(3, 4), "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3), "permuted": ramp(2, 3, 4).permute(2, 0, 1),
        "channels_last": ramp(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        "one": ramp(5)[2:3], "flat": base.flatten()[7:9]})
    net = network()
    save("network", net.state_dict())
    save("parallel", torch.nn.DataParallel(net).state_dict())
    save("parameter", {"w": torch.nn.Parameter(ramp(2, 2)), "fixed": torch.nn.Parameter(ramp(2), requires_grad=False)})
    optimiser = torch.optim.Adam(net.parameters())
    net(torch.ones(2, 1, 4, 4)).sum().backward()
    optimiser.step()
    for state in optimiser.state.values():
        for key in ("exp_avg", "exp_avg_sq"):
            state[key] = ramp(*state[key].shape)
    save("nested", {"epoch": 3, "best": 0.5, "name": "山水", "flags": [True, None], "state_dict": network().state_dict(),
                    "optimizer": optimiser.state_dict(), "losses": (torch.tensor(1.0), [torch.tensor(2.0)])})
    save("gan", {"generator": {"w": ramp(3)}, "discriminator": {"w": ramp(9)}, "g_ema": {"w": ramp(2)}})
    save("protocol4", {"雪": ramp(2)}, pickle_protocol=4)
    rezip("plain_zip.pth", "deflated_zip.pth", zipfile.ZIP_DEFLATED, byteorder=b"little")
    expected["deflated_zip.pth"] = expected["plain_zip.pth"]
    # What PyTorch 0.3 under Python 2 wrote: byte strings for text, an OrderedDict made from a list of pairs, no
    # gradients in a tensor, and storages that are views of other storages.
    tensor = (b"ctorch._utils\n_rebuild_tensor\n((U\x07storagectorch\nFloatStorage\nU\x011U\x06cuda:0K\x06"
              b"(U\x012K\x01K\x05ttQK\x01K\x02K\x02\x86K\x02K\x01\x86tR")
    numbers = ramp(6)
    (OUT / "python2_legacy.pth").write_bytes(
        pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2)
        + pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2}}, 2)
        + b"\x80\x02ccollections\nOrderedDict\n]](U\x08conv.old" + tensor + b"ea" + b"\x85R." + pickle.dumps(["1"], 2)
        + struct.pack("<q", 6) + numbers.numpy().tobytes())
    expected["python2_legacy.pth"] = describe({"conv.old": numbers[2:6].reshape(2, 2)})
    hostile()
    (OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, sort_keys=True) + "\n")


main()
