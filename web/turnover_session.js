/** Asks the engine what turned one sample's neighbourhood over at a layer, or what parts it there from another sample. */
import { createAsker } from "./asker.js";

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */

/** @typedef {{ sample: number, layer: number, k: number, other: number | null }} Wish other: null asks of the neighbours lost and gained since the layer before */

/**
 * @typedef {object} Turnover
 * @property {Wish} wish
 * @property {boolean} exact
 * @property {number} kept how many of the k were near at the layer before
 * @property {number[]} left nearest first, as they were at the layer before
 * @property {number[]} arrived nearest first
 * @property {import("../wasm/ntrace.d.ts").LayerGradient | null} explanation null where nobody left
 */

/** @typedef {import("./asker.js").Known<Turnover>} KnownTurnover */

/** @param {Bundle} bundle @param {(known: KnownTurnover) => void} onAnswer */
export function createTurnoverSession(bundle, onAnswer) {
  /** @param {Wish} wish @param {import("../wasm/ntrace.d.ts").CallOptions} options @returns {Promise<Turnover>} */
  async function ask(wish, { signal, onProgress }) {
    const { sample, layer, k, other } = wish;
    const options = { signal, onProgress };
    const method = /** @type {const} */ ("layerGradient");
    if (other !== null) return { wish, exact: true, kept: 0, left: [], arrived: [], explanation: await bundle.explain({ method, sample, layer, other, ...options }) };
    const { index } = await bundle.neighborhoods({ sample, k, layers: [layer - 1, layer], ...options });
    const [before, now] = [Array.from(index.subarray(0, k)), Array.from(index.subarray(k, 2 * k))];
    const [near, were] = [new Set(now), new Set(before)];
    const [left, arrived] = [before.filter((i) => !near.has(i)), now.filter((i) => !were.has(i))];
    const explanation = left.length > 0 ? await bundle.explain({ method, sample, layer, left, arrived, ...options }) : null;
    return { wish, exact: true, kept: k - left.length, left, arrived, explanation };
  }
  return createAsker(ask, onAnswer);
}
