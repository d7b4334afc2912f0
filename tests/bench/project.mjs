/**
 * UMAP of a layer in WebAssembly beside umap-js: seconds and trustworthiness of one run each in turns, on one thread, from the
 * same activations; then the start from an earlier map. node tests/bench/project.mjs [BUNDLE] [LAYER]
 */
import { fileURLToPath } from "node:url";

import { openEngine } from "../../wasm/engine.js";
import { graph, layerGraph } from "../../wasm/graph.js";
import { measures } from "../../wasm/measures.js";
import { project } from "../../wasm/project.js";
import { callF64 } from "../../wasm/room.js";
import { folderFetch, sourceOf, startCore } from "../wasm/bundle.mjs";
import { lehmer, print, time, times } from "./table.mjs";

const [bundle = fileURLToPath(new URL("../../build/site/bundle", import.meta.url)), layerText = "11"] = process.argv.slice(2);
const layer = Number(layerText);
const RUNS = 5;
const NEIGHBORS = 15;
const EPOCHS = 200;

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const seconds = (/** @type {number} */ milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;

/** @param {"simd" | "scalar"} variant */
const open = async (variant) => openEngine(await startCore(variant), sourceOf(folderFetch(bundle)));

/** All samples' activations, as lists. @param {import("../../wasm/engine.js").Engine} engine */
function activations({ core, handle, manifest }) {
  const [n, size] = [manifest.dataset.samples, manifest.layers[layer].size];
  return core.borrow((take) => {
    const at = take(4 * n * size);
    core.attempt("nt_bundle_activations", at, handle, layer, 0, n);
    return Array.from({ length: n }, (_, i) => Array.from(core.copyF32(at + 4 * i * size, size)));
  });
}

/** What nt_map_align leaves between two maps. @param {import("../../wasm/engine.js").Engine} engine @param {Float32Array} map @param {Float32Array} other */
function distance({ core }, map, other) {
  return core.borrow((take) => {
    const [a, b] = [map, other].map((points) => {
      const at = take(points.byteLength);
      new Float32Array(core.memory.buffer, at, points.length).set(points);
      return at;
    });
    return callF64(core, "nt_map_align", a, b, map.length / 2);
  });
}

const LEHMER = 2147483647; // its numbers are below

/** umap-js on activations, or from the engine's own neighbours. @param {number[][]} x @param {{ index: Uint32Array, distance: Float32Array, k: number } | null} known */
async function peer(x, known) {
  const { UMAP } = await import("umap-js");
  const random = lehmer(1);
  const umap = new UMAP({ nNeighbors: NEIGHBORS, nEpochs: EPOCHS, random: () => random(LEHMER) / LEHMER });
  if (known) {
    const others = (/** @type {Uint32Array | Float32Array} */ all, /** @type {number} */ i) => Array.from(all.subarray(i * known.k, (i + 1) * known.k));
    umap.setPrecomputedKNN(x.map((_, i) => [i, ...others(known.index, i)]), x.map((_, i) => [0, ...others(known.distance, i)]));
  }
  const start = performance.now();
  umap.initializeFit(x);
  for (let epoch = 0; epoch < EPOCHS; epoch++) umap.step();
  return { milliseconds: performance.now() - start, points: Float32Array.from(umap.getEmbedding().flat()) };
}

const engine = await open("simd");
const { milliseconds: searching } = await layerGraph(engine, layer);
const trust = async (/** @type {Float32Array} */ map) => (await measures(engine, { layer, k: NEIGHBORS, names: ["trustworthiness"], map, exactRanks: true })).means.trustworthiness ?? NaN;
const { name, size } = engine.manifest.layers[layer];
console.log(`UMAP of ${engine.manifest.dataset.samples} x ${size} (${name}), ${NEIGHBORS} neighbours, ${EPOCHS} epochs, one thread, Node ${process.versions.node}`);

const ours = [];
let map = await project(engine, { layer, epochs: EPOCHS, seed: 99 });
for (let seed = 0; seed < RUNS; seed++) {
  map = await project(engine, { layer, epochs: EPOCHS, seed });
  ours.push(map.milliseconds);
}
const own = median(ours);
const x = activations(engine);
const whole = await peer(x, null);
const layout = await peer(x, await graph(engine, { layer, k: NEIGHBORS - 1 }));
const [trusted, theirs] = [await trust(map.points), await trust(whole.points)];
const speed = whole.milliseconds / (own + searching);
await print("  with the search for neighbours", time(own + searching), `umap-js ${time(whole.milliseconds)}: ${times(speed)}`, { value: speed, floor: 6, aim: 12, show: times });
await print("  from neighbours that are known", time(own), `umap-js ${time(layout.milliseconds)}: ${times(layout.milliseconds / own)}`);
await print("  the exact 100 neighbours of all", time(searching));
const short = (/** @type {number} */ value) => value.toFixed(4);
await print(`  trustworthiness, k = ${NEIGHBORS}`, short(trusted), `umap-js ${short(theirs)}`, { value: trusted, floor: theirs - 0.002, show: short });

const earlier = layer > 0 ? layer - 1 : layer + 1;
const before = await project(engine, { layer: earlier, epochs: EPOCHS, seed: 77 });
const warm = await project(engine, { layer, from: before.points, seed: 1 });
console.log(`  from the map of layer ${String(earlier).padEnd(11)}${seconds(warm.milliseconds)}   trustworthiness ${(await trust(warm.points)).toFixed(4)}`);
console.log(`    points moved by ${Number(warm.moved).toFixed(3)} of the map's size   (independent maps: ${distance(engine, map.points, before.points).toFixed(3)})`);

const scalar = await open("scalar");
await layerGraph(scalar, layer);
const slow = await project(scalar, { layer, epochs: EPOCHS });
console.log(`  without SIMD                     ${seconds(slow.milliseconds)}   (${(slow.milliseconds / own).toFixed(1)}x slower)`);
