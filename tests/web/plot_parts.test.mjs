/** What the stability plot is made of: brushes' ranges, bands, the nearest line, and the picture itself. No browser. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { QUARTILES, bandOf } from "../../web/explore/plot_bands.js";
import { dragged } from "../../web/explore/plot_brushes.js";
import { briefName, createFrame } from "../../web/explore/plot_frame.js";
import { createNearest } from "../../web/explore/plot_nearest.js";
import { heightOf, offsetOf, paint, valueAt } from "../../web/explore/plot_paint.js";
import { lehmer } from "./random.mjs";

const LAYERS = 5;

/** @param {number} samples @param {number} top @param {number} seed */
function linesAtRandom(samples, top, seed) {
  const random = lehmer(seed);
  return { values: Uint16Array.from({ length: LAYERS * samples }, () => random(top + 1)), samples: Uint32Array.from({ length: samples }, (_, i) => i), top };
}

/** @param {ReturnType<typeof linesAtRandom>} lines @param {Partial<import("../../web/explore/plot_paint.js").Scene>} [change] @returns {import("../../web/explore/plot_paint.js").Scene} */
const sceneOf = (lines, change = {}) => ({
  ...lines, layers: LAYERS, lines: lines.samples.length, mask: new Uint8Array(lines.samples.length).fill(2), least: 2, bucket: new Uint8Array(lines.samples.length),
  colours: [[200, 30, 30], [30, 30, 200]], opacities: [0.2, 1], ...change,
});

/** @param {import("../../web/explore/plot_paint.js").Scene} scene @param {number} width @param {number} height @returns {Uint8ClampedArray} */
function picture(scene, width, height, density = 1) {
  const work = paint(scene, width, height, density);
  for (let step = work.next(); ; step = work.next()) if (step.done) return step.value;
}

/** Between the two values next to the place, by its distance to them: as NumPy does and d3. @param {number[]} sorted @param {number} p */
function quantile(sorted, p) {
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}

/** Rows of a column that are drawn on. @param {Uint8ClampedArray} pixels @param {number} width @param {number} column */
const rowsOf = (pixels, width, column) => Array.from({ length: pixels.length / 4 / width }, (_, row) => row).filter((row) => pixels[4 * (row * width + column) + 3] > 0);

test("a drag makes a range of the whole numbers between its ends, either way up", () => {
  assert.deepEqual(dragged("make", null, 20.4, 40.7, 100), { low: 21, high: 40 });
  assert.deepEqual(dragged("make", null, 40.7, 20.4, 100), { low: 21, high: 40 });
  assert.deepEqual(dragged("make", null, 33.2, 33.4, 100), { low: 33, high: 33 });
  assert.deepEqual(dragged("make", null, 90, 130, 100), { low: 90, high: 100 });
});

test("a brush that is moved keeps its length up to the ends of the axis, and one that is resized turns over", () => {
  assert.deepEqual(dragged("move", { low: 20, high: 40 }, 30, 35.2, 100), { low: 25, high: 45 });
  assert.deepEqual(dragged("move", { low: 20, high: 40 }, 30, 300, 100), { low: 80, high: 100 });
  assert.deepEqual(dragged("move", { low: 20, high: 40 }, 30, -300, 100), { low: 0, high: 20 });
  assert.deepEqual(dragged("low", { low: 20, high: 40 }, 20, 30, 100), { low: 30, high: 40 });
  assert.deepEqual(dragged("low", { low: 20, high: 40 }, 20, 55, 100), { low: 40, high: 55 });
  assert.deepEqual(dragged("high", { low: 20, high: 40 }, 40, -9, 100), { low: 0, high: 20 });
});

test("median and quartiles are those of the sorted values of whoever counts, layer by layer", () => {
  for (const [samples, top] of [[1, 9], [2, 9], [3, 4], [10, 100], [101, 7], [400, 1000]]) {
    const lines = linesAtRandom(samples, top, samples);
    const mask = Uint8Array.from({ length: samples }, (_, i) => (i % 3 === 1 && samples > 3 ? 1 : 2));
    const band = bandOf(lines, mask, 2);
    const counted = lines.samples.filter((i) => mask[i] === 2);
    assert.equal(band?.lines, counted.length);
    band?.layers.forEach((found, layer) => {
      const values = Array.from(counted, (i) => lines.values[layer * samples + i]).sort((a, b) => a - b);
      assert.deepEqual(found, QUARTILES.map((p) => quantile(values, p)), `${samples} samples up to ${top}, layer ${layer}`);
    });
  }
  assert.equal(bandOf(linesAtRandom(3, 5, 1), new Uint8Array(3), 1), null);
});

test("the nearest line is the one that looking at every line finds", () => {
  const lines = linesAtRandom(500, 40, 3);
  const nearest = createNearest(lines);
  const random = lehmer(5);
  let found = 0;
  for (let trial = 0; trial < 300; trial++) {
    const [x, value] = [random(4000) / 1000, random(40000) / 1000];
    const options = { reach: 1.2, ratio: 25, isDrawn: (/** @type {number} */ line) => line % 4 !== 0 };
    const gap = Math.floor(x);
    let [best, least] = [-1, options.reach ** 2];
    for (let line = 0; line < 500; line++) {
      if (!options.isDrawn(line)) continue;
      const [from, to] = [lines.values[gap * 500 + line], lines.values[(gap + 1) * 500 + line]];
      const away = from + (x - gap) * (to - from) + offsetOf(line) - value;
      const squared = away ** 2 / (1 + ((to - from) / options.ratio) ** 2);
      if (squared < least) [best, least] = [line, squared];
    }
    assert.equal(nearest.find(x, value, options), best);
    if (best >= 0) found++;
  }
  assert.ok(found > 200, `${found} of 300 places have a line near`);
});

test("a line is drawn where its values are, from the first axis to the last", () => {
  const [width, height] = [200, 120];
  const lines = { values: Uint16Array.from([10, 40, 0, 25, 50]), samples: Uint32Array.of(0), top: 50 };
  const pixels = picture(sceneOf(lines), width, height);
  for (let column = 0; column < width; column++) {
    const at = ((column + 0.5) / width) * (LAYERS - 1);
    const gap = Math.floor(at);
    const value = lines.values[gap] + (at - gap) * (lines.values[gap + 1] - lines.values[gap]) + offsetOf(0);
    const rows = rowsOf(pixels, width, column);
    const middle = heightOf(value, 50, height) - 0.5;
    assert.ok(rows.length > 0 && rows.every((row) => Math.abs(row - middle) < 4), `column ${column}: rows ${rows}, expected near ${middle}`);
    assert.deepEqual([...pixels.slice(4 * (rows[0] * width + column), 4 * (rows[0] * width + column) + 3)], [200, 30, 30]);
  }
});

test("who is filtered out leaves no trace in the picture, and the many give a place its colour", () => {
  const lines = { values: new Uint16Array(LAYERS * 30).fill(5), samples: Uint32Array.from({ length: 30 }, (_, i) => i), top: 10 };
  const bucket = Uint8Array.from({ length: 30 }, (_, i) => Number(i % 10 === 0));
  const none = picture(sceneOf(lines, { mask: new Uint8Array(30).fill(1) }), 80, 60);
  assert.ok(none.every((value) => value === 0));
  const part = picture(sceneOf(lines, { bucket, mask: bucket.map((b) => 2 - b) }), 80, 60);
  const blue = Array.from(part.keys()).filter((i) => i % 4 === 2 && part[i] > 100);
  assert.deepEqual(blue, []);
  const same = { ...lines, samples: new Uint32Array(30) };
  const all = picture(sceneOf(same, { bucket }), 80, 60);
  const [red, , tint] = all.slice(4 * (rowsOf(all, 80, 40)[1] * 80 + 40));
  assert.ok(red > 190 && tint < 50, `27 red and 3 blue lines at one place: ${red}, ${tint}`);
});

test("a picture is the same every time, and denser where there are more lines", () => {
  const lines = linesAtRandom(300, 20, 9);
  lines.values.fill(10, 0, 200);
  const scene = sceneOf(lines);
  const pixels = picture(scene, 120, 90);
  assert.deepEqual(picture(scene, 120, 90), pixels);
  const opacity = (/** @type {number} */ row) => pixels[4 * (row * 120 + 1) + 3];
  assert.ok(opacity(Math.round(heightOf(10, 20, 90))) > opacity(Math.round(heightOf(2, 20, 90))));
});

test("heights and values go back and forth, with half a value above the top and below nothing", () => {
  for (const value of [0, 3.25, 50, 100]) assert.ok(Math.abs(valueAt(heightOf(value, 100, 240), 100, 240) - value) < 1e-9);
  assert.equal(heightOf(100.5, 100, 240), 0);
  assert.equal(heightOf(-0.5, 100, 240), 240);
});

test("axes' names lie flat where there is room, stand on edge where there is little, and lose their arguments", () => {
  const layer = (/** @type {string} */ name) => /** @type {any} */ ({ name, shape: [16, 28, 28] });
  const layers = Array.from({ length: 14 }, (_, i) => layer(i % 2 ? "MaxPool2d(2)" : "Conv2d(1,16,3)"));
  const measure = (/** @type {string} */ text, /** @type {number} */ size) => 0.6 * size * text.length;
  const frames = [1400, 760, 390].map((width) => createFrame({ width, height: 300 }, layers, 100, measure));
  assert.equal(briefName(layers[0]), "Conv2d");
  assert.deepEqual(frames.map(({ names }) => [names.angle < 0, names.shapes]), [[false, true], [true, false], [true, false]]);
  assert.ok(frames[0].height > frames[1].height);
  const many = createFrame({ width: 390, height: 300 }, Array.from({ length: 80 }, () => layer("ReLU")), 100, measure);
  assert.ok(many.names.every > 1 && many.gap * many.names.every >= 15);
});
