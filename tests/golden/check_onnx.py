# SPDX-License-Identifier: Apache-2.0
"""check_onnx.py FOLDER [--run]: what linmo/engine/onnx_test.cc wrote there is valid ONNX, and (--run) ONNX Runtime
computes from it what linmo's engine did, to 1e-4 of the result's range, in the size that was exported for no other."""
import pathlib
import sys

import numpy
import onnx

TOLERANCE = 1e-4


def main(folder, run):
    if run:
        import onnxruntime
    worst = checked = 0
    for line in (folder / "cases.txt").read_text().splitlines():
        name, *sizes = line.split()
        sizes = list(map(int, sizes))
        case = folder / name
        picture = numpy.fromfile(case / "input.f32", "<f4").reshape(1, *sizes[:3])
        want = numpy.fromfile(case / "output.f32", "<f4").reshape(1, *sizes[3:6])
        shapes = [sizes[i:i + 3] for i in range(6, len(sizes), 3)]
        for opset in (13, 17):
            file = case / f"model.{opset}.onnx"
            model = onnx.load(file)
            onnx.checker.check_model(model, full_check=True)
            assert model.opset_import[0].version == opset, (name, opset)
            assert model.graph.input[0].type.tensor_type.shape.dim[2].dim_param == "height", name
            names = [f"memory.{k}" for k in range(len(shapes))]
            assert [i.name for i in model.graph.input] == ["input", *names], name
            assert [o.name for o in model.graph.output] == ["output", *(f"next_{n}" for n in names)], name
            checked += 1
            if not run:
                continue
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            options.intra_op_num_threads = 1
            session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
            # Two pictures at once: the number is open too.
            memory = [numpy.zeros((2, *shape), "f4") for shape in shapes]
            for _ in range(3):
                given = {"input": numpy.concatenate([picture, picture]), **dict(zip(names, memory))}
                got, *memory = session.run(None, given)
            assert got.shape[1:] == want.shape[1:], (name, got.shape, want.shape)
            scale = max(1.0, float(numpy.abs(want).max()))
            error = max(float(numpy.abs(g - want[0]).max()) for g in got) / scale
            worst = max(worst, error)
            print(f"{name:24} opset {opset}  largest difference {error:.1e}")
            assert error < TOLERANCE, (name, opset, error)
    assert checked >= 20 and (worst > 0 or not run), (checked, worst)


main(pathlib.Path(sys.argv[1]), "--run" in sys.argv)
