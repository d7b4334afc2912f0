/**
 * Bytes of codes a sample, and recall@100 after re-ranking the 200 nearest on codes, on the default bundle and on sketches by people
 * where there are some. The truth is what evaluating every sample gives. node tests/bench/codes.mjs [BUNDLE]
 */
import { access } from "node:fs/promises";

import { defaultBundle, distinctLayers, loadAll, open } from "./engines.mjs";
import { neighborhoods } from "../../wasm/neighborhoods.js";
import { folder, lehmer, print } from "./table.mjs";

const [K, RANKED] = [100, 200];
const PROBES = 40;
const recallOf = (/** @type {number} */ share) => share.toFixed(4);
const bytesOf = (/** @type {number} */ bytes) => `${bytes.toFixed(0)} bytes`;

/** Share of the true neighbours among the nearest on codes, by layer. @param {import("./engines.mjs").Engine} engine @param {number[]} layers */
async function recalls(engine, layers) {
  const random = lehmer(11);
  const found = layers.map(() => 0);
  for (let i = 0; i < PROBES; i++) {
    const sample = random(engine.manifest.dataset.samples);
    const truth = await neighborhoods(engine, { sample, layers, k: K, exact: "all" });
    const near = await neighborhoods(engine, { sample, layers, k: RANKED, exact: false });
    layers.forEach((_, at) => {
      const ranked = new Set(near.index.subarray(at * RANKED, (at + 1) * RANKED));
      for (const neighbor of truth.index.subarray(at * K, (at + 1) * K)) found[at] += ranked.has(neighbor) ? 1 : 0;
    });
  }
  return found.map((count) => count / (K * PROBES));
}

/** @param {string} what @param {string} bundle */
async function bench(what, bundle) {
  const engine = await open(bundle);
  await loadAll(engine);
  const { chunks, dataset, layers: known } = engine.manifest;
  const layers = distinctLayers(engine);
  const bytes = chunks.filter(({ role }) => role === "codes").reduce((sum, chunk) => sum + chunk.bytes, 0) / dataset.samples;
  await print(`codes, ${what}, a sample`, bytesOf(bytes), `${known.length} layers, ${dataset.samples} samples`, { value: bytes, floor: 740, aim: 400, atMost: true, show: bytesOf });
  const found = await recalls(engine, layers);
  const mean = known.reduce((sum, { codes }) => sum + found[layers.indexOf(codes)], 0) / known.length;
  const beside = layers.map((layer, at) => `${layer}: ${found[at].toFixed(3)}`).join(", ");
  await print(`recall@${K} of ${RANKED} re-ranked, ${what}`, recallOf(mean), `mean of the layers; ${beside}`, { value: mean, floor: 0.99, show: recallOf });
  await print(`  lowest of the layers`, recallOf(Math.min(...found)), `as many are re-ranked at each layer as give ${recallOf(Math.min(...known.map(({ recall }) => recall)))}: ${layers.map((layer) => known[layer].candidates).join(", ")}`);
}

await bench("default bundle", defaultBundle);
const people = `${folder}people`;
if (await access(`${people}/current.json`).then(() => true, () => false)) await bench("sketches by people", people);
