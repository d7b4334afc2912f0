/** Maps of layers: the native ones bit for bit, true to neighbours, comparable from layer to layer, kept. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { project } from "../../wasm/project.js";
import { bundleFolder, ntrace, openTestBundle, variants } from "./bundle.mjs";

/** @typedef {import("../../wasm/engine.js").Engine} Engine */

const scratch = mkdtempSync(join(tmpdir(), "ntrace-project-"));
after(() => rmSync(scratch, { recursive: true }));

/** The points that `ntrace project` writes. @param {string} name @param {...string} words */
function nativeMap(name, ...words) {
  const file = join(scratch, `${name}.npy`);
  execFileSync(ntrace, ["project", bundleFolder, "-o", file, ...words], { stdio: "pipe" });
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  return { file, points: new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length)) };
}

/** scikit-learn's trustworthiness of a map of the network's logits. @param {Engine} engine @param {number} layer @param {Float32Array} points @param {number} k */
async function trustworthiness(engine, layer, points, k) {
  const n = points.length / 2;
  const ranks = [];
  for (let sample = 0; sample < n; sample++) {
    const { index } = await engine.neighbors({ sample, layer, k: n - 1, exact: false });
    const rank = new Uint32Array(n);
    index.forEach((/** @type {number} */ other, /** @type {number} */ place) => (rank[other] = place + 1));
    ranks.push(rank);
  }
  let penalty = 0;
  for (let i = 0; i < n; i++) {
    const squared = (/** @type {number} */ j) => (points[2 * i] - points[2 * j]) ** 2 + (points[2 * i + 1] - points[2 * j + 1]) ** 2;
    const near = Array.from({ length: n }, (_, j) => j).filter((j) => j !== i).sort((a, b) => squared(a) - squared(b)).slice(0, k);
    for (const j of near) penalty += Math.max(0, ranks[i][j] - k);
  }
  return 1 - (2 / (n * k * (2 * n - 3 * k - 1))) * penalty;
}

/** How far points are from where they were, the second map being aligned by the engine already. @param {Float32Array} a @param {Float32Array} b */
const median = (a, b) => Array.from({ length: a.length / 2 }, (_, i) => Math.hypot(a[2 * i] - b[2 * i], a[2 * i + 1] - b[2 * i + 1])).sort((x, y) => x - y)[a.length >> 2];

for (const variant of variants) {
  test(`maps in the ${variant} build are the native ones, bit for bit`, async () => {
    const { engine } = await openTestBundle(variant);
    const first = nativeMap("first", "--layer", "11", "--seed", "3", "--epochs", "60");
    const map = await project(engine, { layer: 11, seed: 3, epochs: 60 });
    assert.deepEqual(map.points, first.points);
    const second = nativeMap("second", "--layer", "13", "--neighbors", "8", "--min-dist", "0.3", "--epochs", "40", "--from", first.file);
    assert.deepEqual((await project(engine, { layer: 13, neighbors: 8, minDist: 0.3, epochs: 40, from: 11 })).points, second.points);
    assert.deepEqual((await project(engine, { layer: 12, method: "pca" })).points, nativeMap("pca", "--layer", "12", "--method", "pca").points);
  });
}

test("a map of the logits keeps neighbours together, and better than principal components do", async () => {
  const { engine } = await openTestBundle("simd");
  const umap = await trustworthiness(engine, 13, (await project(engine, { layer: 13 })).points, 15);
  const pca = await trustworthiness(engine, 13, (await project(engine, { layer: 13, method: "pca" })).points, 15);
  assert.ok(umap > 0.95, `${umap}`);
  assert.ok(umap > pca + 0.05, `${umap} ${pca}`);
});

test("a map that starts from another layer's stays near it, and one that does not, does not", async () => {
  const { engine } = await openTestBundle("simd");
  const earlier = await project(engine, { layer: 12 });
  const own = await project(engine, { layer: 13, seed: 1 });
  const warm = await project(engine, { layer: 13, seed: 1, from: 12 });
  const cold = await project(engine, { layer: 13, seed: 1, from: own.points, epochs: 1 });
  assert.equal(warm.epochs, Number(own.epochs) / 2);
  assert.ok(Number(warm.moved) < 0.4, `${warm.moved}`);
  assert.ok(median(warm.points, earlier.points) < 0.5 * median(own.points, earlier.points));
  assert.ok(Number(cold.moved) < Number(warm.moved));
  assert.equal(own.moved, null);
  const trusted = await trustworthiness(engine, 13, warm.points, 15);
  assert.ok(trusted > (await trustworthiness(engine, 13, own.points, 15)) - 0.01, `${trusted}`);
});

test("a map is made once for what is asked, and each answer is a copy", async () => {
  const { engine } = await openTestBundle("simd");
  const request = { layer: 12, epochs: 30, seed: 5 };
  const first = await project(engine, request);
  const points = first.points.slice();
  first.points.fill(0);
  const second = await project(engine, request);
  assert.deepEqual(second.points, points);
  assert.equal(second.milliseconds, first.milliseconds);
  const other = await project(engine, { ...request, seed: 6 });
  assert.notDeepEqual(other.points, points);
  assert.notEqual((await project(engine, { ...request, layer: 13, from: 12 })).moved, (await project(engine, { ...request, layer: 13, from: points })).moved);
});

test("layers with equal activations share a map", async () => {
  const { engine } = await openTestBundle("simd");
  const { layers } = engine.manifest;
  const twin = layers.findIndex(({ codes }, l) => codes !== l);
  const map = await project(engine, { layer: twin, epochs: 10 });
  assert.equal(map.layer, twin);
  assert.deepEqual((await project(engine, { layer: layers[twin].codes, epochs: 10 })).points, map.points);
});

test("unfinished maps are shown on the way, and progress goes from 0 to 1", async () => {
  const { engine } = await openTestBundle("scalar");
  /** @type {import("../../wasm/ntrace.d.ts").ProjectionPreview[]} */
  const previews = [];
  /** @type {number[]} */
  const done = [];
  await project(engine, { layer: 13, epochs: 10 });
  const map = await project(engine, { layer: 13, epochs: 4000 }, { onPreview: (preview) => previews.push(preview), onProgress: (progress) => done.push(progress.done) });
  assert.ok(previews.length >= 1);
  assert.ok(previews.every(({ epoch, epochs, points }) => epoch > 0 && epoch < 4000 && epochs === 4000 && points.length === map.points.length));
  assert.deepEqual(done, done.slice().sort((a, b) => a - b));
  assert.equal(done.at(-1), 1);
});

test("a map can be cancelled, and gives its memory back", async () => {
  const { engine } = await openTestBundle("simd");
  await project(engine, { layer: 13, epochs: 5 });
  const before = engine.memory();
  for (let round = 0; round < 40; round++) {
    const control = new AbortController();
    const cancelled = project(engine, { layer: 13, epochs: 100000, seed: round }, { signal: control.signal, onProgress: () => control.abort() });
    await assert.rejects(cancelled, { code: "cancelled" });
  }
  assert.ok(engine.memory() <= before + (4 << 20));
});

test("what cannot be mapped is refused in words", async () => {
  const { engine } = await openTestBundle("simd");
  const refuse = (/** @type {any} */ request, /** @type {RegExp} */ message, code = "argument") => assert.rejects(project(engine, { layer: 13, ...request }), { code, message });
  await refuse({ layer: 14 }, /layer 14/);
  await refuse({ method: "tsne" }, /method tsne/);
  await refuse({ neighbors: 1 }, /neighbors/);
  await refuse({ neighbors: 102 }, /from 2 to 101/);
  await refuse({ epochs: 0 }, /epochs = 0/);
  await refuse({ epochs: 1.5 }, /epochs = 1.5/);
  await refuse({ seed: -1 }, /seed = -1/);
  await refuse({ minDist: 2 }, /minDist = 2/);
  await refuse({ minDist: NaN }, /minDist = NaN/);
  await refuse({ from: new Float32Array(6) }, /expected 1200 numbers/);
  await refuse({ from: new Float32Array(1200).fill(NaN) }, /sample 0 is not finite/, "value");
  await refuse({ method: "pca", from: 13 }, /only UMAP/);
});
