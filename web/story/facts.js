/** What the story knows of the chosen sample and of the whole dataset, asked of the engine, the newest wish only. */
import { nounOf } from "../words.js";
import { offersOf } from "./figures.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../../wasm/ntrace.d.ts").Densities} Densities */
/** @typedef {import("../../wasm/ntrace.d.ts").Neighborhoods} Neighborhoods */
/** @typedef {import("../../wasm/ntrace.d.ts").NtraceError} NtraceError */
/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */
/** @typedef {{ sample: number, from: number, to: number, k: number }} Wish */

/**
 * Neighbourhoods of the sample at all layers.
 *
 * @typedef {object} Hood
 * @property {(layer: number) => Uint32Array} nearest [k] nearest first
 * @property {(layer: number) => Float32Array} distances [k]
 * @property {(layer: number) => number} kept how many of the k are among those at `from`
 * @property {number[]} curve that, at every layer
 * @property {boolean} exact
 */

/**
 * Everything that steps and scenes read. What has not arrived is null.
 *
 * @typedef {object} Facts
 * @property {import("../../wasm/ntrace.d.ts").Manifest} manifest
 * @property {Uint16Array} labels
 * @property {{ one: string, many: string }} noun
 * @property {number} samples N
 * @property {ArrayLike<number>} everyone 0 .. N - 1
 * @property {number} sample
 * @property {number} label
 * @property {number} prediction
 * @property {number} confidence
 * @property {number} from layer
 * @property {number} to layer
 * @property {number} next the layer after `from`
 * @property {number} last the last layer
 * @property {number} k
 * @property {Hood | null} hood
 * @property {{ from: Densities | null, to: Densities | null }} densities
 * @property {{ first: Trace | null, end: Trace | null }} traces
 * @property {Uint16Array | null} table [L, N] neighbours kept of the `tableK` nearest at `reference`
 * @property {number} tableK
 * @property {number} reference
 * @property {(layer: number, sample: number) => number} kept out of the table
 * @property {{ sample: number, title: string, reason: import("../../wasm/ntrace.d.ts").Suggestion }[] | null} offers
 * @property {boolean} settled nothing more is under way
 */

/** @param {Bundle} bundle @param {Wish} wish @param {Known} [known] @returns {Facts} */
export function factsOf(bundle, { sample, from, to, k }, known = EMPTY) {
  const { manifest, labels, predictions, confidences } = bundle;
  const samples = manifest.dataset.samples;
  const last = manifest.layers.length - 1;
  const { table } = known;
  return {
    manifest, labels, samples, sample, from, to, k, last,
    noun: nounOf(manifest),
    everyone: everyoneOf(samples),
    label: labels[sample],
    prediction: predictions[sample],
    confidence: confidences[sample],
    next: Math.min(from + 1, last),
    tableK: manifest.stability.k,
    reference: manifest.stability.reference,
    kept: (layer, other) => table?.[layer * samples + other] ?? 0,
    ...known,
  };
}

/** What is asked of the engine. @typedef {Pick<Facts, "hood" | "densities" | "traces" | "table" | "offers" | "settled">} Known */
/** @type {Known} */
export const EMPTY = { hood: null, densities: { from: null, to: null }, traces: { first: null, end: null }, table: null, offers: null, settled: false };

let numbers = new Uint32Array(0);
/** @param {number} samples */
const everyoneOf = (samples) => (numbers.length === samples ? numbers : (numbers = Uint32Array.from({ length: samples }, (_, i) => i)));

/** @param {Neighborhoods} found at all layers @returns {Hood} */
export function hoodOf({ k, index, distance, overlap, exact }) {
  return {
    exact,
    nearest: (layer) => index.subarray(layer * k, (layer + 1) * k),
    distances: (layer) => distance.subarray(layer * k, (layer + 1) * k),
    kept: (layer) => overlap[layer],
    curve: Array.from(overlap),
  };
}

/**
 * @param {Bundle} bundle
 * @param {(facts: Facts) => void} onFacts
 * @param {(error: NtraceError | null) => void} onError null when a new wish begins
 */
export function createFacts(bundle, onFacts, onError) {
  /** @type {Known} */
  let known = EMPTY;
  /** @type {Wish | null} */
  let wish = null;
  /** @type {AbortController | null} */
  let current = null;
  let asked = false;

  /** @param {Partial<Known>} change */
  function learn(change) {
    known = { ...known, ...change };
    if (wish) onFacts(factsOf(bundle, wish, known));
  }
  /** @param {unknown} error */
  function fail(error) {
    if (/** @type {NtraceError} */ (error).code !== "cancelled") onError(/** @type {NtraceError} */ (error));
  }

  /** What does not depend on the sample. */
  async function askDataset() {
    if (asked) return;
    asked = true;
    try {
      learn({ table: (await bundle.stability()).values });
      learn({ offers: offersOf((await bundle.suggestions()).suggestions) });
    } catch (error) {
      asked = false;
      fail(error);
    }
  }

  /** The sample's, in the order in which the story needs them. @param {Wish} mine @param {AbortSignal} signal */
  async function askSample({ sample, from, to, k }, signal) {
    const still = () => !signal.aborted;
    const next = Math.min(from + 1, bundle.manifest.layers.length - 1);
    /** @param {"first" | "end"} which @param {number} goal */
    const trace = async (which, goal) => {
      const take = (/** @type {Trace} */ found) => still() && learn({ traces: { ...known.traces, [which]: found } });
      take(await bundle.trace({ sample, from, to: goal, k, signal, onPreview: take }));
    };
    /** @param {"from" | "to"} which @param {number} layer */
    const densities = async (which, layer) => {
      const take = (/** @type {Densities} */ found) => still() && learn({ densities: { ...known.densities, [which]: found } });
      take(await bundle.densities({ sample, layer, points: 192, examples: 12, signal, onPreview: take }));
    };
    const hood = async () => {
      const take = (/** @type {Neighborhoods} */ found) => still() && learn({ hood: hoodOf(found) });
      take(await bundle.neighborhoods({ sample, k, reference: from, signal, onPreview: take }));
    };
    await trace("end", to);
    const dataset = askDataset();
    await densities("from", from);
    await densities("to", to);
    await hood();
    await trace("first", next);
    await dataset;
    if (still()) learn({ settled: true });
  }

  function start() {
    if (!wish) return;
    current?.abort();
    current = new AbortController();
    const { signal } = current;
    onError(null);
    askSample(wish, signal).catch((error) => signal.aborted || fail(error));
  }

  return {
    /** @param {Wish} next */
    request({ sample, from, to, k }) {
      if (wish && wish.sample === sample && wish.from === from && wish.to === to && wish.k === k) return;
      wish = { sample, from, to, k };
      learn({ hood: null, densities: EMPTY.densities, traces: EMPTY.traces, settled: false });
      start();
    },
    retry: start,
    stop: () => current?.abort(),
  };
}
