import { createChunks } from "./chunks.js";
import { NtraceError, throwIfCancelled } from "./errors.js";
import { findModel, modelsIn, readModels } from "./models.js";
import { getSound } from "./source.js";
import { packTrace } from "./trace_layout.js";
import { TURN_MILLISECONDS, nextTurn } from "./turns.js";

/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Manifest} Manifest */
/** @typedef {import("./ntrace.d.ts").Role} Role */
/** @typedef {import("./trace_layout.js").PackedTrace} PackedTrace */

/** In the order of enum nt_role in include/ntrace/bundle.h. @type {Role[]} */
const ROLES = ["samples", "images", "opening", "codes", "weights", "stability", "map", "measures", "credibility", "suggestions"];
const STEP_SAMPLES = 16;
const MANIFEST_LIMIT = 16 << 20;

const decoder = new TextDecoder();

/**
 * Opens a bundle: reads its manifest, and its samples' labels.
 * @param {import("./core.js").Core} core
 * @param {import("./source.js").Source} source
 * @param {CallOptions & { model?: string, version?: import("./ntrace.d.ts").BundleVersion }} [options] model: of several this one, by
 *   its name; version: this one of the bundle's, whichever is current
 */
export async function openEngine(core, source, options = {}) {
  options.onProgress?.({ label: "fetching the manifest", done: 0 });
  const { current, model, bytes } = await readManifest(core, source, options);
  const handle = core.borrow((take) => {
    const [out, json] = [take(4), take(bytes.length)];
    core.write(json, bytes);
    core.attempt("nt_bundle_open", out, json, bytes.length, core.allocator);
    return core.readU32(out);
  });
  const engine = new Engine(core, handle, JSON.parse(decoder.decode(bytes)), source);
  engine.model = model.name;
  engine.models = current;
  try {
    await engine.need("samples", 0, "labels", options);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}

/**
 * The manifest of the model and of the version asked for, or the current one's.
 * @param {import("./core.js").Core} core @param {import("./source.js").Source} source
 * @param {CallOptions & { model?: string, version?: import("./ntrace.d.ts").BundleVersion }} options
 */
async function readManifest(core, source, { model: wanted, version, signal }) {
  const read = async (/** @type {Awaited<ReturnType<typeof readModels>>} */ current) => {
    const model = findModel(current, wanted);
    const bytes = await getSound(source, model.manifest, { signal, limit: MANIFEST_LIMIT }, (found) => {
      if (`m.${sha256(core, found)}.json` !== model.manifest) throw new NtraceError("damaged", `${model.manifest}: damaged: its SHA-256 is not the one in its name.`);
      return found;
    });
    return { current, model, bytes };
  };
  if (version) return read(modelsIn(version, source.base));
  const current = await readModels(source, "no-cache", signal);
  try {
    return await read(current);
  } catch (error) {
    if (!(error instanceof NtraceError) || error.code !== "missing") throw error;
    const newer = await readModels(source, "reload", signal); // another version may have come in between
    if (newer.first.manifest === current.first.manifest) throw error;
    return read(newer);
  }
}

/** @param {import("./core.js").Core} core @param {Uint8Array} bytes */
function sha256(core, bytes) {
  const digest = core.borrow((take) => {
    const [out, data] = [take(32), take(bytes.length)];
    core.write(data, bytes);
    core.call("nt_sha256", out, data, bytes.length);
    return core.copyU8(out, 32);
  });
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An open bundle: what ntrace.js offers, in the thread that computes. */
export class Engine {
  /**
   * @param {import("./core.js").Core} core
   * @param {number} handle
   * @param {Manifest} manifest
   * @param {import("./source.js").Source} source
   */
  constructor(core, handle, manifest, source) {
    this.core = core;
    this.handle = handle;
    this.manifest = manifest;
    /** Whether neighbour graphs are another worker's work. */
    this.delegates = false;
    /** Bytes of neighbour graphs that are kept; undefined: as many as suit the number of samples. @type {number | undefined} */
    this.graphBudget = undefined;
    /** Reads another WebAssembly module of the engine's folder. @type {(file: string) => Promise<Uint8Array>} */
    this.readBuild = () => Promise.reject(new NtraceError("missing", "This engine was started without its folder."));
    this.source = source;
    /** Of several models the one that this is, and all of them. */
    this.model = "";
    /** @type {Awaited<ReturnType<typeof readModels>>} */
    this.models = { models: [], first: { name: "", manifest: "" }, version: { manifest: "" } };
    /** Other models of the same samples, opened when they are asked for. @type {Map<string, Promise<Engine>>} */
    this.others = new Map();
    this.chunks = createChunks(core, handle, manifest.chunks, source);
  }

  /** The engine of a model of this bundle. @param {string} [name] absent: this one @returns {Promise<Engine>} */
  of(name = this.model) {
    if (name === this.model) return Promise.resolve(this);
    const kept = this.others.get(name);
    if (kept) return kept;
    const opened = openEngine(this.core, this.source, { model: name, version: this.models.version }).then((engine) => Object.assign(engine, { delegates: this.delegates, readBuild: this.readBuild }));
    this.others.set(name, opened);
    opened.catch(() => this.others.delete(name));
    return opened;
  }

  close() {
    if (!this.core.dead) this.core.call("nt_bundle_close", this.handle);
    this.handle = 0;
  }

  /** [N] true class, [N] predicted class, [N] its probability. */
  samples() {
    const { core, handle } = this;
    const n = this.manifest.dataset.samples;
    return {
      labels: core.copyU16(core.call("nt_bundle_labels", handle), n),
      predictions: core.copyU16(core.call("nt_bundle_predictions", handle), n),
      confidences: core.copyF32(core.call("nt_bundle_confidences", handle), n),
    };
  }

  /** @param {import("./ntrace.d.ts").TraceOptions} request @param {CallOptions & { onPreview?: (trace: PackedTrace) => void }} [options] */
  async trace({ sample, from, to, k, exact = true }, options = {}) {
    const query = await this.#ask(sample, [from, to], k, options);
    try {
      const preview = query.compute(() => this.#readTrace(query.at, false, query.milliseconds));
      if (!exact || !this.hasNetwork()) return preview;
      options.onPreview?.(preview);
      await this.#refine(query, sample, options);
      return query.compute(() => this.#readTrace(query.at, true, query.milliseconds));
    } finally {
      query.free();
    }
  }

  /** @param {{ sample: number, layer: number, k: number, exact?: boolean }} request @param {CallOptions} [options] */
  async neighbors({ sample, layer, k, exact = true }, options = {}) {
    const query = await this.#ask(sample, [layer], k, options);
    try {
      const refine = exact && this.hasNetwork();
      if (refine) await this.#refine(query, sample, options);
      const found = this.core.borrow((take) => {
        const [index, distance] = [take(4 * k), take(4 * k)];
        this.core.call("nt_query_neighbors", index, distance, query.at, 0);
        return { index: this.core.copyU32(index, k), distance: this.core.copyF32(distance, k) };
      });
      return { sample, layer, k, exact: refine, ...found };
    } finally {
      query.free();
    }
  }

  /** @param {{ sample: number }} request @param {CallOptions} [options] */
  async probabilities({ sample }, options = {}) {
    this.check(sample, "sample", this.manifest.dataset.samples);
    await Promise.all([this.needImages([sample], options), this.need("weights", 0, "the network", options)]);
    const classes = this.manifest.classes.length;
    return this.core.borrow((take) => {
      const out = take(4 * classes);
      this.core.attempt("nt_bundle_probabilities", out, this.handle, sample);
      return this.core.copyF32(out, classes);
    });
  }

  /** @param {{ samples: ArrayLike<number> }} request @param {CallOptions} [options] */
  async images({ samples }, options = {}) {
    const wanted = Array.from(samples);
    for (const sample of wanted) this.check(sample, "sample", this.manifest.dataset.samples);
    if (!this.manifest.dataset.image) throw new NtraceError("missing", "This bundle holds no images: it was packed from activations alone.", "Pack pictures with them: --thumbnails.");
    await this.needImages(wanted, options);
    const { channels, height, width } = this.manifest.dataset.image;
    const size = channels * height * width;
    const pixels = new Uint8Array(wanted.length * size);
    wanted.forEach((sample, i) => pixels.set(this.core.copyU8(this.core.call("nt_bundle_image", this.handle, sample), size), i * size));
    return pixels;
  }

  memory() {
    return this.core.memory.buffer.byteLength;
  }

  /**
   * Loads the chunks of a role that are not there yet.
   * @param {Role} role @param {number} layer of codes, maps and measures @param {string} what in words @param {CallOptions} options
   */
  async need(role, layer, what, options) {
    await this.chunks.load(this.#missing(role, layer, []), what, options);
  }

  /** Loads images: the small chunk of the first view where that has all of them. @param {ArrayLike<number>} samples @param {CallOptions} options */
  async needImages(samples, options) {
    const { opening } = this.manifest;
    let missing = this.#missing("images", 0, samples);
    if (missing.length > 0 && Array.prototype.includes.call(samples, opening.sample)) {
      await this.need("opening", 0, "sketches", options);
      missing = this.#missing("images", 0, samples);
    }
    await this.chunks.load(missing, "sketches", options);
  }

  /** @param {Role} role @param {number} layer @param {ArrayLike<number>} rows */
  #missing(role, layer, rows) {
    const { core, handle, manifest } = this;
    return core.borrow((take) => {
      const capacity = manifest.chunks.length;
      const [out, rowsAt] = [take(4 * capacity), take(4 * rows.length)];
      new Uint32Array(core.memory.buffer, rowsAt, rows.length).set(rows);
      const count = core.call("nt_bundle_need", out, capacity, handle, ROLES.indexOf(role), layer, rowsAt, rows.length);
      return core.copyU32(out, count);
    });
  }

  /** Whether exact activations can be had. */
  hasNetwork() {
    return this.ships("weights", 0);
  }

  /** Whether the bundle has a chunk of a role. @param {Role} role @param {number} layer of codes, maps and measures */
  ships(role, layer) {
    const own = this.manifest.layers[layer].codes;
    return this.manifest.chunks.some((chunk) => chunk.role === role && chunk.layer === own);
  }

  /** Refuses what is not a whole number below `count`. @param {number} value @param {string} what @param {number} count */
  check(value, what, count) {
    if (Number.isInteger(value) && value >= 0 && value < count) return;
    throw new NtraceError("argument", `${what} ${value}: expected a whole number from 0 to ${count - 1}.`);
  }

  /** Answers on codes. @param {number} sample @param {number[]} layers @param {number} k @param {CallOptions} options */
  async #ask(sample, layers, k, options) {
    const { core, manifest } = this;
    this.check(sample, "sample", manifest.dataset.samples);
    for (const layer of layers) this.check(layer, "layer", manifest.layers.length);
    if (!Number.isInteger(k) || k < 1) throw new NtraceError("argument", `k = ${k}: expected a whole number from 1.`);
    await Promise.all(layers.map((layer) => this.need("codes", layer, `codes of ${manifest.layers[layer].name}`, options)));
    throwIfCancelled(options.signal);
    return new Query(core, (out) =>
      core.borrow((take) => {
        const list = take(4 * layers.length);
        new Uint32Array(core.memory.buffer, list, layers.length).set(layers);
        core.attempt("nt_query_create", out, this.handle, sample, list, layers.length, k);
      }),
    );
  }

  /** Ranks a query's candidates by exact activations. @param {Query} query @param {number} sample @param {CallOptions} options */
  async #refine(query, sample, options) {
    const rows = query.rows();
    await Promise.all([this.needImages(rows, options), this.need("weights", 0, "the network", options)]);
    for (let done = 0; ; await nextTurn()) {
      throwIfCancelled(options.signal);
      done = query.compute(() => query.stepFor(TURN_MILLISECONDS));
      options.onProgress?.({ label: `ranking ${rows.length} candidates`, done: done / rows.length });
      if (done === rows.length) return;
    }
  }

  /** @param {number} query @param {boolean} exact @param {() => number} milliseconds */
  #readTrace(query, exact, milliseconds) {
    const { core } = this;
    return core.borrow((take) => {
      const trace = take(44);
      core.attempt("nt_query_trace", trace, query);
      try {
        return packTrace(core, trace, exact, milliseconds());
      } finally {
        core.call("nt_trace_clear", trace, core.allocator);
      }
    });
  }
}

/** One query under way, and the time that it has computed. */
class Query {
  /** @param {import("./core.js").Core} core @param {(out: number) => void} create */
  constructor(core, create) {
    this.core = core;
    this.spent = 0;
    this.started = 0;
    this.at = this.compute(() =>
      core.borrow((take) => {
        const out = take(4);
        create(out);
        return core.readU32(out);
      }),
    );
    /** Milliseconds so far, of the computation that is running too. */
    this.milliseconds = () => this.spent + performance.now() - this.started;
  }

  /** @template T @param {() => T} run @returns {T} */
  compute(run) {
    this.started = performance.now();
    try {
      return run();
    } finally {
      this.spent += performance.now() - this.started;
    }
  }

  /** Samples whose images the exact answer needs. */
  rows() {
    return this.core.borrow((take) => {
      const count = take(4);
      const rows = this.core.call("nt_query_rows", this.at, count);
      return this.core.copyU32(rows, this.core.readU32(count));
    });
  }

  /** Takes steps for some time; returns how many rows are done. @param {number} milliseconds */
  stepFor(milliseconds) {
    const until = performance.now() + milliseconds;
    return this.core.borrow((take) => {
      const out = take(4);
      do {
        this.core.attempt("nt_query_step", out, this.at, STEP_SAMPLES);
      } while (performance.now() < until && !this.core.call("nt_query_exact", this.at));
      return this.core.readU32(out);
    });
  }

  free() {
    if (!this.core.dead) this.core.call("nt_query_free", this.at);
  }
}
