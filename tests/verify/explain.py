#!/usr/bin/python3
"""Explanations by build/ntrace against PyTorch's autograd in double precision (python3-torch): tests/verify/explain.py [SAMPLES].

For every method, the largest deviation over many samples of build/site/bundle, and over sketches by people where ../shared/quickdraw
is there (packed into a temporary folder), relative to the largest value of each explanation; and the completeness gap of integrated
gradients, relative to the difference of logits. Exits 1 where one is too large."""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/reference"))
import explain as reference  # noqa: E402  tests/reference/explain.py

NTRACE, MODEL = ROOT / "build/ntrace", ROOT / "data/reference.safetensors"
PEOPLE = ROOT / "../shared/quickdraw"
STEPS, K, LAYER = 64, 10, 7
HOLD = 1e-5
GAP_HOLD = 0.02  # mean of the gap's absolute value at STEPS steps, relative


def ask(bundle, sample, method, file, *words):
    """What the command says, key by key, and the values that it writes."""
    command = [NTRACE, "explain", bundle, "--sample", sample, "--method", method, "-o", file, *words]
    lines = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout.splitlines()
    said = {}
    for key, value, *_ in (line.split("\t") for line in lines):
        said.setdefault(key, []).append(float(value))
    return said, numpy.load(file)


def read_images(folder):
    """All images in the order of their samples: classes sorted by file name, then by row."""
    return numpy.concatenate([numpy.load(file).reshape(-1, 784) for file in sorted(pathlib.Path(folder).glob("*.npy"))])


def nearest(images, sample):
    """The k nearest by cosine, in double, ties by number; and the cosines."""
    x = images.astype(numpy.float64)
    norm = numpy.sqrt((x * x).sum(1) * (x[sample] @ x[sample]))
    cosine = numpy.divide(x @ x[sample], norm, out=numpy.zeros(len(x)), where=norm > 0)
    cosine[sample] = -1
    order = numpy.argsort(-cosine, kind="stable")[:K]
    return order, cosine[order]


def relative(found, wanted):
    return float(numpy.abs(found - wanted).max() / max(numpy.abs(wanted).max(), 1e-30))


def deviations(net, images, bundle, sample, file):
    """Method by method."""
    x = reference.inputs(images[sample].reshape(1, 28, 28))
    other = (sample + 1) % len(images)
    said, values = ask(bundle, sample, "probabilities", file)
    top = int(said["class"][0])
    yield "probabilities", relative(values, torch.softmax(net(x[None])[0], 0).numpy())
    for label, name in (top, "gradient, top class"), ((top + 5) % len(values), "gradient, another class"):
        yield name, relative(ask(bundle, sample, "gradient", file, "--class", label)[1], reference.gradient(net, x, label)[0])
    said, values = ask(bundle, sample, "integrated-gradients", file, "--steps", STEPS)
    yield "integrated gradients", relative(values, reference.integrated(net, x, top, STEPS)[0])
    yield "completeness gap", abs(said["gap"][0]) / abs(said["logit"][0] - said["baseline"][0])
    yield "Grad-CAM", relative(ask(bundle, sample, "grad-cam", file)[1], reference.grad_cam(net, x, top)[1])
    yield "occlusion", relative(ask(bundle, sample, "occlusion", file)[1], reference.occlusion(net, x, top))
    value, gradient = reference.layer(net, x, LAYER, reference.inputs(images[other].reshape(1, 28, 28)))
    said, values = ask(bundle, sample, "layer", file, "--layer", LAYER, "--other", other)
    yield f"distance at layer {LAYER}", max(relative(values, gradient[0]), abs(said["value"][0] / value - 1))
    said, values = ask(bundle, sample, "neighbor-mean", file, "-k", K)
    order, cosine = nearest(images, sample)
    yield "neighbour mean", relative(values, images[order].reshape(K, 28, 28).mean(0) / 255)
    yield "neighbours not the same", float((numpy.array(said["neighbor"]) != order).sum())


def compare(name, bundle, images, count, file):
    net, found = reference.network(MODEL), {}
    for sample in numpy.random.default_rng(3).choice(len(images), count, replace=False):
        for what, deviation in deviations(net, images, bundle, int(sample), file):
            found.setdefault(what, []).append(deviation)
    held = True
    for what, values in found.items():
        if what == "completeness gap":
            figure, hold = numpy.mean(values), GAP_HOLD
            note = f"mean relative gap at {STEPS} steps, at most {max(values):.1e}"
        else:
            figure, hold = max(values), 0 if what.startswith("neighbours") else HOLD
            note = "largest relative deviation" if hold else "of all"
        held = held and figure <= hold
        print(f"{what:<24} {figure:8.1e}  {note}, {count} {name} (to hold: {hold:.0e}){'' if figure <= hold else '  TOO LARGE'}", flush=True)
    return held


def main(count):
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        file = folder / "values.npy"
        held = compare("synthetic sketches", ROOT / "build/site/bundle", read_images(ROOT / "build/data/sketches"), count, file)
        if PEOPLE.exists():
            some = folder / "people"
            some.mkdir()
            for path in PEOPLE.glob("*.npy"):
                numpy.save(some / path.name, numpy.load(path)[:40])
            command = [NTRACE, "pack", "--model", MODEL, "--images", some, "-o", folder / "bundle"]
            subprocess.run([str(word) for word in command], check=True, capture_output=True)
            held = compare("sketches by people", folder / "bundle", read_images(some), count, file) and held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
