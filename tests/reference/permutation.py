"""Makes vectors of torch.randperm: ends and SHA-256 (of little-endian int32) of permutations.

Needs Debian's python3-torch. Usage: python3 tests/reference/permutation.py tests/reference/permutation.json
"""

import hashlib
import json
import sys

import numpy as np
import torch


def vector(count, seed, last=None):
    torch.manual_seed(seed)
    kept = torch.randperm(count).numpy().astype("<i4")
    kept = kept[-last:] if last else kept
    return {
        "count": count,
        "seed": seed,
        "last": len(kept),
        "first_entries": kept[:16].tolist(),
        "last_entries": kept[-16:].tolist(),
        "sha256": hashlib.sha256(np.ascontiguousarray(kept).tobytes()).hexdigest(),
    }


cases = [(1, 0), (2, 1), (623, 7), (1000, 2**32 - 1), (10000, 2**40 + 5), (1500000, 0), (1500000, 0, 300000)]
with open(sys.argv[1], "w") as file:
    json.dump({"torch": torch.__version__, "vectors": [vector(*case) for case in cases]}, file, indent=1)
    file.write("\n")
