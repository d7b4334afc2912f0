/** Drawings, changed samples and turnovers in both builds: the sheet against the data's own strokes, the rest against the samples and arithmetic. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { densities } from "../../wasm/densities.js";
import { explain } from "../../wasm/explain.js";
import { neighborhoods } from "../../wasm/neighborhoods.js";
import { place } from "../../wasm/place.js";
import { parting, seat } from "../../wasm/seat.js";
import { shippedMap } from "../../wasm/shipped.js";
import { draw } from "../../wasm/sheet.js";
import { ntrace, openTestBundle, readBuild, variants, withManifest } from "./bundle.mjs";

/** @typedef {import("../../wasm/ntrace.d.ts").Mark} Mark */

const [N, LAYERS, K] = [600, 14, 30];
const scratch = mkdtempSync(join(tmpdir(), "ntrace-draw-"));
after(() => rmSync(scratch, { recursive: true }));

/** @param {"simd" | "scalar"} variant @param {Parameters<typeof openTestBundle>[1]} [how] */
async function open(variant, how) {
  const { engine } = await openTestBundle(variant, how);
  engine.readBuild = readBuild;
  return engine;
}

/** The strokes that the test bundle's sketches were drawn with (see the Makefile), class after class. @param {string[]} classes @returns {Mark[][]} */
function ownStrokes(classes) {
  execFileSync(ntrace, ["sketch", "--count", `${N}`, "--seed", "1", "--strokes", "-o", scratch]);
  return classes.flatMap((name) =>
    readFileSync(join(scratch, `${name}.ndjson`), "utf8").trim().split("\n").map((line) =>
      JSON.parse(line).drawing.map((/** @type {[number[], number[]]} */ [xs, ys]) => ({ kind: "pen", points: xs.flatMap((x, i) => [x, ys[i]]) })),
    ),
  );
}

const everyone = Uint32Array.from({ length: N }, (_, i) => i);
/** @type {Mark[]} */
const line = [{ kind: "pen", points: [20, 128, 235, 128] }];

test("a drawing made of a sample's own strokes gives that sample's image to the bit, for every sample", async () => {
  const engine = await open("simd");
  const images = await engine.images({ samples: everyone });
  const strokes = ownStrokes(engine.manifest.classes);
  assert.equal(strokes.length, N);
  for (const [sample, marks] of strokes.entries()) {
    assert.deepEqual(await draw(engine, { marks }), images.slice(784 * sample, 784 * (sample + 1)), `sample ${sample}`);
  }
});

for (const variant of variants) {
  test(`a drawing made of a sample's own strokes has that sample's activations exactly in the ${variant} build`, async () => {
    const engine = await open(variant);
    const strokes = ownStrokes(engine.manifest.classes);
    for (const sample of variant === "simd" ? [3, 340, 599] : [340]) {
      const pixels = await draw(engine, { marks: strokes[sample] });
      const found = await place(engine, { pixels, k: K });
      for (let layer = 0; layer < LAYERS; layer++) assert.equal(/** @type {Float32Array} */ (found.distance)[layer * K], 0, `layer ${layer}`);
      assert.deepEqual(found.probabilities, await engine.probabilities({ sample }));
      if (variant === "scalar") continue;
      const { index } = await neighborhoods(engine, { sample, k: K });
      assert.deepEqual((await place(engine, { pixels, exclude: sample, k: K })).index, index);
    }
  });
}

test("a small drawing is fitted to the sheet, wherever it lies", async () => {
  const engine = await open("simd");
  const shape = [0, 0, 1, 0, 1, 1, 0.5, 0.25];
  const scaled = (/** @type {number} */ size, /** @type {number} */ x) => shape.map((value) => value * size + x);
  const [large, small] = [scaled(510, -20), scaled(40, 90)].map((points) => draw(engine, { marks: [{ kind: "pen", points }] }));
  const [a, b] = [await large, await small];
  assert.ok(a.some((ink) => ink === 255));
  assert.ok(a.every((ink, i) => Math.abs(ink - b[i]) <= 2), "but for the fit's rounding");
});

test("marks change a sample one after the other", async () => {
  const engine = await open("simd");
  const own = await engine.images({ samples: [9] });
  const change = (/** @type {Mark[]} */ ...marks) => draw(engine, { base: 9, marks });
  assert.deepEqual(await change(), own);
  const down = await change({ kind: "move", degrees: 0, x: 0, y: 1 });
  assert.deepEqual(down.slice(28), own.slice(0, 28 * 27));
  const rubbed = await change({ kind: "eraser", points: [0, 0, 255, 0] });
  assert.ok(rubbed.every((ink, i) => ink <= own[i]));
  assert.deepEqual(await change(...line, { kind: "move", degrees: 0, x: 0, y: 1 }), await draw(engine, { base: 9, marks: [...line, { kind: "move", degrees: 0, x: 0, y: 1 }] }));
  const noisy = await change({ kind: "noise", deviation: 20, seed: 4 });
  assert.deepEqual(noisy, await change({ kind: "noise", deviation: 20, seed: 4 }));
  assert.notDeepEqual(noisy, await change({ kind: "noise", deviation: 20, seed: 5 }));
  const thick = await change({ kind: "thicken", share: 1 });
  assert.ok(thick.every((ink, i) => ink >= own[i]) && thick.some((ink, i) => ink > own[i]));
});

test("what is no mark, and bundles of other images, are refused in words", async () => {
  const engine = await open("simd");
  const refused = (/** @type {any} */ request, /** @type {RegExp} */ message) => assert.rejects(draw(engine, request), { code: "argument", message });
  await refused({ marks: [{ kind: "pen", points: [1] }] }, /two a point/);
  await refused({ marks: [{ kind: "pen", points: [1, NaN] }] }, /coordinate = NaN/);
  await refused({ marks: [{ kind: "brush" }] }, /kind brush/);
  await refused({ marks: [{ kind: "thicken", share: 2 }] }, /share = 2/);
  await refused({ marks: [], base: N }, /base 600/);
  await refused({ marks: Array(513).fill({ kind: "pen", points: [] }) }, /513 strokes/);
  const wide = await open("simd", { change: withManifest((manifest) => (manifest.dataset.image.height = 28)) });
  /** @type {any} */ (wide.manifest.dataset.image).width = 32;
  await assert.rejects(draw(wide, { marks: [] }), { code: "argument", message: /28 x 28/ });
});

test("an unchanged sample parts nowhere, an empty sheet at a layer that is named", async () => {
  const engine = await open("simd");
  const sample = 250;
  const original = await neighborhoods(engine, { sample, k: K });
  const same = parting(engine, { original, changed: await place(engine, { pixels: await draw(engine, { base: sample, marks: [] }), exclude: sample, k: K }) });
  assert.equal(same.layer, null);
  assert.ok(same.shared.every((/** @type {number} */ count) => count === K));
  const changed = await place(engine, { pixels: await draw(engine, { base: sample, marks: [{ kind: "move", degrees: 25, x: 3, y: 0 }] }), exclude: sample, k: K });
  const found = parting(engine, { original, changed });
  for (let layer = 0; layer < LAYERS; layer++) {
    const mine = new Set(original.index.subarray(layer * K, layer * K + K));
    assert.equal(found.shared[layer], Array.from(/** @type {any} */ (changed.index).subarray(layer * K, layer * K + K)).filter((i) => mine.has(/** @type {number} */ (i))).length);
  }
  assert.equal(found.layer, found.shared.findIndex((/** @type {number} */ count) => count < K / 2));
  assert.equal(found.shared[found.least], Math.min(...found.shared));
  assert.throws(() => parting(engine, { original, changed: { ...changed, k: K - 1 } }), { code: "argument" });
});

test("what a neighbourhood kept of the layer before is counted", async () => {
  const engine = await open("simd");
  const { kept, index } = await neighborhoods(engine, { sample: 77, k: K });
  assert.equal(kept[0], K);
  for (let layer = 1; layer < LAYERS; layer++) {
    const before = new Set(index.subarray((layer - 1) * K, layer * K));
    assert.equal(kept[layer], Array.from(index.subarray(layer * K, layer * K + K)).filter((i) => before.has(i)).length);
  }
});

test("a drawing's seat on a map is a weighted mean of its neighbours' places", async () => {
  const engine = await open("simd");
  const pixels = await draw(engine, { marks: line });
  const { index, distance } = await place(engine, { pixels, k: 20, layers: [13] });
  const { points } = /** @type {any} */ (await shippedMap(engine, 13, {}));
  const near = Array.from(/** @type {Uint32Array} */ (index)).slice(0, 14);
  const at = await seat(engine, { layer: 13, index: Array.from(/** @type {any} */ (index)), distance: Array.from(/** @type {any} */ (distance)) });
  for (const [axis, value] of [at.x, at.y].entries()) {
    const places = near.map((sample) => points[2 * sample + axis]);
    assert.ok(value >= Math.min(...places) && value <= Math.max(...places));
  }
  const alone = await seat(engine, { layer: 13, index: [5], distance: [1] });
  assert.deepEqual([alone.x, alone.y], [points[10], points[11]]);
  await assert.rejects(seat(engine, { layer: 13, index: [], distance: [] }), { code: "argument" });
});

test("densities around a sample's image are those around the sample, itself counted in", async () => {
  const engine = await open("simd");
  const sample = 123;
  const [pixels, label] = [await engine.images({ samples: [sample] }), engine.samples().labels[sample]];
  const [own, outside] = [await densities(engine, { sample, layer: 9 }), await densities(engine, { pixels, layer: 9 })];
  assert.deepEqual([outside.sample, outside.exact, outside.nearest[label][0]], [null, true, { sample, distance: 0 }]);
  for (let c = 0; c < own.count.length; c++) {
    assert.equal(outside.count[c], own.count[c] + (c === label ? 1 : 0));
    assert.deepEqual(outside.farthest[c], own.farthest[c]);
  }
  await assert.rejects(densities(engine, { pixels: new Uint8Array(3), layer: 9 }), { code: "argument" });
});

for (const variant of variants) {
  test(`a turnover's channels add up to what the ${variant} build explains`, async () => {
    const engine = await open(variant);
    const { index } = await neighborhoods(engine, { sample: 77, k: K, layers: [6, 7] });
    const [before, after] = [Array.from(index.subarray(0, K)), Array.from(index.subarray(K))];
    const [left, arrived] = [before.filter((i) => !after.includes(i)), after.filter((i) => !before.includes(i))];
    assert.ok(left.length > 0);
    const found = await explain(engine, { method: "layerGradient", sample: 77, layer: 7, left, arrived });
    const { shape, size } = engine.manifest.layers[7];
    assert.deepEqual([found.moves.length, found.activation.length], [shape[0], size]);
    assert.ok(Math.abs(found.moves.reduce((sum, move) => sum + move, 0) - found.value) <= 1e-4 * Math.abs(found.value));
    assert.ok(found.max > 0 || found.min < 0);
    await assert.rejects(explain(engine, { method: "layerGradient", sample: 77, layer: 7, left: [N] }), { code: "argument" });
    await assert.rejects(explain(engine, { method: "layerGradient", sample: 77, layer: 7, left, other: 3 }), { code: "argument" });
  });
}
