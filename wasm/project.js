import { NtraceError } from "./errors.js";
import { layerGraph, workHere } from "./graph.js";
import { GRAPH_K } from "./graph_shelf.js";
import { callF64, takeSteps, withRoom } from "./room.js";
import { shippedMap } from "./shipped.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Projection} Projection */
/** @typedef {import("./ntrace.d.ts").ProjectionPreview} ProjectionPreview */
/** @typedef {import("./ntrace.d.ts").ProjectionRequest} ProjectionRequest */
/** @typedef {CallOptions & { onPreview?: (preview: ProjectionPreview) => void }} ProjectOptions */

/** enum nt_umap_start. */
const START = { spectral: 0, map: 2 };
/** struct nt_umap_options: neighbors, epochs, negatives, start, seed, min_dist, spread, alpha. */
const OPTIONS_BYTES = 32;
const MOST_NEIGHBORS = 256;
const MOST_EPOCHS = 100000;
const PREVIEW_MILLISECONDS = 150;
/** How many maps are kept. */
const MOST_MAPS = 32;

/** A map that was made, and its number: maps that start from it are known by it. @typedef {{ id: number, map: Projection }} Kept */

/** Maps by what was asked, the oldest first; and the last of each layer that was made, not shipped. @type {WeakMap<Engine, { maps: Map<string, Kept>, last: Map<number, Kept>, made: number }>} */
const shelves = new WeakMap();

/** @param {Engine} engine */
function shelfOf(engine) {
  const shelf = shelves.get(engine) ?? { maps: new Map(), last: new Map(), made: 0 };
  shelves.set(engine, shelf);
  return shelf;
}

/** @param {string} name @param {unknown} value @param {number} low @param {number} high */
function whole(name, value, low, high) {
  if (Number.isInteger(value) && Number(value) >= low && Number(value) <= high) return;
  throw new NtraceError("argument", `${name} = ${value}: expected a whole number from ${low} to ${high}.`);
}

/**
 * What is asked, checked and complete but for the epochs, which depend on the start.
 * @param {Engine} engine @param {ProjectionRequest} request
 */
function complete(engine, { layer, method = "umap", neighbors = 15, minDist = 0.1, spread = 1, epochs, seed = 0, from }) {
  const { manifest } = engine;
  const samples = manifest.dataset.samples;
  engine.check(layer, "layer", manifest.layers.length);
  if (method !== "umap" && method !== "pca") throw new NtraceError("argument", `method ${method}: expected "umap" or "pca".`);
  if (method === "pca" && from !== undefined) throw new NtraceError("argument", "from: only UMAP starts from an earlier map.");
  whole("neighbors (the sample itself among them)", neighbors, 2, Math.min(MOST_NEIGHBORS, GRAPH_K + 1, samples));
  whole("seed", seed, 0, 0xffffffff);
  if (epochs !== undefined) whole("epochs", epochs, 1, MOST_EPOCHS);
  if (!(spread > 0 && spread <= 1000 && minDist >= 0 && minDist <= spread)) {
    throw new NtraceError("argument", `minDist = ${minDist}, spread = ${spread}: expected 0 <= minDist <= spread, and spread above 0, 1000 at most.`);
  }
  if (typeof from === "object" && from.length !== 2 * samples) {
    throw new NtraceError("argument", `from: expected ${2 * samples} numbers, two of each sample, found ${from.length}.`);
  }
  return { layer, method, neighbors, minDist, spread, epochs, seed, from };
}

/** Whether nothing is asked but the layer's usual map. @param {ProjectionRequest} request */
const asShipped = ({ layer, method = "umap", ...more }) => method === "umap" && Object.values(more).every((value) => value === undefined);

/** The bundle's own map of a layer, kept like one that was made; undefined where there is none. @param {Engine} engine @param {number} own @param {CallOptions} options */
async function keepShipped(engine, own, options) {
  const shelf = shelfOf(engine);
  const key = `shipped ${own}`;
  const map = shelf.maps.has(key) ? null : await shippedMap(engine, own, options);
  if (map) {
    const { minDist, spread, seed } = complete(engine, { layer: own });
    shelf.maps.set(key, { id: shelf.made++, map: { layer: own, method: "umap", minDist, spread, seed, ...map, milliseconds: 0, shipped: true } });
  }
  return shelf.maps.get(key);
}

/** The map to start from. @param {Engine} engine @param {ProjectionRequest["from"]} from @param {CallOptions} options @returns {Promise<{ points: Float32Array, name: string | null } | null>} */
async function startOf(engine, from, options) {
  if (from === undefined) return null;
  if (typeof from === "object") return { points: Float32Array.from(from), name: null };
  const { layers } = engine.manifest;
  engine.check(from, "layer", layers.length);
  const kept = shelfOf(engine).last.get(layers[from].codes) ?? (await keepShipped(engine, layers[from].codes, options));
  if (!kept) throw new NtraceError("missing", `There is no map of ${layers[from].name} yet to start from.`, "Project that layer first.");
  return { points: kept.map.points, name: `map ${kept.id}` };
}

/** The points as they stand. @param {Engine} engine @param {number} umap */
const pointsOf = ({ core, manifest }, umap) => core.copyF32(core.call("nt_umap_map", umap), 2 * manifest.dataset.samples);

/**
 * @param {Engine} engine @param {Room} room @param {ReturnType<typeof complete>} asked @param {number} start address of the start, 0 for none
 * @returns {number} address of the options
 */
function writeOptions({ core, manifest }, room, { neighbors, minDist, spread, epochs, seed }, start) {
  const at = room.take(OPTIONS_BYTES);
  core.call("nt_umap_defaults", at, manifest.dataset.samples, start === 0 ? START.spectral : START.map);
  const view = new DataView(core.memory.buffer, at, OPTIONS_BYTES);
  view.setUint32(0, neighbors, true);
  if (epochs !== undefined) view.setUint32(4, epochs, true);
  view.setUint32(16, seed, true);
  view.setFloat32(20, minDist, true);
  view.setFloat32(24, spread, true);
  return at;
}

/**
 * @param {Engine} engine @param {ReturnType<typeof complete>} asked @param {Float32Array | null} from @param {ProjectOptions} options
 * @returns {Promise<Projection>}
 */
async function umap(engine, asked, from, options) {
  const { core, manifest } = engine;
  const { layer, neighbors, minDist, spread, seed } = asked;
  const { graph } = await layerGraph(engine, layer, options);
  return withRoom(core, async (room) => {
    let milliseconds = 0;
    const startAt = from ? room.take(from.byteLength) : 0;
    if (from) new Float32Array(core.memory.buffer, startAt, from.length).set(from);
    const settings = writeOptions(engine, room, asked, startAt);
    const epochs = core.readU32(settings + 4);
    const handle = room.takeHandle("nt_umap_free", (out) => core.attempt("nt_umap_create", out, graph, settings, startAt, core.allocator));
    const epoch = room.takeZeroed(4);
    let shown = performance.now();
    const step = () => {
      const start = performance.now();
      core.attempt("nt_umap_step", epoch, handle);
      const done = callF64(core, "nt_umap_done", handle);
      const now = performance.now();
      milliseconds += now - start;
      const at = core.readU32(epoch);
      if (options.onPreview && at > 0 && now - shown >= PREVIEW_MILLISECONDS) {
        options.onPreview({ layer, epoch: at, epochs, points: pointsOf(engine, handle) });
        shown = now;
      }
      return done;
    };
    await takeSteps(step, `UMAP of ${manifest.layers[layer].name}`, options);
    const map = core.call("nt_umap_map", handle);
    const moved = from ? callF64(core, "nt_map_align", map, startAt, manifest.dataset.samples) : null;
    return { layer, method: "umap", neighbors, minDist, spread, epochs, seed, points: pointsOf(engine, handle), moved, milliseconds, shipped: false };
  });
}

/** @param {Engine} engine @param {number} layer @param {CallOptions} options @returns {Promise<Projection>} */
async function pca(engine, layer, options) {
  const { plane, milliseconds } = await layerGraph(engine, layer, options);
  return { layer, method: "pca", points: plane, moved: null, milliseconds, shipped: false };
}

/**
 * A map of all samples of a layer: the bundle's own where nothing else is asked, or made once for what is asked, but for a map
 * handed over in `from`.
 * @param {Engine} engine @param {ProjectionRequest} request @param {ProjectOptions} [options]
 * @returns {Promise<Projection>}
 */
export async function project(engine, request, options = {}) {
  const asked = complete(engine, request);
  const own = engine.manifest.layers[asked.layer].codes;
  const kept = (asShipped(request) && (await keepShipped(engine, own, options))) || (await make(engine, { ...asked, layer: own }, options));
  const { points, trustworthiness, continuity } = kept.map;
  const copies = trustworthiness && { trustworthiness: trustworthiness.slice(), continuity: continuity?.slice() };
  return { ...kept.map, layer: asked.layer, points: points.slice(), ...copies };
}

/** @param {Engine} engine @param {ReturnType<typeof complete>} asked @param {ProjectOptions} options @returns {Promise<Kept>} */
async function make(engine, asked, options) {
  workHere(engine);
  const { maps, last } = shelfOf(engine);
  const start = await startOf(engine, asked.from, options);
  const key = JSON.stringify({ ...asked, from: start?.name });
  const known = start && start.name === null ? undefined : maps.get(key);
  if (known) last.set(asked.layer, known);
  if (known) return known;
  const map = asked.method === "pca" ? await pca(engine, asked.layer, options) : await umap(engine, asked, start?.points ?? null, options);
  const kept = { id: shelfOf(engine).made++, map };
  if (start?.name !== null) maps.set(key, kept);
  last.set(asked.layer, kept);
  if (maps.size > MOST_MAPS) maps.delete(/** @type {string} */ (maps.keys().next().value));
  return kept;
}
