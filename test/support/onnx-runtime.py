# Checks and runs ONNX models with ONNX Runtime on the CPU. Reads a folder with N.onnx and N.json (the inputs: name, dtype,
# shape, numbers as base64; how often to run, and which outputs are which inputs of the next run), writes N.out.json: the
# outputs of the last run in the same form, or what went wrong.
import base64
import json
import os
import sys

import numpy
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)
folder = sys.argv[1]
for name in sorted(os.listdir(folder)):
    if not name.endswith(".onnx"):
        continue
    path = os.path.join(folder, name[:-5])
    with open(path + ".json") as file:
        task = json.load(file)
    try:
        onnx.checker.check_model(onnx.load(path + ".onnx"), full_check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path + ".onnx", options, providers=["CPUExecutionProvider"])
        given = {}
        for key, value in task["feeds"].items():
            numbers = numpy.frombuffer(base64.b64decode(value["data"]), dtype=value["dtype"])
            given[key] = numbers.reshape(value["shape"])
        names = [output.name for output in session.get_outputs()]
        for step in range(task["runs"]):
            results = session.run(None, given)
            for key, value in zip(names, results):
                if key in task["next"]:
                    given[task["next"][key]] = value
        out = {
            key: {
                "dtype": str(value.dtype),
                "shape": list(value.shape),
                "data": base64.b64encode(numpy.ascontiguousarray(value).tobytes()).decode(),
            }
            for key, value in zip(names, results)
        }
    except Exception as problem:
        out = {"error": f"{type(problem).__name__}: {problem}"}
    with open(path + ".out.json", "w") as file:
        json.dump(out, file)
