/**
 * The memory that both workers' engines hold on the default bundle, once all that a page may ask has been asked of them. WebAssembly
 * memory never shrinks: what is held is the most that was ever needed.
 * node tests/bench/memory.mjs [BUNDLE]
 */
import { fileURLToPath } from "node:url";

import { densities } from "../../wasm/densities.js";
import { explain } from "../../wasm/explain.js";
import { prepareGraphs } from "../../wasm/graph.js";
import { measures } from "../../wasm/measures.js";
import { neighborhoods } from "../../wasm/neighborhoods.js";
import { place, preparePlace } from "../../wasm/place.js";
import { project } from "../../wasm/project.js";
import { overlapMatrix, stability } from "../../wasm/stability.js";
import { suggestions } from "../../wasm/suggestions.js";
import { loadAll, open } from "./engines.mjs";
import { print } from "./table.mjs";

/** @typedef {import("./engines.mjs").Engine} Engine */

const K = 100;
const MOST_K = 1000;
const MIB = 2 ** 20;
const mebibytes = (/** @type {number} */ bytes) => `${Math.ceil(bytes / MIB)} MiB`;

/** @param {Engine} engine */
export const mostK = ({ manifest }) => Math.min(MOST_K, manifest.dataset.samples - 1);

/** What a page may ask, of the worker that answers views and of the one that has the graphs. @param {Engine} near @param {Engine} far */
async function askAll(near, far) {
  const [last, pixels] = [near.manifest.layers.length - 1, await near.images({ samples: [7] })];
  await near.trace({ sample: 3, from: 0, to: last, k: mostK(near) });
  await neighborhoods(near, { sample: 5, k: mostK(near), exact: "all" });
  await preparePlace(near);
  await place(near, { pixels, k: K });
  for (const layer of [0, 2, last]) await densities(near, { sample: 11, layer });
  for (const method of /** @type {const} */ (["gradient", "integratedGradients", "gradCam", "occlusion", "neighborMean"])) await explain(near, { method, sample: 3, k: 10 });
  await measures(near, { layer: 2 });
  await suggestions(near, {});
  await stability(near, { k: 50, samples: [1, 2, 3], exact: false });
  await prepareGraphs(far, {}, {});
  for (const layer of [0, 2, last]) await project(far, { layer, seed: 5 });
  await measures(far, { layer: 2, k: 50 });
  await overlapMatrix(far, { k: 50 });
}

/** @param {Engine} far with its graphs, where they were searched already */
export async function benchMemory(far) {
  const near = await open();
  near.delegates = true;
  await loadAll(near);
  const opened = near.memory();
  await askAll(near, far);
  const [own, others] = [near.memory(), far.memory()];
  const beside = `${mebibytes(own)} where views are answered, ${mebibytes(opened)} when all is loaded; ${mebibytes(others)} where graphs are kept`;
  await print("memory, both engines, all asked", mebibytes(own + others), beside, { value: own + others, floor: 256 * MIB, atMost: true, show: mebibytes });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await benchMemory(await open());
