#!/usr/bin/python3
"""Maps by `ntrace project` against umap-learn on the same activations (umap-learn, python3-sklearn): tests/verify/project.py.

Both with their own defaults; judged by scikit-learn's trustworthiness. Maps are drawn by chance, so that each side is the mean of
a few seeds, and the engine may be better by as much as it likes."""

import pathlib
import sys
import tempfile
import warnings

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from common import DATASETS, finish, read_images, activations, ntrace, report

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import umap

LAYERS, SEEDS, NEIGHBORS, HOLD = (0, 8, 13), (1, 2), 15, 0.01
SAMPLES = 2500  # on which trustworthiness is measured: every so many of a bundle's
PLANE_HOLD = 0.01


def trust(x, points):
    some = slice(None, None, max(1, len(x) // SAMPLES))
    return trustworthiness(x[some], points[some], n_neighbors=NEIGHBORS)


def compare(name, bundle, x, layer, folder):
    own, theirs = [], []
    for seed in SEEDS:
        ntrace("project", bundle, "--layer", layer, "--neighbors", NEIGHBORS, "--seed", seed, "-o", folder / "map.npy")
        own.append(trust(x, np.load(folder / "map.npy")))
        np.random.seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs.append(trust(x, umap.UMAP(n_neighbors=NEIGHBORS, n_jobs=-1).fit_transform(x)))
    note = f"{np.mean(own):.4f}, umap-learn {umap.__version__} {np.mean(theirs):.4f}"
    report(f"{name}, layer {layer}: trustworthiness less than umap-learn's", max(0.0, np.mean(theirs) - np.mean(own)), HOLD, note)
    ntrace("project", bundle, "--layer", layer, "--method", "pca", "-o", folder / "plane.npy")
    plane, wanted = np.load(folder / "plane.npy"), PCA(2, svd_solver="full").fit_transform(x)
    kept = plane.var(0).sum() / wanted.var(0).sum()
    report(f"{name}, layer {layer}: variance of the plane less than PCA's, share", max(0.0, 1 - kept), PLANE_HOLD, f"{kept:.5f}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, (bundle, images, per_class) in DATASETS.items():
            images = read_images(images, per_class)
            for layer in LAYERS:
                compare(name, bundle, activations(images, layer, torch.float32), layer, pathlib.Path(folder))
    finish()


if __name__ == "__main__":
    sys.exit(main())
