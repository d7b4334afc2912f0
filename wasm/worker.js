import { compare } from "./compare.js";
import { densities } from "./densities.js";
import { openEngine } from "./engine.js";
import { Elsewhere, NtraceError, asNtraceError } from "./errors.js";
import { explain } from "./explain.js";
import { createFileSource } from "./files.js";
import { graph, prepareGraphs } from "./graph.js";
import { loadCore } from "./loader.js";
import { measures } from "./measures.js";
import { neighborhoods } from "./neighborhoods.js";
import { place, placeTrace, preparePlace, releasePlace } from "./place.js";
import { project } from "./project.js";
import { createSource } from "./source.js";
import { overlapMatrix, stability } from "./stability.js";
import { parting, seat } from "./seat.js";
import { draw } from "./sheet.js";
import { suggestions } from "./suggestions.js";
import { summary } from "./summary.js";

/**
 * Messages in: { id, method, request } and { cancel: id }. Messages out, per id: any number of { progress } and { preview }, then
 * one of { result }, { error } or { elsewhere }: this worker leaves the call to another one.
 */

/** @type {import("./engine.js").Engine | undefined} */
let engine;
/** Calls under way. @type {Map<number, AbortController>} */
const calls = new Map();

/** @param {import("./workers.js").Address & { delegates?: boolean }} request @param {import("./ntrace.d.ts").CallOptions} options */
async function open({ url, files, model, variant, delegates = false }, options) {
  const builds = createSource(new URL(".", import.meta.url).href);
  const loaded = await loadCore((file) => builds.get(file, { signal: options.signal }), variant);
  const source = files ? createFileSource(files) : createSource(url);
  engine = await openEngine(loaded.core, source, { ...options, model });
  engine.readBuild = (file) => builds.get(file, {});
  engine.delegates = delegates;
  const version = loaded.core.text(loaded.core.call("nt_wasm_version"));
  const { models, first } = engine.models;
  const names = first.name === "" ? [] : models.map(({ name }) => name);
  return {
    url: source.base, models: names, model: engine.model, firstModel: first.name, manifest: engine.manifest, samples: engine.samples(),
    engine: { variant: loaded.variant, version },
  };
}

/** What an open bundle answers. @type {Record<string, (engine: import("./engine.js").Engine, request: any, options: any) => any>} */
const METHODS = {
  trace: (engine, request, options) => engine.trace(request, options),
  neighbors: (engine, request, options) => engine.neighbors(request, options),
  neighborhoods: (engine, request, options) => neighborhoods(engine, request, options),
  place: (engine, request, options) => place(engine, request, options),
  placeTrace: (engine, request, options) => placeTrace(engine, request, options),
  preparePlace: (engine, request, options) => preparePlace(engine, request, options),
  draw: (engine, request, options) => draw(engine, request, options),
  seat: (engine, request, options) => seat(engine, request, options),
  parting: (engine, request) => parting(engine, request),
  releasePlace: (engine) => releasePlace(engine),
  stability: (engine, request, options) => stability(engine, request, options),
  overlapMatrix: (engine, request, options) => overlapMatrix(engine, request, options),
  prepareGraphs: (engine, request, options) => prepareGraphs(engine, request, options),
  graph: (engine, request, options) => graph(engine, request, options),
  project: (engine, request, options) => project(engine, request, options),
  densities: (engine, request, options) => densities(engine, request, options),
  summary: (engine, request) => summary(engine, request),
  measures: (engine, request, options) => measures(engine, request, options),
  suggestions: (engine, request, options) => suggestions(engine, request, options),
  probabilities: (engine, request, options) => engine.probabilities(request, options),
  images: (engine, request, options) => engine.images(request, options),
  explain: (engine, request, options) => explain(engine, request, options),
  manifest: (engine) => engine.manifest,
  compare: async (engine, { with: other, ...request }, options) => compare(engine, await engine.of(other), request, options),
  memory: (engine) => engine.memory(),
};

/** A request may name another model than the one that was opened. @param {string} method @param {any} request @param {any} options */
async function perform(method, request, options) {
  if (method === "open") return open(request, options);
  if (!engine) throw new NtraceError("argument", "No bundle is open.");
  if (!Object.hasOwn(METHODS, method)) throw new NtraceError("argument", `The engine has no method ${method}.`);
  const { model, ...rest } = request;
  return METHODS[method](await engine.of(model), rest, options);
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
  if ("cancel" in data) calls.get(data.cancel)?.abort();
  else answer(data.id, data.method, data.request);
};
