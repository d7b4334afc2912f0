/** Asks the engine how far the samples of each class lie from one sample, at two layers at once; exact answers are kept. */
import { createAsker } from "./asker.js";

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../wasm/ntrace.d.ts").Densities} Densities */
/** @typedef {import("./asker.js").Known<Densities>} KnownDensities */
/** @typedef {{ sample: number, layer: number }} Wish */

const POINTS = 128; // of a density: a hump is some 250 pixels wide
const KEPT = 64; // answers of some 15 kB: a walk through all layers and back computes each once

/**
 * @param {Bundle} bundle
 * @param {(known: { from: KnownDensities, to: KnownDensities }) => void} onAnswer
 */
export function createDensitySession(bundle, onAnswer) {
  /** @type {Map<string, Densities>} */
  const kept = new Map();
  /** @type {KnownDensities} */
  const nothing = { value: null, stage: "waiting", progress: "", error: null };
  const known = { from: nothing, to: nothing };

  /** @param {Wish} wish @param {import("../wasm/ntrace.d.ts").CallOptions} options */
  async function ask({ sample, layer }, options) {
    const key = `${sample} ${layer}`;
    const found = kept.get(key) ?? (await bundle.densities({ sample, layer, points: POINTS, ...options }));
    kept.delete(key);
    if (found.exact) kept.set(key, found);
    if (kept.size > KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
    return found;
  }

  /** @param {"from" | "to"} end */
  function askerOf(end) {
    /** @type {Wish | null} */
    let wish = null;
    const asker = createAsker(ask, (next) => {
      known[end] = next;
      onAnswer({ ...known });
    });
    return {
      /** @param {Wish} next */
      request(next) {
        const isThere = wish?.sample === next.sample && wish.layer === next.layer && known[end].stage !== "failed";
        wish = next;
        if (!isThere) asker.request(next);
      },
      stop() {
        if (known[end].stage !== "exact") wish = null; // what was broken off is asked for again
        asker.stop();
      },
    };
  }
  const [from, to] = [askerOf("from"), askerOf("to")];

  return {
    /** @param {{ sample: number, from: number, to: number }} asked */
    request(asked) {
      from.request({ sample: asked.sample, layer: asked.from });
      to.request({ sample: asked.sample, layer: asked.to });
    },
    stop() {
      from.stop();
      to.stop();
    },
  };
}
