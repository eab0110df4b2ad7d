import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

size = 512
nodes = [
    helper.make_node("MatMul", ["x" if i == 0 else f"h{i - 1}", "w"], [f"h{i}"]) for i in range(4)
]
graph = helper.make_graph(
    nodes,
    "products",
    [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, (size, size)),
        helper.make_tensor_value_info("w", TensorProto.FLOAT, (size, size)),
    ],
    [helper.make_tensor_value_info("h3", TensorProto.FLOAT, (size, size))],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
session = onnxruntime.InferenceSession(
    model.SerializeToString(), options, providers=["CPUExecutionProvider"]
)
x, w = np.eye(size, dtype=np.float32), np.eye(size, dtype=np.float32)
for _ in range(30 * int(sys.argv[1])):
    (found,) = session.run(None, {"x": x, "w": w})
print(bool((found == x).all()))
