"""Makes vectors for the rasteriser: drawings and the bitmaps that cairo makes of them.

Needs Debian's python3-cairo. Usage: python3 tests/reference/raster.py tests/reference/raster.json
"""

import json
import sys

import cairo
import numpy as np

SIDE = 28


def draw(strokes):
    """QuickDraw's official rasterisation of one drawing, as a list of 784 grey values."""
    surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, SIDE, SIDE)
    context = cairo.Context(surface)
    context.set_antialias(cairo.ANTIALIAS_BEST)
    context.set_line_cap(cairo.LINE_CAP_ROUND)
    context.set_line_join(cairo.LINE_JOIN_ROUND)
    context.set_line_width(16)
    context.scale(SIDE / 304, SIDE / 304)
    context.translate(24, 24)
    context.set_source_rgb(0, 0, 0)
    context.paint()
    context.set_source_rgb(1, 1, 1)
    points = np.concatenate([np.float64(s) for s in strokes])
    offset = (256 - points.max(axis=0) - points.min(axis=0)) / 2
    for stroke in strokes:
        x, y = stroke[0] + offset
        context.move_to(x, y)
        for point in stroke:
            context.line_to(*(point + offset))
        context.stroke()
    return np.asarray(surface.get_data())[::4].tolist()


def smooth_stroke(random, count):
    """A wandering line, fitted to a random part of the square."""
    walk = np.cumsum(np.cumsum(random.normal(size=(count, 2)), axis=0), axis=0)
    walk -= walk.min(axis=0)
    return walk / max(walk.max(), 1e-9) * random.uniform(40, 255)


def drawings(random):
    """Wandering lines, zigzags with sharp turns, hairpins, closed rings, straight lines, dots."""
    for strokes in (1, 1, 2, 3, 5, 8):
        yield [smooth_stroke(random, random.randint(2, 25)) + random.uniform(0, 40, 2) for _ in range(strokes)]
    for _ in range(4):
        yield [random.uniform(0, 255, (random.randint(2, 14), 2)) for _ in range(random.randint(1, 4))]
    yield [[[0, 0], [255, 100], [0, 10], [255, 110]]]
    angle = np.linspace(0, 2 * np.pi, 30)
    yield [127 + 127 * np.stack([np.cos(angle), np.sin(angle)], 1), [[90, 90]], [[160, 90]]]
    yield [[[0, 0], [255, 0]], [[0, 60], [255, 60]], [[40, -60], [40, 120]]]
    yield [[[12, 30]]]
    yield [[[0, 0], [0, 255]], [[50, 50], [50, 50]], [[60, 80], [62, 81], [61, 84], [58, 83]]]
    yield [np.round(smooth_stroke(random, 30)), np.round(smooth_stroke(random, 12))]


def main():
    random = np.random.RandomState(1)
    vectors = []
    for strokes in drawings(random):
        strokes = [np.float32(np.round(s, 2)) for s in strokes]
        vectors.append({
            "counts": [len(s) for s in strokes],
            "points": [round(float(v), 2) for s in strokes for point in s for v in point],
            "image": draw(strokes),
        })
    text = ",\n".join(json.dumps(v, separators=(",", ":")) for v in vectors)
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + text + "\n]\n")


if __name__ == "__main__":
    main()
