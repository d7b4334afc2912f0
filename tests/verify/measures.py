#!/usr/bin/python3
"""Measures, summaries, densities and suggestions by build/ntrace against scikit-learn, SciPy and plain NumPy (python3-sklearn,
python3-scipy, python3-torch): tests/verify/measures.py.

Everything on the small bundle of the tests, and what needs two layers only on build/site/bundle. Activations are PyTorch's, in double
precision. Prints the largest deviation of each and exits 1 where one is too large."""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from scipy.stats import skew
from sklearn.manifold import trustworthiness

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/reference"))
import explain  # noqa: E402  tests/reference/explain.py: PyTorch's network
import measures as reference  # noqa: E402  tests/reference/measures.py

NTRACE, MODEL = ROOT / "build/ntrace", ROOT / "data/reference.safetensors"
LAYERS, CLASSES, P, DENSITY_SAMPLE = 14, 15, 0.98, 17
REASONS = ["changes-most", "changes-class", "changes-class-overall", "most-stable", "least-stable", "unusual", "hub", "mislabelled",
           "ambiguous", "corrected", "typical"]
failed = False


def report(what, deviation, hold):
    global failed
    failed |= not deviation <= hold
    print(f"{what:62} {deviation:9.2e}  (at most {hold:g}){'' if deviation <= hold else '  TOO LARGE'}", flush=True)


def ntrace(*words):
    subprocess.run([str(NTRACE), *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def graph(bundle, layer, k, folder):
    """[N, k] numbers and distances of the neighbours, as the engine's own search finds them; the plane beside them."""
    ntrace("graph", bundle, "--layer", layer, "-k", k, "-o", folder / "index.npy", "--distances", folder / "distance.npy",
           "--plane", folder / f"plane{layer}.npy")
    return np.load(folder / "index.npy").astype(int), np.load(folder / "distance.npy").astype(float)


def table(path):
    """Columns of a CSV by name."""
    rows = list(csv.reader(open(path)))
    return {name: np.array(column) for name, column in zip(rows[0], zip(*rows[1:]))}


def activations(images, layer):
    """[N, D] of a folder's sketches, in the order of their samples."""
    x = np.concatenate([np.load(file).reshape(-1, 1, 28, 28) for file in sorted(pathlib.Path(images).glob("*.npy"))])
    with torch.no_grad():
        parts = [explain.network(MODEL)[:layer](explain.inputs(part)) for part in np.array_split(x, len(x) // 200 + 1)]
    return torch.cat(parts).flatten(1).numpy()


def gap(found, wanted):
    return float(np.abs(np.asarray(found, float) - np.asarray(wanted, float)).max())


def two_layers(name, bundle, layer, k, folder):
    """Measures at a layer against the input."""
    ntrace("measures", bundle, "-o", folder, "--layer", layer, "-k", k, "--rbo-p", P)
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

    columns = table(folder / "densities.csv")
    density, _ = reference.densities(apart[DENSITY_SAMPLE], label, DENSITY_SAMPLE, CLASSES, columns["distance"].astype(float))
    own = np.array([columns[f"class{c}"].astype(float) for c in range(CLASSES)])
    report("tests' bundle: densities, SciPy's gaussian_kde, of the largest", gap(own, density) / density.max(), 1e-6)

    confidence = torch.softmax(torch.from_numpy(activations(images, LAYERS - 1)), 1).max(1).values.numpy()
    wanted = reference.suggestions(nears, [far for _, far in graphs], label, prediction, confidence, CLASSES, list(range(LAYERS)), k, count)
    rows = list(csv.reader(open(folder / "suggestions.csv")))[1:]
    own = [[REASONS.index(row[0]), *map(int, row[1:6]), *map(float, row[6:])] for row in rows]
    differ = sum(a[:6] != [int(v) for v in b[:6]] for a, b in zip(own, wanted)) + abs(len(own) - len(wanted))
    report(f"tests' bundle: suggestions that differ, of {len(wanted)}", differ, 0)
    report("tests' bundle: figures of suggestions", gap([row[6:] for row in own], [row[6:] for row in wanted]), 1e-4)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        two_layers("tests' bundle", ROOT / "build/tests/bundle", 8, 40, folder)
        all_layers(ROOT / "build/tests/bundle", ROOT / "build/tests/sketches", folder)
        two_layers("default bundle", ROOT / "build/site/bundle", 12, 100, folder)
    sys.exit(failed)


if __name__ == "__main__":
    main()
