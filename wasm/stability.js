import { NtraceError } from "./errors.js";
import { graphsFor } from "./graph.js";
import { GRAPH_K, graphsFit } from "./graph_shelf.js";
import { neighborhoods } from "./neighborhoods.js";
import { takeBlocks, withRoom } from "./room.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").StabilityOptions} StabilityOptions */

const REQUEST_BYTES = 32;
/** Samples of a call: from graphs a fraction of a millisecond each, on codes some milliseconds. */
export const BLOCK_EXACT = 64;
export const BLOCK_CODES = 1;
/** Samples on which the recall of an answer from codes is measured, where packing did not: it did at this k. */
const RECALL_SAMPLES = 8;
const PACKED_K = 100;

/** @param {Engine} engine @param {ArrayLike<number> | undefined} samples */
export function sampleList(engine, samples) {
  const all = engine.manifest.dataset.samples;
  if (samples === undefined) return Uint32Array.from({ length: all }, (_, i) => i);
  const list = Array.from(samples);
  for (const sample of list) engine.check(sample, "sample", all);
  return Uint32Array.from(list);
}

/** @param {Engine} engine @param {number} k */
export function checkK(engine, k) {
  const most = Math.min(1000, engine.manifest.dataset.samples - 1);
  if (!Number.isInteger(k) || k < 1 || k > most) throw new NtraceError("argument", `k = ${k}: expected a whole number from 1 to ${most}.`);
}

/** Layers whose neighbourhoods differ, and the place of each layer in that list. @param {Engine} engine */
export function distinctLayers({ manifest: { layers } }) {
  const distinct = [...new Set(layers.map(({ codes }) => codes))];
  return { distinct, places: layers.map(({ codes }) => distinct.indexOf(codes)) };
}

/**
 * Overlaps of samples' neighbourhoods: from the graphs of all distinct layers, exactly, or on codes.
 * @param {Engine} engine
 * @param {{ samples: Uint32Array, k: number, reference: number, graphs: number[] | null, curves: boolean, matrix: boolean }} request
 * @param {CallOptions} options
 */
function overlaps(engine, { samples, k, reference, graphs, curves, matrix }, options) {
  const { core } = engine;
  const { distinct, places } = distinctLayers(engine);
  const layers = distinct.length;
  return withRoom(core, async (room) => {
    const sampleAt = room.takeU32(samples);
    const layerAt = room.takeU32(distinct);
    const graphAt = graphs ? room.takeU32(graphs) : 0;
    const request = room.take(REQUEST_BYTES);
    const curvesAt = curves ? room.take(2 * layers * samples.length) : 0;
    const sum = matrix ? room.takeZeroed(8 * layers * layers) : 0;
    const block = graphs ? BLOCK_EXACT : BLOCK_CODES;
    /** @param {number} from @param {number} count */
    const step = (from, count) => {
      new Uint32Array(core.memory.buffer, request, 8).set([graphAt, engine.handle, layerAt, sampleAt + 4 * from, layers, places[reference], k, count]);
      core.attempt("nt_overlap", curves ? curvesAt + 2 * layers * from : 0, sum, request);
    };
    await takeBlocks(samples.length, block, step, `overlaps of ${samples.length} samples`, options);
    const found = curves ? core.copyU16(curvesAt, layers * samples.length) : new Uint16Array(0);
    const sums = matrix ? Array.from(new BigUint64Array(core.memory.buffer, sum, layers * layers), Number) : [];
    return {
      /** [L, S] */
      curves: byLayer(found, layers, places),
      /** [L, L] */
      sums: places.flatMap((a) => places.map((b) => sums[a * layers + b])),
    };
  });
}

/** From samples' curves [S, distinct] to the rows of all layers. @param {Uint16Array} curves @param {number} distinct @param {number[]} places */
function byLayer(curves, distinct, places) {
  const count = curves.length / distinct;
  const rows = new Uint16Array(places.length * count);
  places.forEach((place, layer) => {
    for (let i = 0; i < count; i++) rows[layer * count + i] = curves[i * distinct + place];
  });
  return rows;
}

/**
 * Share of the true k nearest that codes find: as packing measured it, or measured on some of the samples.
 * @param {Engine} engine @param {Uint32Array} samples @param {number} k @param {CallOptions} options
 */
async function findRecall(engine, samples, k, options) {
  const { layers } = engine.manifest;
  if (k === PACKED_K) return Float64Array.from(layers, (layer) => layer.recallCodes);
  if (!engine.hasNetwork()) return null;
  const { distinct, places } = distinctLayers(engine);
  const step = Math.max(1, Math.floor(samples.length / RECALL_SAMPLES));
  const probes = Array.from(samples).filter((_, i) => i % step === 0).slice(0, RECALL_SAMPLES);
  const found = distinct.map(() => 0);
  for (const sample of probes) {
    const onCodes = await neighborhoods(engine, { sample, layers: distinct, k, exact: false }, options);
    const { index } = await neighborhoods(engine, { sample, layers: distinct, k }, options);
    for (const place of distinct.keys()) {
      const known = new Set(onCodes.index.subarray(place * k, place * k + k));
      found[place] += index.subarray(place * k, place * k + k).filter((neighbor) => known.has(neighbor)).length;
    }
  }
  return Float64Array.from(places, (place) => found[place] / (k * probes.length));
}

/** What both answers begin with. @param {Engine} engine @param {StabilityOptions} request @param {CallOptions} options */
async function prepare(engine, request, options) {
  const { layers, stability } = engine.manifest;
  const k = request.k ?? stability.k;
  const samples = sampleList(engine, request.samples);
  checkK(engine, k);
  const { distinct } = distinctLayers(engine);
  const exact = (request.exact ?? true) && engine.hasNetwork() && k <= GRAPH_K && graphsFit(engine, distinct);
  const graphs = exact ? await graphsFor(engine, distinct, options) : null;
  if (!exact) await Promise.all(layers.map((layer, l) => engine.need("codes", l, `codes of ${layer.name}`, options)));
  const recall = exact || request.recall === false ? null : await findRecall(engine, samples, k, options);
  return { k, samples, exact, graphs, recall };
}

/**
 * @param {Engine} engine @param {StabilityOptions} request @param {CallOptions} [options]
 * @returns {Promise<import("./ntrace.d.ts").Stability>}
 */
export async function stability(engine, request, options = {}) {
  const { layers, dataset, stability: shipped } = engine.manifest;
  const reference = request.reference ?? shipped.reference;
  engine.check(reference, "layer", layers.length);
  const asShipped = (request.k ?? shipped.k) === shipped.k && reference === shipped.reference && request.samples === undefined;
  if (asShipped && request.exact !== true) {
    await engine.need("stability", 0, "stability", options);
    const values = engine.core.copyU16(engine.core.call("nt_bundle_stability", engine.handle), layers.length * dataset.samples);
    return { k: shipped.k, reference, samples: sampleList(engine, undefined), values, exact: shipped.exact ?? false, recall: null };
  }
  const { k, samples, exact, graphs, recall } = await prepare(engine, request, options);
  const { curves } = await overlaps(engine, { samples, k, reference, graphs, curves: true, matrix: false }, options);
  return { k, reference, samples, values: curves, exact, recall };
}

/**
 * @param {Engine} engine @param {StabilityOptions} request @param {CallOptions} [options]
 * @returns {Promise<import("./ntrace.d.ts").OverlapMatrix>}
 */
export async function overlapMatrix(engine, request, options = {}) {
  const { k, samples, exact, graphs, recall } = await prepare(engine, request, options);
  const { sums } = await overlaps(engine, { samples, k, reference: 0, graphs, curves: false, matrix: true }, options);
  const mean = Float64Array.from(sums, (sum) => (samples.length > 0 ? sum / samples.length : 0));
  return { k, samples: samples.length, mean, exact, recall };
}
