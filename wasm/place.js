import { NtraceError, throwIfCancelled } from "./errors.js";
import { Clock, EFFORT, NOBODY, checkRequest, needCodes, readNeighborhoods, refine } from "./neighborhoods.js";
import { takeSteps, withRoom } from "./room.js";
import { packTrace } from "./trace_layout.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Placed} Placed */
/** @typedef {import("./ntrace.d.ts").PlaceRequest} PlaceRequest */
/** @typedef {import("./trace_layout.js").PackedTrace} PackedTrace */

const TRACE_BYTES = 44;

/**
 * The axes that images are placed on, as far as they have been found.
 * @typedef {object} Axes
 * @property {number} at address of an nt_place
 * @property {number[]} layers
 * @property {number} done
 * @property {number} total
 * @property {number} milliseconds
 */

/** Found once, shared by all calls, kept until released. @type {WeakMap<Engine, Axes>} */
const axesOf = new WeakMap();

/** @param {Engine} engine */
export function releasePlace(engine) {
  const axes = axesOf.get(engine);
  if (axes && !engine.core.dead) engine.core.call("nt_place_free", axes.at);
  axesOf.delete(engine);
}

/** The axes kept, where they serve these layers; else new ones that serve the layers asked for before too. @param {Engine} engine @param {number[]} layers */
function startAxes(engine, layers) {
  const kept = axesOf.get(engine);
  if (kept && layers.every((layer) => kept.layers.includes(layer))) return kept;
  const { core, handle } = engine;
  const all = [...new Set([...(kept?.layers ?? []), ...layers])];
  releasePlace(engine);
  const at = core.borrow((take) => {
    const [out, list] = [take(4), take(4 * all.length)];
    new Uint32Array(core.memory.buffer, list, all.length).set(all);
    core.attempt("nt_place_create", out, handle, list, all.length);
    return core.readU32(out);
  });
  const axes = { at, layers: all, done: 0, total: core.call("nt_place_steps", at), milliseconds: 0 };
  axesOf.set(engine, axes);
  return axes;
}

/** One step, taken by whoever waits; returns the share done. @param {Engine} engine @param {number[]} layers */
function stepAxes(engine, layers) {
  const { core } = engine;
  const axes = startAxes(engine, layers);
  if (axes.done < axes.total) {
    const started = performance.now();
    try {
      axes.done = core.borrow((take) => {
        const done = take(4);
        core.attempt("nt_place_step", done, axes.at, 1);
        return core.readU32(done);
      });
    } catch (error) {
      releasePlace(engine);
      throw error;
    }
    axes.milliseconds += performance.now() - started;
  }
  return axes.done / axes.total;
}

/** The address of ready axes for these layers, or 0. @param {Engine} engine @param {number[]} layers */
function readyAxes(engine, layers) {
  const axes = axesOf.get(engine);
  const ready = axes && axes.done === axes.total && layers.every((layer) => axes.layers.includes(layer));
  return ready ? axes.at : 0;
}

/** Finds the axes of some layers, where that is not done yet. @param {Engine} engine @param {number[]} layers @param {CallOptions} options */
async function needAxes(engine, layers, options) {
  const { core } = engine;
  while (readyAxes(engine, layers) === 0) {
    await Promise.all([needCodes(engine, layers, options), engine.need("weights", 0, "the network", options)]);
    throwIfCancelled(options.signal);
    const { at } = startAxes(engine, layers);
    const rows = core.borrow((take) => {
      const count = take(4);
      const list = core.call("nt_place_rows", at, count);
      return core.copyU32(list, core.readU32(count));
    });
    await engine.needImages(rows, options);
    await takeSteps(() => stepAxes(engine, layers), "finding the axes that sketches are placed on", options);
  }
  return readyAxes(engine, layers);
}

/**
 * Prepares for placing images. See Bundle.preparePlace in ntrace.d.ts.
 * @param {Engine} engine @param {{ layers?: ArrayLike<number> }} [request] @param {CallOptions} [options]
 */
export async function preparePlace(engine, request = {}, options = {}) {
  needNetwork(engine);
  const { layers } = checkRequest(engine, { ...request, k: 1 }, engine.manifest.dataset.samples);
  await needAxes(engine, layers, options);
  const axes = /** @type {Axes} */ (axesOf.get(engine));
  return { layers: axes.layers, bytes: engine.core.call("nt_place_bytes", axes.at), milliseconds: axes.milliseconds };
}

/** @param {Engine} engine */
function needNetwork(engine) {
  if (engine.hasNetwork()) return;
  throw new NtraceError("missing", "This bundle holds no network: nothing can be said of other images.", "Pack the network with the data.");
}

/** Refuses pixels that are no image of this bundle's size. @param {Engine} engine @param {PlaceRequest["pixels"]} pixels @param {number | undefined} exclude */
export function checkImage(engine, pixels, exclude) {
  needNetwork(engine);
  const { samples, image } = engine.manifest.dataset;
  const { channels, height, width } = /** @type {NonNullable<typeof image>} */ (image); // a network has images
  if (!(pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray)) {
    throw new NtraceError("argument", "pixels: expected a Uint8Array.", "Give one byte for each pixel and channel.");
  }
  if (pixels.length !== channels * height * width) {
    throw new NtraceError("argument", `pixels: expected ${height} x ${width} x ${channels} bytes, found ${pixels.length}.`, "Scale the image to this bundle's size.");
  }
  if (exclude !== undefined) engine.check(exclude, "exclude", samples);
  return exclude === undefined ? samples : samples - 1;
}

/** Logits, probabilities and the most likely class. @param {Engine} engine @param {number} image address */
function judge({ core, handle, manifest }, image) {
  const classes = manifest.classes.length;
  return core.borrow((take) => {
    const [logit, probability] = [take(4 * classes), take(4 * classes)];
    core.attempt("nt_place_logits", logit, probability, handle, image);
    const logits = core.copyF32(logit, classes);
    return { class: logits.indexOf(Math.max(...logits)), logits, probabilities: core.copyF32(probability, classes) };
  });
}

/** A query around an image; where there are axes it answers on codes. @param {Engine} engine @param {Room} room @param {number} image @param {number} axes address or 0 @param {{ exclude?: number, layers: number[], k: number }} asked */
function ask({ core, handle }, room, image, axes, { exclude = NOBODY, layers, k }) {
  const list = room.takeU32(layers);
  return room.takeHandle("nt_query_free", (out) => core.attempt("nt_query_create_image", out, handle, axes, image, exclude, list, layers.length, k));
}

/**
 * Places an image from outside among the samples. See Bundle.place in ntrace.d.ts.
 * @param {Engine} engine @param {PlaceRequest} request
 * @param {CallOptions & { onPreview?: (placed: Placed) => void }} [options] @returns {Promise<Placed>}
 */
export async function place(engine, { pixels, exclude, ...request }, options = {}) {
  const { core } = engine;
  const others = checkImage(engine, pixels, exclude);
  const { exact, ...asked } = checkRequest(engine, request, others);
  await engine.need("weights", 0, "the network", options);
  throwIfCancelled(options.signal);
  return withRoom(core, async (room) => {
    const clock = new Clock();
    const image = takeImage(room, pixels);
    const said = clock.time(() => judge(engine, image));
    const nothing = { index: null, distance: null, overlap: null, kept: null };
    const answer = (/** @type {boolean} */ isExact, query = 0) => {
      const found = query ? clock.time(() => readNeighborhoods(engine, query, asked)) : nothing;
      return { ...said, ...asked, exact: isExact, ...found, milliseconds: clock.milliseconds };
    };
    options.onPreview?.(structuredClone(answer(false)));
    const axes = exact === "all" ? readyAxes(engine, asked.layers) : await needAxes(engine, asked.layers, options);
    const query = clock.time(() => ask(engine, room, image, axes, { exclude, ...asked }));
    if (exact === false) return answer(false, query);
    if (axes) options.onPreview?.(structuredClone(answer(false, query)));
    await refine(engine, room, query, exact === "all" ? EFFORT.all : EFFORT.promising, clock, options);
    return answer(true, query);
  });
}

/**
 * The trace of an image from outside between two layers. See Bundle.placeTrace in ntrace.d.ts.
 * @param {Engine} engine @param {import("./ntrace.d.ts").PlaceTraceRequest} request
 * @param {CallOptions & { onPreview?: (trace: PackedTrace) => void }} [options] @returns {Promise<PackedTrace>}
 */
export async function placeTrace(engine, { pixels, exclude, from, to, ...request }, options = {}) {
  const { core } = engine;
  const others = checkImage(engine, pixels, exclude);
  const layers = from === to ? [from] : [from, to];
  const { k, exact } = checkRequest(engine, { ...request, layers }, others);
  await engine.need("weights", 0, "the network", options);
  throwIfCancelled(options.signal);
  return withRoom(core, async (room) => {
    const clock = new Clock();
    const image = takeImage(room, pixels);
    const label = clock.time(() => judge(engine, image).class);
    const axes = exact === "all" ? readyAxes(engine, layers) : await needAxes(engine, layers, options);
    const query = clock.time(() => ask(engine, room, image, axes, { exclude, layers: [from, to], k }));
    const answer = (/** @type {boolean} */ isExact) => readTrace(engine, query, label, isExact, clock);
    if (exact === false) return answer(false);
    if (axes) options.onPreview?.(answer(false));
    await refine(engine, room, query, exact === "all" ? EFFORT.all : EFFORT.candidates, clock, options);
    return answer(true);
  });
}

/** @param {Room} room @param {PlaceRequest["pixels"]} pixels */
export function takeImage(room, pixels) {
  const image = room.take(pixels.length);
  room.core.write(image, new Uint8Array(pixels));
  return image;
}

/** Its centre is no sample: it has the class that the network sees. @param {Engine} engine @param {number} query @param {number} label @param {boolean} exact @param {Clock} clock */
function readTrace({ core }, query, label, exact, clock) {
  const packed = core.borrow((take) => {
    const trace = take(TRACE_BYTES);
    clock.time(() => core.attempt("nt_query_trace", trace, query));
    try {
      return packTrace(core, trace, exact, clock.milliseconds);
    } finally {
      core.call("nt_trace_clear", trace, core.allocator);
    }
  });
  return { ...packed, head: { ...packed.head, sample: null, class: label } };
}
