/** Exact graphs of all samples, stability and overlaps from them, in both builds, against queries of single samples and the native command line. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { graph, graphFor, layerGraph, prepareGraphs } from "../../wasm/graph.js";
import { holdGraphs } from "../../wasm/graph_shelf.js";
import { overlapMatrix, stability } from "../../wasm/stability.js";
import { bundleFolder, ntrace, openTestBundle, variants } from "./bundle.mjs";

/** Items of a .npy of 4-byte items. @param {string} path @param {Uint32ArrayConstructor | Float32ArrayConstructor} Type */
function readNpy(path, Type) {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  return new Type(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}

/** The graph of a layer by build/ntrace graph. @param {number} layer @param {string[]} more */
function nativeGraph(layer, ...more) {
  const folder = mkdtempSync(join(tmpdir(), "ntrace-graph-"));
  try {
    const [index, distance] = [join(folder, "index.npy"), join(folder, "distance.npy")];
    execFileSync(ntrace, ["graph", bundleFolder, "--layer", `${layer}`, "-o", index, "--distances", distance, ...more], { stdio: "pipe" });
    return { index: readNpy(index, Uint32Array), distance: readNpy(distance, Float32Array) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The graphs of all layers, as both builds are held to. @type {ReturnType<typeof nativeGraph>[]} */
const natives = [];

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
const shared = (a, b) => Array.from(a).filter((x) => Array.prototype.includes.call(b, x)).length;

/** @param {import("../../wasm/engine.js").Engine} engine @param {number} sample @param {number} layer @param {number} k @param {boolean} [exact] */
const nearest = async (engine, sample, layer, k, exact) => (await engine.neighbors({ sample, layer, k, exact })).index;

for (const variant of variants) {
  /** One engine for all of them: each graph is searched once. */
  const opened = openTestBundle(variant);

  test(`the graph of every layer in the ${variant} build is the native one, bit for bit`, async () => {
    const { engine } = await opened;
    for (const layer of engine.manifest.layers.keys()) {
      const found = await graph(engine, { layer });
      const native = (natives[layer] ??= nativeGraph(layer));
      assert.deepEqual(found.index, native.index);
      assert.deepEqual(found.distance, native.distance);
      assert.ok(found.exact);
      assert.ok(found.work.exact >= found.index.length / 2 && found.work.exact <= found.work.pairs);
    }
  });

  test(`the graph in the ${variant} build holds the neighbours that queries find`, async () => {
    const { engine } = await opened;
    for (const layer of [0, 2, 5, 13]) {
      const { index, distance } = await graph(engine, { layer, k: 30 });
      for (const sample of [0, 77, 599]) {
        const query = await engine.neighbors({ sample, layer, k: 30 });
        assert.deepEqual(index.subarray(sample * 30, sample * 30 + 30), query.index);
        query.distance.forEach((/** @type {number} */ d, /** @type {number} */ i) => assert.ok(Math.abs(d - distance[sample * 30 + i]) <= 1e-5 * query.distance[29]));
      }
    }
  });

  test(`stability in the ${variant} build counts what neighbourhoods share, for any k, reference and samples`, async () => {
    const { engine } = await opened;
    const samples = [5, 301, 42];
    for (const [k, reference] of [[100, 0], [7, 9], [100, 13]]) {
      const found = await stability(engine, { k, reference, samples });
      assert.ok(found.exact && found.recall === null);
      assert.deepEqual(Array.from(found.samples), samples);
      for (const layer of [0, 4, 10, 13]) {
        for (const [i, sample] of samples.entries()) {
          const [here, there] = await Promise.all([graph(engine, { layer, k }), graph(engine, { layer: reference, k })]);
          const [from, to] = [sample * k, sample * k + k];
          assert.equal(found.values[layer * samples.length + i], shared(here.index.subarray(from, to), there.index.subarray(from, to)));
        }
      }
    }
  });

  test(`beyond the graphs stability in the ${variant} build answers from codes, and says how well`, async () => {
    const { engine } = await opened;
    const samples = [17, 250];
    const found = await stability(engine, { k: 200, reference: 0, samples });
    assert.equal(found.exact, false);
    assert.equal(found.recall?.length, 14);
    assert.ok(found.recall?.every((share) => share > 0.8 && share <= 1 + 1e-12));
    for (const layer of [3, 13]) {
      for (const [i, sample] of samples.entries()) {
        const expected = shared(await nearest(engine, sample, layer, 200, false), await nearest(engine, sample, 0, 200, false));
        assert.equal(found.values[layer * 2 + i], expected);
      }
    }
  });

  test(`the matrix of overlaps in the ${variant} build is symmetric, k on its diagonal, and has the stabilities as a row`, async () => {
    const { engine } = await opened;
    const samples = Array.from({ length: 40 }, (_, i) => 15 * i);
    const k = 50;
    const { mean, exact } = await overlapMatrix(engine, { k, samples });
    const { values } = await stability(engine, { k, reference: 6, samples });
    assert.ok(exact);
    for (let a = 0; a < 14; a++) {
      assert.equal(mean[a * 14 + a], k);
      for (let b = 0; b < a; b++) assert.equal(mean[a * 14 + b], mean[b * 14 + a]);
      const row = values.subarray(a * 40, a * 40 + 40).reduce((sum, value) => sum + value, 0) / 40;
      assert.ok(Math.abs(mean[a * 14 + 6] - row) < 1e-9);
    }
    assert.equal(mean[9 * 14 + 10], k, "Flatten has the neighbours of the pooling before it");
    assert.ok(engine.memory() < 39 << 20, `${engine.memory()} bytes of which 3 MB are graphs, and 11 MB were rows that axes were found on`);
  });
}

test("searches for the same layer are one, and end when nobody waits any longer", async () => {
  const { engine } = await openTestBundle("simd");
  const [one, two] = await Promise.all([graphFor(engine, 7), graphFor(engine, 7)]);
  assert.equal(one, two);
  const [first, second] = [new AbortController(), new AbortController()];
  const left = assert.rejects(layerGraph(engine, 1, { signal: first.signal, onProgress: () => first.abort() }), { code: "cancelled" });
  const stays = layerGraph(engine, 1, { signal: second.signal });
  await left;
  assert.ok((await stays).graph > 0);
  const before = engine.memory();
  const alone = new AbortController();
  await assert.rejects(layerGraph(engine, 4, { signal: alone.signal, onProgress: ({ done }) => done > 0.3 && alone.abort() }), { code: "cancelled" });
  assert.ok((await layerGraph(engine, 4)).graph > 0, "a search that was cancelled can be started again");
  assert.ok(engine.memory() - before < 64 << 20);
});

test("stability and overlaps can be cancelled on the way, from graphs and on codes, and the next call answers", async () => {
  const { engine } = await openTestBundle("simd");
  const samples = Array.from({ length: 30 }, (_, i) => i);
  const before = engine.memory();
  for (const ask of [stability, overlapMatrix]) {
    for (const request of [{ k: 60, reference: 2, samples, exact: false, recall: false }, { k: 60, reference: 2 }]) {
      const control = new AbortController();
      /** @type {number[]} */
      const done = [];
      const onProgress = (/** @type {import("../../wasm/ntrace.d.ts").Progress} */ progress) => {
        if (progress.bytes !== undefined) return;
        done.push(progress.done);
        control.abort();
      };
      await assert.rejects(ask(engine, request, { signal: control.signal, onProgress }), { code: "cancelled" });
      assert.ok(done.length > 0 && done.every((share, i) => share < 1 && share >= (done[i - 1] ?? 0)), `${done}`);
    }
  }
  const { values, exact } = await stability(engine, { k: 60, reference: 2, samples: [4], exact: false, recall: false });
  assert.equal(exact, false);
  assert.equal(values[2], 60, "a layer shares all with itself");
  assert.ok(engine.memory() - before < 64 << 20);
});

test("graphs beyond the budget make room for others, but not under the call that uses them", async () => {
  const { engine } = await openTestBundle("simd");
  const { layers, dataset } = engine.manifest;
  const one = dataset.samples * (100 * 4 + 8);
  engine.graphBudget = 3.1 * one;
  const [a, b, c, d] = layers.flatMap(({ codes, size }, layer) => (codes === layer && size < 300 ? [layer] : []));
  const first = await graph(engine, { layer: a });
  const kept = [await layerGraph(engine, a), await layerGraph(engine, b), await layerGraph(engine, c)];
  assert.equal(await layerGraph(engine, a), kept[0]);
  const memory = engine.memory();
  await layerGraph(engine, d);
  assert.equal(await layerGraph(engine, a), kept[0], "what was asked for last stays");
  assert.notEqual(await layerGraph(engine, b), kept[1], "what was asked for first went");
  assert.deepEqual((await graph(engine, { layer: a })).index, first.index);
  assert.ok(engine.memory() <= memory + (1 << 20), "what is given up is used again");
  await holdGraphs(engine, async () => {
    for (const layer of [a, b, c]) await layerGraph(engine, layer);
    await assert.rejects(layerGraph(engine, d), /no room .* one more layer/);
  });
  assert.ok(await layerGraph(engine, d));
  await assert.rejects(prepareGraphs(engine, {}, {}), /at 13 layers take 4 MiB, more than are kept/);
  assert.equal((await stability(engine, { k: 20, samples: [1, 2, 3] })).exact, false);
});

test("numbers out of range are refused in words", async () => {
  const { engine } = await openTestBundle("simd");
  await assert.rejects(stability(engine, { k: 600 }), { code: "argument", message: /k = 600: expected a whole number from 1 to 599/ });
  await assert.rejects(stability(engine, { reference: 14 }), { code: "argument", message: /layer 14/ });
  await assert.rejects(stability(engine, { k: 5, samples: [600] }), { code: "argument", message: /sample 600/ });
  await assert.rejects(graph(engine, { layer: 0, k: 101 }), { code: "argument", message: /k = 101: expected a whole number from 1 to 100/ });
});
