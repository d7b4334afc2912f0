/** What the engine answers on a bundle, in both builds, against the native command line and against itself. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { stability as answerStability } from "../../wasm/stability.js";
import { unpackTrace } from "../../wasm/trace_layout.js";
import { bundleFolder, ntrace, openTestBundle, variants } from "./bundle.mjs";

/** Neighbours by build/ntrace query. @param {number} sample @param {number} layer @param {number} k @param {string[]} flags */
function nativeNeighbors(sample, layer, k, ...flags) {
  const place = ["--sample", `${sample}`, "--layer", `${layer}`, "-k", `${k}`];
  const rows = execFileSync(ntrace, ["query", bundleFolder, ...place, ...flags], { encoding: "utf8" }).trim().split("\n");
  const columns = rows.map((row) => row.split("\t"));
  return { index: columns.map((row) => Number(row[1])), distance: columns.map((row) => Math.fround(Number(row[2]))), label: columns.map((row) => row[3]) };
}

/** @param {import("../../wasm/engine.js").Engine} engine */
function opening(engine) {
  const { sample, from, to } = engine.manifest.opening;
  return { sample, from, to, k: 50 };
}

for (const variant of variants) {
  test(`neighbours in the ${variant} build are the native ones, bit for bit, at every layer`, async () => {
    const { engine } = await openTestBundle(variant);
    const { labels } = engine.samples();
    const { classes, dataset, layers } = engine.manifest;
    for (let layer = 0; layer < layers.length; layer++) {
      const sample = (layer * 61) % dataset.samples;
      for (const exact of [true, false]) {
        const native = nativeNeighbors(sample, layer, 40, ...(exact ? [] : ["--codes"]));
        const found = await engine.neighbors({ sample, layer, k: 40, exact });
        assert.equal(found.exact, exact);
        assert.deepEqual(Array.from(found.index), native.index);
        assert.deepEqual(Array.from(found.distance), native.distance);
        assert.deepEqual(native.label, native.index.map((i) => classes[labels[i]]));
      }
    }
  });

  test(`a trace in the ${variant} build holds the neighbours of both layers and is consistent in itself`, async () => {
    const { engine } = await openTestBundle(variant);
    const request = opening(engine);
    const trace = unpackTrace(await engine.trace(request));
    const from = await engine.neighbors({ sample: request.sample, layer: request.from, k: request.k });
    const to = await engine.neighbors({ sample: request.sample, layer: request.to, k: request.k });
    const members = trace.points.map((point) => point.sample).sort((a, b) => a - b);
    assert.deepEqual(members, [...new Set([...from.index, ...to.index])].sort((a, b) => a - b));
    assert.equal(trace.overlap, 2 * request.k - members.length);
    assert.equal(trace.exact, true);
    const { labels } = engine.samples();
    for (const point of trace.points) {
      assert.equal(point.label, labels[point.sample]);
      assert.equal(point.inFrom, from.index.includes(point.sample));
      assert.equal(point.inTo, to.index.includes(point.sample));
      if (point.inTo) assert.equal(to.index[point.rankTo], point.sample);
      if (point.inFrom) assert.equal(from.distance[point.rankFrom], point.distanceFrom);
      const sector = trace.sectors.find(({ label }) => label === point.label);
      assert.ok(sector && point.angle >= sector.start && point.angle <= sector.end);
    }
    assert.equal(trace.sectors.reduce((sum, { countTo }) => sum + countTo, 0), request.k);
    assert.equal(trace.points.filter(({ change }) => change < 0).length, trace.closer);
  });

  test(`a trace in the ${variant} build is answered from codes first, then exactly`, async () => {
    const { engine, requests } = await openTestBundle(variant);
    const request = opening(engine);
    /** @type {any[]} */
    const previews = [];
    const weights = /** @type {any} */ (engine.manifest.chunks.find(({ role }) => role === "weights")).file;
    const exact = await engine.trace(request, {
      onPreview(preview) {
        assert.equal(requests.includes(weights), false);
        previews.push(preview);
      },
    });
    assert.equal(previews.length, 1);
    assert.equal(previews[0].head.exact, false);
    assert.equal(exact.head.exact, true);
    assert.ok(exact.head.milliseconds > previews[0].head.milliseconds);
    assert.deepEqual((await engine.trace({ ...request, exact: false })).points, previews[0].points);
  });

  test(`probabilities in the ${variant} build agree with the packed predictions`, async () => {
    const { engine } = await openTestBundle(variant);
    const { predictions, confidences } = engine.samples();
    for (const sample of [0, 17, engine.manifest.dataset.samples - 1]) {
      const probability = Array.from(await engine.probabilities({ sample }));
      assert.equal(probability.length, engine.manifest.classes.length);
      assert.ok(Math.abs(probability.reduce((a, b) => a + b) - 1) < 1e-6);
      assert.equal(probability[predictions[sample]], Math.max(...probability));
      assert.ok(Math.abs(probability[predictions[sample]] - confidences[sample]) < 1e-6);
    }
  });

  test(`stability in the ${variant} build is the overlap of neighbourhoods on the reference layer`, async () => {
    const { engine } = await openTestBundle(variant);
    const { stability: { reference, k }, dataset, layers } = engine.manifest;
    const { values: stability, exact } = await answerStability(engine, {});
    assert.equal(exact, true, "packing certifies the neighbours of so few samples");
    assert.equal(stability.length, layers.length * dataset.samples);
    for (const [sample, layer] of [[3, 5], [100, layers.length - 1], [41, reference]]) {
      const here = await engine.neighbors({ sample, layer, k });
      const there = await engine.neighbors({ sample, layer: reference, k });
      const shared = Array.from(here.index).filter((i) => there.index.includes(i)).length;
      assert.equal(stability[layer * dataset.samples + sample], shared);
    }
  });
}

test("both builds give the same trace, byte for byte", async () => {
  const [simd, scalar] = await Promise.all(variants.map(async (variant) => (await openTestBundle(variant)).engine));
  for (const sample of [1, 50, 200]) {
    const request = { sample, from: 1, to: 7, k: 30 };
    const [a, b] = [await simd.trace(request), await scalar.trace(request)];
    assert.deepEqual(a.points, b.points);
    assert.deepEqual(a.sectors, b.sectors);
  }
});

test("the images of the first view come in its own small chunk, and equal the others", async () => {
  const first = await openTestBundle("simd");
  const other = await openTestBundle("simd");
  const { manifest } = first.engine;
  const small = await first.engine.images({ samples: [manifest.opening.sample] });
  const roles = first.requests.map((/** @type {string} */ file) => manifest.chunks.find((chunk) => chunk.file === file)?.role);
  assert.ok(roles.includes("opening") && !roles.includes("images"));
  await other.engine.images({ samples: Array.from({ length: manifest.dataset.samples }, (_, i) => i).filter((i) => i !== manifest.opening.sample) });
  assert.deepEqual(await other.engine.images({ samples: [manifest.opening.sample] }), small);
});

test("the first view needs no other images than those in its chunk", async () => {
  const { engine, requests } = await openTestBundle("simd");
  const trace = unpackTrace(await engine.trace(engine.manifest.opening));
  await engine.images({ samples: [trace.sample, ...trace.points.map(({ sample }) => sample)] });
  const images = engine.manifest.chunks.filter(({ role }) => role === "images").map(({ file }) => file);
  assert.deepEqual(requests.filter((/** @type {string} */ file) => images.includes(file)), []);
});

test("no file is fetched twice", async () => {
  const { engine, requests } = await openTestBundle("simd");
  const request = { sample: 5, from: 0, to: 13, k: 20 };
  await Promise.all([engine.trace(request), engine.trace({ ...request, sample: 9 }), engine.neighbors({ sample: 7, layer: 0, k: 5 })]);
  await engine.trace(request);
  assert.deepEqual([...new Set(requests)], requests);
});

test("a closed bundle gives its memory back", async () => {
  const { engine } = await openTestBundle("simd");
  const { core } = engine;
  await engine.trace(opening(engine));
  engine.close();
  const before = core.memory.buffer.byteLength;
  core.borrow((take) => take(before >> 1));
  assert.equal(core.memory.buffer.byteLength, before);
});
