#!/usr/bin/python3
"""Reference vectors of the neighbourhood measures: `/usr/bin/python3 tests/reference/measures.py tests/reference/measures.json`
(python3-sklearn, python3-scipy). The functions are the formulas of include/ntrace/measures.h written down again, as directly as they
go; where scikit-learn or SciPy has the measure, theirs is taken. tests/verify/measures.py applies the same functions to a bundle."""

import json
import sys

import numpy as np
from scipy.stats import gaussian_kde, skew
from sklearn.manifold import trustworthiness
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, precision_recall_fscore_support


def distances(x):
    """[N, N] Euclidean, in float64."""
    x = np.asarray(x, np.float64)
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(2))


def nearest(distance, k):
    """[N, k] by (distance, index), without the sample itself."""
    own = distance.copy()
    np.fill_diagonal(own, np.inf)
    return np.argsort(own, axis=1, kind="stable")[:, :k]


def overlap(a, b):
    return np.array([len(set(p) & set(q)) for p, q in zip(a.tolist(), b.tolist())], float)


def lcmc(a, b, samples):
    k = a.shape[1]
    return overlap(a, b) / k - k / (samples - 1)


def jaccard(a, b):
    return np.array([len(set(p) & set(q)) / len(set(p) | set(q)) for p, q in zip(a.tolist(), b.tolist())])


def rank_biased_overlap(a, b, p):
    """Extrapolated, by its definition: the overlap at every depth anew."""
    out = []
    for s, t in zip(a.tolist(), b.tolist()):
        agreement = [len(set(s[:d]) & set(t[:d])) / d for d in range(1, len(s) + 1)]
        tail = agreement[-1] * p ** len(s)
        out.append(tail + (1 - p) / p * sum(x * p**d for d, x in enumerate(agreement, 1)))
    return np.array(out)


def purity(near, label):
    return (label[near] == label[:, None]).mean(1)


def majority(near, label):
    """Most frequent label; of equals the one whose nearest member is nearer."""
    out = []
    for row in label[near].tolist():
        out.append(max(row, key=lambda c: (row.count(c), -row.index(c))))
    return np.array(out)


def credibility(nears, label, classes, calibration):
    """Deep k-nearest neighbours; a calibration sample leaves its own score out. Returns credibility, confidence, prediction."""
    score = np.array([sum((label[near] != c).sum(1) for near in nears) for c in range(classes)]).T
    own = score[np.arange(len(label)), label]
    out = []
    for i, row in enumerate(score):
        others = own[[c for c in calibration if c != i]]
        p = np.array([(others >= s).mean() for s in row])
        best = min(range(classes), key=lambda c: (-p[c], row[c], c))
        out.append((p[best], 1 - np.delete(p, best).max(), best))
    return [np.array(column) for column in zip(*out)]


def occurrences(near):
    return np.bincount(near.ravel(), minlength=len(near))


def two_nn(far, discard=0.1):
    """From the distances [N, 2 or more] to the nearest; returns the dimension and how many samples have a ratio."""
    first, second = far[:, :2].T
    keep = first > 0
    x = np.sort(np.log(second[keep] / first[keep]))
    n = len(x)
    kept = min(int(np.floor(n * (1 - discard))), n - 1)
    y = -np.log(1 - np.arange(1, kept + 1) / n)
    return (x[:kept] * y).sum() / (x[:kept] ** 2).sum(), n


def continuity(x, map_, k):
    """Venna and Kaski's other half is trustworthiness with the two spaces exchanged."""
    return trustworthiness(map_, x, n_neighbors=k)


def summary(label, prediction, classes):
    names = list(range(classes))
    precision, recall, f1, support = precision_recall_fscore_support(label, prediction, labels=names, zero_division=0)
    return {
        "accuracy": float((label == prediction).mean()),
        "balanced_accuracy": float(balanced_accuracy_score(label, prediction)),
        "recall": recall.tolist(), "precision": precision.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "confusion": confusion_matrix(label, prediction, labels=names).ravel().tolist(),
    }


def densities(distance, label, sample, classes, at):
    """[C, points] gaussian_kde of the distances from a sample to each class; zeros where there is no density."""
    rows, widths = [], []
    for c in range(classes):
        values = np.delete(distance, sample)[np.delete(label, sample) == c]
        if len(values) < 2 or np.ptp(values) == 0:
            rows.append(np.zeros(len(at)))
            widths.append(0.0)
            continue
        kde = gaussian_kde(values)
        rows.append(kde(at))
        widths.append(float(np.sqrt(kde.covariance[0, 0])))
    return np.array(rows), widths


def suggestions(nears, fars, label, prediction, confidence, classes, layers, k, count):
    """The reasons of include/ntrace/suggest.h, each sorted in full, from the k nearest of every layer and their distances. Rows: reason,
    sample, from, layer, label, label, three figures."""
    n, last = len(label), len(layers) - 1
    hoods = []
    for near, far in zip(nears, fars):
        own = label[near] == label[:, None]
        top = [sorted(set(row), key=lambda c: (-row.count(c), row.index(c))) for row in label[near].tolist()]
        mean = np.where(own.any(1), (far * own).sum(1) / np.maximum(own.sum(1), 1), far[:, -1])
        median = [np.sort(mean[(label == c) & own.any(1)]) for c in range(classes)]
        median = np.array([m[(len(m) - 1) // 2] if len(m) else 0 for m in median])[label]
        hoods.append({
            "first": [t[0] for t in top], "second": [t[1] if len(t) > 1 else None for t in top], "own": own.mean(1),
            "share": lambda i, c, near=near: float((label[near[i]] == c).mean()),
            "ratio": np.divide(mean, median, out=np.zeros(n), where=median > 0),
            "hub": occurrences(near), "hub_own": np.bincount(near[own], minlength=n),
        })
    rows = []

    def rank(reason, start, layer, found):
        """found: (scores, sample, labels or None, figures)"""
        for _, i, labels, figures in sorted(found, key=lambda f: (tuple(-s for s in f[0]), f[1]))[:count]:
            labels = labels or (label[i], label[i])
            rows.append([reason, i, start, layer, *map(int, labels), *(*map(float, figures), 0.0, 0.0)[:3]])

    def flips(reason, a, b):
        found = []
        for i in range(n):
            p, q = hoods[a]["first"][i], hoods[b]["first"][i]
            if p != q:
                left, joined = hoods[a]["share"](i, p), hoods[b]["share"](i, q)
                found.append(((min(left, joined),), i, (p, q), (left, joined)))
        rank(reason, layers[a], layers[b], found)

    for a in range(last):
        kept = overlap(nears[a], nears[a + 1])
        rank(0, layers[a], layers[a + 1], [((-x,), i, None, (x, kept.mean())) for i, x in enumerate(kept) if x < kept.mean()])
    for a in range(last):
        flips(1, a, a + 1)
    flips(2, 0, last)
    kept = np.mean([overlap(nears[0], near) for near in nears[1:]], axis=0)
    rank(3, layers[0], layers[last], [((x,), i, None, (x, kept.mean())) for i, x in enumerate(kept) if x >= kept.mean()])
    rank(4, layers[0], layers[last], [((-x,), i, None, (x, kept.mean())) for i, x in enumerate(kept) if x < kept.mean()])
    for a in (0, last):
        h = hoods[a]
        rank(5, layers[a], layers[a], [((-h["own"][i], h["ratio"][i]), i, (label[i], h["first"][i]), (h["own"][i], h["ratio"][i]))
                                       for i in range(n) if h["own"][i] < 1])
    for a, h in enumerate(hoods):
        rank(6, layers[a], layers[a], [((h["hub"][i],), i, None, (h["hub"][i], h["hub_own"][i] / h["hub"][i]))
                                       for i in range(n) if h["hub"][i] > k])
    h, start = hoods[last], hoods[0]
    first = h["first"]
    rank(7, layers[last], layers[last],
         [((h["share"](i, first[i]) * confidence[i],), i, (label[i], first[i]), (h["share"](i, first[i]), confidence[i], h["own"][i]))
          for i in range(n) if first[i] != label[i] and first[i] == prediction[i]])
    rank(8, layers[last], layers[last],
         [((h["share"](i, c) - h["share"](i, first[i]), -confidence[i]), i, (first[i], c),
           (h["share"](i, first[i]), h["share"](i, c), confidence[i])) for i, c in enumerate(h["second"]) if c is not None])
    rank(9, layers[0], layers[last],
         [((h["own"][i] - start["own"][i],), i, (start["first"][i], label[i]),
           (start["share"](i, start["first"][i]), start["own"][i], h["own"][i]))
          for i in range(n) if start["first"][i] != label[i] and first[i] == label[i] and prediction[i] == label[i]])
    for c in range(classes):
        rank(10, layers[last], layers[last], [((h["hub_own"][i],), i, None, (h["hub_own"][i], h["own"][i]))
                                              for i in range(n) if label[i] == c and h["hub_own"][i] > 0])
    return rows


SAMPLES, CLASSES, K, P, CALIBRATION = 60, 4, 7, 0.9, [1, 4, 9, 16, 25, 36, 49, 50, 55, 59]


def world(random):
    """Three layers that pull the classes apart step by step; values are multiples of 1/64, exact in float32."""
    label = random.integers(0, CLASSES, SAMPLES)
    prediction = np.where(random.random(SAMPLES) < 0.75, label, random.integers(0, CLASSES - 1, SAMPLES))
    base, centre = random.normal(size=(SAMPLES, 5)), random.normal(size=(CLASSES, 5))
    layers = [np.round(64 * (base + pull * centre[label] + 0.3 * random.normal(size=base.shape))) / 64 for pull in (0, 1, 2)]
    map_ = np.round(64 * (layers[2][:, :2] + 0.4 * random.normal(size=(SAMPLES, 2)))) / 64
    label[[6, 30, 44]] = (label[[6, 30, 44]] + 1) % CLASSES  # labelled wrongly
    confidence = np.round(64 * random.uniform(0.3, 1, SAMPLES)) / 64
    return label, prediction, confidence, layers, map_


def main():
    label, prediction, confidence, layers, map_ = world(np.random.default_rng(2026))
    apart = [distances(x) for x in layers]
    nears = [nearest(d, K) for d in apart]
    fars = [np.take_along_axis(d, near, 1) for d, near in zip(apart, nears)]
    counts = occurrences(nears[2])
    members = np.flatnonzero(label == 1)
    at = np.linspace(0, 8, 9)
    density, width = densities(apart[1][5], label, 5, CLASSES, at)
    cred, conf, pred = credibility(nears[1:], label, CLASSES, CALIBRATION)
    dimension, used = two_nn(np.take_along_axis(apart[0], nears[0], 1))
    among = distances(layers[0][members])
    dimension_class, used_class = two_nn(np.take_along_axis(among, nearest(among, 2), 1))
    out = {
        "samples": SAMPLES, "classes": CLASSES, "k": K, "p": P, "calibration": CALIBRATION,
        "label": label, "prediction": prediction, "known": confidence, "map": map_, **{f"layer{i}": x for i, x in enumerate(layers)},
        "overlap": overlap(nears[0], nears[2]), "lcmc": lcmc(nears[0], nears[2], SAMPLES),
        "jaccard": jaccard(nears[0], nears[2]), "rbo": rank_biased_overlap(nears[0], nears[2], P),
        "purity": purity(nears[2], label), "purity_prediction": purity(nears[2], prediction),
        "majority": majority(nears[2], label),
        "credibility": cred, "confidence": conf, "credibility_prediction": pred,
        "occurrence": counts, "skewness": skew(counts.astype(float)),
        "dimension": dimension, "dimension_used": used, "dimension_class1": dimension_class, "dimension_class1_used": used_class,
        "trustworthiness": trustworthiness(layers[2], map_, n_neighbors=K), "continuity": continuity(layers[2], map_, K),
        "summary": summary(label, prediction, CLASSES),
        "suggestions": np.array(suggestions(nears, fars, label, prediction, confidence, CLASSES, [2, 5, 9], K, 3)),
        "density_at": at, "density": density, "density_bandwidth": width,
    }
    plain = {key: value.ravel().tolist() if isinstance(value, np.ndarray) else value for key, value in out.items()}
    lines = ",\n".join(f'"{key}": {json.dumps(value, default=float)}' for key, value in plain.items())
    with open(sys.argv[1], "w") as file:
        file.write("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
