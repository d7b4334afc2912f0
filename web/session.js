/** Asks the engine for traces; exact ones are kept, and one can be asked for ahead. */
import { createAsker } from "./asker.js";

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../wasm/ntrace.d.ts").Trace} Trace */
/** @typedef {{ sample: number, from: number, to: number, k: number }} Wish */

/** Whether two ask for different traces. @param {Wish} a @param {Wish} b */
export const isOther = (a, b) => a.sample !== b.sample || a.from !== b.from || a.to !== b.to || a.k !== b.k;

/**
 * What is known about the trace that is asked for.
 *
 * @typedef {{ trace: Trace | null } & Omit<import("./asker.js").Known<Trace>, "value">} Answer
 */

const KEPT = 32; // a walk through all layers and back computes each step once

/** @param {Wish} wish */
const keyOf = ({ sample, from, to, k }) => `${sample} ${from} ${to} ${k}`;

/**
 * @param {Bundle} bundle
 * @param {(answer: Answer) => void} onAnswer
 */
export function createSession(bundle, onAnswer) {
  /** @type {Map<string, Trace>} */
  const kept = new Map();
  /** What is asked for ahead and under way. @type {{ key: string, trace: Promise<Trace | null>, control: AbortController } | null} */
  let ahead = null;

  /** @param {string} key @param {Trace} trace */
  function keep(key, trace) {
    kept.delete(key);
    if (trace.exact) kept.set(key, trace);
    if (kept.size > KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
    return trace;
  }
  function dropAhead() {
    ahead?.control.abort();
    ahead = null;
  }

  const asker = createAsker(
    async (/** @type {Wish} */ wish, options) => {
      const key = keyOf(wish);
      if (ahead?.key !== key) dropAhead(); // it would only be in the way
      const found = kept.get(key) ?? (await ahead?.trace);
      return keep(key, found ?? (await bundle.trace({ ...wish, ...options })));
    },
    (/** @type {import("./asker.js").Known<Trace>} */ { value, ...known }) => onAnswer({ trace: value, ...known }),
  );

  return {
    ...asker,
    /** @param {Wish} asked */
    request: ({ sample, from, to, k }) => asker.request({ sample, from, to, k }),
    /** Has a trace worked out that will be asked for soon. What goes wrong with it is told when it is asked for. @param {Wish} wish */
    prepare({ sample, from, to, k }) {
      const key = keyOf({ sample, from, to, k });
      if (kept.has(key) || ahead?.key === key) return;
      dropAhead();
      const control = new AbortController();
      const trace = bundle.trace({ sample, from, to, k, signal: control.signal }).then(
        (found) => keep(key, found),
        () => null,
      );
      ahead = { key, trace, control };
    },
    stop() {
      dropAhead();
      asker.stop();
    },
  };
}
