#!/usr/bin/python3
"""Measures, summaries, densities and suggestions by build/ntrace against scikit-learn, SciPy and plain NumPy (python3-sklearn,
python3-scipy, python3-torch): tests/verify/measures.py.

Everything on the small bundle of the tests; on larger ones what needs two layers or one sample. Activations are PyTorch's, in double
precision."""

import csv
import json
import pathlib
import tempfile

import numpy as np
import torch
from scipy.stats import skew
from sklearn.manifold import trustworthiness

from common import DATASETS, LAYERS, ROOT, activations, finish, gap, graph, ntrace, read_images, report
import measures as reference

CLASSES, P, DENSITY_SAMPLE = 15, 0.98, 17
REASONS = ["changes-most", "changes-class", "changes-class-overall", "most-stable", "least-stable", "unusual", "hub", "mislabelled",
           "ambiguous", "corrected", "typical"]


def table(path):
    """Columns of a CSV by name."""
    rows = list(csv.reader(open(path)))
    return {name: np.array(column) for name, column in zip(rows[0], zip(*rows[1:]))}


def compare_densities(name, x, sample, label, folder):
    """What --densities wrote of a sample against SciPy, from the activations x [N, D]."""
    far = np.sqrt(((x - x[sample]) ** 2).sum(1))
    columns = table(folder / "densities.csv")
    density, _ = reference.densities(far, label, sample, CLASSES, columns["distance"].astype(float))
    own = np.array([columns[f"class{c}"].astype(float) for c in range(CLASSES)])
    report(f"{name}: densities, SciPy's gaussian_kde, of the largest", gap(own, density) / density.max(), 1e-6)


def two_layers(name, bundle, images, layer, k, folder):
    """Measures at a layer against the input."""
    ntrace("measures", bundle, "-o", folder, "--layer", layer, "-k", k, "--rbo-p", P, "--densities", DENSITY_SAMPLE)
    found, said = table(folder / "measures.csv"), json.loads((folder / "measures.json").read_text())
    label, prediction = found["label"].astype(int), found["prediction"].astype(int)
    (there, _), (here, far) = graph(bundle, 0, 100, folder), graph(bundle, layer, 100, folder)
    a, b = here[:, :k], there[:, :k]
    for column, wanted in {
        "overlap": reference.overlap(a, b), "lcmc": reference.lcmc(a, b, len(a)), "jaccard": reference.jaccard(a, b),
        "rbo": reference.rank_biased_overlap(a, b, P), "purity": reference.purity(a, label),
        "purity_prediction": reference.purity(a, prediction), "occurrence": reference.occurrences(a),
    }.items():
        report(f"{name}, layer {layer}, k = {k}: {column}", gap(found[column].astype(float), wanted), 1e-6)
    report(f"{name}, layer {layer}, k = {k}: hubness, SciPy's skew", gap(said["hubness"], skew(reference.occurrences(a).astype(float))), 1e-9)
    wanted = reference.summary(label, prediction, CLASSES)
    own = {"balanced_accuracy": "balancedAccuracy"}
    for key, value in wanted.items():
        report(f"{name}: {key}, scikit-learn's", gap(said["summary"][own.get(key, key)], value), 1e-12)
    dimension, used = reference.two_nn(far)
    report(f"{name}, layer {layer}: two-NN dimension, relative", abs(said["dimension"]["all"] / dimension - 1), 1e-9)
    report(f"{name}, layer {layer}: samples used for it", abs(said["dimension"]["used"] - used), 0)
    compare_densities(f"{name}, layer {layer}", activations(images, layer), DENSITY_SAMPLE, label, folder)


def all_layers(bundle, images, folder):
    k, layer, count = 30, 12, 6
    graphs = [graph(bundle, l, k, folder) for l in range(LAYERS)]
    ntrace("measures", bundle, "-o", folder, "--layer", layer, "-k", k, "--credibility", "--suggestions", count,
           "--map", folder / f"plane{layer}.npy", "--densities", DENSITY_SAMPLE)
    found, said = table(folder / "measures.csv"), json.loads((folder / "measures.json").read_text())
    label, prediction = found["label"].astype(int), found["prediction"].astype(int)
    nears = [near for near, _ in graphs]
    wanted = reference.credibility(nears[1:], label, CLASSES, said["calibration"])
    for column, values in zip(["credibility", "confidence", "credibility_class"], wanted):
        report(f"tests' bundle, k = {k}: {column}, deep k-nearest neighbours", gap(found[column].astype(float), values), 1e-6)

    x, plane = activations(images, layer), np.load(folder / f"plane{layer}.npy")
    report(f"tests' bundle, k = {k}: trustworthiness, scikit-learn's", gap(said["means"]["trustworthiness"], trustworthiness(x, plane, n_neighbors=k)), 1e-6)
    report(f"tests' bundle, k = {k}: continuity", gap(said["means"]["continuity"], reference.continuity(x, plane, k)), 1e-6)
    apart = reference.distances(x)
    far = np.take_along_axis(apart, reference.nearest(apart, 2), 1)
    report("tests' bundle: two-NN dimension from activations, relative", abs(said["dimension"]["all"] / reference.two_nn(far)[0] - 1), 1e-4)

    compare_densities("tests' bundle", x, DENSITY_SAMPLE, label, folder)

    confidence = torch.softmax(torch.from_numpy(activations(images, LAYERS - 1)), 1).max(1).values.numpy()
    wanted = reference.suggestions(nears, [far for _, far in graphs], label, prediction, confidence, CLASSES, list(range(LAYERS)), k, count)
    rows = list(csv.reader(open(folder / "suggestions.csv")))[1:]
    own = [[REASONS.index(row[0]), *map(int, row[1:6]), *map(float, row[6:])] for row in rows]
    differ = sum(a[:6] != [int(v) for v in b[:6]] for a, b in zip(own, wanted)) + abs(len(own) - len(wanted))
    report(f"tests' bundle: suggestions that differ, of {len(wanted)}", differ, 0)
    report("tests' bundle: figures of suggestions", gap([row[6:] for row in own], [row[6:] for row in wanted]), 1e-4)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder, small, sketches = pathlib.Path(name), ROOT / "build/tests/bundle", read_images(ROOT / "build/tests/sketches")
        two_layers("tests' bundle", small, sketches, 8, 40, folder)
        all_layers(small, sketches, folder)
        for name, (bundle, images, per_class) in DATASETS.items():
            two_layers(name, bundle, read_images(images, per_class), 12, 100, folder)
    finish()


if __name__ == "__main__":
    main()
