#!/usr/bin/python3
"""Peers in Python, each on one thread, asked line by line: a request as JSON on standard input, its answer on standard output.
Started by peers.mjs; python3-faiss, python3-sklearn and umap-learn."""

import json
import sys
import time
import warnings

import faiss
import numpy as np
from sklearn.neighbors import NearestNeighbors

faiss.omp_set_num_threads(1)


def rows(request):
    return np.fromfile(request["file"], np.float32).reshape(request["samples"], -1)


def faiss_all(request):
    """All pairs; near [N, k] uint32 goes to the file `near`."""
    x, k = rows(request), request["k"]
    start = time.perf_counter()
    index = faiss.IndexFlatL2(x.shape[1])
    index.add(x)
    near = index.search(x, k + 1)[1]
    milliseconds = 1e3 * (time.perf_counter() - start)
    own = near == np.arange(len(x))[:, None]
    own[~own.any(1), -1] = True
    near[~own].reshape(len(x), k).astype(np.uint32).tofile(request["near"])
    return {"milliseconds": milliseconds}


def faiss_some(request):
    """Some of the queries of all pairs, evenly spread."""
    x, k = rows(request), request["k"]
    index = faiss.IndexFlatL2(x.shape[1])
    index.add(x)
    queries = np.ascontiguousarray(x[::len(x) // request["queries"]][:request["queries"]])
    start = time.perf_counter()
    index.search(queries, k + 1)
    return {"milliseconds": 1e3 * (time.perf_counter() - start)}


kept = {}


def one_scan(request):
    """Queries one by one, by FAISS and by scikit-learn; their medians."""
    if kept.get("file") != request["file"]:
        x = rows(request)
        index = faiss.IndexFlatL2(x.shape[1])
        index.add(x)
        brute = NearestNeighbors(n_neighbors=request["k"] + 1, algorithm="brute", n_jobs=1).fit(x)
        kept.update(file=request["file"], x=x, faiss=index.search, sklearn=lambda q, k: brute.kneighbors(q))
    times = {"faiss": [], "sklearn": []}
    for sample in request["queries"]:
        query = kept["x"][sample:sample + 1]
        for name, found in times.items():
            start = time.perf_counter()
            kept[name](query, request["k"] + 1)
            found.append(1e3 * (time.perf_counter() - start))
    return {name: float(np.median(found)) for name, found in times.items()}


def umap_learn(request):
    """A map of all rows, [N, 2] float32 to the file `map`; the compiler is warmed up on some of them before."""
    import umap
    x = rows(request)

    def fit(x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return umap.UMAP(n_neighbors=request["neighbors"], n_epochs=request["epochs"], random_state=1, n_jobs=1).fit_transform(x)

    fit(x[:len(x) // 2])
    start = time.perf_counter()
    found = fit(x)
    milliseconds = 1e3 * (time.perf_counter() - start)
    found.astype(np.float32).tofile(request["map"])
    return {"milliseconds": milliseconds, "version": umap.__version__}


def versions(_):
    import sklearn
    return {"FAISS": faiss.__version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__}


JOBS = {job.__name__: job for job in (faiss_all, faiss_some, one_scan, umap_learn, versions)}
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(JOBS[request["job"]](request)), flush=True)
