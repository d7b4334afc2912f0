/** The story's facts without a browser: the engine on a folder's bundle, for the still version and for tests of the sentences. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { densities } from "../../wasm/densities.js";
import { openEngine } from "../../wasm/engine.js";
import { loadCore } from "../../wasm/loader.js";
import { neighborhoods } from "../../wasm/neighborhoods.js";
import { createSource } from "../../wasm/source.js";
import { stability } from "../../wasm/stability.js";
import { suggestions } from "../../wasm/suggestions.js";
import { unpackTrace } from "../../wasm/trace_layout.js";
import { factsOf, hoodOf } from "./facts.js";
import { offersOf } from "./figures.js";

/** A folder as a server would give it. @param {string} folder */
const folderSource = (folder) =>
  createSource("http://bundle/", {
    fetch: /** @type {any} */ (async (/** @type {string} */ url) => new Response(await readFile(join(folder, new URL(url).pathname)))),
  });

/** @param {string} bundle its folder @param {string} builds the folder of the engine's builds */
export async function openBundleFolder(bundle, builds) {
  const { core } = await loadCore((file) => readFile(join(builds, file)), "auto");
  return openEngine(core, folderSource(bundle));
}

/** All that the story knows of a sample. @param {import("../../wasm/engine.js").Engine} engine @param {import("./facts.js").Wish} wish */
export async function learnStory(engine, { sample, from, to, k }) {
  const { manifest } = engine;
  const next = Math.min(from + 1, manifest.layers.length - 1);
  const known = {
    hood: hoodOf(await neighborhoods(engine, { sample, k, reference: from })),
    densities: { from: await densities(engine, { sample, layer: from, points: 192, examples: 12 }), to: await densities(engine, { sample, layer: to, points: 192, examples: 12 }) },
    traces: { first: unpackTrace(await engine.trace({ sample, from, to: next, k })), end: unpackTrace(await engine.trace({ sample, from, to, k })) },
    table: (await stability(engine, {})).values,
    offers: offersOf((await suggestions(engine, {})).suggestions),
    settled: true,
  };
  return factsOf(/** @type {any} */ ({ manifest, ...engine.samples() }), { sample, from, to, k }, known);
}
