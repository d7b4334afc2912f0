import { NtraceError } from "./errors.js";
import { graphsFor } from "./graph.js";
import { GRAPH_K, graphsFit } from "./graph_shelf.js";
import { takeBlocks, withRoom } from "./room.js";
import { BLOCK_CODES, BLOCK_EXACT, checkK, distinctLayers, sampleList } from "./stability.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./ntrace.d.ts").Progress} Progress */

const REQUEST_WORDS = 11;

/** The part of the progress that one of several tasks makes. @param {CallOptions} options @param {number} from @param {number} to @returns {CallOptions} */
const within = ({ signal, onProgress }, from, to) => ({
  signal,
  onProgress: onProgress && (({ label, done, bytes }) => onProgress({ label, done: bytes === undefined ? from + (to - from) * done : from })),
});

/** What a side needs to answer: the graphs of its distinct layers, or their codes. @param {Engine} engine @param {boolean} exact @param {CallOptions} options */
async function prepareSide(engine, exact, options) {
  const { layers } = engine.manifest;
  if (exact) return graphsFor(engine, distinctLayers(engine).distinct, options);
  await Promise.all(layers.map((layer, l) => engine.need("codes", l, `codes of ${layer.name}`, options)));
  return null;
}

/**
 * How many of their nearest samples have in common at every layer of one model and of another.
 * @param {Engine} engine @param {Engine} other of the same samples
 * @param {Omit<import("./ntrace.d.ts").CompareOptions, "model" | "with">} request @param {CallOptions} options
 * @returns {Promise<import("./ntrace.d.ts").Comparison>}
 */
export async function compare(engine, other, request, options = {}) {
  const { core } = engine;
  const k = request.k ?? engine.manifest.stability.k;
  const samples = sampleList(engine, request.samples);
  if (other.manifest.dataset.samples !== engine.manifest.dataset.samples) throw new NtraceError("shape", "The two models have different samples: they cannot be compared.");
  checkK(engine, k);
  const sides = [engine, other];
  const [own, others] = sides.map(distinctLayers);
  const fits = () => graphsFit(engine, own.distinct, others.distinct.length) && graphsFit(other, others.distinct, own.distinct.length);
  const exact = (request.exact ?? true) && engine.hasNetwork() && other.hasNetwork() && k <= GRAPH_K && fits();
  const graphs = [await prepareSide(engine, exact, within(options, 0, 0.5)), await prepareSide(other, exact, within(options, 0.5, 0.95))];
  const sums = await withRoom(core, async (room) => {
    const words = sides.flatMap((side, s) => {
      const { distinct } = [own, others][s];
      const found = graphs[s];
      return [found ? room.takeU32(found) : 0, side.handle, room.takeU32(distinct), distinct.length];
    });
    const sampleAt = room.takeU32(samples);
    const requestAt = room.take(4 * REQUEST_WORDS);
    const count = own.distinct.length * others.distinct.length;
    const sum = room.takeZeroed(8 * count);
    /** @param {number} from @param {number} some */
    const step = (from, some) => {
      new Uint32Array(core.memory.buffer, requestAt, REQUEST_WORDS).set([...words, sampleAt + 4 * from, k, some]);
      core.attempt("nt_overlap_between", sum, requestAt);
    };
    await takeBlocks(samples.length, exact ? BLOCK_EXACT : BLOCK_CODES, step, `comparing ${samples.length} samples`, within(options, 0.95, 1));
    return Array.from(new BigUint64Array(core.memory.buffer, sum, count), Number);
  });
  const mean = own.places.flatMap((a) => others.places.map((b) => (samples.length > 0 ? sums[a * others.distinct.length + b] / samples.length : 0)));
  return { k, samples: samples.length, layers: other.manifest.layers, mean: Float64Array.from(mean), exact };
}
