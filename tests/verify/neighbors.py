#!/usr/bin/python3
"""The exact neighbours of all samples by `ntrace graph` against FAISS on PyTorch's activations (python3-faiss, python3-torch):
tests/verify/neighbors.py [K].

Every sample of every bundle at every layer. Recall by set counts FAISS's neighbours that the engine has too. By distance it counts the
engine's neighbours that are no farther than FAISS's last, both measured again in double precision: activations and distances are
float32 on both sides, and where two neighbours are equally far but for rounding either is right."""

import pathlib
import sys
import tempfile

import faiss
import numpy as np
import torch

from common import DATASETS, LAYERS, finish, graph, read_images, activations, report

FLATTEN = 10
ROUNDING = 2e-6  # of a distance, relative to the largest norm: float32 sums of 12,544 terms, and its own steps in a graph
SET_HOLD, DISTANCE_HOLD, FAR_HOLD = 1e-4, 0, 1e-5  # the last: a graph keeps distances in 65,536 steps between the first and the last


def search(x, k):
    """[N, k] of FAISS, without the sample itself."""
    index = faiss.IndexFlatL2(x.shape[1])
    index.add(x)
    _, near = index.search(x, k + 1)
    own = near == np.arange(len(x))[:, None]
    own[~own.any(1), -1] = True  # of more equal ones than k the sample itself may not come
    return near[~own].reshape(len(x), k)


def exact(x, near):
    """Distances in double precision, [N, k]."""
    return np.stack([np.sqrt(((x[row].astype(np.float64) - x[i]) ** 2).sum(1)) for i, row in enumerate(near)])


def compare(name, bundle, images, k, folder):
    for layer in (layer for layer in range(LAYERS) if layer != FLATTEN):
        x = np.ascontiguousarray(activations(images, layer, torch.float32))
        x -= x.mean(0)
        near, far = graph(bundle, layer, k, folder)
        theirs = search(x, k)
        shared = np.array([len(set(a) & set(b)) for a, b in zip(near.tolist(), theirs.tolist())])
        own, last = exact(x, near), exact(x, theirs).max(1)
        scale = float(np.sqrt((x.astype(np.float64) ** 2).sum(1).max()))
        within = (own <= last[:, None] + ROUNDING * scale).mean()
        where = f"{name}, layer {layer} ({x.shape[1]})"
        report(f"{where}: neighbours that FAISS has and not the engine", 1 - shared.mean() / k, SET_HOLD)
        report(f"{where}: neighbours farther than FAISS's last", 1 - within, DISTANCE_HOLD)
        farthest = np.maximum(own.max(1, keepdims=True), 1e-3 * scale)
        report(f"{where}: distances, of the farthest neighbour's", float((np.abs(far - own) / farthest).max()), FAR_HOLD)


def main(k):
    with tempfile.TemporaryDirectory() as folder:
        for name, (bundle, images, per_class) in DATASETS.items():
            compare(name, bundle, read_images(images, per_class), k, pathlib.Path(folder))
    finish()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
