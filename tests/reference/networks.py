#!/usr/bin/python3
"""Reference vectors of every kind of layer and of whole networks, from PyTorch (python3-torch): writes networks/<name>.safetensors and
networks/expected.safetensors beside itself. Weights are rounded to float16, so that both sides hold the same numbers.

A network is a list of layers as a description has them (see include/ntrace/net.h), each with the module that computes it. expected.safetensors
holds for each of them `<name>.input` (uint8, [N, C, H, W]), `<name>.seed` (the gradient by the last layer) and, every `step`-th value of each sample in
PyTorch's order (step = max(1, size // 41)): `<name>.activation.<l>` and `<name>.gradient.<l>`, the gradient by layer l. Of the first sample there are explanations: `<name>.top`,
the gradient of its largest logit, `<name>.integrated` of the same in STEPS steps, `<name>.map` of Grad-CAM and `<name>.squared`, the gradient of the squared norm of
the layer in the middle; of each again every `step`-th value."""

import json
import pathlib

import numpy
import torch
from torch import nn

from net import images, write

HERE = pathlib.Path(__file__).parent / "networks"
STEPS = 6


def sample(array):
    rows = array.reshape(array.shape[0], -1)
    return numpy.ascontiguousarray(rows[:, :: max(1, rows.shape[1] // 41)]).astype(numpy.float32)


def conv(inputs, outputs, kernel, pads=None, **options):
    """A convolution; `pads` are top, left, bottom, right where they differ."""
    module = nn.Conv2d(inputs, outputs, kernel, **options)
    padding = module.padding if isinstance(module.padding, str) else list(module.padding)
    layer = {"kind": "conv2d", "outputs": outputs, "kernel": list(module.kernel_size), "stride": list(module.stride),
             "padding": pads or padding, "dilation": list(module.dilation), "groups": module.groups,
             "bias": module.bias is not None}
    if pads:
        top, left, bottom, right = pads
        module = nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), module)
    return layer, module


def norm(channels, module=nn.BatchNorm2d, **options):
    made = module(channels, **options)
    return {"kind": module.__name__.lower(), "eps": made.eps, "affine": made.affine}, made


def pool(module, kernel, pads=None, **options):
    """Max-pooling pads with the smallest number, which nn.MaxPool2d does only alike on both sides."""
    made = module(kernel, **options)
    layer = {"kind": module.__name__.lower(), "kernel": kernel, "stride": made.stride,
             "padding": pads or made.padding, "ceil_mode": made.ceil_mode}
    if module is nn.MaxPool2d:
        layer["dilation"] = made.dilation
    else:
        layer["count_include_pad"] = made.count_include_pad
    if pads:
        top, left, bottom, right = pads
        made = nn.Sequential(nn.ConstantPad2d((left, right, top, bottom), -1e30), made)
    return layer, made


def linear(inputs, outputs, bias=True):
    return {"kind": "linear", "outputs": outputs, "bias": bias}, nn.Linear(inputs, outputs, bias)


def plain(module, **more):
    return {"kind": type(module).__name__.lower(), **more}, module


def leaky(slope):
    return {"kind": "leakyrelu", "slope": slope}, nn.LeakyReLU(slope)


def globalpool():
    return {"kind": "globalavgpool2d"}, nn.AdaptiveAvgPool2d(1)


def add(*layers):
    return {"kind": "add", "from": layers[0] if len(layers) == 1 else list(layers)}, None


def relu():
    return plain(nn.ReLU())


def windows():
    """Every way in which a kernel or a pooling window can move."""
    return (3, 25, 22), [
        conv(3, 8, (5, 3), stride=(2, 1), padding=(1, 2)), relu(),
        conv(8, 18, 2, bias=False),
        conv(18, 12, 3, pads=(2, 0, 1, 3)), relu(),
        conv(12, 12, (2, 3), padding=2, dilation=(2, 3)), relu(),
        conv(12, 20, 3, padding=1, groups=4), relu(),
        conv(20, 20, 3, padding=1, groups=20), relu(),
        conv(20, 40, (3, 2), groups=20),
        conv(40, 10, (1, 2), dilation=2, groups=2),
        pool(nn.MaxPool2d, 3, stride=1, padding=1, dilation=2),
        pool(nn.AvgPool2d, 2, stride=1, padding=1, count_include_pad=False),
        pool(nn.AvgPool2d, 3, stride=2, padding=1, ceil_mode=True),
        pool(nn.MaxPool2d, 2, stride=1, pads=(1, 0, 0, 1)),
        pool(nn.MaxPool2d, 3, stride=2, padding=1, ceil_mode=True),
        pool(nn.AvgPool2d, 2),
        conv(10, 33, 1), globalpool()]


def curves():
    """Every activation function, normalisations with and without weights, layers that do nothing, a sum of sums."""
    return (1, 12, 11), [
        conv(1, 10, 3, padding="same"), norm(10), leaky(0.2), conv(10, 12, 3, padding="same"), norm(12, eps=1e-3, affine=False),
        plain(nn.GELU()), conv(12, 12, 3, padding=1), plain(nn.GELU("tanh"), approximate="tanh"), plain(nn.Identity()),
        conv(12, 9, 3, padding=1), plain(nn.SiLU()), plain(nn.Dropout(0.3)), pool(nn.MaxPool2d, 2), plain(nn.Flatten()),
        norm(270, nn.BatchNorm1d), linear(270, 33, bias=False), norm(33, nn.BatchNorm1d), relu(), linear(33, 33), add(16),
        plain(nn.Dropout(0.5)), add(17, 21), plain(nn.SiLU()), linear(33, 11), plain(nn.Softmax(1))]


def vgg():
    layers, channels = [], 1
    for outputs in (16, 24):
        for _ in range(2):
            layers += [conv(channels, outputs, 3, padding=1), norm(outputs), relu()]
            channels = outputs
        layers += [pool(nn.MaxPool2d, 2)]
    return (1, 16, 16), layers + [plain(nn.Flatten()), linear(384, 20), relu(), plain(nn.Dropout(0.5)), linear(20, 7)]


def block(at, inputs, outputs, stride):
    """A basic block of a residual network whose input is layer `at`."""
    layers = [conv(inputs, outputs, 3, stride=stride, padding=1, bias=False), norm(outputs), relu(),
              conv(outputs, outputs, 3, padding=1, bias=False), norm(outputs)]
    if stride == 1:
        return layers + [add(at), relu()]
    shortcut = conv(inputs, outputs, 1, stride=stride, bias=False)
    shortcut[0]["from"] = at
    return layers + [shortcut, norm(outputs), add(at + 5, at + 7), relu()]


def resnet():
    layers = [conv(3, 12, 7, stride=2, padding=3, bias=False), norm(12), relu(), pool(nn.MaxPool2d, 3, stride=2, padding=1)]
    layers += block(4, 12, 12, 1)
    layers += block(11, 12, 16, 2)
    return (3, 32, 30), layers + [globalpool(), plain(nn.Flatten()), linear(16, 9), plain(nn.LogSoftmax(1))]


def depthwise():
    layers = [conv(3, 16, 3, stride=2, padding=1, bias=False), norm(16), plain(nn.SiLU())]
    for inputs, outputs, stride in ((16, 24, 1), (24, 32, 2)):
        layers += [conv(inputs, inputs, 3, stride=stride, padding=1, groups=inputs, bias=False), norm(inputs), relu(),
                   conv(inputs, outputs, 1, bias=False), norm(outputs), relu()]
    return (3, 20, 20), layers + [globalpool(), plain(nn.Flatten()), linear(32, 5), plain(nn.Softmax(1))]


def initialise(layers, random):
    for _, module in layers:
        for name, tensor in module.state_dict().items() if module is not None else ():
            if not tensor.is_floating_point():
                continue
            if "running_var" in name:
                value = random.uniform(0.3, 2, tensor.shape)
            elif tensor.dim() > 1:
                value = random.normal(size=tensor.shape) * (1.8 / numpy.prod(tensor.shape[1:])) ** 0.5
            else:
                value = random.normal(size=tensor.shape) * 0.3 + ("weight" in name)
            tensor.copy_(torch.from_numpy(value).half().double())


def inputs_of(number, layer):
    """Numbers of the layers that layer `number` takes."""
    given = layer.get("from", [] if layer["kind"] == "add" else number - 1)
    given = given if isinstance(given, list) else [given]
    return [number - 1] + given if layer["kind"] == "add" and len(given) == 1 else given


def forward(layers, image):
    activations = [image]
    for number, (layer, module) in enumerate(layers, 1):
        values = [activations[l] for l in inputs_of(number, layer)]
        activations.append(values[0] + values[1] if layer["kind"] == "add" else module(values[0]))
    return activations


def weights_of(layers):
    tensors = {}
    for number, (_, module) in enumerate(layers):
        for name, tensor in module.state_dict().items() if module is not None else ():
            if tensor.is_floating_point():  # num_batches_tracked is not
                tensors[f"{number}.{name.split('.')[-1]}"] = tensor.numpy().astype(numpy.float16)
    return tensors


def run(name, shape, layers, expected, random):
    for _, module in layers:
        if module is not None:
            module.double().eval()  # rounding is then the engine's alone
    with torch.no_grad():
        initialise(layers, random)
    description = json.dumps({"input": list(shape), "layers": [layer for layer, _ in layers]})
    write(HERE / f"{name}.safetensors", weights_of(layers), {"ntrace.network": description})
    image = images(2, shape, random)
    image = numpy.where(image == 0, random.integers(0, 60, image.shape), image).astype(numpy.uint8)  # nothing is flat
    start = (torch.from_numpy(image).float() / 255).double()
    start.requires_grad_()
    activations = forward(layers, start)
    for activation in activations[1:]:
        activation.retain_grad()
    seed = random.normal(size=activations[-1].shape).astype(numpy.float32)
    activations[-1].backward(torch.from_numpy(seed).double())
    expected[f"{name}.input"], expected[f"{name}.seed"] = image, seed.reshape(2, -1)
    for number, activation in enumerate(activations):
        expected[f"{name}.activation.{number}"] = sample(activation.detach().numpy())
        expected[f"{name}.gradient.{number}"] = sample(activation.grad.numpy())
    explain(name, layers, image, expected)


def explain(name, layers, image, expected):
    """What the explanations of the first sample are; a softmax at the end is left out."""
    logits = len(layers) - layers[-1][0]["kind"].endswith("softmax")
    last = max(number for number, (layer, _) in enumerate(layers, 1) if layer["kind"] == "conv2d")

    def gradient(x, value, by=0):
        x = x.clone().requires_grad_()
        activations = forward(layers, x)
        return torch.autograd.grad(value(activations), activations[by])[0], activations

    x = (torch.from_numpy(image[:1]).float() / 255).double()
    top = forward(layers, x)[logits].argmax()
    expected[f"{name}.top"] = gradient(x, lambda a: a[logits].flatten()[top])[0]
    shares = [gradient(x * (step + 0.5) / STEPS, lambda a: a[logits].flatten()[top])[0] for step in range(STEPS)]
    expected[f"{name}.integrated"] = x * sum(shares) / STEPS
    weight, activations = gradient(x, lambda a: a[logits].flatten()[top], last)
    weighted = (weight.mean((2, 3), keepdim=True) * activations[last]).mean(1).clamp(min=0)
    expected[f"{name}.map"] = weighted / weighted.max() if weighted.max() > 0 else weighted
    expected[f"{name}.squared"] = gradient(x, lambda a: (a[len(layers) // 2] ** 2).sum())[0]
    for what in ("top", "integrated", "map", "squared"):
        expected[f"{name}.{what}"] = sample(expected[f"{name}.{what}"].detach().numpy())


NETWORKS = {"windows": windows, "curves": curves, "vgg": vgg, "resnet": resnet, "depthwise": depthwise}


def main():
    torch.manual_seed(2026)
    HERE.mkdir(exist_ok=True)
    random, expected = numpy.random.default_rng(2026), {}
    for name, make in NETWORKS.items():
        run(name, *make(), expected, random)
    write(HERE / "expected.safetensors", expected, {})


if __name__ == "__main__":
    main()
