/** Measures and suggestions on the test's bundle: against the native command line, against plain sets of neighbours, and on reference vectors. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { measures } from "../../wasm/measures.js";
import { suggestions } from "../../wasm/suggestions.js";
import { bundleFolder, ntrace, openTestBundle, referenceFolder, startCore, variants } from "./bundle.mjs";

const vectors = JSON.parse(readFileSync(join(referenceFolder, "measures.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "ntrace-measures-"));
after(() => rmSync(folder, { recursive: true }));

const [LAYER, REFERENCE, K] = [12, 3, 30];
execFileSync(ntrace, ["measures", bundleFolder, "-o", folder, "--layer", `${LAYER}`, "--reference", `${REFERENCE}`, "-k", `${K}`, "--credibility", "--suggestions", "4"], { stdio: "ignore" });

/** Rows of a CSV. @param {string} name @returns {string[][]} */
const table = (name) => readFileSync(join(folder, name), "utf8").trim().split("\n").map((line) => line.split(","));

/** @param {number} found @param {number} expected @param {string} what */
const near = (found, expected, what, tolerance = 1e-6) => assert.ok(Math.abs(found - expected) <= tolerance, `${what}: expected ${expected}, found ${found}`);

/** @type {Record<string, import("../../wasm/ntrace.d.ts").MeasureName>} */
const COLUMNS = {
  overlap: "overlap", lcmc: "lcmc", jaccard: "jaccard", rbo: "rbo", purity: "purity", purity_prediction: "predictionPurity", occurrence: "occurrence",
  credibility: "credibility", confidence: "confidence",
};

for (const variant of variants) {
  /** One engine for both: each graph is searched once. */
  const opened = openTestBundle(variant);

  test(`measures in the ${variant} build are those of the native command line`, async () => {
    const { engine } = await opened;
    /** @type {any[]} */
    const names = [...Object.values(COLUMNS), "dimension"];
    const found = await measures(engine, { layer: LAYER, reference: REFERENCE, k: K, names });
    const [head, ...rows] = table("measures.csv");
    for (const [column, name] of Object.entries(COLUMNS)) {
      const values = /** @type {Float32Array} */ (found.values[name]);
      rows.forEach((row, i) => assert.equal(values[i], Math.fround(Number(row[head.indexOf(column)])), `${name} of sample ${i}`));
    }
    const said = JSON.parse(readFileSync(join(folder, "measures.json"), "utf8"));
    for (const [column, name] of Object.entries(COLUMNS)) near(/** @type {number} */ (found.means[name]), said.means[column], name, 1e-12);
    near(/** @type {number} */ (found.hubness), said.hubness, "hubness", 1e-9);
    near(/** @type {any} */ (found.dimension).all, said.dimension.all, "dimension", 1e-9);
    assert.deepEqual(Array.from(/** @type {any} */ (found.dimension).usedOfClass), said.dimension.usedOfClass);
    assert.deepEqual(Array.from(/** @type {any} */ (found.credibilityPredictions)), rows.map((row) => Number(row[head.indexOf("credibility_class")])));
  });

  test(`suggestions in the ${variant} build are those of the native command line`, async () => {
    const { engine } = await opened;
    const { labels } = engine.samples();
    const found = await suggestions(engine, { count: 4, k: K });
    const [, ...rows] = table("suggestions.csv");
    assert.equal(found.suggestions.length, rows.length);
    found.suggestions.forEach((one, i) => {
      const [reason, sample, from, layer] = rows[i];
      assert.equal(one.reason.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), reason);
      assert.equal(one.sample, Number(sample));
      assert.equal(one.layer, Number(layer));
      assert.equal(one.label, labels[one.sample]);
      if ("from" in one) assert.equal(one.from, Number(from));
    });
    assert.equal(new Set(found.suggestions.map(({ reason }) => reason)).size, 11);
  });

  test(`trustworthiness and continuity in the ${variant} build equal scikit-learn's on its vectors`, async () => {
    const core = await startCore(variant);
    const { samples: n, k, layer2: x, map } = vectors;
    const sums = [0, 0];
    core.borrow((take) => {
      const [at, mapAt, key, scratch, out] = [4 * x.length, 4 * map.length, 4 * n, 16 * n, 8].map(take);
      new Float32Array(core.memory.buffer, at, x.length).set(x);
      new Float32Array(core.memory.buffer, mapAt, map.length).set(map);
      for (let i = 0; i < n; i++) {
        core.call("nt_measure_keys", key, at, i, n, x.length / n);
        core.attempt("nt_measure_map", out, out + 4, key, 0, mapAt, i, n, k, scratch);
        core.copyF32(out, 2).forEach((value, j) => (sums[j] += value / n));
      }
    });
    near(sums[0], vectors.trustworthiness, "trustworthiness");
    near(sums[1], vectors.continuity, "continuity");
  });
}

test("overlap and purity are those of the neighbours that queries find", async () => {
  const { engine } = await openTestBundle("simd");
  const { labels } = engine.samples();
  const samples = [500, 3, 41];
  const { values } = await measures(engine, { layer: LAYER, reference: REFERENCE, k: K, samples });
  for (const [i, sample] of samples.entries()) {
    const here = Array.from((await engine.neighbors({ sample, layer: LAYER, k: K })).index);
    const there = Array.from((await engine.neighbors({ sample, layer: REFERENCE, k: K })).index);
    assert.equal(values.overlap?.[i], here.filter((j) => there.includes(j)).length);
    near(/** @type {any} */ (values.purity)[i], here.filter((j) => labels[j] === labels[sample]).length / K, "purity");
  }
});

test("ranks on codes give nearly the trustworthiness of exact ranks, which say that they are exact", async () => {
  const { engine } = await openTestBundle("simd");
  const map = Float32Array.from({ length: 2 * engine.manifest.dataset.samples }, (_, i) => Math.sin(i * i));
  const request = { layer: LAYER, k: 10, names: /** @type {any} */ (["trustworthiness", "continuity"]), map };
  const onCodes = await measures(engine, request);
  const exact = await measures(engine, { ...request, exactRanks: true });
  assert.deepEqual([onCodes.ranks, exact.ranks], ["codes", "exact"]);
  near(/** @type {number} */ (onCodes.means.trustworthiness), /** @type {number} */ (exact.means.trustworthiness), "trustworthiness", 2e-3);
  assert.equal(onCodes.means.continuity, exact.means.continuity);
});

test("what a seed draws decides on credibility, and the same seed gives the same", async () => {
  const { engine } = await openTestBundle("simd");
  const ask = (/** @type {number} */ seed) => measures(engine, { layer: LAYER, k: K, layers: [10, 13], names: ["credibility"], calibration: 50, seed });
  const [one, again, other] = [await ask(1), await ask(1), await ask(2)];
  assert.deepEqual(one.values, again.values);
  assert.notDeepEqual(one.values, other.values);
});

test("measures and suggestions can be cancelled on the way", async () => {
  const { engine } = await openTestBundle("simd");
  for (const ask of [measures, suggestions]) {
    const control = new AbortController();
    const options = { signal: control.signal, onProgress: () => control.abort() };
    await assert.rejects(ask(engine, { layer: 1 }, options), { code: "cancelled" });
  }
});

test("measures and suggestions refuse what the bundle cannot be asked", async () => {
  const { engine } = await openTestBundle("simd");
  const fine = { layer: 1, names: /** @type {any} */ (["overlap"]) };
  for (const wrong of [
    { layer: 14 }, { reference: -1 }, { k: 0 }, { k: 101 }, { samples: [600] }, { names: ["beauty"] }, { p: 1 }, { layers: [] }, { calibration: 1 },
    { names: ["continuity"] }, { names: ["trustworthiness"], map: [1, 2] }, { seed: 0.5 },
  ]) {
    await assert.rejects(measures(engine, /** @type {any} */ ({ ...fine, ...wrong })), { code: "argument" }, JSON.stringify(wrong));
  }
  for (const wrong of [{ count: 0 }, { k: 101 }, { layers: [3] }, { layers: [3, 2] }, { layers: [3, 14] }]) {
    await assert.rejects(suggestions(engine, wrong), { code: "argument" }, JSON.stringify(wrong));
  }
});
