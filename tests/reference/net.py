#!/usr/bin/python3
"""Reference vectors of networks, from PyTorch (python3-torch): writes net.safetensors, odd.safetensors and
net_expected.safetensors beside itself. Weights are rounded to float16, so that both sides hold the same numbers.

net_expected.safetensors holds, for each network, `<net>.input` (uint8, [N, C, H, W]), `<net>.label`, and, every `step`-th value of
each sample in PyTorch's order (step = max(1, size // 97)): `<net>.activation.<l>`, `<net>.gradient.<l>` (gradient of the summed
cross-entropy by layer l), `<net>.parameter.<tensor>` (by parameters, sub-sampled as one row)."""

import json
import pathlib
import struct

import numpy
import torch

HERE = pathlib.Path(__file__).parent
TYPES = {"float32": "F32", "float16": "F16", "uint8": "U8", "int32": "I32"}


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, array in tensors.items():
        raw = numpy.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": TYPES[str(array.dtype)], "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def sample(array):
    rows = array.reshape(array.shape[0], -1)
    return numpy.ascontiguousarray(rows[:, :: max(1, rows.shape[1] // 97)]).astype(numpy.float32)


def images(count, shape, random):
    """Random walks with a thick pen on black."""
    out = numpy.zeros((count, *shape), numpy.uint8)
    for image in out.reshape(-1, *shape[1:]):
        at = numpy.array(shape[1:]) * random.random(2)
        way = random.normal(size=2)
        for _ in range(4 * max(shape)):
            way = 0.8 * way + 0.5 * random.normal(size=2)
            at = numpy.clip(at + 0.5 * way, 0, numpy.array(shape[1:]) - 1)
            y, x = at.astype(int)
            image[y, x] = max(image[y, x], random.integers(100, 256))
    return out


def architecture(net, shape):
    layers = []
    for module in net:
        layer = {"kind": type(module).__name__.lower()}
        if layer["kind"] == "conv2d":
            layer.update(kernel=module.kernel_size[0], outputs=module.out_channels)
        if layer["kind"] == "maxpool2d":
            layer.update(kernel=module.kernel_size)
        if layer["kind"] == "linear":
            layer.update(outputs=module.out_features)
        layers.append(layer)
    return json.dumps({"input": list(shape), "layers": layers})


def run(name, net, shape, count, expected, metadata, random):
    weights = {key: value.numpy().astype(numpy.float16) for key, value in net.state_dict().items()}
    write(HERE / f"{name}.safetensors", weights, metadata)
    image = images(count, shape, random)
    label = random.integers(0, net[-1].out_features, count).astype(numpy.int32)
    activations = [torch.from_numpy(image).float() / 255]
    activations[0].requires_grad_()
    for module in net:
        activations.append(module(activations[-1]))
        activations[-1].retain_grad()
    loss = torch.nn.functional.cross_entropy(activations[-1], torch.from_numpy(label).long(), reduction="sum")
    loss.backward()
    expected[f"{name}.input"], expected[f"{name}.label"] = image, label
    for number, activation in enumerate(activations):
        expected[f"{name}.activation.{number}"] = sample(activation.detach().numpy())
        expected[f"{name}.gradient.{number}"] = sample(activation.grad.numpy())
    for key, value in net.named_parameters():
        expected[f"{name}.parameter.{key}"] = sample(value.grad.numpy().reshape(1, -1))


def main():
    from torch import nn

    torch.manual_seed(2026)
    random = numpy.random.default_rng(2026)
    expected = {}
    reference = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(288, 128), nn.ReLU(), nn.Linear(128, 5))
    odd = nn.Sequential(
        nn.Conv2d(3, 5, 5, padding="same"), nn.MaxPool2d(3), nn.ReLU(),
        nn.Conv2d(5, 19, 1, padding="same"), nn.Flatten(), nn.Linear(228, 33), nn.Linear(33, 7))
    with torch.no_grad():
        for net in (reference, odd):
            for key, value in net.named_parameters():
                if key.endswith("weight"):
                    nn.init.kaiming_normal_(value)
    for name, net, shape, count in (("net", reference, (1, 28, 28), 4), ("odd", odd, (3, 11, 13), 3)):
        metadata = {} if name == "net" else {"ntrace.network": architecture(net, shape),
                                             "ntrace.classes": json.dumps([f"class {c}" for c in range(7)])}
        with torch.no_grad():
            for tensor in net.state_dict().values():
                tensor.copy_(tensor.half().float())
        run(name, net, shape, count, expected, metadata, random)
    write(HERE / "net_expected.safetensors", expected, {})


if __name__ == "__main__":
    main()
