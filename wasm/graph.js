import { unlessCancelled, whenAborted } from "./abort.js";
import { Elsewhere, NtraceError } from "./errors.js";
import { GRAPH_K, ROOM_BYTES, checkFit, keepGraph, needRoom, neighborGraph, touchGraph } from "./graph_shelf.js";
import { takeSteps } from "./room.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Progress} Progress */

const WORK_BYTES = 32;

/**
 * The exact neighbours of all samples at a layer.
 * @typedef {object} LayerGraph
 * @property {number} graph address of an nt_graph: good until the call that asked for it ends (see holdGraphs)
 * @property {number} k
 * @property {Float32Array} plane [N, 2] principal components
 * @property {{ pairs: number, reduced: number, exact: number }} work pairs that each test looked at
 * @property {number} milliseconds of computing
 */

/** A search under way, for all who wait for it. */
class Search {
  /** @param {(control: AbortSignal, progress: (progress: Progress) => void) => Promise<LayerGraph>} run */
  constructor(run) {
    this.control = new AbortController();
    /** @type {Set<CallOptions>} */
    this.waiting = new Set();
    this.found = run(this.control.signal, (progress) => {
      for (const { onProgress } of this.waiting) onProgress?.(progress);
    });
    this.found.catch(() => {});
  }

  /** Who is cancelled leaves; when nobody is left the search ends. @param {CallOptions} options @returns {Promise<LayerGraph>} */
  async wait(options) {
    const { signal } = options;
    this.waiting.add(options);
    const unhook = whenAborted(signal, () => {
      this.waiting.delete(options);
      if (this.waiting.size === 0) this.control.abort();
    });
    try {
      return await unlessCancelled(this.found, signal);
    } finally {
      unhook();
      this.waiting.delete(options);
    }
  }
}

/** Graphs and searches by the layer whose codes they share. @type {WeakMap<Engine, Map<number, Search>>} */
const searches = new WeakMap();

/** @param {Engine} engine @param {number} layer @param {AbortSignal} signal @param {(progress: Progress) => void} onProgress */
async function search(engine, layer, signal, onProgress) {
  const { core, manifest } = engine;
  const samples = manifest.dataset.samples;
  const k = Math.min(GRAPH_K, samples - 1);
  const options = { signal, onProgress };
  if (!engine.hasNetwork()) throw new NtraceError("missing", "This bundle holds no network: neighbours are known on codes only.");
  await Promise.all([engine.need("weights", 0, "the network", options), engine.needImages(Array.from({ length: samples }, (_, i) => i), options)]);
  let milliseconds = 0;
  needRoom(engine, k);
  const handle = core.borrow((take) => {
    const out = take(4);
    core.attempt("nt_bundle_graph_search", out, engine.handle, layer, k, ROOM_BYTES);
    return core.readU32(out);
  });
  try {
    const hint = neighborGraph(engine, layer);
    if (hint !== 0) core.attempt("nt_graph_search_hint", handle, hint);
    const step = () =>
      core.borrow((take) => {
        const done = take(8);
        const start = performance.now();
        core.attempt("nt_graph_search_step", done, handle);
        milliseconds += performance.now() - start;
        return new DataView(core.memory.buffer).getFloat64(done, true);
      });
    await takeSteps(step, `neighbours of all samples at ${manifest.layers[layer].name}`, options);
    const work = core.borrow((take) => {
      const out = take(WORK_BYTES);
      core.call("nt_graph_search_work", out, handle);
      const [pairs, reduced, exact] = new BigUint64Array(core.memory.buffer, out, 3);
      return { pairs: Number(pairs), reduced: Number(reduced), exact: Number(exact) };
    });
    const plane = core.copyF32(core.call("nt_graph_search_plane", handle), 2 * samples);
    const graph = core.call("nt_graph_search_take", handle);
    keepGraph(engine, layer, graph, () => searches.get(engine)?.delete(layer));
    return { graph, k, plane, work, milliseconds };
  } finally {
    if (!core.dead) core.call("nt_graph_search_free", handle);
  }
}

/** Leaves what needs graphs to another worker, where there is one for it. @param {Engine} engine */
export function workHere(engine) {
  if (engine.delegates) throw new Elsewhere();
}

/**
 * The graph of a layer: searched once, shared by layers with equal activations, kept until others need its room.
 * @param {Engine} engine @param {number} layer @param {CallOptions} [options]
 * @returns {Promise<LayerGraph>}
 */
export function layerGraph(engine, layer, options = {}) {
  engine.check(layer, "layer", engine.manifest.layers.length);
  workHere(engine);
  checkFit(engine, [layer]);
  const kept = searches.get(engine) ?? new Map();
  searches.set(engine, kept);
  const own = engine.manifest.layers[layer].codes;
  let found = kept.get(own);
  if (!found || found.control.signal.aborted) {
    found = new Search((signal, onProgress) => search(engine, own, signal, onProgress));
    kept.set(own, found);
    const forget = found;
    found.found.catch(() => kept.get(own) === forget && kept.delete(own));
  }
  touchGraph(engine, own);
  return found.wait(options);
}

/** Address of a layer's nt_graph. @param {Engine} engine @param {number} layer @param {CallOptions} [options] */
export const graphFor = async (engine, layer, options) => (await layerGraph(engine, layer, options)).graph;

/** About how long a layer's search takes: wide layers are reduced to so many numbers. @param {Engine} engine @param {number} layer */
const effort = ({ manifest: { layers } }, layer) => (layers[layer].codes === layer ? 400 + Math.min(layers[layer].size, 3136) : 0);

/**
 * The places of layers in a list, in the order in which graphs are best searched: the widest first, whose tables are the largest, while
 * few graphs are kept beside them; of equal width the later first, for activations after a ReLU take longer lists.
 * @param {Engine} engine @param {number[]} list
 */
export function searchOrder({ manifest: { layers } }, list) {
  return [...list.keys()].sort((a, b) => layers[list[b]].size - layers[list[a]].size || b - a);
}

/**
 * Graphs of several layers, one after the other.
 * @param {Engine} engine @param {number[]} layers @param {CallOptions} options @returns {Promise<number[]>} in the order of the layers
 */
export async function graphsFor(engine, layers, { signal, onProgress }) {
  /** @type {number[]} */
  const graphs = [];
  checkFit(engine, layers);
  const efforts = layers.map((layer) => effort(engine, layer));
  const all = efforts.reduce((sum, own) => sum + own, 0) || 1;
  let before = 0;
  for (const at of searchOrder(engine, layers)) {
    const own = efforts[at];
    /** Fetching shows in words alone. @param {Progress} progress */
    const tell = ({ label, done, bytes }) => onProgress?.({ label, done: (before + (bytes === undefined ? own * done : 0)) / all });
    graphs[at] = await graphFor(engine, layers[at], { signal, onProgress: tell });
    before += own;
  }
  return graphs;
}

/**
 * Searches the graphs of several layers, so that what needs them is answered at once.
 * @param {Engine} engine @param {{ layers?: ArrayLike<number> }} request @param {CallOptions} options
 * @returns {Promise<import("./ntrace.d.ts").GraphPreparation>}
 */
export async function prepareGraphs(engine, { layers }, options) {
  const { core, manifest } = engine;
  const list = layers ? Array.from(layers) : manifest.layers.map((_, layer) => layer);
  for (const layer of list) engine.check(layer, "layer", manifest.layers.length);
  await graphsFor(engine, list, options);
  const distinct = new Set(list.map((layer) => manifest.layers[layer].codes));
  const found = await Promise.all(Array.from(distinct, (layer) => layerGraph(engine, layer, options)));
  const total = (/** @type {(graph: LayerGraph) => number} */ of) => found.reduce((sum, graph) => sum + of(graph), 0);
  return {
    layers: list, k: Math.min(GRAPH_K, manifest.dataset.samples - 1),
    bytes: total(({ graph }) => core.call("nt_graph_bytes", graph)), milliseconds: total(({ milliseconds }) => milliseconds),
  };
}

/**
 * @param {Engine} engine @param {{ layer: number, k?: number }} request @param {CallOptions} [options]
 * @returns {Promise<import("./ntrace.d.ts").Graph>}
 */
export async function graph(engine, { layer, k }, options = {}) {
  const { core, manifest } = engine;
  const found = await layerGraph(engine, layer, options);
  const count = k ?? found.k;
  if (!Number.isInteger(count) || count < 1 || count > found.k) {
    throw new NtraceError("argument", `k = ${k}: expected a whole number from 1 to ${found.k}.`);
  }
  const samples = manifest.dataset.samples;
  const index = new Uint32Array(samples * count);
  const distance = new Float32Array(samples * count);
  core.borrow((take) => {
    const [indexAt, distanceAt] = [take(4 * count), take(4 * count)];
    for (let sample = 0; sample < samples; sample++) {
      core.call("nt_graph_get", indexAt, distanceAt, found.graph, sample, count);
      index.set(new Uint32Array(core.memory.buffer, indexAt, count), sample * count);
      distance.set(new Float32Array(core.memory.buffer, distanceAt, count), sample * count);
    }
  });
  return { layer, k: count, exact: true, index, distance, work: found.work, milliseconds: found.milliseconds };
}
