#!/usr/bin/python3
"""Explanations by build/ntrace against PyTorch's autograd in double precision (python3-torch): tests/verify/explanations.py [SAMPLES].

For every method, the largest deviation over many samples of the default bundle, and of sketches by people where those are there,
relative to the largest value of each explanation; and the completeness gap of integrated
gradients, relative to the difference of logits. Exits 1 where one is too large.

A ReLU whose sum is 0 but for rounding may pass a gradient on one side and none on the other, and so may two equal places of a pooling
window. Where a gradient deviates, such switches (nearer to their edge than EDGE of the layer's largest value) are turned in PyTorch one
by one, and the turns that explain the deviation are counted; what then still deviates is what is held to HOLD."""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch

from common import DATASETS, MODEL, NTRACE, read_images
import explain as reference  # tests/reference/explain.py

STEPS, K, LAYER = 64, 10, 7
HOLD = 1e-5
EDGE = 2e-6
GAP_HOLD = 0.02  # mean of the gap's absolute value at STEPS steps, relative


def ask(bundle, sample, method, file, *words):
    """What the command says, key by key, and the values that it writes."""
    command = [NTRACE, "explain", bundle, "--sample", sample, "--method", method, "-o", file, *words]
    lines = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout.splitlines()
    said = {}
    for key, value, *_ in (line.split("\t") for line in lines):
        said.setdefault(key, []).append(float(value))
    return said, numpy.load(file)


def nearest(images, sample):
    """The k nearest by cosine, in double, ties by number."""
    x = images.astype(numpy.float64)
    norm = numpy.sqrt((x * x).sum(1) * (x[sample] @ x[sample]))
    cosine = numpy.divide(x @ x[sample], norm, out=numpy.zeros(len(x)), where=norm > 0)
    cosine[sample] = -1
    return numpy.argsort(-cosine, kind="stable")[:K]


def relative(found, wanted):
    return float(numpy.abs(found - wanted).max() / max(numpy.abs(wanted).max(), 1e-30))


class Switch(torch.nn.Module):
    """A ReLU or max-pooling that remembers how near each of its choices was, and makes one of them the other way where asked."""

    def __init__(self, module):
        super().__init__()
        self.module, self.calls, self.turn = module, [], None

    def forward(self, z):
        out = self.module(z)
        if isinstance(self.module, torch.nn.ReLU):
            margin, change = z.detach().abs(), torch.where(z > 0, -z, z)
        else:
            side = self.module.kernel_size
            best = z.unfold(2, side, side).unfold(3, side, side).flatten(4).topk(2).values
            change = best[..., 1] - best[..., 0]
            margin = -change.detach()
        call, size = len(self.calls), z.detach().abs().max()
        self.calls.append(torch.nonzero(((margin > 0) & (margin < EDGE * size)).flatten()).flatten().tolist())
        if self.turn is not None and self.turn[0] == call:
            only = torch.zeros(out.numel(), dtype=out.dtype)
            only[self.turn[1]] = 1
            out = out + only.view(out.shape) * change
        return out


def settle(net, found, compute):
    """The deviation from compute(), relative, and how many switches had to be turned for it."""
    switches = [module for module in net if isinstance(module, Switch)]

    def answer(switch=None, turn=None):
        for each in switches:
            each.calls, each.turn = [], turn if each is switch else None
        return compute()

    wanted = answer()
    away, turned, scale = found - wanted, 0, max(numpy.abs(wanted).max(), 1e-30)
    if numpy.abs(away).max() > HOLD * scale:
        for switch, turn in [(s, (call, at)) for s in switches for call, places in enumerate(s.calls) for at in places]:
            rest = away - (answer(switch, turn) - wanted)
            if numpy.abs(rest).max() < 0.9 * numpy.abs(away).max():
                away, turned = rest, turned + 1
    return float(numpy.abs(away).max() / scale), turned


def network():
    net = reference.network(MODEL)
    for number, module in enumerate(net):
        if isinstance(module, (torch.nn.ReLU, torch.nn.MaxPool2d)):
            net[number] = Switch(module)
    return net


def deviations(net, images, bundle, sample, file):
    """Method by method: its name, the deviation, and the switches turned."""
    x = reference.inputs(images[sample].reshape(1, 28, 28))
    other = (sample + 1) % len(images)
    y = reference.inputs(images[other].reshape(1, 28, 28))
    said, values = ask(bundle, sample, "probabilities", file)
    top, another = int(said["class"][0]), (int(said["class"][0]) + 5) % len(values)
    yield "probabilities", relative(values, torch.softmax(net(x[None])[0], 0).numpy()), 0
    for label, name in (top, "gradient, top class"), (another, "gradient, another class"):
        values = ask(bundle, sample, "gradient", file, "--class", label)[1]
        yield name, *settle(net, values, lambda: reference.gradient(net, x, label)[0])
    said, values = ask(bundle, sample, "integrated-gradients", file, "--steps", STEPS)
    yield "integrated gradients", *settle(net, values, lambda: reference.integrated(net, x, top, STEPS)[0])
    yield "completeness gap", abs(said["gap"][0]) / abs(said["logit"][0] - said["baseline"][0]), 0
    values = ask(bundle, sample, "grad-cam", file)[1]
    yield "Grad-CAM", *settle(net, values, lambda: reference.grad_cam(net, x, top)[1])
    yield "occlusion", relative(ask(bundle, sample, "occlusion", file)[1], reference.occlusion(net, x, top)), 0
    said, values = ask(bundle, sample, "layer", file, "--layer", LAYER, "--other", other)
    yield f"distance at layer {LAYER}", *settle(net, values, lambda: reference.layer(net, x, LAYER, y)[1][0])
    yield "value of that distance", abs(said["value"][0] / reference.layer(net, x, LAYER, y)[0] - 1), 0
    said, values = ask(bundle, sample, "neighbor-mean", file, "-k", K)
    order = nearest(images, sample)
    yield "neighbour mean", relative(values, images[order].reshape(K, 28, 28).mean(0) / 255), 0
    yield "neighbours not the same", float((numpy.array(said["neighbor"]) != order).sum()), 0


def compare(name, bundle, images, count, file):
    net, found, switches = network(), {}, {}
    for sample in numpy.random.default_rng(3).choice(len(images), count, replace=False):
        for what, deviation, turned in deviations(net, images, bundle, int(sample), file):
            found.setdefault(what, []).append(deviation)
            switches.setdefault(what, []).append(turned)
    held = True
    for what, values in found.items():
        if what == "completeness gap":
            figure, hold = numpy.mean(values), GAP_HOLD
            note = f"mean relative gap at {STEPS} steps, at most {max(values):.1e}"
        else:
            figure, hold = max(values), 0 if what.startswith("neighbours") else HOLD
            note = "largest relative deviation" if hold else "of all"
        met = sum(turned > 0 for turned in switches[what])
        note += f", {met} with {sum(switches[what])} switches turned" if met else ""
        held = held and figure <= hold
        print(f"{what:<24} {figure:8.1e}  {note}, {count} {name} (to hold: {hold:.0e}){'' if figure <= hold else '  TOO LARGE'}", flush=True)
    return held


def main(count):
    torch.set_num_threads(1)
    held = True
    with tempfile.TemporaryDirectory() as folder:
        for name, (bundle, images, per_class) in DATASETS.items():
            held = compare(name, bundle, read_images(images, per_class).reshape(-1, 784), count, pathlib.Path(folder) / "values.npy") and held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
