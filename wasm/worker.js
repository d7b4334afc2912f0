import { arrival } from "./arrival.js";
import { openEngine } from "./engine.js";
import { Elsewhere, NtraceError, asNtraceError } from "./errors.js";
import { createFileSource } from "./files.js";
import { graph, prepareGraphs } from "./graph.js";
import { holdGraphs } from "./graph_shelf.js";
import { loadCore } from "./loader.js";
import { neighborhoods } from "./neighborhoods.js";
import { sha256 } from "./sha256.js";
import { createSource, getSound } from "./source.js";
import { overlapMatrix, stability } from "./stability.js";

/**
 * Messages in: { id, method, request }, { cancel: id } and { ping }. Messages out, per id: any number of { progress } and { preview },
 * then one of { result }, { error } or { elsewhere }: this worker leaves the call to another one. A ping is answered { pong }.
 */

/** The SHA-256 of each build of the engine: filled in by web/build.js. @type {Record<string, string>} */
const BUILDS = typeof NTRACE_BUILDS === "undefined" ? {} : NTRACE_BUILDS;

/** @type {import("./engine.js").Engine | undefined} */
let engine;
/** Calls under way. @type {Map<number, AbortController>} */
const calls = new Map();

/** The bytes of one of the engine's builds. @param {string} file @param {AbortSignal} [signal] */
function readBuild(file, signal) {
  return getSound(createSource(new URL(".", import.meta.url).href), file, { signal }, async (bytes) => {
    if (file in BUILDS && (await sha256(bytes)) !== BUILDS[file]) throw new NtraceError("damaged", `${file}: damaged: its SHA-256 is not the one it was built with.`);
    return bytes;
  });
}

/** @param {import("./workers.js").Address & { delegates?: boolean }} request @param {import("./ntrace.d.ts").CallOptions} options */
async function open({ url, files, model, version, variant, delegates = false }, options) {
  const loaded = await loadCore((file) => readBuild(file, options.signal), variant);
  const source = files ? createFileSource(files) : createSource(url);
  engine = await openEngine(loaded.core, source, { ...options, model, version });
  engine.readBuild = readBuild;
  engine.delegates = delegates;
  const { models, first } = engine.models;
  const names = first.name === "" ? [] : models.map(({ name }) => name);
  return {
    url: source.base, version: engine.models.version, models: names, model: engine.model, firstModel: first.name, manifest: engine.manifest, samples: engine.samples(),
    engine: { variant: loaded.variant, version: loaded.core.text(loaded.core.call("nt_wasm_version")) },
  };
}

/** @typedef {(engine: import("./engine.js").Engine, request: any, options: any) => any} Method */

/**
 * A method whose script comes when it is first called. Where it does not come, a browser may not ask for it again in this worker:
 * "crashed" has it replaced.
 * @param {Exclude<keyof typeof import("./later.js"), "compare">} name @returns {Method}
 */
const later = (name) => async (engine, request, options) => (await loadLater())[name](engine, request, options);
const loadLater = () => arrival(import("./later.js"), "A part of the engine", "crashed");

/** What an open bundle answers. @type {Record<string, Method>} */
const METHODS = {
  trace: (engine, request, options) => engine.trace(request, options),
  neighbors: (engine, request, options) => engine.neighbors(request, options),
  probabilities: (engine, request, options) => engine.probabilities(request, options),
  images: (engine, request, options) => engine.images(request, options),
  manifest: (engine) => engine.manifest,
  memory: (engine) => engine.memory(),
  neighborhoods, stability, overlapMatrix, prepareGraphs, graph,
  place: later("place"),
  placeTrace: later("placeTrace"),
  preparePlace: later("preparePlace"),
  releasePlace: later("releasePlace"),
  draw: later("draw"),
  seat: later("seat"),
  parting: later("parting"),
  project: later("project"),
  densities: later("densities"),
  summary: later("summary"),
  measures: later("measures"),
  suggestions: later("suggestions"),
  explain: later("explain"),
  compare: async (engine, { with: other, ...request }, options) => (await loadLater()).compare(engine, await engine.of(other), request, options),
};

/** A request may name another model than the one that was opened. @param {string} method @param {any} request @param {any} options */
async function perform(method, request, options) {
  if (method === "open") return open(request, options);
  if (!engine) throw new NtraceError("argument", "No bundle is open.");
  if (!Object.hasOwn(METHODS, method)) throw new NtraceError("argument", `The engine has no method ${method}.`);
  const { model, ...rest } = request;
  const asked = await engine.of(model);
  return holdGraphs(asked, () => METHODS[method](asked, rest, options));
}

/** Buffers that can change threads instead of being copied. @param {any} result @returns {Transferable[]} */
function transferables(result) {
  const values = ArrayBuffer.isView(result) ? [result] : Object.values(Object(result));
  return values.filter(ArrayBuffer.isView).map((view) => /** @type {ArrayBuffer} */ (view.buffer));
}

/** @param {number} id @param {string} method @param {any} request */
async function answer(id, method, request) {
  const control = new AbortController();
  calls.set(id, control);
  try {
    const result = await perform(method, request, {
      signal: control.signal,
      onProgress: (/** @type {unknown} */ progress) => self.postMessage({ id, progress }),
      onPreview: (/** @type {any} */ preview) => self.postMessage({ id, preview }, { transfer: transferables(preview) }),
    });
    self.postMessage({ id, result }, { transfer: transferables(result) });
  } catch (thrown) {
    const { code, message, hint } = asNtraceError(thrown);
    self.postMessage(thrown instanceof Elsewhere ? { id, elsewhere: true } : { id, error: { code, message, hint } });
  } finally {
    calls.delete(id);
  }
}

self.onmessage = ({ data }) => {
  if ("ping" in data) self.postMessage({ pong: data.ping });
  else if ("cancel" in data) calls.get(data.cancel)?.abort();
  else answer(data.id, data.method, data.request);
};
