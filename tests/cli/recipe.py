"""Runs the README's recipe, which comes on standard input, on two models made here, and says who is near whom by numpy.

Usage: recipe.py FOLDER, which gets FOLDER/{resnet,transformer}*.npy; prints JSON: model to layer to sample to its nearest.
"""
import json
import sys

import numpy as np
import torch
from torch import nn

SAMPLES, CLASSES, NEAREST = 180, 3, 20


class Block(nn.Module):
    """Two convolutions beside a shortcut, as torchvision's BasicBlock."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.layer1, self.layer2 = nn.Conv2d(3, 8, 3, 1, 1), Block(8, 8, 1), Block(8, 16, 2)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.fc(self.avgpool(self.layer2(self.layer1(self.stem(x)))).flatten(1))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 16)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x)).mean(1))


def nearest(x):
    """[N, NEAREST] by brute force in float64, the sample itself left out."""
    x = x.reshape(len(x), -1).astype(np.float64)
    square = ((x[:, None] - x[None]) ** 2).sum(-1)
    np.fill_diagonal(square, np.inf)
    return np.argsort(square, axis=1, kind="stable")[:, :NEAREST]


def main(folder):
    torch.manual_seed(1)
    recipe = {}
    exec(sys.stdin.read(), recipe)
    label = torch.arange(SAMPLES) % CLASSES
    images = torch.rand(SAMPLES, 3, 12, 12) + label.reshape(-1, 1, 1, 1) / 2
    tokens = torch.randint(0, 50, (SAMPLES, 10)) // (1 + label.reshape(-1, 1))
    models = {
        "resnet": (ResNet(), images, ["stem", "layer1", "layer2", "avgpool", "fc"]),
        "transformer": (Transformer(), tokens, ["embed", "encoder.layers.0", "encoder.layers.1", "head"]),
    }
    found = {}
    for name, (model, inputs, layers) in models.items():
        batches = list(zip(inputs.split(64), label.split(64)))
        recipe["export"](model, batches, layers, f"{folder}/{name}")
        outputs = [np.load(f"{folder}/{name}/{number:02} {layer}.npy") for number, layer in enumerate(layers)]
        with torch.no_grad():
            assert np.allclose(outputs[-1], model.eval()(inputs).numpy(), atol=1e-5), "the last layer is what the model answers"
        found[name] = {layer: nearest(x).tolist() for layer, x in zip(layers, outputs)}
    json.dump(found, sys.stdout)


main(sys.argv[1])
