#!/usr/bin/python3
"""Compares what tests/verify/network.c wrote with PyTorch: network.py MODEL FOLDER NAME.

Prints the largest difference of activations and of gradients over all layers, relative to the largest value of each layer, and
exits 1 where one passes what is to be held."""

import json
import pathlib
import struct
import sys

import numpy
import torch
from torch import nn

HOLD = {"activation": 1e-5, "gradient": 1e-5}
TYPES = {"F32": numpy.float32, "F16": numpy.float16}


def read_tensors(path):
    raw = pathlib.Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:start])
    return {name: torch.from_numpy(numpy.frombuffer(raw[start + at["data_offsets"][0]:start + at["data_offsets"][1]], TYPES[at["dtype"]])
                                   .reshape(at["shape"]).astype(numpy.float32))
            for name, at in header.items() if name != "__metadata__"}


def reference(tensors):
    classes = tensors["12.weight"].shape[0]
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(288, 128), nn.ReLU(), nn.Linear(128, classes))
    net.load_state_dict(tensors)
    return net


def main(model, folder, name):
    folder = pathlib.Path(folder)
    net = reference(read_tensors(model))
    image = numpy.fromfile(folder / "image.bin", numpy.uint8).reshape(-1, 1, 28, 28)
    label = torch.from_numpy(numpy.fromfile(folder / "label.bin", numpy.uint16).astype(numpy.int64))
    layers = [torch.from_numpy(image).float() / 255]
    layers[0].requires_grad_()
    for module in net:
        layers.append(module(layers[-1]))
        layers[-1].retain_grad()
    nn.functional.cross_entropy(layers[-1], label, reduction="sum").backward()
    held = True
    for what, hold in HOLD.items():
        worst, at = 0, 0
        for number, layer in enumerate(layers):
            expected = (layer.detach() if what == "activation" else layer.grad).numpy().reshape(-1)
            found = numpy.fromfile(folder / f"{what}.{number}.bin", numpy.float32)
            if found.size != expected.size:
                sys.exit(f"{what} {number}: expected {expected.size} values, found {found.size}")
            difference = float(numpy.abs(found - expected).max() / numpy.abs(expected).max())
            if not difference <= worst:
                worst, at = difference, number
        held = held and worst <= hold
        print(f"{what + 's':<12}{len(label)} {name}, {len(layers)} layers: at most {worst:.1e} from PyTorch {torch.__version__}, "
              f"relative, at layer {at} (to hold: {hold:.0e})")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
