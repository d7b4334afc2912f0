/** Engines for the benchmarks, on the default bundle or another one; activations out of them; the kernels of kernels.c. */
import { readFile } from "node:fs/promises";

import { instantiate } from "../../wasm/core.js";
import { openEngine } from "../../wasm/engine.js";
import { folderFetch, sourceOf, startCore } from "../wasm/bundle.mjs";
import { folder, root } from "./table.mjs";

/** The first word after the script's name, where there is one. */
export const defaultBundle = process.argv[2] ?? `${root}build/site/bundle`;

/** @typedef {import("../../wasm/engine.js").Engine} Engine */
/** @typedef {import("../../wasm/core.js").Core} Core */

/** @param {string} [bundle] @param {"simd" | "scalar"} [variant] */
export const open = async (bundle = defaultBundle, variant = "simd") => openEngine(await startCore(variant), sourceOf(folderFetch(bundle)));

/** All that exact answers take: images, the network, and the codes of all layers. @param {Engine} engine */
export async function loadAll(engine) {
  const { dataset, layers } = engine.manifest;
  await engine.needImages(Array.from({ length: dataset.samples }, (_, i) => i), {});
  await engine.need("weights", 0, "the network", {});
  for (let layer = 0; layer < layers.length; layer++) await engine.need("codes", layer, "codes", {});
}

/** Layers that differ. @param {Engine} engine */
export const distinctLayers = ({ manifest: { layers } }) => [...new Set(layers.map(({ codes }) => codes))];

const BATCH = 250;

/** Activations of all samples at a layer, some samples at a time. @param {Engine} engine @param {number} layer @param {(rows: Float32Array, first: number) => Promise<unknown> | void} take */
export async function eachRows({ core, handle, manifest }, layer, take) {
  const [n, size] = [manifest.dataset.samples, manifest.layers[layer].size];
  for (let first = 0; first < n; first += BATCH) {
    const count = Math.min(BATCH, n - first);
    const rows = core.borrow((room) => {
      const at = room(4 * count * size);
      core.attempt("nt_bundle_activations", at, handle, layer, first, count);
      return core.copyF32(at, count * size);
    });
    await take(rows, first);
  }
}

/** [N, size] @param {Engine} engine @param {number} layer */
export async function activations(engine, layer) {
  const { manifest } = engine;
  const size = manifest.layers[layer].size;
  const x = new Float32Array(manifest.dataset.samples * size);
  await eachRows(engine, layer, (rows, first) => x.set(rows, first * size));
  return x;
}

/** @param {"simd" | "scalar"} [variant] */
export const startKernels = async (variant = "simd") => instantiate(await readFile(`${folder}kernels-${variant}.wasm`));
