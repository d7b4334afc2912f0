import { NtraceError } from "./errors.js";
import { graphFor } from "./graph.js";
import { GRAPH_K, checkFit } from "./graph_shelf.js";
import { takeSteps, withRoom } from "./room.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Suggestion} Suggestion */

const MOST_SUGGESTIONS = 1000;
const COUNT = 10;
/** Samples in one call to the engine. */
const ROWS = 256;
const SUGGESTION_BYTES = 36;

/** One struct nt_suggestion as it is read. @typedef {{ from: number, layer: number, label: [number, number], figure: [number, number, number] }} Raw */

/** In the order of enum nt_reason in include/ntrace/suggest.h: the reason's name, and what its numbers say. @type {((raw: Raw) => any)[]} */
const REASONS = [
  ({ from, layer, figure: [kept, meanKept] }) => ({ reason: "changesMost", from, layer, kept, meanKept }),
  (raw) => ({ reason: "changesClass", ...flip(raw) }),
  (raw) => ({ reason: "changesClassOverall", ...flip(raw) }),
  ({ from, layer, figure: [kept, meanKept] }) => ({ reason: "mostStable", from, layer, kept, meanKept }),
  ({ from, layer, figure: [kept, meanKept] }) => ({ reason: "leastStable", from, layer, kept, meanKept }),
  ({ layer, label, figure: [purity, distanceRatio] }) => ({ reason: "unusual", layer, majority: label[1], purity, distanceRatio }),
  ({ layer, figure: [neighborhoods, ownShare] }) => ({ reason: "hub", layer, neighborhoods, ownShare }),
  ({ layer, label, figure: [share, probability, ownShare] }) => ({ reason: "mislabelled", layer, suggested: label[1], share, probability, ownShare }),
  ({ layer, label, figure: [share, secondShare, probability] }) => ({
    reason: "ambiguous", layer, majority: label[0], second: label[1], share, secondShare, probability,
  }),
  ({ from, layer, label, figure: [shareBefore, ownShareBefore, ownShareAfter] }) => ({
    reason: "corrected", from, layer, majorityBefore: label[0], shareBefore, ownShareBefore, ownShareAfter,
  }),
  ({ layer, figure: [neighborhoods, purity] }) => ({ reason: "typical", layer, neighborhoods, purity }),
];

/** @param {Raw} raw */
const flip = ({ from, layer, label, figure }) => ({ from, layer, fromClass: label[0], toClass: label[1], fromShare: figure[0], toShare: figure[1] });

/**
 * Samples worth a look, each with its reason and the figures behind it.
 * @param {Engine} engine
 * @param {{ count?: number, k?: number, layers?: ArrayLike<number> }} request
 * @param {CallOptions} [options]
 * @returns {Promise<import("./ntrace.d.ts").Suggestions>}
 */
export async function suggestions(engine, request, options = {}) {
  const { core, manifest } = engine;
  const n = manifest.dataset.samples;
  const { count, k, layers } = check(engine, request);
  const asShipped = Object.values(request).every((value) => value === undefined);
  if (asShipped && engine.ships("suggestions", 0)) {
    await engine.need("suggestions", 0, "suggestions", options);
    return core.borrow((take) => {
      const number = take(4);
      const at = core.call("nt_bundle_suggestions", engine.handle, number);
      return { k, layers, shipped: true, suggestions: readAll(engine, at, core.readU32(number)) };
    });
  }
  checkFit(engine, layers);
  return withRoom(core, async (room) => {
    const data = room.takeU32(["labels", "predictions", "confidences"].map((of) => core.call(`nt_bundle_${of}`, engine.handle)).concat(n, manifest.classes.length));
    const [list, done] = [room.takeU32(layers), room.take(4)];
    const handle = room.takeHandle("nt_suggest_free", (out) =>
      core.attempt("nt_suggest_create", out, data, list, layers.length, k, count, core.allocator),
    );
    const first = await graphFor(engine, layers[0], options);
    let previous = 0;
    for (const layer of layers) {
      const graph = await graphFor(engine, layer, options);
      const step = () => {
        core.attempt("nt_suggest_step", done, handle, first, previous, graph, ROWS);
        return core.readU32(done) / n;
      };
      await takeSteps(step, `comparing neighbourhoods at ${manifest.layers[layer].name}`, options);
      previous = graph;
    }
    const found = core.call("nt_suggest_result", handle, done);
    return { k, layers, shipped: false, suggestions: readAll(engine, found, core.readU32(done)) };
  });
}

/** @param {Engine} engine @param {{ count?: number, k?: number, layers?: ArrayLike<number> }} request */
function check(engine, request) {
  const { dataset, layers: all, stability } = engine.manifest;
  const most = Math.min(GRAPH_K, dataset.samples - 1);
  const { count = COUNT, k = Math.min(most, stability.k) } = request;
  const layers = request.layers ? Array.from(request.layers) : all.map((_, l) => l);
  for (const layer of layers) engine.check(layer, "layer", all.length);
  if (layers.length < 2 || layers.some((layer, i) => i > 0 && layer <= layers[i - 1])) {
    throw new NtraceError("argument", "layers: expected at least two, ascending.");
  }
  if (!Number.isInteger(count) || count < 1 || count > MOST_SUGGESTIONS) {
    throw new NtraceError("argument", `count = ${count}: expected a whole number from 1 to ${MOST_SUGGESTIONS}.`);
  }
  if (!Number.isInteger(k) || k < 1 || k > most) throw new NtraceError("argument", `k = ${k}: expected a whole number from 1 to ${most}.`);
  return { count, k, layers };
}

/** Suggestions in memory. @param {Engine} engine @param {number} at @param {number} count */
const readAll = (engine, at, count) => read(engine.core.copyU8(at, count * SUGGESTION_BYTES), engine.samples().labels);

/** @param {Uint8Array} bytes @param {Uint16Array} labels @returns {Suggestion[]} */
function read(bytes, labels) {
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / SUGGESTION_BYTES }, (_, i) => {
    const whole = (/** @type {number} */ field) => view.getUint32(i * SUGGESTION_BYTES + 4 * field, true);
    const real = (/** @type {number} */ field) => view.getFloat32(i * SUGGESTION_BYTES + 4 * field, true);
    const sample = whole(1);
    /** @type {Raw} */
    const raw = { from: whole(2), layer: whole(3), label: [whole(4), whole(5)], figure: [real(6), real(7), real(8)] };
    return { sample, label: labels[sample], ...REASONS[whole(0)](raw) };
  });
}
