import { NtraceError, throwIfCancelled } from "./errors.js";
import { graphFor } from "./graph.js";
import { GRAPH_K } from "./graph_shelf.js";
import { callF64, takeBlocks, withRoom } from "./room.js";
import { readDimension, shippedMeasures } from "./shipped.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").MeasureName} MeasureName */
/** @typedef {import("./ntrace.d.ts").MeasuresRequest} MeasuresRequest */
/** @typedef {import("./ntrace.d.ts").Measures} Measures */

/** Samples in one call to the engine. */
const BLOCK = 256;
const CALIBRATION = 750;
const RBO_P = 0.98;
const DISCARD = 0.1;
/** Activations that exact ranks may keep in memory. */
const MOST_ACTIVATION_BYTES = 256 << 20;

/** What is measured together, and what is measured unless names are given. @type {{ names: MeasureName[], run: (m: Measurement) => Promise<void> }[]} */
const GROUPS = [
  { names: ["overlap", "lcmc", "jaccard", "rbo"], run: measureAgreement },
  { names: ["purity", "predictionPurity"], run: measurePurity },
  { names: ["occurrence"], run: measureOccurrence },
  { names: ["dimension"], run: measureDimension },
  { names: ["credibility", "confidence"], run: measureCredibility },
  { names: ["trustworthiness", "continuity"], run: measureMap },
];
/** @type {MeasureName[]} */
const DEFAULT_NAMES = ["overlap", "lcmc", "jaccard", "rbo", "purity", "predictionPurity", "occurrence", "dimension"];

/**
 * A request under way.
 * @typedef {object} Measurement
 * @property {Engine} engine
 * @property {Room} room
 * @property {Required<Omit<MeasuresRequest, "map" | "samples" | "layers">> & { samples: Uint32Array, layers: number[], map?: ArrayLike<number> }} request
 * @property {number} n samples of the bundle
 * @property {number} list address of the samples asked for
 * @property {number} everyone address of 0 .. n - 1
 * @property {CallOptions} options
 * @property {Measures} result
 */

/**
 * Measures neighbourhoods; see include/ntrace/measures.h for formulas and sources.
 * @param {Engine} engine @param {MeasuresRequest} request @param {CallOptions} [options] @returns {Promise<Measures>}
 */
export async function measures(engine, request, options = {}) {
  const complete = check(engine, request);
  const shipped = asShipped(request) && (await shippedMeasures(engine, complete, options));
  if (shipped) return shipped;
  const { layer, reference, k, names } = complete;
  return withRoom(engine.core, async (room) => {
    const n = engine.manifest.dataset.samples;
    const list = room.takeU32(complete.samples);
    const everyone = room.takeU32(Uint32Array.from({ length: n }, (_, i) => i));
    /** @type {Measures} */
    const result = { layer, reference, k, shipped: false, samples: Uint32Array.from(complete.samples), values: {}, means: {} };
    /** @type {Measurement} */
    const measurement = { engine, room, request: complete, n, list, everyone, options, result };
    for (const group of GROUPS) {
      throwIfCancelled(options.signal);
      if (group.names.some((name) => names.includes(name))) await group.run(measurement);
    }
    return result;
  });
}

/** Whether nothing is asked but which samples and which measures. @param {MeasuresRequest} request */
const asShipped = ({ layer, samples, names, ...more }) => Object.values(more).every((value) => value === undefined);

/** Fills in what is left out, and refuses what this bundle cannot be asked. @param {Engine} engine @param {MeasuresRequest} request */
function check(engine, request) {
  const { dataset, layers, stability } = engine.manifest;
  const n = dataset.samples;
  const everyLayer = layers.map((_, l) => l).slice(1);
  const {
    layer, reference = stability.reference, k = Math.min(GRAPH_K, stability.k), samples = Uint32Array.from({ length: n }, (_, i) => i), names = DEFAULT_NAMES,
    p = RBO_P, layers: chosen = everyLayer, calibration = Math.min(CALIBRATION, n >> 1), seed = 1, map, exactRanks = false,
  } = request;
  const list = Array.from(samples);
  for (const number of [layer, reference, ...Array.from(chosen)]) engine.check(number, "layer", layers.length);
  for (const sample of list) engine.check(sample, "sample", n);
  within(k, "k", 1, Math.min(GRAPH_K, n - 1));
  within(calibration, "calibration", 2, n);
  engine.check(seed, "seed", 2 ** 32);
  if (!(p > 0 && p < 1)) throw new NtraceError("argument", `p = ${p}: expected a number between 0 and 1.`);
  if (chosen.length === 0) throw new NtraceError("argument", "layers: expected at least one.");
  const known = GROUPS.flatMap((group) => group.names);
  for (const name of names) {
    if (!known.includes(name)) throw new NtraceError("argument", `There is no measure ${name}: expected one of ${known.join(", ")}.`);
  }
  if (names.includes("trustworthiness") || names.includes("continuity")) {
    if (map?.length !== 2 * n) throw new NtraceError("argument", `map: trustworthiness and continuity need ${2 * n} numbers, two for each sample.`);
    within(k, "k", 1, Math.ceil(n / 2) - 1);
  }
  return { layer, reference, k, samples: Uint32Array.from(list), names, p, layers: Array.from(chosen), calibration, seed, map, exactRanks };
}

/** @param {number} value @param {string} what @param {number} least @param {number} most */
function within(value, what, least, most) {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new NtraceError("argument", `${what} = ${value}: expected a whole number from ${least} to ${most}.`);
}

/** Keeps a measure's values and their mean. @param {Measurement} m @param {MeasureName} name @param {number} at address of the values */
function keep({ engine: { core }, request, result }, name, at) {
  if (!request.names.includes(name)) return;
  const count = request.samples.length;
  result.values[name] = core.copyF32(at, count);
  result.means[name] = callF64(core, "nt_measure_mean", at, count);
}

/** @param {Measurement} m */
async function measureAgreement(m) {
  const { engine, room, request, n, list, options } = m;
  const { core } = engine;
  const { k, p, samples } = request;
  const here = await graphFor(engine, request.layer, options);
  const there = await graphFor(engine, request.reference, options);
  const values = GROUPS[0].names.map((name) => ({ name, at: room.take(4 * samples.length) }));
  const [out, scratch] = [room.take(16), room.take(4 * (n + 3 * k))];
  const step = (/** @type {number} */ from, /** @type {number} */ count) => {
    new Uint32Array(core.memory.buffer, out, 4).set(values.map(({ at }) => at + 4 * from));
    core.attempt("nt_measure_agreement", out, here, there, list + 4 * from, count, k, p, scratch);
  };
  await takeBlocks(samples.length, BLOCK, step, "comparing neighbourhoods", options);
  for (const { name, at } of values) keep(m, name, at);
}

/** @param {Measurement} m */
async function measurePurity(m) {
  const { engine, room, request, list, options } = m;
  const { core, handle } = engine;
  const { k, samples } = request;
  const graph = await graphFor(engine, request.layer, options);
  for (const [name, of] of /** @type {const} */ ([["purity", "nt_bundle_labels"], ["predictionPurity", "nt_bundle_predictions"]])) {
    const [at, scratch] = [room.take(4 * samples.length), room.take(4 * k)];
    const step = (/** @type {number} */ from, /** @type {number} */ count) =>
      core.attempt("nt_measure_purity", at + 4 * from, graph, core.call(of, handle), list + 4 * from, count, k, scratch);
    await takeBlocks(samples.length, BLOCK, step, "counting labels", options);
    keep(m, name, at);
  }
}

/** @param {Measurement} m */
async function measureOccurrence({ engine, room, request, n, everyone, options, result }) {
  const { core } = engine;
  const { k, samples } = request;
  const graph = await graphFor(engine, request.layer, options);
  const [counts, scratch] = [room.takeZeroed(4 * n), room.take(4 * k)];
  const step = (/** @type {number} */ from, /** @type {number} */ count) =>
    core.attempt("nt_measure_occurrences", counts, graph, everyone + 4 * from, count, k, scratch);
  await takeBlocks(n, BLOCK, step, "counting occurrences", options);
  const all = core.copyU32(counts, n);
  const at = room.take(4 * samples.length);
  result.values.occurrence = Float32Array.from(samples, (sample) => all[sample]);
  core.write(at, new Uint8Array(result.values.occurrence.buffer));
  result.means.occurrence = callF64(core, "nt_measure_mean", at, samples.length);
  result.hubness = callF64(core, "nt_measure_skewness", counts, n);
}

/** Two-NN of all samples and of each class; the samples asked for do not matter. @param {Measurement} m */
async function measureDimension({ engine, room, request, n, options, result }) {
  const { core, handle, manifest } = engine;
  const graph = await graphFor(engine, request.layer, options);
  const classes = manifest.classes.length;
  const [dimension, used, member] = [room.take(8 * (classes + 1)), room.take(4 * (classes + 1)), room.take(n)];
  const scratch = room.take(core.call("nt_measure_dimension_bytes", graph));
  const labels = core.copyU16(core.call("nt_bundle_labels", handle), n);
  const estimate = (/** @type {number} */ c) => {
    core.write(member, Uint8Array.from(labels, (label) => Number(label === c)));
    core.attempt("nt_measure_dimension", dimension + 8 * c, used + 4 * c, graph, c < classes ? member : 0, DISCARD, scratch);
  };
  await takeBlocks(classes + 1, 1, estimate, "estimating dimensions", options);
  result.dimension = readDimension(core, dimension, used, classes);
}

/** @param {Measurement} m */
async function measureCredibility(m) {
  const { engine, room, request, n, list, everyone, options, result } = m;
  const { core, handle, manifest } = engine;
  const { k, layers, samples, calibration, seed } = request;
  const classes = manifest.classes.length;
  const [counts, scratch] = [room.takeZeroed(2 * n * classes), room.take(4 * (layers.length * k + 2))];
  const labels = core.call("nt_bundle_labels", handle);
  for (const layer of layers) {
    const graph = await graphFor(engine, layer, options);
    const step = (/** @type {number} */ from, /** @type {number} */ count) =>
      core.attempt("nt_measure_labels", counts + 2 * from * classes, graph, labels, everyone + 4 * from, count, k, classes, scratch);
    await takeBlocks(n, BLOCK, step, "counting labels", options);
  }
  const [random, set] = [room.take(16), room.take(4 * calibration)];
  core.call("nt_random_seed", random, .../** @type {any} */ ([BigInt(seed), 0n]));
  core.call("nt_measure_calibration", set, n, calibration, random);
  const given = room.takeU32([counts, labels, set, n, classes, calibration, layers.length * k]);
  const [credibility, confidence, prediction] = [room.take(4 * samples.length), room.take(4 * samples.length), room.take(2 * samples.length)];
  core.attempt("nt_measure_credibility", credibility, confidence, prediction, given, list, samples.length, scratch);
  keep(m, "credibility", credibility);
  keep(m, "confidence", confidence);
  result.credibilityPredictions = core.copyU16(prediction, samples.length);
}

/** @param {Measurement} m */
async function measureMap(m) {
  const { engine, room, request, n, options, result } = m;
  const { core } = engine;
  const { k, samples, map } = request;
  const graph = await graphFor(engine, request.layer, options);
  const writeKeys = request.exactRanks ? await exactKeys(m) : await codeKeys(m);
  const [trust, continuity] = [room.take(4 * samples.length), room.take(4 * samples.length)];
  const [key, at, scratch] = [room.take(4 * n), room.take(8 * n), room.take(16 * n)];
  new Float32Array(core.memory.buffer, at, 2 * n).set(/** @type {ArrayLike<number>} */ (map));
  const step = (/** @type {number} */ i) => {
    writeKeys(key, samples[i]);
    core.attempt("nt_measure_map", trust + 4 * i, continuity + 4 * i, key, graph, at, samples[i], n, k, scratch);
  };
  await takeBlocks(samples.length, 1, step, "comparing the map with the layer", options);
  keep(m, "trustworthiness", trust);
  keep(m, "continuity", continuity);
  result.ranks = request.exactRanks ? "exact" : "codes";
}

/** Squared distances on codes. @param {Measurement} m @returns {Promise<(key: number, sample: number) => void>} */
async function codeKeys({ engine, request: { layer }, options }) {
  const { core, handle, manifest } = engine;
  await engine.need("codes", layer, `codes of ${manifest.layers[layer].name}`, options);
  return (key, sample) => core.attempt("nt_distances_on_codes", 0, key, handle, sample, layer);
}

/** Exact distances, from activations kept for all samples. @param {Measurement} m @returns {Promise<(key: number, sample: number) => void>} */
async function exactKeys({ engine, room, request: { layer }, n, options }) {
  const { core, handle, manifest } = engine;
  const { size, name } = manifest.layers[layer];
  if (!engine.hasNetwork()) throw new NtraceError("missing", "exactRanks: this bundle has no network.", "Ask for ranks on codes.");
  if (4 * n * size > MOST_ACTIVATION_BYTES) {
    throw new NtraceError("memory", `exactRanks: ${n} activations of ${name} do not fit in memory.`, "Ask for ranks on codes, or for a narrower layer.");
  }
  const everyone = Uint32Array.from({ length: n }, (_, i) => i);
  await Promise.all([engine.needImages(everyone, options), engine.need("weights", 0, "the network", options)]);
  const x = room.take(4 * n * size);
  const step = (/** @type {number} */ from, /** @type {number} */ count) =>
    core.attempt("nt_bundle_activations", x + 4 * from * size, handle, layer, from, count);
  await takeBlocks(n, 32, step, "computing activations", options);
  return (key, sample) => core.call("nt_measure_keys", key, x, sample, n, size);
}
