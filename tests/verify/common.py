"""What the scripts of this folder share: the command, the datasets, PyTorch's activations, and the list of deviations."""

import pathlib
import subprocess
import sys

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/reference"))
import explain  # noqa: E402  tests/reference/explain.py: PyTorch's network

NTRACE, MODEL = ROOT / "build/ntrace", ROOT / "data/reference.safetensors"
LAYERS = 14
PER_CLASS = 400  # sketches by people in the bundle that the Makefile packs for verifying

# Name: bundle, folder of its images, how many of each class.
DATASETS = {"synthetic sketches": (ROOT / "build/site/bundle", ROOT / "build/data/sketches", None)}
if (ROOT / "build/verify/people").exists():
    DATASETS["sketches by people"] = (ROOT / "build/verify/people", ROOT / "../shared/quickdraw", PER_CLASS)

failed = False


def report(what, deviation, hold, note=""):
    """One line; the script that calls finish() at its end exits 1 where a deviation is not held."""
    global failed
    failed |= not deviation <= hold
    print(f"{what:70} {deviation:9.2e}  (to hold: {hold:g}){note and '  ' + note}{'' if deviation <= hold else '  TOO LARGE'}", flush=True)


def finish():
    sys.exit(failed)


def ntrace(*words):
    subprocess.run([str(NTRACE), *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def gap(found, wanted):
    return float(np.abs(np.asarray(found, float) - np.asarray(wanted, float)).max())


def read_images(folder, per_class=None):
    """[N, 1, 28, 28] in the order of the samples: classes sorted by file name, then by row."""
    return np.concatenate([np.load(file)[:per_class].reshape(-1, 1, 28, 28) for file in sorted(pathlib.Path(folder).glob("*.npy"))])


def activations(images, layer, dtype=torch.float64):
    """[N, D] of images, channels first."""
    net = explain.network(MODEL)[:layer].to(dtype)
    with torch.no_grad():
        parts = [net(explain.inputs(part).to(dtype)).flatten(1) for part in np.array_split(images, len(images) // 200 + 1)]
    return torch.cat(parts).numpy()


def graph(bundle, layer, k, folder):
    """[N, k] numbers and distances of the neighbours, as the engine's own search finds them; the plane beside them."""
    ntrace("graph", bundle, "--layer", layer, "-k", k, "-o", folder / "index.npy", "--distances", folder / "distance.npy",
           "--plane", folder / f"plane{layer}.npy")
    return np.load(folder / "index.npy").astype(int), np.load(folder / "distance.npy").astype(float)
