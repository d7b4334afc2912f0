/** Explanations: milliseconds of computing for one sample, by each method, in WebAssembly with SIMD and without. */
import { fileURLToPath } from "node:url";

import { explain } from "../../wasm/explain.js";
import { openEngine } from "../../wasm/engine.js";
import { folderFetch, sourceOf, startCore } from "../wasm/bundle.mjs";

const bundle = process.argv[2] ?? fileURLToPath(new URL("../../build/site/bundle", import.meta.url));
const SAMPLES = 25;
/** The methods, with what is asked of each, in words. @type {Record<string, any>} */
const CASES = {
  probabilities: { method: "probabilities" },
  gradient: { method: "gradient" },
  "integrated gradients, 64 steps": { method: "integratedGradients", steps: 64 },
  "Grad-CAM": { method: "gradCam" },
  "occlusion, 3 x 3": { method: "occlusion" },
  "mean of the 10 nearest": { method: "neighborMean", k: 10 },
  "gradient of a distance at layer 7": { method: "layerGradient", layer: 7, other: 0 },
};

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Medians over samples, case by case; the first round warms the compiler up. @param {"simd" | "scalar"} variant */
async function measure(variant) {
  const engine = await openEngine(await startCore(variant), sourceOf(folderFetch(bundle)));
  const step = Math.floor(engine.manifest.dataset.samples / SAMPLES);
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const [name, request] of Object.entries(CASES)) {
    const times = [];
    for (let i = -5; i < SAMPLES; i++) {
      const { milliseconds } = await explain(engine, { ...request, sample: 1 + Math.abs(i) * step });
      if (i >= 0) times.push(milliseconds);
    }
    found.set(name, median(times));
  }
  return { found, samples: engine.manifest.dataset.samples };
}

const { found: simd, samples } = await measure("simd");
const { found: scalar } = await measure("scalar");
console.log(`explanations of one of ${samples} samples, median of ${SAMPLES}, one thread, Node ${process.versions.node}`);
for (const [name, best] of simd) {
  const slow = /** @type {number} */ (scalar.get(name));
  console.log(`  ${name.padEnd(34)} ${best.toFixed(2).padStart(7)} ms with SIMD   (${slow.toFixed(2).padStart(7)} ms without, ${(slow / best).toFixed(1)}x)`);
}
