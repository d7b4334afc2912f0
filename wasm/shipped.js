/** What a bundle ships worked out: fetched, not computed. */
import { callF64, copyF64, withRoom } from "./room.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").MeasureName} MeasureName */
/** @typedef {import("./ntrace.d.ts").Measures} Measures */

/** Which chunk a measure is read from. @type {Partial<Record<MeasureName, import("./ntrace.d.ts").Role>>} */
const ROLE_OF = {
  overlap: "stability", lcmc: "stability", jaccard: "stability",
  rbo: "measures", purity: "measures", predictionPurity: "measures", occurrence: "measures", dimension: "measures",
  credibility: "credibility", confidence: "credibility",
};
/** Chunks of these roles hold one layer. */
const OF_LAYER = ["map", "measures"];

/** Addresses that a struct of pointers holds. @param {import("./core.js").Core} core @param {number} at @param {number} count */
const pointers = (core, at, count) => Array.from(core.copyU32(at, count));

/**
 * The map of a layer, or null where the bundle ships none.
 * @param {Engine} engine @param {number} layer @param {CallOptions} options
 */
export async function shippedMap(engine, layer, options) {
  const { core, handle, manifest } = engine;
  const { map, name } = manifest.layers[layer];
  if (!map || !engine.ships("map", layer)) return null;
  await engine.need("map", layer, `the map of ${name}`, options);
  const samples = manifest.dataset.samples;
  const [points, trustworthiness, continuity] = pointers(core, core.call("nt_bundle_mapped", handle, layer), 3);
  const { neighbors, epochs, moved, k } = map;
  return {
    points: core.copyF32(points, 2 * samples), neighbors, epochs, moved, qualityK: k,
    trustworthiness: core.copyF32(trustworthiness, samples), continuity: core.copyF32(continuity, samples),
  };
}

/**
 * The measures of a layer, or null where the bundle does not ship all that are asked for.
 * @param {Engine} engine
 * @param {{ layer: number, names: MeasureName[], samples: Uint32Array }} request
 * @param {CallOptions} options
 * @returns {Promise<Measures | null>}
 */
export async function shippedMeasures(engine, { layer, names, samples }, options) {
  const { core, handle, manifest } = engine;
  const { k, reference } = manifest.stability;
  const roles = [...new Set(names.map((name) => ROLE_OF[name]))];
  for (const role of roles) {
    if (role === undefined || !engine.ships(role, OF_LAYER.includes(role) ? layer : 0)) return null;
  }
  await Promise.all(roles.map((role) => engine.need(/** @type {import("./ntrace.d.ts").Role} */ (role), layer, "measures", options)));
  const n = manifest.dataset.samples;
  return withRoom(core, async (room) => {
    /** @type {Measures} */
    const result = { layer, reference, k, shipped: true, samples: samples.slice(), values: {}, means: {} };
    const chosen = room.take(4 * samples.length);
    /** Of what all samples have, those asked for, and their mean. @param {MeasureName} name @param {Float32Array} all */
    const keep = (name, all) => {
      if (!names.includes(name)) return;
      const values = Float32Array.from(samples, (sample) => all[sample]);
      core.write(chosen, new Uint8Array(values.buffer));
      result.values[name] = values;
      result.means[name] = callF64(core, "nt_measure_mean", chosen, samples.length);
    };
    if (roles.includes("stability")) {
      const [out, overlap, lcmc, jaccard] = [room.take(16), room.take(4 * n), room.take(4 * n), room.take(4 * n)];
      new Uint32Array(core.memory.buffer, out, 4).set([overlap, lcmc, jaccard, 0]);
      core.attempt("nt_measure_of_overlap", out, core.call("nt_bundle_stability", handle) + 2 * n * layer, n, k, n);
      keep("overlap", core.copyF32(overlap, n));
      keep("lcmc", core.copyF32(lcmc, n));
      keep("jaccard", core.copyF32(jaccard, n));
    }
    if (roles.includes("measures")) {
      const [rbo, purity, predictionPurity, occurrence, dimension, used] = pointers(core, core.call("nt_bundle_measured", handle, layer), 6);
      keep("rbo", core.copyF32(rbo, n));
      keep("purity", core.copyF32(purity, n));
      keep("predictionPurity", core.copyF32(predictionPurity, n));
      keep("occurrence", Float32Array.from(core.copyU32(occurrence, n)));
      if (names.includes("occurrence")) result.hubness = callF64(core, "nt_measure_skewness", occurrence, n);
      if (names.includes("dimension")) result.dimension = readDimension(core, dimension, used, manifest.classes.length);
    }
    if (roles.includes("credibility")) {
      const [credibility, confidence, prediction] = pointers(core, core.call("nt_bundle_credible", handle), 3);
      keep("credibility", core.copyF32(credibility, n));
      keep("confidence", core.copyF32(confidence, n));
      const predictions = core.copyU16(prediction, n);
      result.credibilityPredictions = Uint16Array.from(samples, (sample) => predictions[sample]);
    }
    return result;
  });
}

/** Two-NN of each class and of all. @param {import("./core.js").Core} core @param {number} dimension @param {number} used @param {number} classes */
export function readDimension(core, dimension, used, classes) {
  const [dimensions, counts] = [copyF64(core, dimension, classes + 1), core.copyU32(used, classes + 1)];
  return { all: dimensions[classes], used: counts[classes], classes: dimensions.slice(0, classes), usedOfClass: counts.slice(0, classes) };
}
