"""Makes vectors for UMAP's preparation: what umap-learn makes of small neighbour graphs.

Needs Debian's python3-umap-learn. Usage: python3 tests/reference/project.py tests/reference/project.json
"""

import json
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")

from scipy.spatial.distance import cdist  # noqa: E402
from umap.umap_ import find_ab_params, fuzzy_simplicial_set, smooth_knn_dist  # noqa: E402

CURVES = [(0.1, 1), (0, 1), (0.5, 1), (0.99, 1), (0.001, 0.5), (0.3, 2), (1, 10)]


def samples(random):
    """Name and points of each problem: blobs of different scale, samples that coincide, a line."""
    blobs = np.concatenate([random.normal(size=(14, 5)) * scale + 3 * scale for scale in (0.1, 1, 5)])
    yield "blobs", blobs, 8
    twins = random.normal(size=(24, 3))
    twins[4:9] = twins[4]
    twins[20] = twins[21]
    yield "samples that coincide", twins, 6
    yield "all the same", np.concatenate([np.zeros((7, 2)), [[1.0, 2.0]]]), 4
    yield "a line", np.cumsum(np.arange(30))[:, None] * 0.01, 5


def problem(name, points, neighbors):
    """The graph of a problem and what umap-learn makes of it. umap-learn counts the sample itself, which comes first here."""
    points = np.float32(points)
    distance = np.float32(cdist(points, points))
    n = len(points)
    distance[np.arange(n), np.arange(n)] = -1
    index = np.argsort(distance, axis=1, kind="stable")[:, :neighbors]
    nearest = np.take_along_axis(distance, index, 1)
    nearest[:, 0] = 0
    sigma, rho = smooth_knn_dist(nearest, float(neighbors), local_connectivity=1.0)
    matrix = fuzzy_simplicial_set(points, neighbors, None, "euclidean", knn_indices=index, knn_dists=nearest)[0].tocoo()
    order = np.lexsort((matrix.col, matrix.row))
    return {
        "name": name,
        "samples": n,
        "neighbors": neighbors,
        "index": index[:, 1:].ravel().tolist(),
        "distance": [float(f"{d:.9g}") for d in nearest[:, 1:].ravel()],
        "sigma": [float(f"{d:.9g}") for d in sigma],
        "rho": [float(f"{d:.9g}") for d in rho],
        "row": matrix.row[order].tolist(),
        "column": matrix.col[order].tolist(),
        "weight": [float(f"{d:.7g}") for d in matrix.data[order]],
    }


def main():
    random = np.random.RandomState(1)
    curves = [{"minDist": d, "spread": s, "ab": [float(f"{p:.9g}") for p in find_ab_params(s, d)]} for d, s in CURVES]
    problems = [problem(*given) for given in samples(random)]
    with open(sys.argv[1], "w") as file:
        file.write("{\n\"curves\": " + json.dumps(curves) + ",\n\"problems\": [\n")
        file.write(",\n".join(json.dumps(p, separators=(",", ":")) for p in problems) + "\n]\n}\n")


if __name__ == "__main__":
    main()
