import { NtraceError, throwIfCancelled } from "./errors.js";
import { takeSteps, withRoom } from "./room.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Neighborhoods} Neighborhoods */

const STEP_SAMPLES = 28;
const MOST_K = 1000;
/** enum nt_query_effort in include/ntrace/bundle.h. */
export const EFFORT = { candidates: 0, promising: 1, all: 2 };
/** NT_QUERY_NOBODY. */
export const NOBODY = 0xffffffff;

/** The time that a call has computed, fetching and waiting left out. */
export class Clock {
  constructor() {
    this.milliseconds = 0;
  }

  /** @template T @param {() => T} run @returns {T} */
  time(run) {
    const started = performance.now();
    try {
      return run();
    } finally {
      this.milliseconds += performance.now() - started;
    }
  }
}

/**
 * Which layers are asked for and compared with which: all with the bundle's reference, unless the request says otherwise.
 * @param {Engine} engine @param {{ layers?: ArrayLike<number>, reference?: number, k: number, exact?: boolean | "all" }} request
 * @param {number} others how many samples can be neighbours
 */
export function checkRequest(engine, { layers, reference, k, exact = true }, others) {
  const { layers: known, stability } = engine.manifest;
  const list = layers === undefined ? known.map((_, layer) => layer) : Array.from(layers);
  for (const layer of list) engine.check(layer, "layer", known.length);
  if (list.length === 0 || new Set(list).size < list.length) throw new NtraceError("argument", `layers ${list.join(", ")}: expected at least one, none of them twice.`);
  const most = Math.min(MOST_K, others);
  if (!Number.isInteger(k) || k < 1 || k > most) throw new NtraceError("argument", `k = ${k}: expected a whole number from 1 to ${most}.`);
  if (exact !== true && exact !== false && exact !== "all") throw new NtraceError("argument", `exact: ${exact}: expected true, false or "all".`);
  const compared = reference ?? (list.includes(stability.reference) ? stability.reference : list[0]);
  if (!list.includes(compared)) throw new NtraceError("argument", `reference ${compared}: expected one of the layers ${list.join(", ")}.`);
  return { layers: list, reference: compared, k, exact };
}

/** @param {Engine} engine @param {number[]} layers @param {CallOptions} options */
export async function needCodes(engine, layers, options) {
  await Promise.all(layers.map((layer) => engine.need("codes", layer, `codes of ${engine.manifest.layers[layer].name}`, options)));
}

/**
 * What a query knows by now at all its layers, and how much each shares with the reference.
 * @param {Engine} engine @param {number} query @param {{ layers: number[], reference: number, k: number }} asked
 */
export function readNeighborhoods(engine, query, { layers, reference, k }) {
  const { core } = engine;
  return core.borrow((take) => {
    const count = layers.length;
    const [index, distance, overlap] = [take(4 * k * count), take(4 * k * count), take(4 * count)];
    core.attempt("nt_query_overlap", overlap, query, layers.indexOf(reference));
    for (let i = 0; i < count; i++) core.call("nt_query_neighbors", index + 4 * k * i, distance + 4 * k * i, query, i);
    const shared = overlaps(engine, index, count, k);
    const kept = Uint32Array.from(layers, (_, i) => shared[i * count + Math.max(0, i - 1)]);
    return { index: core.copyU32(index, k * count), distance: core.copyF32(distance, k * count), overlap: core.copyU32(overlap, count), kept };
  });
}

/** How many every two of some neighbourhoods share: [rows, rows]. @param {Engine} engine @param {number} index address of [rows, k] @param {number} rows @param {number} k */
export function overlaps({ core, manifest }, index, rows, k) {
  return core.borrow((take) => {
    const words = manifest.dataset.samples;
    const [sum, mask] = [take(8 * rows * rows), take(8 * words)];
    new Uint8Array(core.memory.buffer, sum, 8 * rows * rows).fill(0);
    new Uint8Array(core.memory.buffer, mask, 8 * words).fill(0);
    core.call("nt_overlap_add", sum, index, rows, k, mask);
    return core.copyU32(sum, 2 * rows * rows).filter((_, i) => i % 2 === 0);
  });
}

/**
 * Takes all of a query's exact steps.
 * @param {Engine} engine @param {Room} room @param {number} query @param {number} effort @param {Clock} clock @param {CallOptions} options
 */
export async function refine(engine, room, query, effort, clock, options) {
  const { core } = engine;
  const done = room.take(4);
  core.attempt("nt_query_set_effort", query, effort);
  const list = core.call("nt_query_rows", query, done);
  const rows = core.copyU32(list, core.readU32(done));
  await Promise.all([engine.needImages(rows, options), engine.need("weights", 0, "the network", options)]);
  const step = () =>
    clock.time(() => {
      core.attempt("nt_query_step", done, query, STEP_SAMPLES);
      return core.call("nt_query_exact", query) ? 1 : core.readU32(done) / (rows.length + 1);
    });
  await takeSteps(step, `ranking ${rows.length} candidates`, options);
}

/**
 * One sample's neighbourhoods at several layers. See Bundle.neighborhoods in ntrace.d.ts.
 * @param {Engine} engine @param {{ sample: number, layers?: ArrayLike<number>, reference?: number, k: number, exact?: boolean | "all" }} request
 * @param {CallOptions & { onPreview?: (found: Neighborhoods) => void }} [options] @returns {Promise<Neighborhoods>}
 */
export async function neighborhoods(engine, { sample, ...request }, options = {}) {
  const { core, handle, manifest } = engine;
  engine.check(sample, "sample", manifest.dataset.samples);
  const { exact, ...asked } = checkRequest(engine, request, manifest.dataset.samples - 1);
  await needCodes(engine, asked.layers, options);
  throwIfCancelled(options.signal);
  return withRoom(core, async (room) => {
    const clock = new Clock();
    const list = room.takeU32(asked.layers);
    const query = clock.time(() =>
      room.takeHandle("nt_query_free", (out) => core.attempt("nt_query_create", out, handle, sample, list, asked.layers.length, asked.k)),
    );
    const answer = (/** @type {boolean} */ isExact) => {
      const found = clock.time(() => readNeighborhoods(engine, query, asked));
      return { sample, ...asked, exact: isExact, ...found, milliseconds: clock.milliseconds };
    };
    const refined = exact !== false && engine.hasNetwork();
    if (!refined) return answer(false);
    if (options.onPreview) options.onPreview(answer(false));
    await refine(engine, room, query, exact === "all" ? EFFORT.all : EFFORT.promising, clock, options);
    return answer(true);
  });
}
