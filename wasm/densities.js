import { NtraceError, throwIfCancelled } from "./errors.js";
import { NOBODY } from "./neighborhoods.js";
import { checkImage, takeImage } from "./place.js";
import { copyF64, takeBlocks, takeSteps, withRoom } from "./room.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Densities} Densities */

const POINTS = 256;
const MOST_POINTS = 4096;
const EXAMPLES = 4;
const STEP_SAMPLES = 16;
/** Points of one class's density worked out in a call. */
const BLOCK_POINTS = 8;

/**
 * How far the samples of each class lie from one sample at a layer: on codes at once, then by exact activations.
 * @param {Engine} engine
 * @param {{ sample?: number, pixels?: Uint8Array | Uint8ClampedArray, layer: number, points?: number, examples?: number, exact?: boolean }} request
 * @param {CallOptions & { onPreview?: (densities: Densities) => void }} [options]
 * @returns {Promise<Densities>}
 */
export async function densities(engine, { sample = NOBODY, pixels, layer, points = POINTS, examples = EXAMPLES, exact = true }, options = {}) {
  const { core, handle, manifest } = engine;
  const n = manifest.dataset.samples;
  if (pixels) checkImage(engine, pixels, undefined);
  else engine.check(sample, "sample", n);
  engine.check(layer, "layer", manifest.layers.length);
  if (!Number.isInteger(points) || points < 2 || points > MOST_POINTS) {
    throw new NtraceError("argument", `points = ${points}: expected a whole number from 2 to ${MOST_POINTS}.`);
  }
  engine.check(examples, "examples", n + 1);
  if (pixels) return withRoom(core, async (room) => describe(engine, room, await measure(engine, room, pixels, layer, options), { sample: NOBODY, layer, points, examples, exact: true }, options));
  await engine.need("codes", layer, `codes of ${manifest.layers[layer].name}`, options);
  throwIfCancelled(options.signal);
  return withRoom(core, async (room) => {
    const [distance, square] = [room.take(4 * n), room.take(4 * n)];
    core.attempt("nt_distances_on_codes", distance, square, handle, sample, layer);
    const shape = { sample, layer, points, examples };
    const refine = exact && engine.hasNetwork();
    if (!refine || options.onPreview) {
      const preview = await describe(engine, room, distance, { ...shape, exact: false }, options);
      if (!refine) return preview;
      options.onPreview?.(preview);
    }
    return describe(engine, room, await measure(engine, room, sample, layer, options), { ...shape, exact: true }, options);
  });
}

/** Exact distances to all samples; returns their address. @param {Engine} engine @param {Room} room @param {number | Uint8Array | Uint8ClampedArray} centre a sample, or pixels @param {number} layer @param {CallOptions} options */
async function measure(engine, room, centre, layer, options) {
  const { core, handle } = engine;
  const n = engine.manifest.dataset.samples;
  const everyone = Uint32Array.from({ length: n }, (_, i) => i);
  await Promise.all([engine.needImages(everyone, options), engine.need("weights", 0, "the network", options)]);
  const [list, done] = [room.takeU32([layer]), room.take(4)];
  const [create, own] = typeof centre === "number" ? ["nt_distances_create", centre] : ["nt_distances_create_image", takeImage(room, centre)];
  const distances = room.takeHandle("nt_distances_free", (out) => core.attempt(create, out, handle, own, list, 1));
  const step = () => {
    core.attempt("nt_distances_step", done, distances, STEP_SAMPLES);
    return core.readU32(done) / n;
  };
  await takeSteps(step, `measuring the distances to ${n} samples`, options);
  return core.call("nt_distances_at", distances, 0);
}

/**
 * Densities, bandwidths and examples from distances.
 * @param {Engine} engine @param {Room} room @param {number} distance address
 * @param {{ sample: number, layer: number, points: number, examples: number, exact: boolean }} shape @param {CallOptions} options
 * @returns {Promise<Densities>}
 */
async function describe({ core, handle, manifest }, room, distance, { examples, ...shape }, options) {
  const { sample, points } = shape;
  const [n, classes] = [manifest.dataset.samples, manifest.classes.length];
  const [order, value, start, scratch] = [room.take(4 * n), room.take(4 * n), room.take(4 * (classes + 1)), room.take(12 * n)];
  const [at, bandwidth, density] = [room.take(8 * points), room.take(8 * classes), room.takeZeroed(8 * classes * points)];
  core.call("nt_density_sort", order, value, start, distance, core.call("nt_bundle_labels", handle), sample, n, classes, scratch);
  core.call("nt_density_grid", at, bandwidth, value, start, classes, points);
  const [starts, widths] = [core.copyU32(start, classes + 1), copyF64(core, bandwidth, classes)];
  const blocks = Math.ceil(points / BLOCK_POINTS);
  const estimate = (/** @type {number} */ block) => {
    const [label, first] = [Math.floor(block / blocks), (block % blocks) * BLOCK_POINTS];
    if (widths[label] === 0) return;
    const count = Math.min(BLOCK_POINTS, points - first);
    const [from, members] = [starts[label], starts[label + 1] - starts[label]];
    core.attempt("nt_density", density + 8 * (label * points + first), at + 8 * first, count, value + 4 * from, members);
  };
  await takeBlocks(classes * blocks, 1, estimate, "estimating densities", options);
  const others = sample === NOBODY ? n : n - 1;
  const [index, distances] = [core.copyU32(order, others), core.copyF32(value, others)];
  const counts = Uint32Array.from(manifest.classes, (_, c) => starts[c + 1] - starts[c]);
  /** @param {(c: number, i: number) => number} place of the i-th example of class c */
  const pick = (place) =>
    manifest.classes.map((_, c) =>
      Array.from({ length: Math.min(examples, counts[c]) }, (_, i) => ({ sample: index[place(c, i)], distance: distances[place(c, i)] })),
    );
  return {
    ...shape,
    sample: /** @type {number} */ (sample === NOBODY ? null : sample),
    at: copyF64(core, at, points),
    density: copyF64(core, density, classes * points),
    bandwidth: widths,
    count: counts,
    nearest: pick((c, i) => starts[c] + i),
    farthest: pick((c, i) => starts[c + 1] - 1 - i),
  };
}
