#!/usr/bin/python3
"""ONNX models of the networks of networks.py, in two ways: <name>.onnx, node by node from the description (python3-onnx), each with another version
of the operators and with its weights stored in other ways, so that every layer can be compared; and exported_<name>.onnx as torch.onnx.export
(python3-torch) writes small networks, with what they give in exported.safetensors: `<name>.input` (uint8, [N, C, H, W]) and `<name>.output`.

Run networks.py first: weights and vectors are those that it wrote."""

import io
import json
import pathlib

import numpy
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from explain import read
from net import images, write
from networks import HERE, inputs_of

OPSETS = {"windows": 11, "curves": 20, "vgg": 9, "resnet": 13, "depthwise": 21}


# ---- Node by node. ----

def tensor(name, array, way):
    """A tensor of float16 numbers, stored in one of the ways that there are."""
    dims = list(array.shape)
    if way == "double":
        return helper.make_tensor(name, TensorProto.DOUBLE, dims, array.astype(numpy.float64).tobytes(), raw=True)
    if way == "doubles":
        return helper.make_tensor(name, TensorProto.DOUBLE, dims, array.astype(numpy.float64).flatten())
    if way == "float":
        return helper.make_tensor(name, TensorProto.FLOAT, dims, array.astype(numpy.float32).tobytes(), raw=True)
    if way == "floats":
        return helper.make_tensor(name, TensorProto.FLOAT, dims, array.astype(numpy.float32).flatten())
    if way == "halves":  # as whole numbers with their bits
        made = TensorProto(name=name, data_type=TensorProto.FLOAT16, dims=dims)
        made.int32_data.extend(int(bits) for bits in array.astype(numpy.float16).view(numpy.uint16).flatten())
        return made
    return helper.make_tensor(name, TensorProto.FLOAT16, dims, array.astype(numpy.float16).tobytes(), raw=True)


WAYS = ("half", "float", "doubles", "floats", "halves", "double")


class Graph:
    def __init__(self, name):
        self.name, self.opset, self.nodes, self.tensors = name, OPSETS[name], [], []

    def weight(self, name, array):
        way = WAYS[len(self.tensors) % len(WAYS)] if array.size < 400 else "float" if self.name == "windows" else "half"
        self.tensors.append(tensor(name, array, way))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"node {output}", **attributes))
        return output

    def sizes(self, name, *numbers):
        self.tensors.append(helper.make_tensor(name, TensorProto.INT64, [len(numbers)], numbers))
        return name


def window(layer):
    """The attributes of a kernel; a convolution that keeps its size leaves the padding to the reader."""
    pair = lambda value: value if isinstance(value, list) else [value, value]
    attributes = {"kernel_shape": pair(layer["kernel"]), "strides": pair(layer["stride"])}
    if layer["kind"] != "avgpool2d":
        attributes["dilations"] = pair(layer["dilation"])
    padding = layer["padding"]
    if padding == "same":
        return {**attributes, "auto_pad": "SAME_UPPER"}
    padding = pair(padding)
    return {**attributes, "pads": padding if len(padding) == 4 else padding * 2}


def add_layer(g, number, layer, weights):
    kind, before = layer["kind"], [f"v{l}" for l in inputs_of(number, layer)]
    mine = lambda what: g.weight(f"{number}.{what}", weights[f"{number - 1}.{what}"])
    out = f"v{number}"
    simple = {"relu": "Relu", "silu": None, "dropout": "Dropout", "identity": "Identity", "add": "Add", "globalavgpool2d": "GlobalAveragePool"}
    if kind == "conv2d":
        bias = [mine("bias")] if layer["bias"] else []
        g.node("Conv", before + [mine("weight")] + bias, out, group=layer["groups"], **window(layer))
    elif kind == "maxpool2d":
        g.node("MaxPool", before, out, ceil_mode=int(layer["ceil_mode"]), **window(layer))
    elif kind == "avgpool2d":
        g.node("AveragePool", before, out, ceil_mode=int(layer["ceil_mode"]), count_include_pad=int(layer["count_include_pad"]), **window(layer))
    elif kind.startswith("batchnorm"):
        mean = weights[f"{number - 1}.running_mean"]
        given = [mine("weight"), mine("bias")] if layer["affine"] else [g.weight(f"{number}.one", numpy.ones_like(mean)), g.weight(f"{number}.zero", numpy.zeros_like(mean))]
        g.node("BatchNormalization", before + given + [mine("running_mean"), mine("running_var")], out, epsilon=layer["eps"])
    elif kind == "leakyrelu":
        g.node("LeakyRelu", before, out, alpha=layer["slope"])
    elif kind == "gelu":
        g.node("Gelu", before, out, approximate=layer.get("approximate", "none"))
    elif kind == "silu":
        g.node("Mul", before + [g.node("Sigmoid", before, out + ".sigmoid")], out)
    elif kind == "flatten" and g.opset == 9:
        g.node("Reshape", before + [g.sizes(f"{number}.shape", 0, -1)], out)
    elif kind == "flatten":
        g.node("Flatten", before, out)
    elif kind == "linear" and g.opset == 20:  # a product, and perhaps a sum
        product = g.node("MatMul", before + [g.weight(f"{number}.turned", weights[f"{number - 1}.weight"].T)], out + ".product" if layer["bias"] else out)
        if layer["bias"]:
            g.node("Add", [mine("bias"), product], out)
    elif kind == "linear":
        g.node("Gemm", before + [mine("weight"), mine("bias")], out, transB=1)
    elif kind in ("softmax", "logsoftmax"):
        g.node({"softmax": "Softmax", "logsoftmax": "LogSoftmax"}[kind], before, out, axis=1)
    else:
        g.node(simple[kind], before, out)


def node_by_node(name):
    weights, metadata = read(HERE / f"{name}.safetensors")
    description = json.loads(metadata["ntrace.network"])
    g = Graph(name)
    for number, layer in enumerate(description["layers"], 1):
        add_layer(g, number, layer, weights)
    image = helper.make_tensor_value_info("v0", TensorProto.FLOAT, ["batch", *description["input"]])
    inputs = [image]
    if g.opset == 9:  # then weights were inputs too
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in g.tensors]
    output = helper.make_tensor_value_info(f"v{len(description['layers'])}", TensorProto.FLOAT, None)
    graph = helper.make_graph(g.nodes, name, inputs, [output], g.tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", g.opset)], producer_name="networks.py")
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


# ---- As PyTorch exports them. ----

class Residual(nn.Module):
    """A block whose normalisations the exporter folds into the convolutions."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 6, 3, 2, 1, bias=False), nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(6), nn.BatchNorm2d(6), nn.BatchNorm2d(6)])
        self.shortcut, self.last = nn.Conv2d(2, 6, 1, 2), nn.Linear(6, 4)

    def forward(self, x):
        y = torch.relu(self.norms[0](self.first(x)))
        y = torch.relu(self.norms[1](self.second(y)) + self.norms[2](self.shortcut(x)))
        return self.last(torch.flatten(nn.functional.adaptive_avg_pool2d(y, 1), 1))


class Curved(nn.Module):
    """GELU in both forms and SiLU, spelt out; a mean that leaves a vector."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 6, 2, dilation=2)])
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        x = nn.functional.gelu(self.convs[0](x))
        x = nn.functional.gelu(self.convs[1](x), approximate="tanh")
        x = nn.functional.silu(self.convs[2](x))
        return torch.log_softmax(self.last(x.mean((2, 3))), 1)


class Viewed(nn.Module):
    """Flattened by a view whose size is computed in the graph; pooling, dropout, layers without a bias."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 5, 5, padding=2), nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.mean, self.one, self.two = nn.AvgPool2d(2), nn.Linear(45, 7, bias=False), nn.Linear(7, 4)

    def forward(self, x):
        x = self.mean(self.pool(nn.functional.leaky_relu(self.conv(x), 0.1)))
        x = x.view(x.size(0), -1)
        return torch.softmax(self.two(nn.functional.dropout(self.one(x), training=self.training)), 1)


class Vector(nn.Module):
    """A network of linear layers alone, on vectors of 81 values."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(81, 9), nn.ReLU(), nn.Linear(9, 3))

    def forward(self, x):
        return self.layers(x)


EXPORTED = {"residual": (Residual, (2, 11, 12), 13, True), "preserved": (Residual, (2, 11, 12), 16, False),
            "curved": (Curved, (1, 10, 10), 14, True), "viewed": (Viewed, (3, 12, 12), 11, True), "fixed": (Viewed, (3, 12, 12), 9, True),
            "vector": (Vector, (1, 9, 9), 15, True)}


def export(name, expected, random):
    make, shape, opset, folded = EXPORTED[name]
    net = make().eval()
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.dtype == torch.float32:
                tensor.copy_(torch.from_numpy(random.uniform(0.2, 1, tensor.shape) * random.choice([-1, 1], tensor.shape) if tensor.dim() > 1
                                              else random.uniform(0.5, 1.5, tensor.shape)))
        image = images(2, shape, random)
        x = torch.from_numpy(image).float() / 255
        x = x.reshape(2, -1) if make is Vector else x
        file = io.BytesIO()
        mode = torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE
        free = {} if name == "fixed" else {"image": {0: "batch"}}
        torch.onnx.export(net, x, file, opset_version=opset, input_names=["image"], dynamic_axes=free, training=mode, do_constant_folding=folded)
        (HERE / f"exported_{name}.onnx").write_bytes(file.getvalue())
        expected[f"{name}.input"], expected[f"{name}.output"] = image, net.double()(x.double()).numpy().astype(numpy.float32)


def main():
    torch.manual_seed(2026)
    random, expected = numpy.random.default_rng(2026), {}
    for name in OPSETS:
        node_by_node(name)
    for name in EXPORTED:
        export(name, expected, random)
    write(HERE / "exported.safetensors", expected, {})


if __name__ == "__main__":
    main()
