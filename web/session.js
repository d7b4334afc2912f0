/** Asks the engine for traces. */
import { createAsker } from "./asker.js";

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../wasm/ntrace.d.ts").Trace} Trace */

/**
 * What is known about the trace that is asked for.
 *
 * @typedef {{ trace: Trace | null } & Omit<import("./asker.js").Known<Trace>, "value">} Answer
 */

/**
 * @param {Bundle} bundle
 * @param {(answer: Answer) => void} onAnswer
 */
export function createSession(bundle, onAnswer) {
  /** @typedef {{ sample: number, from: number, to: number, k: number }} Wish */
  const asker = createAsker(
    (/** @type {Wish} */ wish, options) => bundle.trace({ ...wish, ...options }),
    (/** @type {import("./asker.js").Known<Trace>} */ { value, ...known }) => onAnswer({ trace: value, ...known }),
  );
  return {
    ...asker,
    /** @param {Wish} asked */
    request: ({ sample, from, to, k }) => asker.request({ sample, from, to, k }),
  };
}
