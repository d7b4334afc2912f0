/** What the bundle ships worked out: that it is what would be computed now, comes in small chunks, and can be left out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { measures } from "../../wasm/measures.js";
import { project } from "../../wasm/project.js";
import { stability } from "../../wasm/stability.js";
import { suggestions } from "../../wasm/suggestions.js";
import { openTestBundle, variants, withManifest } from "./bundle.mjs";

/** @typedef {import("../../wasm/ntrace.d.ts").MeasureName} MeasureName */

const ANSWERS = ["map", "measures", "credibility", "suggestions"];
/** @type {MeasureName[]} */
const NAMES = ["overlap", "lcmc", "jaccard", "rbo", "purity", "predictionPurity", "occurrence", "dimension", "credibility", "confidence"];

/** How many numbers are further apart than a tolerance. @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} tolerance */
const apart = (a, b, tolerance) => Array.from(a).filter((x, i) => Math.abs(x - b[i]) > tolerance).length;

/** The test's bundle with another manifest. @param {(manifest: any) => void} edit */
const openWith = (edit) => openTestBundle("simd", { change: withManifest(edit) });

/** @param {import("../../wasm/engine.js").Engine} engine */
const readAll = async (engine) => ({
  measures: await Promise.all([3, 10, 13].map((layer) => measures(engine, { layer, names: NAMES }))),
  maps: await Promise.all([0, 1, 10].map((layer) => project(engine, { layer }))),
  suggestions: await suggestions(engine, {}),
});

/** One engine for what is computed anew: each graph is searched once. */
const computing = openTestBundle("simd");

test("both builds read the same answers, one small chunk a layer", async () => {
  const { engine, requests } = await openTestBundle("simd");
  const before = requests.length;
  const found = await readAll(engine);
  assert.ok([...found.measures, ...found.maps, found.suggestions].every(({ shipped }) => shipped));
  assert.equal(requests.length - before, 3 + 3 + 3, "stability, credibility and suggestions besides");
  for (const variant of variants) assert.deepEqual(await readAll((await openTestBundle(variant)).engine), found);
});

test("measures that are shipped are those that are computed, to their steps", async () => {
  const { engine } = await computing;
  const { k, reference } = engine.manifest.stability;
  const shipped = await measures(engine, { layer: 13, names: NAMES });
  const live = await measures(engine, { layer: 13, k, reference, names: NAMES });
  assert.equal(live.shipped, false);
  assert.deepEqual([shipped.k, shipped.reference, shipped.samples], [k, reference, live.samples]);
  for (const name of NAMES.filter((n) => n !== "dimension")) {
    const [a, b] = [/** @type {Float32Array} */ (shipped.values[name]), /** @type {Float32Array} */ (live.values[name])];
    const step = ["rbo", "credibility", "confidence"].includes(name) ? 0.51 / 65535 : 0;
    assert.equal(apart(a, b, step), 0, name);
    assert.ok(Math.abs(Number(shipped.means[name]) - Number(live.means[name])) <= step, name);
  }
  assert.equal(shipped.hubness, live.hubness);
  /* Two-NN takes logarithms, whose last bit is another in the C library that packs than in the one that the page brings. */
  const [packed, here] = [shipped.dimension, live.dimension].map((found) => /** @type {NonNullable<typeof found>} */ (found));
  assert.deepEqual([packed.used, packed.usedOfClass], [here.used, here.usedOfClass]);
  assert.ok(Math.abs(packed.all - here.all) < 1e-12 * here.all, "dimension");
  assert.equal(apart(/** @type {any} */ (packed.classes), /** @type {any} */ (here.classes), 1e-11), 0, "dimension of the classes");
  assert.deepEqual(shipped.credibilityPredictions, live.credibilityPredictions);
});

test("maps that are shipped are those that UMAP makes from layer to layer, and as true as they say", async () => {
  const { engine } = await computing;
  const [first, second] = [await project(engine, { layer: 0 }), await project(engine, { layer: 1 })];
  assert.ok(first.moved === null && Number(second.moved) < 0.5);
  const live = await project(engine, { layer: 0, seed: 0 });
  assert.equal(live.shipped, false);
  const { step } = /** @type {{ step: number }} */ (engine.manifest.layers[0].map);
  assert.equal(apart(first.points, live.points, 0.501 * step + 1e-6), 0, "the same map, to its steps");
  for (const { neighbors, epochs, minDist, spread, seed } of [first, live]) {
    assert.deepEqual({ neighbors, epochs, minDist, spread, seed }, { neighbors: 15, epochs: 500, minDist: 0.1, spread: 1, seed: 0 });
  }
  const quality = await measures(engine, { layer: 1, map: second.points, k: second.qualityK, names: ["trustworthiness", "continuity"] });
  /* Steps of the map move a rank here and there. */
  assert.ok(apart(/** @type {any} */ (second.trustworthiness), /** @type {any} */ (quality.values.trustworthiness), 0.51 / 255 + 1e-4) <= 3);
  assert.ok(apart(/** @type {any} */ (second.continuity), /** @type {any} */ (quality.values.continuity), 0.51 / 255 + 1e-4) <= 3);
  assert.ok(Math.abs(Number(engine.manifest.layers[1].map?.trustworthiness) - Number(quality.means.trustworthiness)) < 1e-3);
});

test("suggestions that are shipped are those that are computed", async () => {
  const { engine } = await computing;
  const shipped = await suggestions(engine, {});
  const live = await suggestions(engine, { k: shipped.k });
  assert.deepEqual({ ...live, shipped: true }, shipped);
  assert.equal(live.shipped, false);
  assert.equal(shipped.suggestions.filter(({ reason }) => reason === "mostStable").length, engine.manifest.measures?.suggestions);
});

test("the stability that is shipped is that of exact graphs", async () => {
  const { engine } = await computing;
  const shipped = await stability(engine, {});
  const live = await stability(engine, { exact: true });
  assert.ok(shipped.exact && live.exact);
  assert.deepEqual(shipped.values, live.values);
});

test("measures of some samples are those of all, picked, and means are over them", async () => {
  const { engine } = await openTestBundle("simd");
  const samples = [7, 599, 42];
  const all = await measures(engine, { layer: 12 });
  const some = await measures(engine, { layer: 12, samples });
  assert.deepEqual(Array.from(/** @type {any} */ (some.values.purity)), samples.map((sample) => all.values.purity?.[sample]));
  assert.ok(Math.abs(Number(some.means.occurrence) - samples.reduce((sum, sample) => sum + Number(all.values.occurrence?.[sample]), 0) / 3) < 1e-4);
  assert.equal(some.hubness, all.hubness, "hubness is of all samples");
  assert.deepEqual(Object.keys(all.values), ["overlap", "lcmc", "jaccard", "rbo", "purity", "predictionPurity", "occurrence"]);
});

test("overlaps that are shipped with measures are the shipped stability", async () => {
  const { engine } = await openTestBundle("scalar");
  const { values } = await stability(engine, {});
  for (const layer of [0, 10, 13]) {
    const { values: found } = await measures(engine, { layer, names: ["overlap"] });
    assert.deepEqual(Array.from(/** @type {any} */ (found.overlap)), Array.from(values.subarray(layer * 600, layer * 600 + 600)));
  }
});

test("a live map starts from a shipped one", async () => {
  const { engine } = await openTestBundle("simd");
  const { points } = await project(engine, { layer: 12 });
  const other = (await openTestBundle("simd")).engine;
  const warm = await project(other, { layer: 13, from: 12, epochs: 20 });
  assert.deepEqual(warm.points, (await project(engine, { layer: 13, from: points, epochs: 20 })).points);
  assert.equal(warm.shipped, false);
});

test("a chunk of answers is fetched once, when it is asked for", async () => {
  const { engine, requests } = await openTestBundle("simd");
  const files = engine.manifest.chunks.filter(({ role }) => ANSWERS.includes(role)).map(({ file }) => file);
  assert.equal(files.length, 2 * 13 + 2);
  assert.ok(files.every((file) => !requests.includes(file)));
  await project(engine, { layer: 5 });
  await project(engine, { layer: 5 });
  await suggestions(engine, {});
  await suggestions(engine, {});
  assert.equal(requests.filter((/** @type {string} */ file) => files.includes(file)).length, 2);
});

test("a bundle of version 1, which ships no answers, computes them", async () => {
  const { engine } = await openWith((manifest) => {
    manifest.version = manifest.reader = 1;
    manifest.chunks = manifest.chunks.filter((/** @type {any} */ { role }) => !ANSWERS.includes(role));
    delete manifest.measures;
    for (const layer of manifest.layers) delete layer.map;
  });
  await assert.rejects(project(engine, { layer: 13, from: 3 }), { code: "missing", message: /no map of MaxPool2d/ });
  const map = await project(engine, { layer: 13 });
  assert.equal(map.shipped, false);
  assert.equal(map.trustworthiness, undefined);
  assert.equal((await measures(engine, { layer: 13, names: ["purity"] })).shipped, false);
  assert.equal((await measures(engine, { layer: 13, names: ["overlap"] })).shipped, true, "stability is shipped in version 1 too");
});

test("manifests that describe answers wrongly are refused in words", async () => {
  /** @param {(manifest: any, chunk: (role: string) => any) => void} edit @param {RegExp} message */
  const refused = (edit, message) =>
    assert.rejects(openWith((manifest) => edit(manifest, (role) => manifest.chunks.find((/** @type {any} */ chunk) => chunk.role === role))), { code: "format", message });
  await refused((manifest) => delete manifest.layers[0].map, /expected a layer whose map is described/);
  await refused((manifest) => (manifest.layers[2].map.step = 0), /layers\[2\]\.map\.step/);
  await refused((manifest) => (manifest.layers[2].map.k = 300), /layers\[2\]\.map\.k/);
  await refused((manifest) => (manifest.layers[2].map.moved = -1), /layers\[2\]\.map\.moved/);
  await refused((manifest) => delete manifest.measures, /expected a bundle that says how its measures were made/);
  await refused((manifest) => (manifest.measures.p = 1), /measures\.p/);
  await refused((_, chunk) => (chunk("map").raw -= 6), /rows times what one row of this role takes/);
  await refused((_, chunk) => (chunk("suggestions").raw -= 4), /expected whole suggestions/);
  await refused((_, chunk) => (chunk("measures").layer = 10), /expected a layer with codes of its own/);
  await refused((_, chunk) => (chunk("credibility").rows = 599), /expected/);
});

