/** Several models in one bundle, asked by name and compared: against graphs of each, and against the bundle's own figures. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";

import { compare } from "../../wasm/compare.js";
import { openEngine } from "../../wasm/engine.js";
import { createFileSource } from "../../wasm/files.js";
import { graph } from "../../wasm/graph.js";
import { stability } from "../../wasm/stability.js";
import { bundleFolder, folderFetch, modelsFolder, sourceOf, startCore } from "./bundle.mjs";

/** @typedef {import("../../wasm/engine.js").Engine} Engine */

const N = 180;
const K = 20;
/** @type {Engine} */
let trained;
/** @type {Engine} */
let untrained;

const openModel = async (/** @type {string} */ folder, /** @type {string | undefined} */ model) => openEngine(await startCore("simd"), sourceOf(folderFetch(folder)), { model });

before(async () => {
  trained = await openModel(modelsFolder, undefined);
  untrained = await trained.of("untrained");
});

/** Mean of neighbours in common, counted from two lists of k neighbours a sample. @param {Uint32Array} one @param {Uint32Array} other @param {number[]} samples */
function common(one, other, samples) {
  let sum = 0;
  for (const sample of samples) {
    const near = new Set(one.subarray(sample * K, sample * K + K));
    sum += other.subarray(sample * K, sample * K + K).filter((neighbor) => near.has(neighbor)).length;
  }
  return sum / samples.length;
}

test("the first model is opened where none is asked for, others by name, each once", async () => {
  assert.equal(trained.model, "trained");
  assert.deepEqual(trained.models.models.map(({ name }) => name), ["untrained", "after epoch 1", "trained", "planes"]);
  assert.equal(await trained.of("untrained"), untrained);
  assert.equal(await trained.of("trained"), trained);
  assert.equal(await trained.of(), trained);
  assert.equal((await openModel(modelsFolder, "planes")).manifest.layers.length, 2);
  assert.deepEqual([...untrained.samples().labels], [...trained.samples().labels]);
});

test("a name that there is not is refused, with those that there are", async () => {
  await assert.rejects(openModel(modelsFolder, "nobody"), { code: "argument", message: /no model named nobody .* untrained, after epoch 1, trained, planes/ });
  await assert.rejects(openModel(bundleFolder, "nobody"), { code: "argument", message: /one model without a name/ });
  await assert.rejects(trained.of("nobody"), { code: "argument" });
});

test("two models are compared exactly, as the graphs of both have it, for all samples and for some", async () => {
  const layers = [0, 6, 13];
  const [one, other] = await Promise.all([trained, untrained].map(async (engine) => Promise.all(layers.map(async (layer) => (await graph(engine, { layer, k: K })).index))));
  for (const samples of [undefined, [5, 17, 99, 179]]) {
    const found = await compare(trained, untrained, { k: K, samples });
    assert.equal(found.exact, true);
    assert.equal(found.samples, samples?.length ?? N);
    assert.equal(found.mean.length, 14 * 14);
    const whose = samples ?? Array.from({ length: N }, (_, i) => i);
    layers.forEach((a, i) => layers.forEach((b, j) => assert.ok(Math.abs(found.mean[a * 14 + b] - common(one[i], other[j], whose)) < 1e-9, `${a}, ${b}`)));
    assert.equal(found.mean[10 * 14 + 3], found.mean[9 * 14 + 3], "Flatten shares the neighbours of the layer before");
  }
});

test("a model compared with itself has the diagonal k, and the matrix turned over with the sides changed", async () => {
  const [there, back, itself] = await Promise.all([compare(trained, untrained, { k: K }), compare(untrained, trained, { k: K }), compare(trained, trained, { k: K })]);
  for (let a = 0; a < 14; a++) {
    assert.equal(itself.mean[15 * a], K);
    for (let b = 0; b < 14; b++) assert.equal(there.mean[14 * a + b], back.mean[14 * b + a]);
  }
});

test("against a model without a network the comparison is on codes, of as many layers as that has", async () => {
  const planes = await trained.of("planes");
  const found = await compare(trained, planes, { k: K });
  assert.equal(found.exact, false);
  assert.deepEqual(found.layers.map(({ name }) => name), ["Input", "head"]);
  assert.equal(found.mean.length, 28);
  assert.ok(found.mean[27] > found.mean[26], "the plane of the output has more in common with the output than that of the input");
});

test("another model's stability is its own", async () => {
  const own = await openModel(modelsFolder, "untrained");
  const [asked, opened] = await Promise.all([stability(untrained, {}), stability(own, {})]);
  assert.deepEqual(asked.values, opened.values);
  assert.notDeepEqual(asked.values, (await stability(trained, {})).values);
});

test("what cannot be compared is refused in words", async () => {
  await assert.rejects(compare(trained, untrained, { k: N }), { code: "argument", message: /from 1 to 179/ });
  await assert.rejects(compare(trained, untrained, { samples: [N] }), { code: "argument", message: /sample 180/ });
  const other = await openModel(bundleFolder, undefined);
  await assert.rejects(compare(trained, other, { k: K }), { code: "shape", message: /different samples/ });
});

test("lists of models that are wrong are refused", async () => {
  const { manifest } = JSON.parse(await readFile(join(modelsFolder, "current.json"), "utf8"));
  const other = `m.${"a".repeat(64)}.json`;
  for (const [models, words] of /** @type {[unknown, RegExp][]} */ ([
    [[], /lists its models wrongly/], [{}, /lists its models wrongly/], [[{ name: "", manifest }], /lists its models wrongly/],
    [[{ name: "a", manifest: other }], /lists its models wrongly/], [[{ name: "a", manifest }, { name: "a", manifest }], /lists its models wrongly/],
    [[{ name: "a", manifest }, { name: "b", manifest: "../x.json" }], /lists its models wrongly/], [Array.from({ length: 65 }, (_, i) => ({ name: `n${i}`, manifest })), /lists its models wrongly/],
  ])) {
    const fetch = folderFetch(modelsFolder, (path, bytes) => (path === "current.json" ? JSON.stringify({ manifest, models }) : bytes));
    await assert.rejects(openEngine(await startCore("simd"), sourceOf(fetch)), { code: "format", message: words });
  }
});

test("a bundle is opened from files as from an address; a file that is missing or too long is named", async () => {
  const fetch = folderFetch(bundleFolder);
  const opened = await openEngine(await startCore("simd"), sourceOf(fetch));
  /** @type {Map<string, Blob>} */
  const files = new Map();
  for (const path of ["current.json", opened.models.first.manifest, ...opened.manifest.chunks.map(({ file }) => file)]) files.set(path, new Blob([await readFile(join(bundleFolder, path))]));
  const fromFiles = await openEngine(await startCore("simd"), createFileSource(files));
  const request = { sample: 3, layer: 13, k: 10 };
  assert.deepEqual(await fromFiles.neighbors(request), await opened.neighbors(request));
  const codes = opened.manifest.chunks.filter(({ role, layer }) => role === "codes" && layer === 5)[0].file;
  const without = new Map(files);
  without.delete(codes);
  const lacking = await openEngine(await startCore("simd"), createFileSource(without));
  await assert.rejects(lacking.neighbors({ ...request, layer: 5 }), { code: "missing", message: new RegExp(codes) });
  without.set(codes, new Blob([await readFile(join(bundleFolder, codes)), "x"]));
  await assert.rejects(lacking.neighbors({ ...request, layer: 5 }), { code: "damaged", message: new RegExp(codes) });
  without.delete("current.json");
  await assert.rejects(openEngine(await startCore("simd"), createFileSource(without)), { code: "missing", message: /current.json/ });
});
