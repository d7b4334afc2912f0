/** Explanations of samples: asked for while someone looks at them, cancelled when nobody does, kept when they are there. */

/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../../wasm/ntrace.d.ts").Explanations} Explanations */
/** @typedef {import("../../wasm/ntrace.d.ts").NtraceError} NtraceError */
/** @typedef {Exclude<import("../params.js").State["explain"], "none">} Method */

/** @typedef {{ sample: number, method: Method, k: number }} Wish k counts for the neighbours' mean only */
/** @typedef {Explanations[Method]} Explanation */
/** @typedef {{ value: Explanation | null, error: NtraceError | null, control: AbortController }} Known */

const MOST_KEPT = 120;

/** @param {Wish} wish */
const keyOf = ({ sample, method, k }) => (method === "neighborMean" ? `${sample} ${method} ${k}` : `${sample} ${method}`);

/**
 * @param {Bundle} bundle
 * @param {() => void} onChange one has arrived or failed
 */
export function createExplanations(bundle, onChange) {
  /** @type {Map<string, Known>} */
  const known = new Map();

  /** @param {string} key @param {Wish} wish */
  async function start(key, { sample, method, k }) {
    /** @type {Known} */
    const made = { value: null, error: null, control: new AbortController() };
    known.set(key, made);
    const { signal } = made.control;
    try {
      made.value = await bundle.explain({ method, sample, signal, ...(method === "neighborMean" ? { k } : {}) });
    } catch (error) {
      made.error = /** @type {NtraceError} */ (error);
    }
    if (!signal.aborted) onChange();
  }

  function forget() {
    for (const [key, { value }] of known) {
      if (known.size <= MOST_KEPT) return;
      if (value) known.delete(key);
    }
  }

  return {
    /** What is looked at now: the rest is cancelled, and what failed is forgotten, so that it is tried anew when looked at again. @param {Wish[]} wishes */
    want(wishes) {
      const keys = new Set(wishes.map(keyOf));
      for (const [key, { value, control }] of known) {
        if (value || keys.has(key)) continue;
        control.abort();
        known.delete(key);
      }
      forget();
      for (const wish of wishes) if (!known.has(keyOf(wish))) void start(keyOf(wish), wish);
    },
    /** @param {Wish} wish @returns {{ value: Explanation | null, error: NtraceError | null }} */
    get: (wish) => known.get(keyOf(wish)) ?? { value: null, error: null },
    close() {
      for (const { control } of known.values()) control.abort();
      known.clear();
    },
  };
}
