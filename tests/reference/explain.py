#!/usr/bin/python3
"""Explanations by PyTorch's autograd (python3-torch), one function a method, and reference vectors on the networks and images that
net.py made: `tests/reference/explain.py` writes explain.safetensors beside itself.

Keys are `<net>.<sample>.<what>`, arrays in PyTorch's order: `gradient` of the top logit and `gradient.1` of class 1, `integrated`
(STEPS steps) and the logits at its `ends`, `map` and `stretched` of Grad-CAM, `occlusion`, `layer.<l>` (gradient of the squared norm of layer l) and
`apart.<l>` (of the squared distance to the next sample's), each with its `.value`."""

import json
import pathlib
import struct

import numpy
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
STEPS = 20
TYPES = {"F32": numpy.float32, "F16": numpy.float16, "U8": numpy.uint8, "I32": numpy.int32}
REFERENCE = [{"kind": kind, **more} for kind, more in [
    ("conv2d", {"kernel": 3, "outputs": 16}), ("relu", {}), ("maxpool2d", {"kernel": 2}),
    ("conv2d", {"kernel": 3, "outputs": 32}), ("relu", {}), ("maxpool2d", {"kernel": 2}),
    ("conv2d", {"kernel": 3, "outputs": 32}), ("relu", {}), ("maxpool2d", {"kernel": 2}),
    ("flatten", {}), ("linear", {}), ("relu", {}), ("linear", {})]]


def read(path):
    """Tensors and metadata of a safetensors file."""
    raw = pathlib.Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:start])
    metadata = header.pop("__metadata__", {})
    return {name: numpy.frombuffer(raw[start + at["data_offsets"][0]:start + at["data_offsets"][1]], TYPES[at["dtype"]]).reshape(at["shape"])
            for name, at in header.items()}, metadata


def network(path):
    """A torch.nn.Sequential in double precision: rounding is then the engine's alone."""
    tensors, metadata = read(path)
    layers = json.loads(metadata["ntrace.network"])["layers"] if "ntrace.network" in metadata else REFERENCE
    modules = []
    for number, layer in enumerate(layers):
        weight = tensors.get(f"{number}.weight")
        modules.append({"conv2d": lambda: nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], padding="same"),
                        "relu": nn.ReLU, "flatten": nn.Flatten, "maxpool2d": lambda: nn.MaxPool2d(layer["kernel"]),
                        "linear": lambda: nn.Linear(weight.shape[1], weight.shape[0])}[layer["kind"]]())
    net = nn.Sequential(*modules).double()
    net.load_state_dict({name: torch.from_numpy(value.astype(numpy.float64)) for name, value in tensors.items()})
    return net.requires_grad_(False)


def inputs(image):
    """Bytes [C, H, W] as the engine sees them: divided in float32."""
    return (torch.from_numpy(image.copy()).float() / 255).double()


def gradients(net, x, label):
    """Of the logits of a batch by the batch."""
    x = x.clone().requires_grad_()
    net(x)[:, label].sum().backward()
    return x.grad


def gradient(net, x, label):
    return gradients(net, x[None], label)[0].numpy()


def integrated(net, x, label, steps=STEPS):
    shares = ((torch.arange(steps) + 0.5) / steps).view(-1, 1, 1, 1)
    return (x * gradients(net, shares * x, label).mean(0)).numpy()


def grad_cam(net, x, label):
    """The map, and the map stretched to the image."""
    last = max(i for i, module in enumerate(net) if isinstance(module, nn.Conv2d))
    features = net[:last + 1](x[None]).requires_grad_()
    net[last + 1:](features)[0, label].backward()
    weights = features.grad.mean((2, 3), keepdim=True)
    found = torch.relu((weights * features.detach()).mean(1, keepdim=True))
    found = found / found.max() if found.max() > 0 else found
    stretched = nn.functional.interpolate(found, x.shape[1:], mode="bilinear", align_corners=False)
    return found[0, 0].numpy(), stretched[0, 0].numpy()


def occlusion(net, x, label, side=3):
    """Window by window, as it is defined."""
    corners = [(top, left) for top in range(x.shape[1] - side + 1) for left in range(x.shape[2] - side + 1)]
    hidden = x.repeat(len(corners), 1, 1, 1)
    for image, (top, left) in zip(hidden, corners):
        image[:, top:top + side, left:left + side] = 0
    drops = (net(x[None])[0, label] - net(hidden)[:, label]).numpy()
    total, windows = numpy.zeros(x.shape[1:]), numpy.zeros(x.shape[1:])
    for drop, (top, left) in zip(drops, corners):
        total[top:top + side, left:left + side] += drop
        windows[top:top + side, left:left + side] += 1
    return total / windows


def layer(net, x, number, other=None):
    """The value, and its gradient by x."""
    x = x.clone().requires_grad_()
    away = 0 if other is None else net[:number](other[None])
    value = ((net[:number](x[None]) - away) ** 2).sum()
    value.backward()
    return value.item(), x.grad.numpy()


def vectors(net, images, count):
    for number in range(count):
        x, after = inputs(images[number]), inputs(images[number + 1])
        top = int(net(x[None]).argmax())
        yield f"{number}.gradient", gradient(net, x, top)
        yield f"{number}.gradient.1", gradient(net, x, 1)
        yield f"{number}.integrated", integrated(net, x, top)
        yield f"{number}.ends", net(torch.stack([0 * x, x]))[:, top].numpy()
        yield from zip((f"{number}.map", f"{number}.stretched"), grad_cam(net, x, top))
        yield f"{number}.occlusion", occlusion(net, x, top)
        for what, l, other in ("layer", 0, None), ("layer", 4, None), ("apart", len(net), after):
            value, found = layer(net, x, l, other)
            yield f"{number}.{what}.{l}", found
            yield f"{number}.{what}.{l}.value", numpy.array(value)


def main():
    from net import write

    images, _ = read(HERE / "net_expected.safetensors")
    found = {f"{name}.{key}": numpy.atleast_1d(value).astype(numpy.float32)
             for name in ("net", "odd")
             for key, value in vectors(network(HERE / f"{name}.safetensors"), images[f"{name}.input"], 2)}
    write(HERE / "explain.safetensors", found, {})


if __name__ == "__main__":
    main()
