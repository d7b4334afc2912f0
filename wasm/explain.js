import { NtraceError, throwIfCancelled } from "./errors.js";
import { TURN_MILLISECONDS, nextTurn } from "./turns.js";

/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").ExplainRequest} ExplainRequest */
/** @typedef {import("./ntrace.d.ts").ExplainMethod} ExplainMethod */

/** In the order of enum nt_explain_method in include/ntrace/explain.h. @type {ExplainMethod[]} */
const METHODS = ["probabilities", "gradient", "integratedGradients", "gradCam", "occlusion", "neighborMean", "layerGradient"];
const DEFAULT_STEPS = 64;
const DEFAULT_K = 10;
const MOST_STEPS = 100_000;
const MOST_K = 1000;
/** NT_EXPLAIN_TOP and NT_EXPLAIN_OUTSIDE. */
const NONE = 0xffffffff;
const REQUEST_BYTES = 48;
/** Where struct nt_explanation holds what; wasm/exports.c checks it. */
const AT = {
  done: 0, units: 4, label: 8, logit: 12, probability: 16, classes: 20, logits: 24, probabilities: 28, shape: 32, values: 44,
  low: 48, high: 52, layer: 56, mapShape: 60, map: 72, baseline: 76, gap: 80, value: 84, k: 88, index: 92, cosine: 96,
  layerChannels: 100, layerSize: 104, moves: 108, activation: 112,
};
/** Passes through the network that one call computes, at most. */
const MOST_UNITS = 16;

/**
 * Explains one image. See Bundle.explain in ntrace.d.ts.
 * @template {ExplainMethod} M
 * @param {import("./engine.js").Engine} engine @param {ExplainRequest & { method: M }} request @param {CallOptions} [options]
 * @returns {Promise<import("./ntrace.d.ts").Explanations[M]>}
 */
export async function explain(engine, request, options = {}) {
  check(engine, request);
  await load(engine, request, options);
  throwIfCancelled(options.signal);
  const { core, handle } = engine;
  const image = imageOf(engine, request);
  const other = "other" in request && request.other !== undefined ? imageOf(engine, { sample: request.other }) : null;
  const net = engine.hasNetwork() ? core.call("nt_bundle_net", handle) : 0;
  const run = new Explanation(core, net, handle, request, image, other);
  try {
    for (;;) {
      const { done, units } = run.stepFor(TURN_MILLISECONDS);
      options.onProgress?.({ label: `explaining by ${request.method}`, done: done / units });
      if (done === units) return run.result();
      await nextTurn();
      throwIfCancelled(options.signal);
    }
  } finally {
    run.free();
  }
}

/** Refuses what this bundle cannot be asked. @param {import("./engine.js").Engine} engine @param {any} request */
function check(engine, { method, sample, pixels, class: label, steps = DEFAULT_STEPS, k = DEFAULT_K, layer = 0, other, left = [], arrived = [] }) {
  const { dataset, layers } = engine.manifest;
  if (!METHODS.includes(method)) refuse(`method ${method}: expected one of ${METHODS.join(", ")}.`);
  if ((sample === undefined) === (pixels === undefined)) refuse("An explanation needs either a sample or pixels.");
  if (sample !== undefined) engine.check(sample, "sample", dataset.samples);
  if (pixels !== undefined && !(pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray)) refuse("pixels: expected a Uint8Array.");
  const network = engine.hasNetwork();
  if (!network && method !== "neighborMean") {
    throw new NtraceError("missing", `This bundle holds no network: ${method} cannot be had.`, dataset.image ? "Pack the network with the data, or ask for neighborMean." : "Pack the network with the data.");
  }
  if (!dataset.image) throw new NtraceError("missing", `This bundle holds no images: ${method} cannot be had.`, "Pack images with the activations: --thumbnails.");
  const { channels, height, width } = dataset.image;
  if (pixels !== undefined && pixels.length !== channels * height * width) {
    refuse(`pixels: expected ${height} x ${width} x ${channels} bytes, found ${pixels.length}.`);
  }
  if (label !== undefined) engine.check(label, "class", network ? layers[layers.length - 1].size : 0);
  if (method === "gradCam" && !layers.some(({ kind }) => kind === "conv2d")) {
    throw new NtraceError("argument", "Grad-CAM needs a convolution, and this network has none.", "Ask for gradient, integratedGradients or occlusion.");
  }
  if (method === "integratedGradients") within(steps, "steps", MOST_STEPS);
  if (method === "neighborMean") within(k, "k", Math.min(MOST_K, dataset.samples - 1));
  if (method === "layerGradient") engine.check(layer, "layer", layers.length);
  if (other !== undefined) engine.check(other, "other", dataset.samples);
  for (const list of [left, arrived]) for (const one of list) engine.check(one, "a sample to compare with", dataset.samples);
  if (other !== undefined && left.length + arrived.length > 0) refuse("An explanation compares with other, or with left and arrived.");
}

/** @param {string} message @returns {never} */
function refuse(message) {
  throw new NtraceError("argument", message, "Correct the call: ntrace.d.ts says what explain takes.");
}

/** @param {number} value @param {string} what @param {number} most */
function within(value, what, most) {
  if (!Number.isInteger(value) || value < 1 || value > most) refuse(`${what} = ${value}: expected a whole number from 1 to ${most}.`);
}

/** @param {import("./engine.js").Engine} engine @param {any} request @param {CallOptions} options */
async function load(engine, { method, sample, other, left = [], arrived = [] }, options) {
  const everything = method === "neighborMean";
  const rows = everything ? Array.from({ length: engine.manifest.dataset.samples }, (_, i) => i) : [sample, other, ...left, ...arrived].filter((i) => i !== undefined);
  await Promise.all([engine.needImages(rows, options), engine.need("weights", 0, "the network", options)]);
}

/** Pixels from outside, or the address of a sample's. @param {import("./engine.js").Engine} engine @param {any} request @returns {number | Uint8Array} */
function imageOf({ core, handle }, { sample, pixels }) {
  return pixels ?? core.call("nt_bundle_image", handle, sample);
}

/** One explanation under way, and the time that it has computed. */
export class Explanation {
  /**
   * @param {import("./core.js").Core} core
   * @param {number} net address, or 0
   * @param {number} bundle address, or 0
   * @param {any} request as explain takes it
   * @param {number | Uint8Array} image address, or bytes
   * @param {number | Uint8Array | null} [other]
   */
  constructor(core, net, bundle, request, image, other = null) {
    this.core = core;
    this.request = request;
    this.milliseconds = 0;
    this.units = 1;
    this.at = this.#timed(() => core.borrow((take) => this.#create(take, net, bundle, image, other)));
  }

  /** @param {(bytes: number) => number} take @param {number} net @param {number} bundle @param {number | Uint8Array} image @param {number | Uint8Array | null} other */
  #create(take, net, bundle, image, other) {
    const { core } = this;
    const { method, sample, class: label = NONE, steps = DEFAULT_STEPS, k = DEFAULT_K, layer = 0, left = [], arrived = [] } = this.request;
    const place = (/** @type {number | Uint8Array | null} */ pixels) => {
      if (pixels === null || typeof pixels === "number") return pixels ?? 0;
      const at = take(pixels.length);
      core.write(at, pixels);
      return at;
    };
    const list = (/** @type {number[]} */ samples) => {
      const at = take(4 * samples.length + 4);
      new Uint32Array(core.memory.buffer, at, samples.length).set(samples);
      return at;
    };
    const [out, request, images, lists] = [take(4), take(REQUEST_BYTES), [place(image), place(other)], [list(left), list(arrived)]];
    new Uint32Array(core.memory.buffer, request, 12).set([METHODS.indexOf(method), label, steps, layer, k, sample ?? NONE, ...images, ...lists, left.length, arrived.length]);
    core.attempt("nt_explain_create", out, net, bundle, request, core.allocator);
    return core.readU32(out);
  }

  /** @template T @param {() => T} run @returns {T} */
  #timed(run) {
    const started = performance.now();
    try {
      return run();
    } finally {
      this.milliseconds += performance.now() - started;
    }
  }

  /** Takes steps for some time, none of them much longer than a quarter of it. @param {number} milliseconds */
  stepFor(milliseconds) {
    return this.#timed(() => {
      const until = performance.now() + milliseconds;
      for (;;) {
        const started = performance.now();
        this.core.attempt("nt_explain_step", this.at, this.units);
        const now = performance.now();
        if (now - started < milliseconds / 8) this.units = Math.min(2 * this.units, MOST_UNITS);
        if (now - started > milliseconds / 4) this.units = Math.max(this.units >> 1, 1);
        const [done, units] = [this.#u32("done"), this.#u32("units")];
        if (done === units || now >= until) return { done, units };
      }
    });
  }

  /** @param {keyof typeof AT} field */
  #address(field) {
    return this.core.call("nt_explain_result", this.at) + AT[field];
  }
  /** @param {keyof typeof AT} field */
  #u32(field) {
    return this.core.readU32(this.#address(field));
  }
  /** @param {keyof typeof AT} field */
  #f32(field) {
    return this.core.copyF32(this.#address(field), 1)[0];
  }
  /** @param {keyof typeof AT} field @param {number} count */
  #floats(field, count) {
    return this.core.copyF32(this.#u32(field), count);
  }
  /** @param {"shape" | "mapShape"} field */
  #shape(field) {
    const [channels, height, width] = this.core.copyU32(this.#address(field), 3);
    return { channels, height, width };
  }

  /** What only this method has. @returns {object} */
  #own() {
    const { method } = this.request;
    if (method === "probabilities") return { logits: this.#floats("logits", this.#u32("classes")) };
    if (method === "integratedGradients") {
      return { steps: this.request.steps ?? DEFAULT_STEPS, baselineLogit: this.#f32("baseline"), gap: this.#f32("gap") };
    }
    if (method === "gradCam") {
      const { height: mapHeight, width: mapWidth } = this.#shape("mapShape");
      return { layer: this.#u32("layer"), map: this.#floats("map", mapHeight * mapWidth), mapHeight, mapWidth };
    }
    if (method === "neighborMean") {
      const k = this.#u32("k");
      return { k, index: this.core.copyU32(this.#u32("index"), k), cosine: this.#floats("cosine", k) };
    }
    if (method === "layerGradient") {
      const [moves, activation] = [this.#floats("moves", this.#u32("layerChannels")), this.#floats("activation", this.#u32("layerSize"))];
      return { layer: this.#u32("layer"), value: this.#f32("value"), moves, activation };
    }
    return {};
  }

  /** The finished explanation, as ntrace.d.ts describes it. @returns {any} */
  result() {
    return this.#timed(() => {
      const label = this.#u32("label");
      const explained = label === NONE ? { class: null, logit: null, probability: null }
        : { class: label, logit: this.#f32("logit"), probability: this.#f32("probability") };
      const shape = this.#shape("shape");
      const values = this.#floats("values", shape.channels * shape.height * shape.width);
      return {
        method: this.request.method, ...explained, values, ...shape, min: this.#f32("low"), max: this.#f32("high"),
        ...this.#own(), milliseconds: this.milliseconds,
      };
    });
  }

  free() {
    if (!this.core.dead) this.core.call("nt_explain_free", this.at);
  }
}
