"""A pool that looks for more work for as long as the session lives."""

import numpy as np
import onnxruntime
from clocks import Clocks
from onnx import TensorProto, helper

size = 512


def session_of(count):
    nodes = [
        helper.make_node("MatMul", ["x" if i == 0 else f"h{i - 1}", "w"], [f"h{i}"])
        for i in range(count)
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (size, size)) for name in "xw"]
    output = helper.make_tensor_value_info(f"h{count - 1}", TensorProto.FLOAT, (size, size))
    graph = helper.make_graph(nodes, "products", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


session = session_of(6)
x, w = np.eye(size, dtype=np.float32), np.eye(size, dtype=np.float32)
session.run(None, {"x": x, "w": w})
clocks = Clocks()
for _ in range(50):
    with clocks.call("run"):
        session.run(None, {"x": x, "w": w})  # mark: run
    clocks.rest()  # mark: rest
clocks.say()
