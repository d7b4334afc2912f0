/** What the page computes before it draws: states from URLs, sentences, places on the plate. No browser. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { COLOURINGS, colourSamples } from "../../web/explore/colours.js";
import { codecs, formatHash, maxK, parseHash } from "../../web/params.js";
import { KINDS, createStageMotion } from "../../web/story/stage_motion.js";
import { byChange, fit, snap } from "../../web/views/changes_order.js";
import { quartiles } from "../../web/views/quartiles.js";
import { createGeometry } from "../../web/views/radial_geometry.js";
import { placeLabels } from "../../web/views/radial_labels.js";
import { choosePictures, densityOf } from "../../web/views/radial_marks.js";
import { createMotion } from "../../web/views/radial_motion.js";
import { chance, layerName, ordinal, percent, verdict } from "../../web/words.js";

const manifest = /** @type {import("../../wasm/ntrace.d.ts").Manifest} */ (/** @type {unknown} */ ({
  dataset: { samples: 500 },
  classes: ["pear", "apple"],
  layers: [{ name: "Input" }, { name: "ReLU" }, { name: "ReLU" }],
  opening: { sample: 7, from: 0, to: 2, k: 100 },
  stability: { reference: 0, k: 100 },
}));

/** @param {Partial<import("../../wasm/ntrace.d.ts").TracePoint>} change */
const point = (change) => ({
  sample: 0, label: 0, inFrom: true, inTo: true, rankFrom: 0, rankTo: 0, distanceFrom: 1, distanceTo: 1,
  radiusFrom: 1, radiusTo: 1, angle: 0, change: 0, ...change,
});

test("a state survives its way through the URL", () => {
  /** @type {import("../../web/params.js").State} */
  const state = {
    view: "explore", model: "", against: "", sample: 12, from: 1, to: 2, k: 40, keep: [3, 41], shelf: 1, only: "wrong", reference: 1, near: 30, layer: 0, method: "pca", colour: "purity",
    brushes: [{ layer: 2, low: 3, high: 17.25 }, { layer: 0, low: 0, high: 4 }], lasso: { layer: 1, method: "pca", points: [[0, 0], [10000, 20], [500, 999]] }, zoom: { x: 5012, y: 0, scale: 3.25 },
    classes: [0, 1], predicted: [1], verdict: "wrong", confidence: [0.25, 1], ranges: [{ name: "purity", low: -0.5, high: 0.125 }], find: "pe ar.&=",
    picks: [3, 499], tab: "classes", sort: "-purity", ranking: "-f1", reason: "hub", pins: [5, 6], beside: "open", explain: "gradCam", step: "rows",
    marks: [{ kind: "pen", points: [0, 255, -24, 279, 12.25, 7] }, { kind: "eraser", points: [1, 2] }, { kind: "move", degrees: -15, x: 3, y: -2 }, { kind: "thicken", share: -0.5 }, { kind: "noise", deviation: 20, seed: 65535 }],
    base: 499, turn: 2,
  };
  const hash = formatHash(state, manifest);
  assert.deepEqual(parseHash(hash, manifest, ["trace", "explore"]), state);
  assert.deepEqual(Object.keys(state).filter((part) => !Object.hasOwn(codecs(manifest), part)), ["view"]);
});

test("a state at rest leaves a short URL: only the trace is said", () => {
  assert.equal(formatHash(parseHash("", manifest, ["trace"]), manifest), "#/trace?sample=7&from=0&to=2&k=100");
});

for (const part of ["brush=3-0~1", "brush=0-9~1", "brush=x", "lasso=0.umap.1.2.3.4", "lasso=0.1.2.3.4.5.6", "lasso=0.umap.1.2.3.4.5.10001", "zoom=1.2.99", "zoom=1.2.3.400", "class=2", "range=%3Cb%3E-0~1", "picks=500", "confidence=1", "keep=9~9", "marks=pAA.q", "marks=pA", "marks=p_", "marks=p________A", "marks=m_f_f", "base=500", "turn=3", `marks=p${"AA".repeat(3600)}`, "find=" + "x".repeat(65)]) {
  test(`a part of a URL that means nothing is left out: ${part.slice(0, 20)}`, () => {
    assert.equal(formatHash(parseHash(`#/trace?${part}`, manifest, ["trace"]), manifest), "#/trace?sample=7&from=0&to=2&k=100");
  });
}

test("what a URL asks beyond the bundle is replaced by the opening", () => {
  const { view, sample, from, to, k, shelf } = parseHash("#/nowhere?sample=500&from=-1&to=3&k=0&shelf=2", manifest, ["trace"]);
  assert.deepEqual({ view, sample, from, to, k, shelf }, { view: "trace", sample: 7, from: 0, to: 2, k: 100, shelf: null });
});

test("k stays below the number of samples", () => {
  assert.equal(maxK(manifest), 499);
});

test("ranks are told as ordinals", () => {
  assert.deepEqual([0, 1, 2, 3, 10, 11, 12, 20, 110, 999].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "111th", "1,000th"]);
});

test("layers of one name are told apart by their number", () => {
  assert.deepEqual([0, 1, 2].map((l) => layerName(manifest.layers, l)), ["Input", "ReLU (layer 1)", "ReLU (layer 2)"]);
});

test("percentages never round up to certainty", () => {
  assert.deepEqual([0.9999, 1, 0.994, 0.5, 0.001].map(percent), ["over 99 %", "100 %", "over 99 %", "50 %", "under 1 %"]);
});

test("the chance level is k squared over N - 1", () => {
  assert.equal(chance(100, 10_001), 1);
});

test("a verdict says membership and direction", () => {
  assert.equal(verdict(point({ change: -0.1 })), "Stayed, and came closer");
  assert.equal(verdict(point({ inTo: false, change: 0.4 })), "Left: drifted off");
  assert.equal(verdict(point({ inFrom: false, change: -0.4 })), "Arrived: came closer");
});

test("what is farther lies farther out, and whatever left stays on the plate", () => {
  const { along, inner, outer, beyond } = createGeometry(600, 600, { side: 30, top: 30 });
  const places = [0.5, 0.9, 1.5, 1.6, 3, 50].map(along);
  assert.ok(places.every((place, i) => i === 0 || place > places[i - 1]), `${places}`);
  assert.ok(places[0] === inner && places[2] === outer && places[5] <= beyond + 1e-9);
});

test("names led out of thin sectors do not overlap, even when all sectors are thin and at one place", () => {
  const geometry = createGeometry(700, 640, { side: 106, top: 44 });
  const sectors = Array.from({ length: 60 }, (_, label) => ({ label, start: label * 0.002, end: (label + 1) * 0.002, countFrom: 1, countTo: 0 }));
  const labels = placeLabels(sectors, geometry, sectors.map(({ label }) => `class ${label}`), (text) => 6 * text.length, true, 7);
  const heights = labels.filter(({ how }) => how === "led").map(({ y }) => Number(y)).sort((a, b) => a - b);
  assert.ok(heights.length > 20);
  assert.equal(labels[7].how, "led", "the own class is named before all others");
  for (let i = 1; i < heights.length; i++) assert.ok(heights[i] - heights[i - 1] > 16, `${heights}`);
  assert.ok(heights[0] > 0 && heights[heights.length - 1] < 640);
});

test("a wide sector's name is curved along its own arc", () => {
  const geometry = createGeometry(700, 640, { side: 106, top: 44 });
  const [label] = placeLabels([{ label: 0, start: 0, end: 2, countFrom: 3, countTo: 5 }], geometry, ["pear", "apple"], (text) => 6 * text.length, true, 0);
  assert.deepEqual([label.how, label.name, label.counts], ["curved", "pear, its own class", "3 → 5"]);
});

test("the centre's class has its place among the others even where none of the neighbours is of it", () => {
  const geometry = createGeometry(700, 640, { side: 106, top: 44 });
  const sectors = [{ label: 0, start: 0, end: 2, countFrom: 3, countTo: 5 }, { label: 3, start: 2, end: 6.28, countFrom: 1, countTo: 9 }];
  const labels = placeLabels(sectors, geometry, ["a", "b", "c", "d"], (text) => 6 * text.length, true, 2);
  assert.deepEqual(labels.map(({ name, counts, how, sector }) => [name, counts, how, sector.start]), [["a", "3 → 5", "curved", 0], ["c", "0 → 0", "led", 2], ["d", "1 → 9", "curved", 2]]);
});

test("a part of the sorted changes keeps whole bars, at least one, and all of them is no part", () => {
  const points = [point({ sample: 5, change: 0.5 }), point({ sample: 2, change: -1 }), point({ sample: 4, change: -1 }), point({ sample: 1, change: 0 })];
  assert.deepEqual(byChange(points).map(({ sample }) => sample), [2, 4, 1, 5]);
  assert.deepEqual([snap(0.6, 2.4, 4), snap(1.2, 1.3, 4), snap(3.9, 4, 4), snap(0.2, 3.8, 4)], [[1, 2], [1, 2], [3, 4], null]);
  assert.deepEqual([fit([2, 9], 4), fit([4, 9], 4), fit([0, 4], 4), fit(null, 4)], [[2, 4], null, null, null]);
});

test("quartiles are the smallest counts that a quarter, half and three quarters of the samples do not exceed", () => {
  const values = Uint16Array.from([0, 1, 2, 3, 4, 5, 6, 7, 9, 9, 9, 9, 0, 0, 0, 9]);
  assert.deepEqual(quartiles(values, 2, 9), [{ low: 1, median: 3, high: 5 }, { low: 0, median: 9, high: 9 }]);
});

test("thumbnails keep their distance, the nearest first", () => {
  const geometry = createGeometry(600, 600, { side: 30, top: 30 });
  const points = Array.from({ length: 2000 }, (_, sample) => point({ sample, angle: (sample * 2.399963) % 6.283, radiusTo: 0.5 + (sample % 997) / 997 }));
  const density = densityOf(points.length, geometry);
  const chosen = choosePictures(points, geometry, density);
  const places = points.filter(({ sample }) => chosen.has(sample)).map(({ angle, radiusTo }) => geometry.place(angle, geometry.along(radiusTo)));
  assert.ok(chosen.has(0) && places.length > 20 && places.length < 1000, `${places.length}`);
  for (const [i, [x, y]] of places.entries()) {
    for (const [u, v] of places.slice(i + 1)) assert.ok(Math.hypot(u - x, v - y) >= density.apart - 1e-9);
  }
});

test("a mark keeps its identity, goes the short way round, and leaves when it is gone", () => {
  const motion = createMotion();
  motion.show([point({ sample: 1, angle: 0.1 }), point({ sample: 2, angle: 3 })], new Set(), 0, 0);
  const mark = motion.marks.get(1);
  motion.show([point({ sample: 1, angle: 6.2 })], new Set(), 0, 100);
  assert.equal(motion.step(50), true);
  assert.equal(motion.marks.get(1), mark);
  assert.ok(Math.abs(Number(mark?.pose.angle)) < 0.1);
  assert.equal(motion.step(100), false);
  assert.deepEqual([...motion.marks.keys()], [1]);
});

test("a colouring puts every sample where its class, its prediction, the verdict or its value belongs", () => {
  const bundle = { manifest: { ...manifest, dataset: { samples: 4 } }, labels: Uint16Array.of(0, 0, 1, 1), predictions: Uint16Array.of(0, 1, 1, 0), confidences: Float32Array.of(0.05, 0.4, 0.8, 1) };
  const ledger = {
    stability: () => ({ value: { values: Uint16Array.of(9, 9, 9, 9, 5, 6, 7, 8, 0, 10, 5, 2) } }),
    measures: () => ({ value: null }), credibility: () => ({ value: null }), quality: () => null,
  };
  const tokens = { classes: ["#100000", "#200000"], closer: "#001000", farther: "#002000", ramp: ["#000000", "#ffffff"], rule: "#333333" };
  /** @param {string} colour */
  const by = (colour) => colourSamples(/** @type {any} */ ({ bundle, ledger, state: { colour, layer: 1, near: 10 } }), /** @type {any} */ (tokens));
  /** The colour of every sample. @param {string} name */
  const inks = (name) => Array.from(by(name).bucket, (bucket) => by(name).colours[bucket]);
  assert.deepEqual(inks("class"), ["#100000", "#100000", "#200000", "#200000"]);
  assert.deepEqual(inks("prediction"), ["#100000", "#200000", "#200000", "#100000"]);
  assert.deepEqual(inks("right"), ["#001000", "#002000", "#001000", "#002000"]);
  const ranks = (/** @type {string} */ name) => Array.from(by(name).bucket, (bucket) => by(name).bucket.filter((other) => other < bucket).length);
  assert.deepEqual(ranks("last"), [0, 3, 2, 1]);
  assert.deepEqual(ranks("kept"), [0, 1, 2, 3]);
  assert.deepEqual(ranks("confidence"), [0, 1, 2, 3]);
  assert.equal(inks("last")[1], "#ffffff");
  for (const { name } of COLOURINGS) assert.equal(by(name).bucket.length, 4, `${name} has a colour for everyone`);
  assert.equal(by("trust").complete, false);
});

test("what is in the next picture too keeps its mark and moves there, what is not fades; backwards the same way", () => {
  /** @param {[string, number][]} marks */
  const picture = (marks) => /** @type {any} */ ({ lines: [], circles: [], labels: [], marks: marks.map(([key, x]) => ({ key, sample: 1, x, y: 0, size: 10 })) });
  const [a, b] = [picture([["self", 0], ["stays", 10], ["goes", 20]]), picture([["stays", 110], ["self", 100], ["comes", 30]])];
  const motion = createStageMotion();
  motion.show(a, 0, 0);
  const { marks } = motion.shown;
  const [self, stays] = [marks.get("self"), marks.get("stays")];
  /** @param {import("../../web/story/scenes.js").Picture} to @param {number} began @param {number[]} selfAt @param {string} gone @param {string} come */
  function walk(to, began, selfAt, gone, come) {
    motion.show(to, began, 100);
    assert.equal(motion.step(began + 50), true);
    assert.ok(Math.abs(Number(marks.get("self")?.now[1]) - (selfAt[0] + selfAt[1]) / 2) < 1e-9, "half-way at half the time");
    assert.ok(Math.abs(Number(marks.get(`${gone} leaving`)?.now[0]) - 0.5) < 1e-9 && Math.abs(Number(marks.get(come)?.now[0]) - 0.5) < 1e-9);
    assert.equal(motion.step(began + 100), false);
    assert.equal(marks.get("self"), self);
    assert.equal(marks.get("stays"), stays);
    assert.equal(self?.now[1], selfAt[1]);
    assert.deepEqual([...marks.keys()], to.marks.map(({ key }) => key), "drawn in the order of the picture");
  }
  walk(b, 0, [0, 100], "goes", "comes");
  walk(a, 1000, [100, 0], "comes", "goes");
  assert.ok(KINDS.every((kind) => kind === "marks" || motion.shown[kind].size === 0));
});
