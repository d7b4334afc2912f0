/** Neighbourhoods at all layers and images from outside, in both builds: against brute force, the native command line and the samples themselves. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { neighborhoods } from "../../wasm/neighborhoods.js";
import { place, placeTrace, preparePlace, releasePlace } from "../../wasm/place.js";
import { unpackTrace } from "../../wasm/trace_layout.js";
import { bundleFolder, ntrace, openTestBundle, variants, withManifest } from "./bundle.mjs";

/** @typedef {import("../../wasm/engine.js").Engine} Engine */

const [N, LAYERS, K] = [600, 14, 40];

/** Neighbours by build/ntrace query. @param {number} sample @param {number} layer @param {string[]} flags */
function nativeNeighbors(sample, layer, ...flags) {
  const words = ["query", bundleFolder, "--sample", `${sample}`, "--layer", `${layer}`, "-k", `${K}`, ...flags];
  const rows = execFileSync(ntrace, words, { encoding: "utf8" }).trim().split("\n").map((row) => row.split("\t"));
  return { index: rows.map((row) => Number(row[1])), distance: rows.map((row) => Math.fround(Number(row[2]))) };
}

/** Squared distances from samples to all at a layer, summed in float64. @param {Engine} engine @param {number[]} samples @param {number} layer */
async function bruteForce(engine, samples, layer) {
  const { core, handle, manifest } = engine;
  const { size } = manifest.layers[layer];
  await Promise.all([engine.needImages(Array.from({ length: N }, (_, i) => i), {}), engine.need("weights", 0, "weights", {})]);
  return core.borrow((take) => {
    const at = take(4 * N * size);
    for (let row = 0; row < N; row += 30) core.attempt("nt_bundle_activations", at + 4 * row * size, handle, layer, row, 30);
    const x = new Float32Array(core.memory.buffer, at, N * size);
    return samples.map((sample) =>
      Float64Array.from({ length: N }, (_, i) => {
        let sum = 0;
        for (let j = 0; j < size; j++) sum += (x[sample * size + j] - x[i * size + j]) ** 2;
        return sum;
      }),
    );
  });
}

/** One layer's part of an answer. @param {{ index: Uint32Array | null, distance: Float32Array | null }} found @param {number} at */
const part = ({ index, distance }, at, k = K) => ({
  index: Array.from(/** @type {any} */ (index).subarray(at * k, at * k + k)), distance: Array.from(/** @type {any} */ (distance).subarray(at * k, at * k + k)),
});

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
const shared = (a, b) => Array.from(a).filter((x) => Array.prototype.includes.call(b, x)).length;

/** What does not hang on the clock. @template {{ milliseconds: number }} T @param {T} answer @returns {Omit<T, "milliseconds">} */
const timeless = ({ milliseconds, ...rest }) => rest;

/** A sample's image, moved down a row. @param {Engine} engine @param {number} sample */
async function movedImage(engine, sample) {
  const image = await engine.images({ samples: [sample] });
  image.copyWithin(28, 0, 28 * 27);
  image.fill(0, 0, 28);
  return image;
}

for (const variant of variants) {
  test(`neighbourhoods at all layers in the ${variant} build are those of brute force`, async () => {
    const { engine } = await openTestBundle(variant);
    let [missed, asked] = [0, 0];
    const samples = [3, 411];
    const squares = [];
    for (let layer = 0; layer < LAYERS; layer++) squares.push(await bruteForce(engine, samples, layer));
    for (const [at, sample] of samples.entries()) {
      const [all, promising] = [await neighborhoods(engine, { sample, k: K, exact: "all" }), await neighborhoods(engine, { sample, k: K })];
      assert.deepEqual(all.layers, Array.from({ length: LAYERS }, (_, layer) => layer));
      for (let layer = 0; layer < LAYERS; layer++) {
        const square = squares[layer][at];
        const order = Array.from({ length: N }, (_, i) => i).filter((i) => i !== sample).sort((a, b) => square[a] - square[b]);
        const { index, distance } = part(all, layer);
        index.forEach((/** @type {number} */ neighbor, /** @type {number} */ rank) => {
          const [found, expected] = [Math.sqrt(square[neighbor]), Math.sqrt(square[order[rank]])];
          assert.ok(Math.abs(found - expected) <= 1e-6 * expected, `layer ${layer}, rank ${rank}`);
          assert.ok(Math.abs(distance[rank] - expected) <= 1e-6 * expected);
        });
        assert.equal(new Set(index).size, K);
        missed += K - shared(part(promising, layer).index, index);
        asked += K;
        assert.equal(all.overlap[layer], shared(index, part(all, 0).index));
      }
      assert.equal(all.overlap[0], K);
    }
    assert.ok(missed <= 0.001 * asked, `${missed} of ${asked}`);
  });

  test(`neighbourhoods in the ${variant} build are the native ones, bit for bit, on codes and exact`, async () => {
    const { engine } = await openTestBundle(variant);
    const sample = 222;
    /** @type {import("../../wasm/ntrace.d.ts").Neighborhoods[]} */
    const previews = [];
    const exact = await neighborhoods(engine, { sample, k: K, exact: "all" }, { onPreview: (preview) => previews.push(preview) });
    const onCodes = await neighborhoods(engine, { sample, k: K, exact: false });
    assert.deepEqual([exact.exact, onCodes.exact, previews.length], [true, false, 1]);
    assert.deepEqual(timeless(previews[0]), timeless(onCodes));
    for (const layer of [0, 2, 4, 9, 11, 13]) {
      assert.deepEqual(part(exact, layer), nativeNeighbors(sample, layer));
      assert.deepEqual(part(onCodes, layer), nativeNeighbors(sample, layer, "--codes"));
    }
    const some = await neighborhoods(engine, { sample, k: K, layers: [13, 4], reference: 4, exact: "all" });
    assert.deepEqual([part(some, 0), part(some, 1)], [part(exact, 13), part(exact, 4)]);
    assert.deepEqual(Array.from(some.overlap), [shared(part(exact, 13).index, part(exact, 4).index), K]);
  });

  test(`a sample's image in the ${variant} build has the sample's own answers`, async () => {
    const { engine } = await openTestBundle(variant);
    const { predictions } = engine.samples();
    const sample = 345;
    const pixels = await engine.images({ samples: [sample] });
    for (const exact of /** @type {const} */ (["all", false])) {
      const placed = await place(engine, { pixels, exclude: sample, k: K, exact });
      const own = await neighborhoods(engine, { sample, k: K, exact });
      const { index, distance, overlap } = placed;
      if (exact === "all") assert.deepEqual({ index, distance, overlap }, { index: own.index, distance: own.distance, overlap: own.overlap });
      else assert.ok(shared(part(placed, 13).index, part(own, 13).index) >= 0.9 * K);
      assert.equal(placed.class, predictions[sample]);
      assert.deepEqual(placed.probabilities, await engine.probabilities({ sample }));
      assert.equal(placed.logits.length, 15);
    }
    const itself = await place(engine, { pixels, k: K, exact: "all" });
    for (let layer = 0; layer < LAYERS; layer++) {
      const { index, distance } = part(itself, layer);
      assert.equal(distance[0], 0);
      assert.ok(index.slice(0, 3).includes(sample));
    }
  });

  test(`the trace of a sample's image in the ${variant} build is the sample's`, async () => {
    const { engine } = await openTestBundle(variant);
    const [sample, from, to] = [120, 3, 12];
    const pixels = await engine.images({ samples: [sample] });
    /** @type {any[]} */
    const previews = [];
    const placed = /** @type {any} */ (unpackTrace(await placeTrace(engine, { pixels, exclude: sample, from, to, k: K }, { onPreview: (preview) => previews.push(unpackTrace(preview)) })));
    const own = unpackTrace(await engine.trace({ sample, from, to, k: K }));
    assert.equal(placed.sample, null);
    assert.equal(placed.class, engine.samples().predictions[sample]);
    assert.deepEqual([placed.from, placed.to, placed.k, placed.exact], [from, to, K, true]);
    const members = (/** @type {any} */ { points }, /** @type {string} */ at) => points.filter((/** @type {any} */ point) => point[at]).map((/** @type {any} */ point) => point.sample).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
    for (const at of ["inFrom", "inTo"]) assert.deepEqual(members(placed, at), members(own, at));
    assert.deepEqual([placed.overlap, placed.closer, placed.farther], [own.overlap, own.closer, own.farther]);
    assert.ok(previews.length === 1 && !previews[0].exact && shared(members(previews[0], "inTo"), members(own, "inTo")) >= 0.8 * K);
  });
}

test("both builds place an image from outside alike, bit for bit", async () => {
  const [simd, scalar] = await Promise.all(variants.map(async (variant) => (await openTestBundle(variant)).engine));
  const pixels = await movedImage(simd, 77);
  for (const exact of /** @type {const} */ ([false, true, "all"])) {
    const [a, b] = [await place(simd, { pixels, k: 25, exact }), await place(scalar, { pixels, k: 25, exact })];
    assert.deepEqual(timeless(a), timeless(b));
  }
  const ask = { pixels, from: 0, to: 13, k: 25 };
  assert.deepEqual(timeless(unpackTrace(await placeTrace(simd, ask))), timeless(unpackTrace(await placeTrace(scalar, ask))));
});

test("what the network says of an image comes at once, then neighbours from codes, then exact ones", async () => {
  const { engine } = await openTestBundle("simd");
  const pixels = await movedImage(engine, 500);
  /** @type {import("../../wasm/ntrace.d.ts").Placed[]} */
  const previews = [];
  const first = await place(engine, { pixels, k: K, layers: [13, 0] }, { onPreview: (preview) => previews.push(preview) });
  assert.deepEqual(previews.map(({ exact, index }) => [exact, index !== null]), [[false, false], [false, true]]);
  assert.ok(previews.every(({ logits }) => logits.length === 15));
  assert.deepEqual(previews[0].logits, first.logits);
  const all = await place(engine, { pixels, k: K, layers: [13, 0], exact: "all" });
  for (const at of [0, 1]) {
    assert.ok(shared(part(first, at).index, part(all, at).index) >= K - 1);
    assert.ok(shared(part(previews[1], at).index, part(all, at).index) >= 0.8 * K);
  }
});

test("axes are found once for the layers asked for, shared, and given back", async () => {
  const { engine } = await openTestBundle("simd");
  const two = await preparePlace(engine, { layers: [0, 13] });
  assert.deepEqual(two.layers, [0, 13]);
  assert.deepEqual(await preparePlace(engine, { layers: [13] }), two, "nothing is done twice");
  const more = await preparePlace(engine, { layers: [12] });
  assert.deepEqual([...more.layers].sort((a, b) => a - b), [0, 12, 13]);
  assert.ok(more.bytes > two.bytes && more.milliseconds > 0);
  await preparePlace(engine);
  releasePlace(engine);
  await preparePlace(engine);
  releasePlace(engine);
  const memory = engine.memory();
  for (let round = 0; round < 4; round++) {
    await preparePlace(engine);
    releasePlace(engine);
  }
  assert.equal(engine.memory(), memory, "what was released is used again");
  const [one, other] = await Promise.all([preparePlace(engine, { layers: [13] }), preparePlace(engine, { layers: [13] })]);
  assert.deepEqual(one, other, "who waits shares the work");
});

test("neighbourhoods and placing can be cancelled on the way, and the next call answers", async () => {
  const { engine } = await openTestBundle("simd");
  const pixels = await movedImage(engine, 9);
  /** @param {(options: any) => Promise<unknown>} call @param {RegExp} label */
  const cancelAt = async (call, label) => {
    const control = new AbortController();
    let seen = false;
    const onProgress = (/** @type {any} */ progress) => {
      if (label.test(progress.label)) {
        seen = true;
        control.abort();
      }
    };
    await assert.rejects(call({ signal: control.signal, onProgress }), { code: "cancelled" });
    assert.ok(seen, String(label));
  };
  await cancelAt((options) => neighborhoods(engine, { sample: 1, k: K, exact: "all" }, options), /ranking/);
  await cancelAt((options) => preparePlace(engine, {}, options), /finding the axes/);
  await cancelAt((options) => place(engine, { pixels, k: K }, options), /finding the axes/);
  await cancelAt((options) => place(engine, { pixels, k: K, exact: "all" }, options), /ranking/);
  await cancelAt((options) => placeTrace(engine, { pixels, from: 0, to: 13, k: K, exact: "all" }, options), /ranking/);
  const memory = engine.memory();
  for (let round = 0; round < 20; round++) await cancelAt((options) => neighborhoods(engine, { sample: round, k: K, exact: "all" }, options), /ranking/);
  assert.ok(engine.memory() <= memory + (1 << 20), "what was cancelled gives its memory back");
  assert.equal((await neighborhoods(engine, { sample: 1, k: K })).exact, true);
  assert.equal((await place(engine, { pixels, k: K })).exact, true);
  await assert.rejects(place(engine, { pixels, k: K }, { signal: AbortSignal.abort() }), { code: "cancelled" });
});

test("what cannot be placed is refused in words", async () => {
  const { engine } = await openTestBundle("simd");
  const pixels = new Uint8Array(784);
  /** @param {Promise<unknown>} call @param {RegExp} message */
  const refused = (call, message, code = "argument") => assert.rejects(call, { code, message });
  await refused(place(engine, { pixels: new Uint8Array(783), k: 5 }), /expected 28 x 28 x 1 bytes, found 783/);
  await refused(place(engine, /** @type {any} */ ({ pixels: Array(784).fill(0), k: 5 })), /expected a Uint8Array/);
  await refused(place(engine, { pixels, k: 5, exclude: 600 }), /exclude 600: expected a whole number from 0 to 599/);
  await refused(place(engine, { pixels, k: 0 }), /k = 0: expected a whole number from 1 to 600/);
  await refused(place(engine, { pixels, k: 600, exclude: 3 }), /k = 600: expected a whole number from 1 to 599/);
  await refused(place(engine, { pixels, k: 5, layers: [] }), /expected at least one, none of them twice/);
  await refused(place(engine, { pixels, k: 5, layers: [1, 1] }), /none of them twice/);
  await refused(place(engine, { pixels, k: 5, layers: [14] }), /layer 14/);
  await refused(place(engine, { pixels, k: 5, layers: [3], reference: 4 }), /reference 4: expected one of the layers 3/);
  await refused(place(engine, /** @type {any} */ ({ pixels, k: 5, exact: "most" })), /exact: most/);
  await refused(placeTrace(engine, { pixels, from: 0, to: 14, k: 5 }), /layer 14/);
  await refused(neighborhoods(engine, { sample: 600, k: 5 }), /sample 600/);
  await refused(neighborhoods(engine, { sample: 0, k: 600 }), /k = 600: expected a whole number from 1 to 599/);
  await refused(preparePlace(engine, { layers: [-1] }), /layer -1/);
});

test("without a network neighbourhoods come from codes, and images cannot be placed", async () => {
  const { engine } = await openTestBundle("simd", { change: withManifest((manifest) => (manifest.chunks = manifest.chunks.filter((/** @type {any} */ { role }) => role !== "weights"))) });
  assert.equal((await neighborhoods(engine, { sample: 8, k: K })).exact, false);
  for (const call of [place(engine, { pixels: new Uint8Array(784), k: 5 }), placeTrace(engine, { pixels: new Uint8Array(784), from: 0, to: 1, k: 5 }), preparePlace(engine)]) {
    await assert.rejects(call, { code: "missing", message: /no network/ });
  }
});
