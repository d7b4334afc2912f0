/** Distance densities and summaries of the test's bundle, in both builds, and on the vectors of SciPy and scikit-learn. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { densities } from "../../wasm/densities.js";
import { copyF64 } from "../../wasm/room.js";
import { summary } from "../../wasm/summary.js";
import { openTestBundle, referenceFolder, startCore, variants } from "./bundle.mjs";

const vectors = JSON.parse(readFileSync(join(referenceFolder, "measures.json"), "utf8"));

/** @param {ArrayLike<number>} found @param {ArrayLike<number>} expected @param {number} tolerance */
function near(found, expected, tolerance) {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++) assert.ok(Math.abs(found[i] - expected[i]) <= tolerance, `[${i}]: expected ${expected[i]}, found ${found[i]}`);
}

for (const variant of variants) {
  test(`densities in the ${variant} build equal SciPy's on its vectors`, async () => {
    const core = await startCore(variant);
    const { samples: n, classes, label, density_at: at, density, density_bandwidth: bandwidth, layer1: x } = vectors;
    const self = 5;
    const distances = label.map((/** @type {number} */ _, /** @type {number} */ i) => Math.hypot(...[0, 1, 2, 3, 4].map((j) => x[5 * i + j] - x[5 * self + j])));
    core.borrow((take) => {
      const [distance, labels, order, value, start, scratch] = [4 * n, 2 * n, 4 * n, 4 * n, 4 * (classes + 1), 12 * n].map(take);
      const [grid, widths, points, out] = [8 * at.length, 8 * classes, 8 * at.length, 8 * at.length].map(take);
      new Float32Array(core.memory.buffer, distance, n).set(distances);
      new Uint16Array(core.memory.buffer, labels, n).set(label);
      new Float64Array(core.memory.buffer, points, at.length).set(at);
      core.call("nt_density_sort", order, value, start, distance, labels, self, n, classes, scratch);
      core.call("nt_density_grid", grid, widths, value, start, classes, at.length);
      near(copyF64(core, widths, classes), bandwidth, 1e-6);
      const starts = core.copyU32(start, classes + 1);
      for (let c = 0; c < classes; c++) {
        core.attempt("nt_density", out, points, at.length, value + 4 * starts[c], starts[c + 1] - starts[c]);
        near(copyF64(core, out, at.length), density.slice(c * at.length, (c + 1) * at.length), 1e-6);
      }
    });
  });

  test(`densities in the ${variant} build hold every sample once and the true neighbours at the near end`, async () => {
    const { engine } = await openTestBundle(variant);
    const { labels } = engine.samples();
    const { classes, dataset } = engine.manifest;
    const [sample, layer] = [7, 10];
    const found = await densities(engine, { sample, layer, examples: 3 });
    const neighbors = await engine.neighbors({ sample, layer, k: dataset.samples - 1 });
    assert.equal(found.exact, true);
    assert.equal(found.density.length, classes.length * found.points);
    for (let c = 0; c < classes.length; c++) {
      const members = Array.from(neighbors.index).filter((i) => labels[i] === c);
      assert.equal(found.count[c], members.length);
      assert.deepEqual(found.nearest[c].map((one) => one.sample), members.slice(0, 3));
      assert.deepEqual(found.farthest[c].map((one) => one.sample), members.slice(-3).reverse());
      assert.equal(found.nearest[c][0].distance, neighbors.distance[neighbors.index.indexOf(members[0])]);
      const step = found.at[1] - found.at[0];
      const mass = found.density.slice(c * found.points, (c + 1) * found.points).reduce((sum, value) => sum + value * step, 0);
      assert.ok(mass > 0.9 && mass < 1.02, `class ${c}: ${mass}`);
    }
  });

  test(`a summary in the ${variant} build counts what the labels and predictions say`, async () => {
    const { engine } = await openTestBundle(variant);
    const { labels, predictions } = engine.samples();
    const { classes } = engine.manifest;
    const samples = [3, 599, 14, 200];
    const all = summary(engine, {});
    const some = summary(engine, { samples });
    assert.equal(all.accuracy, labels.filter((label, i) => label === predictions[i]).length / labels.length);
    assert.equal(some.samples, 4);
    assert.equal(some.accuracy, samples.filter((i) => labels[i] === predictions[i]).length / 4);
    const confusion = new Uint32Array(classes.length ** 2);
    labels.forEach((label, i) => confusion[label * classes.length + predictions[i]]++);
    assert.deepEqual(all.confusion, confusion);
    assert.ok(Math.abs(all.balancedAccuracy - engine.manifest.network.balancedAccuracy) < 1e-6);
    classes.forEach((_, c) => {
      const support = labels.filter((label) => label === c).length;
      assert.equal(all.support[c], support);
      assert.equal(all.recall[c], confusion[c * classes.length + c] / support);
    });
    assert.throws(() => summary(engine, { samples: [] }), { code: "argument" });
    assert.throws(() => summary(engine, { samples: [600] }), { code: "argument", message: /sample 600/ });
  });
}

test("densities come from codes first, then exactly, and alike in both builds", async () => {
  const answers = await Promise.all(
    variants.map(async (variant) => {
      const { engine, requests } = await openTestBundle(variant);
      const weights = /** @type {any} */ (engine.manifest.chunks.find(({ role }) => role === "weights")).file;
      /** @type {any[]} */
      const previews = [];
      const onPreview = (/** @type {any} */ preview) => {
        assert.equal(requests.includes(weights), false);
        previews.push(preview);
      };
      const exact = await densities(engine, { sample: 20, layer: 3, points: 64 }, { onPreview });
      assert.deepEqual(previews, [await densities(engine, { sample: 20, layer: 3, points: 64, exact: false })]);
      return { exact, preview: previews[0] };
    }),
  );
  assert.equal(answers[0].preview.exact, false);
  assert.equal(answers[0].exact.exact, true);
  assert.deepEqual(answers[0].exact.nearest, answers[1].exact.nearest);
  assert.deepEqual(answers[0], answers[1]);
});

test("densities can be cancelled on the way and give their memory back", async () => {
  const { engine } = await openTestBundle("simd");
  await densities(engine, { sample: 1, layer: 1 });
  const before = engine.memory();
  for (let i = 0; i < 20; i++) {
    const control = new AbortController();
    const onProgress = () => control.abort();
    await assert.rejects(densities(engine, { sample: 1, layer: 1 }, { signal: control.signal, onProgress }), { code: "cancelled" });
  }
  assert.equal(engine.memory(), before);
});

test("densities refuse what the bundle does not have", async () => {
  const { engine } = await openTestBundle("simd");
  for (const request of [{ sample: 600, layer: 0 }, { sample: 0, layer: 14 }, { sample: 0, layer: 0, points: 1 }, { sample: 0, layer: 0, examples: -1 }]) {
    await assert.rejects(densities(engine, request), { code: "argument" });
  }
});
