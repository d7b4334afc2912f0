/** Where an image from outside stands among the samples: on a layer's map, and beside the sample that it was made from. */
import { NtraceError } from "./errors.js";
import { overlaps } from "./neighborhoods.js";
import { shippedMap } from "./shipped.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */

/** So many of the nearest count: those that UMAP counts by default, less the image itself. */
const NEIGHBORS = 14;
/** Two neighbourhoods have parted where they share less than this of their k. */
const PARTED = 0.5;

/**
 * A place on the bundle's map of a layer. See Bundle.seat in ntrace.d.ts.
 * @param {Engine} engine @param {{ layer: number, index: number[], distance: number[] }} request @param {CallOptions} [options]
 */
export async function seat(engine, { layer, index, distance }, options = {}) {
  const { core, manifest } = engine;
  engine.check(layer, "layer", manifest.layers.length);
  const count = Math.min(NEIGHBORS, index.length);
  if (count === 0 || index.length !== distance.length) throw new NtraceError("argument", "seat: expected as many distances as neighbours, and at least one.");
  for (const sample of index) engine.check(sample, "a neighbour", manifest.dataset.samples);
  const map = await shippedMap(engine, manifest.layers[layer].codes, options);
  if (!map) throw new NtraceError("missing", `This bundle holds no map of ${manifest.layers[layer].name}.`);
  return core.borrow((take) => {
    const [at, points, near, far] = [take(8), take(map.points.byteLength), take(4 * count), take(4 * count)];
    new Float32Array(core.memory.buffer, points, map.points.length).set(map.points);
    new Uint32Array(core.memory.buffer, near, count).set(index.slice(0, count));
    new Float32Array(core.memory.buffer, far, count).set(distance.slice(0, count));
    core.call("nt_map_place", at, points, near, far, count);
    const [x, y] = core.copyF32(at, 2);
    return { layer, x, y, neighbors: count };
  });
}

/**
 * What two neighbourhoods share at every layer, and where they part. See Bundle.parting in ntrace.d.ts.
 * @param {Engine} engine @param {{ original: import("./ntrace.d.ts").Neighborhoods, changed: import("./ntrace.d.ts").Placed }} request
 */
export function parting(engine, { original, changed }) {
  const { core } = engine;
  const { k, layers } = original;
  if (changed.k !== k || !changed.index || changed.layers.length !== layers.length || changed.layers.some((layer, i) => layer !== layers[i])) {
    throw new NtraceError("argument", "parting: expected neighbourhoods of the same size at the same layers.");
  }
  const sides = [original.index, changed.index];
  const shared = core.borrow((take) => {
    const rows = take(8 * k);
    return Uint32Array.from(layers, (_, i) => {
      sides.forEach((index, side) => new Uint32Array(core.memory.buffer, rows + 4 * k * side, k).set(index.subarray(k * i, k * (i + 1))));
      return overlaps(engine, rows, 2, k)[1];
    });
  });
  const at = shared.findIndex((/** @type {number} */ count) => count < PARTED * k);
  return { k, layers, shared, limit: PARTED, layer: at < 0 ? null : layers[at], least: layers[shared.indexOf(Math.min(...shared))] };
}
